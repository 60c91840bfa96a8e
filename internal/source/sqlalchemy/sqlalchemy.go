// Package sqlalchemy is the model source of SQLAlchemy's declarative bases and
// MetaData, 1.4 to 2.1, and of what is built on them (SQLModel,
// Flask-SQLAlchemy). The project's own interpreter tells what
// metadata.create_all() would run.
package sqlalchemy

import (
	"context"
	_ "embed"
	"strings"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

//go:embed load.py
var script string

const prefix = "sqlalchemy:"

// Kind reads "sqlalchemy:package.module:Base". What is behind the second colon
// is a declarative base, a MetaData, anything that has one as its metadata, or
// a list of them; where it is left out, the usual names are tried.
var Kind = source.Kind{
	Name:  "sqlalchemy",
	Match: func(spec string) bool { return strings.HasPrefix(spec, prefix) },
	New:   open,

	Unordered: true,
}

// open checks the spec's form.
func open(dir, spec string, o source.Options) (source.Source, error) {
	module, attribute, _ := strings.Cut(strings.TrimPrefix(spec, prefix), ":")
	if !source.IsModule(module) || attribute != "" && !source.IsModule(attribute) {
		return nil, &source.Error{
			File: spec, Msg: "this is not the name of a Python module and what is in it",
			Hint: "write sqlalchemy:package.module:Base, with dots and without .py",
		}
	}
	return &models{dir: dir, spec: spec, module: module, attribute: attribute, o: o}, nil
}

type models struct {
	dir, spec         string
	module, attribute string
	o                 source.Options
}

// Python is what is asked of the interpreter.
func (m *models) Python(f sqltext.Family) source.PythonModels {
	more := m.o.Import
	if more == nil {
		more = []string{}
	}
	return source.PythonModels{
		Spec: m.spec, Dir: m.dir, Script: script, Options: m.o, Family: f,
		Request: map[string]any{"module": m.module, "attribute": m.attribute, "import": more},
	}
}

// DDL runs the interpreter, unless the answer is remembered.
func (m *models) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	return source.PythonDDL(ctx, m, f)
}
