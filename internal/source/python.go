package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/python"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A Product is the database that the models are for, as far as it matters to
// programs that write other SQL for another product of one family.
type Product struct {
	Name     string // "postgres", "mysql", "mariadb", "sqlite": the scheme of the URL; "" = that of the family
	MariaDB  bool   // the server is MariaDB, whatever the scheme
	Version  int    // as driver.Server has it: 150020, 1011019, 90704; 0 = not known
	Database string // the name of the database
}

// PythonModels is what a kind of models in Python asks of an interpreter.
type PythonModels struct {
	Spec, Dir string
	Script    string // behind the prelude of package python
	World     string // specs of one Script and World can be read in one process
	Request   map[string]any
	Options   Options
	Family    sqltext.Family
}

// Pythonic is a Source that is read by the project's interpreter. All of one run
// are read by one start of it.
type Pythonic interface {
	Python(f sqltext.Family) PythonModels
}

var dotted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\pL_][\pL\pN_]*(\.[\pL_][\pL\pN_]*)*$`) })

// IsModule tells whether a text is a dotted name of Python.
func IsModule(name string) bool { return dotted().MatchString(name) }

// Python reads models of one project with its interpreter, and returns their
// statements in order. Every error but that of ctx is an *Error.
func Python(ctx context.Context, all ...PythonModels) ([][]sqltext.Stmt, error) {
	m := &all[0]
	dir, err := filepath.Abs(m.Dir)
	if err != nil {
		return nil, &Error{File: m.Spec, Msg: err.Error(), Err: err}
	}
	exe, err := python.Find(m.Options.Python, dir, m.Options.Env)
	if err != nil {
		return nil, &Error{
			File: m.Spec, Msg: err.Error(), Err: err,
			Hint: `set python in migr.toml to the project's interpreter, as in python = ".venv/bin/python"`,
		}
	}
	jobs, members := pythonJobs(all)
	p := python.Project{Interpreter: exe, Dir: dir, Env: m.Options.Env, Timeout: m.Options.Timeout, Cache: m.Options.Cache}
	answers, err := p.Run(ctx, jobs)
	if err != nil {
		return nil, stopped(ctx, exe, err)
	}
	out := make([][]sqltext.Stmt, len(all))
	made := map[string]bool{} // what two specs make in the same words, such as Django's own tables, is made once
	for j, a := range answers {
		if a == nil { // one before it failed, and is told of
			continue
		}
		for n, r := range a.Results {
			m := &all[members[j][n]]
			for _, w := range r.Warnings {
				if m.Options.Warn != nil {
					m.Options.Warn(m.Spec + ": " + w)
				}
			}
			if r.Failure != nil {
				return nil, m.failed(exe, dir, r.Failure)
			}
			own := slices.DeleteFunc(slices.Clone(r.Statements), func(s string) bool { return made[s] })
			for _, s := range own {
				made[s] = true
			}
			if out[members[j][n]], err = m.statements(own); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// PythonDDL reads one source by itself.
func PythonDDL(ctx context.Context, s Pythonic, f sqltext.Family) ([]sqltext.Stmt, error) {
	found, err := Python(ctx, s.Python(f))
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// pythonJobs puts the models that can be read in one process into one job.
// members has the places of each job's requests in all.
func pythonJobs(all []PythonModels) (jobs []python.Job, members [][]int) {
	for i := range all {
		m := &all[i]
		req := maps.Clone(m.Request)
		m.product(req)
		j := slices.IndexFunc(members, func(in []int) bool {
			return all[in[0]].Script == m.Script && all[in[0]].World == m.World
		})
		if j < 0 {
			j = len(jobs)
			jobs, members = append(jobs, python.Job{Name: m.Spec, Script: m.Script}), append(members, nil)
		} else {
			jobs[j].Name += ", " + m.Spec
		}
		jobs[j].Requests, members[j] = append(jobs[j].Requests, req), append(members[j], i)
	}
	return jobs, members
}

// product puts the database into the request.
func (m *PythonModels) product(req map[string]any) {
	p := m.Options.Product
	if p.Name == "" {
		p.Name = string(m.Family)
		if p.MariaDB {
			p.Name = "mariadb"
		}
	}
	req["dialect"], req["server_version"], req["database"] = p.Name, p.Version, p.Database
	req["server_mariadb"] = p.MariaDB || p.Name == "mariadb"
}

// statements cuts what came back into single statements; a DDL event of the
// models may hold several. Lines are those of all statements, one below the other.
func (m *PythonModels) statements(texts []string) ([]sqltext.Stmt, error) {
	var all strings.Builder
	for _, t := range texts {
		all.WriteString(sqltext.Terminate(m.Family, strings.TrimRight(t, "; \t\r\n")))
		all.WriteByte('\n')
	}
	stmts, err := sqltext.Split(m.Family, m.Spec, all.String(), sqltext.Lenient())
	var se *sqltext.Error
	if errors.As(err, &se) {
		return nil, &Error{File: m.Spec, Line: se.Line, Col: se.Col, Msg: se.Msg, Hint: se.Hint, Err: err}
	}
	return stmts, err
}

// failed is an error in the project's code, in the interpreter's own words.
func (m *PythonModels) failed(exe, dir string, f *python.Failure) error {
	e := &Error{File: m.Spec, Msg: f.Message, Detail: f.Detail}
	switch f.Kind {
	case "module":
		e.Hint = "names start from the folder of migr.toml, " + dir + ", and from its src"
	case "package":
		e.Hint = fmt.Sprintf("install it for the interpreter that was used (%s -m pip install %s), or set python in migr.toml to the project's own", exe, f.Missing)
	case "variable":
		e.Hint = "set " + f.Missing + " in the environment, or in .env beside migr.toml"
	case "attribute":
		e.Hint = "name what holds the tables, as in sqlalchemy:package.module:Base"
	case "dialect":
		e.Hint = "give these another type or option for this database, or leave them out of these models"
	case "event":
		e.Hint = "use DDL() or a string for the event, or put the statement into a .sql file beside the models"
	case "version":
		e.Hint = "the interpreter that was used is " + exe
	case "settings":
		e.Hint = "write django:package.settings, the module that DJANGO_SETTINGS_MODULE names"
	case "internal":
		e.Msg, e.Hint = "the helper script failed: "+f.Message, "this is a fault of migr: please report it with the lines above"
	default:
		e.Hint = "nothing was written; mend the models, and try them with " + exe + " -c 'import " + f.Module + "'"
	}
	return e
}

// stopped is an interpreter that gave no answer.
func stopped(ctx context.Context, exe string, err error) error {
	if ctx.Err() != nil {
		return err
	}
	e := &Error{Msg: err.Error(), Err: err}
	var pe *python.Error
	if !errors.As(err, &pe) {
		return e
	}
	e.File, e.Detail = pe.Job, pe.Output
	switch pe.Kind {
	case "timeout":
		e.Hint = "something in the models waits when it is imported (the lines above tell where); if they only take long, raise model_timeout"
	case "output":
		e.Hint = "models should print nothing when they are imported"
	case "start":
		e.Hint = "is " + exe + " a Python 3 interpreter?"
	default:
		e.Hint = "the interpreter that was used is " + exe
	}
	return e
}
