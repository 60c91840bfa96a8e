// Package gorm is the model source of GORM: AutoMigrate is run, by the project's
// own Go tool, module and GORM version, against a database/sql driver that
// connects to nothing, says that the database is empty and writes down what it
// is told.
package gorm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/migr-dev/migr/internal/memo"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Kind reads gorm:PACKAGE (a folder or an import path) or gorm:PACKAGE:NAME, a
// function or variable of it that gives the models or migrates them.
var Kind = source.Kind{Name: "gorm", Match: match, New: open, Unordered: true}

const scheme = "gorm:"

// timeout holds where none is configured: the first run may compile GORM and a
// database driver.
const timeout = 5 * time.Minute

func match(spec string) bool { return strings.HasPrefix(spec, scheme) }

func open(dir, spec string, o source.Options) (source.Source, error) {
	pkg := strings.TrimPrefix(spec, scheme)
	name := ""
	if i := strings.LastIndexByte(pkg, ':'); i > 1 { // not a drive letter's
		pkg, name = pkg[:i], pkg[i+1:]
	}
	if pkg == "" {
		return nil, &source.Error{File: spec, Msg: "no package is given", Hint: "write gorm:./internal/models, or gorm:./internal/models:Models for a function that returns them"}
	}
	if o.Timeout == 0 {
		o.Timeout = timeout
	}
	return &models{dir: dir, spec: spec, pkg: pkg, name: name, options: o}, nil
}

// models is one spec.
type models struct {
	dir, spec, pkg, name string
	options              source.Options
}

// DDL runs AutoMigrate against the recording driver, unless its statements are
// remembered: then no program is started.
func (m *models) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return nil, m.failed("GORM models are read by the Go tool, which is not there", "install Go, or put its bin folder into PATH", err)
	}
	q := m.question(goTool, f)
	var kept []sqltext.Stmt
	if memo.Get(m.options.Cache, q, &kept) {
		return kept, nil
	}
	p, err := m.find(ctx)
	if err != nil {
		return nil, err
	}
	driver, err := m.driver(ctx, p, f)
	if err != nil {
		return nil, err
	}
	decls, err := p.declarations()
	if err != nil {
		return nil, err
	}
	types := decls.models()
	if m.name == "" && len(types) == 0 {
		return nil, m.failed("no model is in this package",
			"a model is an exported struct that embeds gorm.Model, has a field with a gorm tag, or a TableName method; or name a function that returns them: "+m.spec+":Models", nil)
	}
	answer, began, err := m.run(ctx, p, driver, types)
	if err != nil {
		return nil, err
	}
	stmts, err := m.statements(answer, decls)
	if err != nil {
		return nil, err
	}
	return stmts, m.remember(ctx, p, driver, q, goTool, began, stmts)
}

// An answer is what the generated program writes.
type answer struct {
	Statements []string          `json:"statements"`
	Tables     map[string]string `json:"tables"` // table → the model's type
}

// run writes the program into a temporary folder and runs it as if it stood in a
// folder below the models' package, where it may import what is internal. The
// module's files are copies: what the Go tool adds to them is thrown away. When it
// began is told by the file system's clock.
func (m *models) run(ctx context.Context, p *pack, d driver, types []string) (*answer, time.Time, error) {
	tmp, err := os.MkdirTemp("", "migr-gorm-")
	if err != nil {
		return nil, time.Time{}, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	text, err := program(p, d, types, m.name, serverVersion(m.options.Product))
	if err != nil {
		return nil, time.Time{}, err
	}
	main := filepath.Join(tmp, "main.go")
	if err := os.WriteFile(main, text, 0o600); err != nil {
		return nil, time.Time{}, err
	}
	began, err := os.Stat(main)
	if err != nil {
		return nil, time.Time{}, err
	}
	flags, err := p.flags(tmp, main)
	if err != nil {
		return nil, time.Time{}, err
	}
	a, err := m.start(ctx, p, flags, filepath.Join(tmp, "answer.json"))
	return a, began.ModTime(), err
}

// start runs the program that is in place and reads what it writes to out.
func (m *models) start(ctx context.Context, p *pack, flags []string, out string) (*answer, error) {
	run := source.Program{
		Name: m.spec, Dir: p.Dir, Timeout: m.options.Timeout,
		Args: append(append([]string{"go", "run"}, flags...), "./"+below, out),
		Env:  m.options.Env, More: []string{"CGO_ENABLED=0"}, // no C compiler is needed: the recorder stands in for what cgo would be for
	}
	_, words, err := run.Run(ctx)
	if err != nil {
		return nil, m.explain(err, p)
	}
	written, err := os.ReadFile(out)
	if err != nil {
		return nil, &source.Error{
			File: m.spec, Msg: "the models' package ended the program before it answered", Detail: words, Err: err,
			Hint: "does an init function of it call os.Exit?",
		}
	}
	var a answer
	if err := json.Unmarshal(written, &a); err != nil {
		return nil, fmt.Errorf("reading what the GORM models answered: %w", err)
	}
	return &a, nil
}

var inPackage = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\./([^/:]+\.go:)`) })

// explain shortens what the Go tool says of a program that nobody wrote by hand,
// and names files as the user does. It runs in the package's folder.
func (m *models) explain(err error, p *pack) error {
	var e *source.Error
	if !errors.As(err, &e) {
		return err
	}
	here := m.relative(p.Dir)
	var keep []string
	for l := range strings.SplitSeq(e.Detail, "\n") {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "exit status") || strings.HasPrefix(l, "# ") {
			continue
		}
		l = inPackage().ReplaceAllString(l, here+"/$1")
		l = strings.ReplaceAll(l, p.Dir+string(filepath.Separator), here+"/")
		keep = append(keep, strings.TrimPrefix(l, below+"/"))
	}
	e.Detail = strings.Join(keep, "\n")
	e.Hint = "nothing was written; mend the package, or name a function that returns only the models that belong to this database"
	return err
}

func (m *models) failed(msg, hint string, err error) error {
	return &source.Error{File: m.spec, Msg: msg, Hint: hint, Err: err}
}

// statements places each statement where its table's model is declared.
func (m *models) statements(a *answer, decls *declarations) ([]sqltext.Stmt, error) {
	if len(a.Statements) == 0 {
		return nil, m.failed("the models make no table", "does "+m.name+" return any?", nil)
	}
	out := make([]sqltext.Stmt, 0, len(a.Statements))
	for _, text := range a.Statements {
		st := sqltext.Stmt{Text: text, File: m.spec, Line: 1, Col: 1}
		for table, typ := range a.Tables {
			pos, ok := decls.at[typ]
			if ok && names(text, table) {
				st.Line, st.Col = pos.Line, pos.Column
				st.File = m.spec + " " + m.relative(pos.Filename)
				break
			}
		}
		out = append(out, st)
	}
	return out, nil
}

func (m *models) relative(path string) string {
	if rel, err := filepath.Rel(m.dir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

// names tells whether a statement makes a table, or something on it.
func names(text, table string) bool {
	for _, q := range []string{`"`, "`"} {
		t := q + table + q
		if strings.HasPrefix(text, "CREATE TABLE "+t) || strings.HasPrefix(text, "CREATE") && strings.Contains(text, " ON "+t) ||
			strings.HasPrefix(text, "ALTER TABLE "+t) {
			return true
		}
	}
	return false
}
