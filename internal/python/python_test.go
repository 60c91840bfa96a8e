package python_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/cache"
	"github.com/migr-dev/migr/internal/python"
	"github.com/migr-dev/migr/internal/testdb"
)

// script answers with what the project's module says.
const script = `
def main():
    project_path("app")
    app = load("app")
    return lambda: [app.VALUE]
answer(main)
`

type project struct {
	t   *testing.T
	dir string
	in  python.Project
	job python.Job
}

func newProject(t *testing.T, app string) *project {
	t.Helper()
	py := testdb.FindPython(t, "sa21")
	p := &project{t: t, dir: t.TempDir()}
	p.write("app.py", app)
	p.in = python.Project{Interpreter: py.Exe, Dir: p.dir, Env: []string{"PATH=" + os.Getenv("PATH"), "A=1"}, Cache: cache.Folder{Path: t.TempDir(), Now: time.Now}}
	p.job = python.Job{Script: script, Name: "x", Requests: []map[string]any{{}}}
	return p
}

// write writes a file of the project, and makes it older than the next run.
func (p *project) write(name, text string) {
	p.t.Helper()
	f := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(f), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(f, old, old); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) run() *python.Answer {
	p.t.Helper()
	all, err := p.in.Run(p.t.Context(), []python.Job{p.job})
	if err != nil {
		p.t.Fatal(err)
	}
	return all[0]
}

func (p *project) wants(what, value string, cached bool) {
	p.t.Helper()
	a := p.run()
	r := a.Results[0]
	if r.Failure != nil {
		p.t.Fatalf("%s: %+v", what, r.Failure)
	}
	if r.Statements[0] != value || a.Cached != cached {
		p.t.Errorf("%s: %q, cached %t; want %q, %t", what, r.Statements[0], a.Cached, value, cached)
	}
}

// An answer is remembered until anything changes that it was made from.
func TestCache(t *testing.T) {
	p := newProject(t, `
import os, pathlib
import part.one
VALUE = part.one.VALUE + os.environ.get("A", "") + pathlib.Path(__file__).with_name("data.json").read_text()
`)
	p.write("part/__init__.py", "")
	p.write("part/one.py", "VALUE = 'v'")
	p.write("data.json", "{}")
	p.wants("first", "v1{}", false)
	p.wants("nothing changed", "v1{}", true)
	p.write("part/one.py", "VALUE = 'w'") // of equal size and time
	p.wants("an imported file", "w1{}", false)
	p.wants("and again", "w1{}", true)
	p.write("data.json", "[]")
	p.wants("a file that was read", "w1[]", false)
	p.wants("and again", "w1[]", true)
	p.write("notes.txt", "x")
	p.in.Env = append(p.in.Env, "B=2")
	p.wants("what was not looked at", "w1[]", true)
	p.in.Env = append(p.in.Env, "A=3")
	p.wants("a variable", "w3[]", false)
	p.wants("and again", "w3[]", true)
	p.write("part/two.py", "")
	p.wants("another module", "w3[]", false)
	p.job.Requests[0]["dialect"] = "mysql"
	p.wants("another question", "w3[]", false)
	p.wants("and again", "w3[]", true)
	p.in.Cache.Path = ""
	p.wants("no cache", "w3[]", false)
}

// What is only asked to be there, or not to be, is seen as well.
func TestCacheExists(t *testing.T) {
	for name, ask := range map[string]string{
		"os":      "os.path.exists(os.path.join(os.path.dirname(__file__), 'on.txt'))",
		"pathlib": "pathlib.Path(__file__).with_name('on.txt').exists()",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, "import os, pathlib\nVALUE = str("+ask+")")
			p.wants("first", "False", false)
			p.wants("nothing changed", "False", true)
			p.write("on.txt", "x")
			p.wants("now it is there", "True", false)
			p.write("on.txt", "y")
			p.wants("still there", "True", true)
		})
	}
}

// A driver in C raises no audit event: its import is remembered, its connection not.
func TestNotCachedDriver(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		cached bool
	}{
		"imported":  {"import psycopg2\nVALUE = 'x'", true},
		"connected": {"from psycopg2 import connect, OperationalError\ntry:\n    connect(host='/nowhere')\nexcept OperationalError:\n    VALUE = 'x'", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, c.text)
			p.in.Env = append(p.in.Env, "PYTHONPATH="+testdb.FindPython(t, "sa21").Drivers)
			p.wants("first", "x", false)
			p.wants("again", "x", c.cached)
		})
	}
}

// What depends on the outside, or on a file that is younger than the run, is not
// remembered; neither is a failure.
func TestNotCached(t *testing.T) {
	for name, app := range map[string]string{
		"program":  "import subprocess\nVALUE = subprocess.check_output(['echo', 'x'], text=True)",
		"database": "import sqlite3, tempfile, os\nVALUE = str(sqlite3.connect(os.path.join(tempfile.mkdtemp(), 'x.db')).execute('select 1').fetchone())",
		"written":  "import pathlib\np = pathlib.Path(__file__).with_name('x.txt')\np.write_text('1')\nVALUE = p.read_text()",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, app)
			for range 2 {
				if a := p.run(); a.Cached || a.Results[0].Failure != nil {
					t.Errorf("cached %t, failure %+v", a.Cached, a.Results[0].Failure)
				}
			}
		})
	}
	p := newProject(t, "import os\nVALUE = ''.join(sorted(v for k, v in os.environ.items() if k == 'B'))")
	p.wants("all of the environment", "", false)
	p.in.Env = append(p.in.Env, "SHLVL=7")
	p.wants("what a shell changes", "", true)
	p.in.Env = append(p.in.Env, "B=2")
	p.wants("another variable", "2", false)
}

// Several jobs are one start: each sees its own process, requests of one job share
// what they import, and each job is remembered by itself.
func TestSeveral(t *testing.T) {
	p := newProject(t, "import os\nVALUE = 'v'\nSEEN = []")
	starts := filepath.Join(t.TempDir(), "starts")
	exe := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(exe, []byte("#!/bin/sh\necho x >>'"+starts+"'\nexec '"+p.in.Interpreter+"' \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.in.Interpreter = exe
	const shared = `
def main():
    project_path("app")
    app = load("app")
    app.SEEN.append(REQUEST["n"])
    return lambda: ["%s %d of %d" % (app.VALUE, REQUEST["n"], len(app.SEEN))]
answer(main)
`
	n := func(all ...int) (out []map[string]any) {
		for _, n := range all {
			out = append(out, map[string]any{"n": n})
		}
		return out
	}
	jobs := []python.Job{{Name: "a", Script: shared, Requests: n(1, 2)}, {Name: "b", Script: shared, Requests: n(3)}}
	check := func(what string, cached [2]bool, began int) {
		t.Helper()
		got, err := p.in.Run(t.Context(), jobs)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for i, a := range got {
			for _, r := range a.Results {
				texts = append(texts, r.Statements...)
			}
			if a.Cached != cached[i] {
				t.Errorf("%s: job %d is cached: %t", what, i, a.Cached)
			}
		}
		if want := "v 1 of 2,v 2 of 2,v 3 of 1"; strings.Join(texts, ",") != want {
			t.Errorf("%s: %q, want %s", what, texts, want)
		}
		if text, _ := os.ReadFile(starts); len(text)/2 != began {
			t.Errorf("%s: %d starts, want %d", what, len(text)/2, began)
		}
	}
	check("first", [2]bool{}, 1)
	check("unchanged", [2]bool{true, true}, 1)
	jobs[1].Requests[0]["more"] = true
	check("one has changed", [2]bool{true, false}, 2)

	jobs[1].Script, jobs[0].Requests = "import os\nos._exit(3)", n(4)
	var pe *python.Error
	if _, err := p.in.Run(t.Context(), jobs); !errors.As(err, &pe) || pe.Job != "b" || !strings.Contains(pe.Msg, "exit status 3") {
		t.Errorf("one dies: %v, %+v", err, pe)
	}
}

// What the project prints is not taken for an answer, and nothing is written.
func TestPrints(t *testing.T) {
	p := newProject(t, "import os, sys\nprint('hello')\nos.write(1, b'{}')\nos.write(2, b'x')\nVALUE = 'v'\nimport threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()")
	p.wants("loud", "v", false)
	if all, _ := filepath.Glob(filepath.Join(p.dir, "*")); len(all) != 1 {
		t.Errorf("the project holds %v", all)
	}
}

func TestErrors(t *testing.T) {
	cases := []struct{ name, app, kind, output string }{
		{"hangs", "import time\ndef wait():\n    time.sleep(60)\nwait()", "timeout", `app.py", line 3 in wait`},
		{"hangs with a child", "import subprocess\nsubprocess.run(['sleep', '60'])", "timeout", "app.py"},
		{"prints 100 MB", "import os\nfor i in range(1100):\n    os.write(1, b'0123456789\\n' * 10000)\nimport time; time.sleep(60)", "output", "0123456789"},
		{"dies", "import os\nos.write(2, b'last words')\nos.kill(os.getpid(), 11)", "exit", "last words"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, c.app)
			p.in.Timeout = 10 * time.Second // a busy machine takes some for the start
			if c.kind == "output" {
				p.in.Timeout = time.Minute
			}
			_, err := p.in.Run(t.Context(), []python.Job{p.job})
			var pe *python.Error
			if !errors.As(err, &pe) || pe.Kind != c.kind || !strings.Contains(pe.Output, c.output) {
				t.Errorf("error %v, output %q", err, pe)
			}
		})
	}
	p := newProject(t, "")
	p.in.Interpreter = filepath.Join(p.dir, "app.py")
	var pe *python.Error
	if _, err := p.in.Run(t.Context(), []python.Job{p.job}); !errors.As(err, &pe) || pe.Kind != "start" {
		t.Errorf("no interpreter: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	cancel(stop)
	if _, err := newProject(t, "").in.Run(ctx, []python.Job{{}}); !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
}

// The interpreter: what is given, the active environment, .venv, PATH.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	mk := func(name string) string {
		p := filepath.Join(dir, name, "bin", "python")
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		return p
	}
	find := func(given string, env ...string) string {
		t.Helper()
		p, err := python.Find(given, dir, env)
		if err != nil && !errors.Is(err, python.ErrNoInterpreter) {
			t.Fatal(err)
		}
		return p
	}
	if got := find(""); strings.HasPrefix(got, dir) {
		t.Errorf("without an environment: %s", got)
	}
	venv := mk(".venv")
	if got := find(""); got != venv {
		t.Errorf(".venv: %s", got)
	}
	active := mk("active")
	if got := find("", "VIRTUAL_ENV="+filepath.Join(dir, "active")); got != active {
		t.Errorf("active: %s", got)
	}
	given := mk("given")
	if got := find(given, "VIRTUAL_ENV="+filepath.Join(dir, "active")); got != given {
		t.Errorf("given: %s", got)
	}
	if _, err := python.Find(filepath.Join(dir, "none"), dir, nil); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("not there: %v", err)
	}
}
