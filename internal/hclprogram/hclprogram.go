// Package hclprogram reads and writes Atlas schema files through a program of
// its own, migr-hcl, which is one question on standard input and one answer on
// standard output. Atlas and what it needs take 2.7 ms to get ready, at each
// start of what is linked with them; migr starts without.
package hclprogram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Name of the program's file, but for Windows's ".exe".
const Name = "migr-hcl"

// A Program is where migr-hcl may be found: in Packed, in Beside, on PATH, in
// this order.
type Program struct {
	Packed func() []byte // gzip-ed; nil = migr was built without
	Cache  string        // folder to unpack it in, once; "" = a temporary file each time
	Beside string        // folder of migr itself; "" = not known
}

// timeout holds where none is configured.
const timeout = 5 * time.Minute

// Kind reads PATH.hcl, or a pattern that ends in .hcl whose files are one
// schema. Input variables follow a question mark, as in a URL:
// schema.hcl?tenant=acme&size=10.
func (p *Program) Kind() source.Kind {
	return source.Kind{Name: "hcl", Match: match, New: func(dir, spec string, o source.Options) (source.Source, error) {
		return &model{program: p, dir: dir, spec: spec, timeout: o.Timeout}, nil
	}}
}

func match(spec string) bool {
	name, _, _ := strings.Cut(spec, "?")
	return strings.EqualFold(path.Ext(filepath.ToSlash(name)), ".hcl") && !strings.Contains(name, "://") &&
		!strings.HasPrefix(spec, "exec:")
}

type model struct {
	program   *Program
	dir, spec string
	timeout   time.Duration
}

// DDL has the program read the files.
func (m *model) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	if !utf8.ValidString(m.dir + m.spec) {
		return nil, &source.Error{File: m.spec, Msg: "the path of an HCL file must be UTF-8: " + filepath.Join(m.dir, m.spec)}
	}
	a, err := m.program.ask(ctx, m.spec, m.timeout, &request{Op: opDDL, Dir: m.dir, Spec: m.spec, Family: f})
	if err != nil {
		return nil, err
	}
	return a.Stmts, nil
}

// Marshal writes a catalog, read by the engine of that name, as HCL. home is the
// name of its home schema. lost names, one each, the objects and attributes that
// HCL cannot say. That the program is missing or fails is a *source.Error.
func (p *Program) Marshal(ctx context.Context, engine, home string, c *catalog.Catalog) (text []byte, lost []string, err error) {
	for _, o := range c.Objects {
		if !isUTF8(o) {
			return nil, nil, fmt.Errorf("writing the schema as HCL: %q has text that is not UTF-8", o.Key)
		}
	}
	a, err := p.ask(ctx, "HCL", 0, &request{Op: opMarshal, Engine: engine, Home: home, Version: c.Version, Objects: c.Objects})
	if err != nil {
		return nil, nil, err
	}
	return a.Text, a.Lost, nil
}

// isUTF8 is asked as JSON would change other bytes without a word.
func isUTF8(o *catalog.Object) bool {
	for _, m := range []map[string]string{o.Attrs, o.Info} {
		for _, v := range m {
			if !utf8.ValidString(v) {
				return false
			}
		}
	}
	return utf8.ValidString(o.Schema + o.Table + o.Name)
}

// ask runs the program, wherever it is found first, and gives it one question.
func (p *Program) ask(ctx context.Context, name string, limit time.Duration, q *request) (*answer, error) {
	q.Protocol = protocol
	input, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", Name, err)
	}
	if limit <= 0 {
		limit = timeout
	}
	var tried []string
	for _, find := range p.places() {
		file, done, err := find()
		if err != nil {
			tried = append(tried, err.Error())
			continue
		}
		run := &source.Program{Name: name, Args: []string{file}, Input: input, Timeout: limit}
		out, _, err := run.Run(ctx)
		done()
		switch {
		case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist): // no programs in that folder; taken away meanwhile
			tried = append(tried, err.Error())
		case err != nil:
			return nil, of(file, err)
		default:
			return read(name, file, out)
		}
	}
	return nil, &source.Error{
		File: name, Msg: "the program that reads and writes HCL, " + Name + ", is not there",
		Detail: strings.Join(tried, "\n"),
		Hint:   "build migr by `make build`, which puts it in; or build ./cmd/" + Name + " and put it beside migr or on PATH",
	}
}

// of says which program it was that failed.
func of(file string, err error) error {
	var e *source.Error
	if !errors.As(err, &e) {
		return err
	}
	at := *e
	at.Msg, at.Hint = Name+" "+e.Msg, "nothing was written; the program is "+file
	return &at
}

func read(name, file string, out []byte) (*answer, error) {
	var a answer
	switch err := json.Unmarshal(out, &a); {
	case err != nil:
		return nil, &source.Error{File: name, Msg: "the answer of " + Name + " cannot be read: " + err.Error(), Err: err, Hint: "the program is " + file}
	case a.Protocol != protocol:
		return nil, &source.Error{File: name, Msg: Name + " is of another version than migr", Hint: "the program is " + file + ": build both by `make build`"}
	case a.Failed != nil:
		return nil, a.Failed.err()
	}
	return &a, nil
}
