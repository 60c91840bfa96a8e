// Package django is the model source of Django projects, 3.2 to 6: the tables of
// all installed apps, from the models or from the project's own migrations. The
// project's interpreter tells what `manage.py migrate` would run.
package django

import (
	"context"
	_ "embed"
	"strings"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

//go:embed load.py
var script string

const prefix = "django:"

// Kind reads "django:mysite.settings", the settings module, and
// "django:mysite.settings:archive" for another of DATABASES than default.
var Kind = source.Kind{
	Name:  "django",
	Match: func(spec string) bool { return strings.HasPrefix(spec, prefix) },
	New:   open,

	Unordered: true,
}

// open checks the spec's form.
func open(dir, spec string, o source.Options) (source.Source, error) {
	settings, alias, named := strings.Cut(strings.TrimPrefix(spec, prefix), ":")
	if !source.IsModule(settings) || named && alias == "" {
		return nil, &source.Error{
			File: spec, Msg: "this is not the name of a settings module",
			Hint: "write django:mysite.settings, as in DJANGO_SETTINGS_MODULE; behind another colon may stand one of DATABASES",
		}
	}
	if !named {
		alias = "default"
	}
	if o.Mode == "" {
		o.Mode = "models"
	}
	return &project{dir: dir, spec: spec, settings: settings, alias: alias, o: o}, nil
}

type project struct {
	dir, spec       string
	settings, alias string
	o               source.Options
}

// Python is what is asked of the interpreter. A process of Python has one
// settings module.
func (p *project) Python(f sqltext.Family) source.PythonModels {
	exclude := p.o.ExcludeApps
	if exclude == nil {
		exclude = []string{}
	}
	return source.PythonModels{
		Spec: p.spec, Dir: p.dir, Script: script, World: p.settings, Options: p.o, Family: f,
		Request: map[string]any{"settings": p.settings, "alias": p.alias, "mode": p.o.Mode, "exclude_apps": exclude},
	}
}

// DDL runs the interpreter, unless the answer is remembered.
func (p *project) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	return source.PythonDDL(ctx, p, f)
}
