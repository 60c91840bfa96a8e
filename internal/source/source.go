// Package source holds what a team says its schema should be. Whatever form
// the models have, a source yields the same thing: DDL statements, each with
// the file and line that it came from.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/cache"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A Source yields the wanted schema as statements of the database's own
// dialect. What comes back has not been checked: see Prepare.
type Source interface {
	// DDL reads the models. Its errors are *Error or wrap one.
	DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error)
}

// A Kind is one sort of model source, a value that cmd lists.
type Kind struct {
	Name string
	// Match tells from the text of a spec alone whether it is of this kind.
	Match func(spec string) bool
	// New makes the source for a spec. dir is the folder that relative paths
	// start from; nothing is read yet.
	New func(dir, spec string, o Options) (Source, error)
	// Unordered: what makes such models into a database adds new columns at the end
	// of tables that exist, wherever they stand in the model.
	Unordered bool
}

// Options are settings that one kind or another needs.
type Options struct {
	Python string   // the interpreter for Python models; "" = the kind looks for one itself
	Env    []string // environment of programs that are started; nil = as migr's own

	Product Product       // the database that the models are for
	Timeout time.Duration // of a program that is started; 0 = the kind's own
	Cache   cache.Folder  // of remembered answers of programs
	Warn    func(string)  // told of what is left out or changed without an error; nil = nobody is

	Import      []string // further Python modules, "package.*" for all below
	Mode        string   // Django: "models" or "migrations"; "" = models
	ExcludeApps []string // Django: labels of apps that are left out
}

// Open returns one source for all specs; each is read by the first kind that
// matches it. The order of specs has no meaning but for that of the statements.
// A file that two specs name is read once.
func Open(kinds []Kind, dir string, specs []string, o Options) (Source, error) {
	if len(specs) == 0 {
		return nil, &Error{Msg: "no models are given", Hint: `set models = ["schema.sql"] in migr.toml, or pass --models`}
	}
	var all combined
	seen := map[string]bool{}
	for _, spec := range specs {
		if seen[spec] {
			continue
		}
		seen[spec] = true
		k, err := kindOf(kinds, spec)
		if err != nil {
			return nil, err
		}
		s, err := k.New(dir, spec, o)
		if err != nil {
			return nil, fmt.Errorf("model source %s: %w", spec, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Unordered tells whether the order of columns in models of these specs means
// nothing.
func Unordered(kinds []Kind, specs []string) bool {
	return slices.ContainsFunc(specs, func(spec string) bool {
		k, err := kindOf(kinds, spec)
		return err == nil && k.Unordered
	})
}

func kindOf(kinds []Kind, spec string) (Kind, error) {
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		if k.Match(spec) {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, &Error{
		File: spec,
		Msg:  "no kind of model source reads this",
		Hint: "the kinds are: " + strings.Join(names, ", "),
	}
}

// combined is several sources taken as one.
type combined []Source

func (c combined) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	var out []sqltext.Stmt
	read := map[string]int{} // file → the source that brought it
	python, err := c.python(ctx, f)
	if err != nil {
		return nil, err
	}
	for i, s := range c {
		stmts, ok := python[i]
		if !ok {
			if stmts, err = s.DDL(ctx, f); err != nil {
				return nil, err
			}
		}
		for _, st := range stmts {
			if j, ok := read[st.File]; ok && j != i {
				continue
			}
			read[st.File] = i
			out = append(out, st)
		}
	}
	return out, nil
}

// python reads those that are in Python, by one start of the interpreter.
func (c combined) python(ctx context.Context, f sqltext.Family) (map[int][]sqltext.Stmt, error) {
	var all []PythonModels
	var places []int
	for i, s := range c {
		if p, ok := s.(Pythonic); ok {
			all, places = append(all, p.Python(f)), append(places, i)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	found, err := Python(ctx, all...)
	if err != nil {
		return nil, err
	}
	out := map[int][]sqltext.Stmt{}
	for n, i := range places {
		out[i] = found[n]
	}
	return out, nil
}

// Code is the error code, in the contract's list, of every failed model source.
const Code = "source"

// An Error is a model source that cannot be read or may not be run, and where.
type Error struct {
	File      string // a path as the user would write it, or the spec
	Line, Col int    // from 1; 0 = the file as a whole
	Msg       string
	Detail    string // lines of a program's own words; may be empty
	Hint      string // what to do next; may be empty
	Err       error  // the cause, where there is one
}

func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Msg
	case e.Line == 0:
		return e.File + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Code returns the error code of the contract.
func (e *Error) Code() string { return Code }

// Digest returns a sha256, in hex, that is equal for equal statements in equal
// order, cut into files at the same places (a setting holds to the end of its
// file). Names of files, lines and comments between statements do not count.
func Digest(stmts []sqltext.Stmt) string {
	h := sha256.New()
	file := ""
	for i, s := range stmts {
		if i > 0 && s.File != file {
			io.WriteString(h, "f;")
		}
		file = s.File
		fmt.Fprintf(h, "%d:", len(s.Text))
		io.WriteString(h, s.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
