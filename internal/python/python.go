// Package python runs helper scripts with a project's own Python interpreter, by
// one start of it, and gives their answers back. It writes nothing into the
// project, and remembers an answer for as long as nothing that it was made from
// has changed.
package python

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/cache"
)

//go:embed prelude.py
var prelude string

//go:embed several.py
var several string

// Limits that hold where a Job gives none.
const (
	DefaultTimeout = 2 * time.Minute
	MaxOutput      = 100 << 20 // bytes of an answer, and of what a program prints
	shownOutput    = 4 << 10   // bytes of that which an error repeats
)

// A Project is whose interpreter runs, and how.
type Project struct {
	Interpreter string        // as Find gives it
	Dir         string        // working directory, and first in sys.path
	Env         []string      // nil: as migr's own
	Timeout     time.Duration // of one start; 0: DefaultTimeout
	Cache       cache.Folder  // of remembered answers
}

// A Job is a helper script and what is asked of it. Jobs see nothing of one
// another; the requests of one job share what the script imports.
type Job struct {
	Name     string           // of its models, for errors and in the cache, beside what the answer depends on
	Script   string           // Python, run behind the prelude of this package
	Requests []map[string]any // each what the script reads as REQUEST
}

// An Answer is what a script said to a Job.
type Answer struct {
	Results []Result `json:"results"` // one for each request
	Python  string   `json:"python"`

	// What it was made from.
	Reads   map[string]string `json:"reads"` // path → file, lib, dir or importdir
	Asked   []string          `json:"asked"` // variables
	Whole   bool              `json:"whole"` // all of the environment was looked at
	Outside []string          `json:"outside"`

	Cached bool `json:"-"` // nothing was run
}

// A Result is the answer to one request.
type Result struct {
	Statements []string `json:"statements"`
	Warnings   []string `json:"warnings"`
	Failure    *Failure `json:"failure,omitempty"`
}

// failed tells whether a request failed.
func (a *Answer) failed() bool {
	return slices.ContainsFunc(a.Results, func(r Result) bool { return r.Failure != nil })
}

// A Failure is what went wrong inside the script, mostly in the project's code.
type Failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Detail  string `json:"detail"` // the interpreter's own words, and the places in the project
	Missing string `json:"missing"`
	Module  string `json:"module"`
}

// An Error is a script that gave no answer.
type Error struct {
	Kind   string // "start", "timeout", "output", "exit"
	Job    string // the Name of that which has none
	Msg    string
	Output string // the end of what was printed
	Err    error
}

func (e *Error) Error() string { return e.Msg }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// ErrNoInterpreter is returned by Find.
var ErrNoInterpreter = errors.New("no Python interpreter was found")

// Find returns the interpreter to use: the one that is given (a path, or a name
// to be found in PATH), that of the active virtual environment, that of a .venv
// (or venv) in dir, python3, python.
func Find(given, dir string, env []string) (string, error) {
	if given != "" {
		p, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("the interpreter %s: %w", given, err)
		}
		return p, nil
	}
	if active := lookup(env, "VIRTUAL_ENV"); active != "" {
		if p := inside(active); p != "" {
			return p, nil
		}
	}
	for _, name := range []string{".venv", "venv"} {
		if p := inside(filepath.Join(dir, name)); p != "" {
			return p, nil
		}
	}
	for _, name := range []string{"python3", "python"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", ErrNoInterpreter
}

// inside is the interpreter of a virtual environment, or "".
func inside(folder string) string {
	for _, p := range []string{"bin/python", "bin/python3", "Scripts/python.exe"} {
		p = filepath.Join(folder, filepath.FromSlash(p))
		if info, err := os.Stat(p); err == nil && !info.IsDir() {
			return p
		}
	}
	return ""
}

func lookup(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// Run gives an answer to each job: remembered ones where nothing has changed, and
// the rest by one start of the interpreter. What fails in the project is in a
// Result; a job that got no answer is an *Error.
func (p Project) Run(ctx context.Context, jobs []Job) ([]*Answer, error) {
	if p.Env == nil {
		p.Env = (&exec.Cmd{}).Environ()
	}
	if p.Timeout == 0 {
		p.Timeout = DefaultTimeout
	}
	out := make([]*Answer, len(jobs))
	var left []int
	for i := range jobs {
		if out[i] = p.remembered(&jobs[i]); out[i] == nil {
			left = append(left, i)
		}
	}
	if len(left) == 0 {
		return out, nil
	}
	tmp, err := os.MkdirTemp("", "migr-python-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the helper script: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	var names []string
	var began time.Time
	for _, i := range left {
		name := filepath.Join(tmp, fmt.Sprintf("migr_helper%d", i))
		if began, err = p.write(name, &jobs[i]); err != nil {
			return nil, fmt.Errorf("writing the helper script: %w", err)
		}
		names = append(names, name)
	}
	stopped := p.start(ctx, tmp, names)
	var pe *Error
	if ctx.Err() != nil || errors.As(stopped, &pe) && pe.Kind == "output" {
		return nil, stopped
	}
	for n, i := range left {
		if out[i], err = read(names[n] + ".answer"); err == nil && !out[i].failed() {
			p.remember(&jobs[i], out[i], began)
		}
		if err != nil && stopped != nil {
			err = stopped
		}
		if err != nil {
			return nil, named(err, jobs[i].Name)
		}
		if out[i].failed() {
			break
		}
	}
	return out, nil
}

// named puts a job's name into an error.
func named(err error, job string) error {
	var pe *Error
	if errors.As(err, &pe) {
		pe.Job = job
	}
	return err
}

// write puts a script and its requests into files. The time that it returns is
// the file system's own.
func (p *Project) write(name string, j *Job) (time.Time, error) {
	text, err := json.Marshal(map[string]any{
		"root": p.Dir, "answer": name + ".answer", "timeout": p.Timeout.Seconds(), "requests": j.Requests,
	})
	if err != nil {
		return time.Time{}, err
	}
	if err := os.WriteFile(name+".py", []byte(prelude+j.Script), 0o600); err != nil {
		return time.Time{}, err
	}
	if err := os.WriteFile(name+".json", text, 0o600); err != nil {
		return time.Time{}, err
	}
	info, err := os.Stat(name + ".json")
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// arguments are those of the interpreter: one script, or that which runs several.
func arguments(tmp string, names []string) ([]string, error) {
	if len(names) == 1 {
		return []string{"-B", names[0] + ".py", names[0] + ".json"}, nil
	}
	all := filepath.Join(tmp, "several.py")
	return append([]string{"-B", all}, names...), os.WriteFile(all, []byte(several), 0o600)
}

// start runs the interpreter to its end. What the project prints goes into a
// buffer, never to migr's own output.
func (p *Project) start(ctx context.Context, tmp string, names []string) error {
	args, err := arguments(tmp, names)
	if err != nil {
		return fmt.Errorf("writing the helper script: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	cmd := exec.CommandContext(within, p.Interpreter, args...)
	cmd.Dir = p.Dir
	cmd.Env = append(append([]string(nil), p.Env...), "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0")
	cmd.WaitDelay = time.Second // a child that holds the pipe open is not waited for
	out := &tail{stop: cancel}
	cmd.Stdout, cmd.Stderr = out, out
	ownGroup(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case out.full:
		return &Error{Kind: "output", Msg: fmt.Sprintf("the models print more than %d MB", MaxOutput>>20), Output: out.text()}
	case within.Err() != nil:
		return &Error{Kind: "timeout", Msg: fmt.Sprintf("the models were not read within %s", p.Timeout), Output: out.text(), Err: within.Err()}
	case err == nil:
		return &Error{Kind: "exit", Msg: "the interpreter ended before the models were read", Output: out.text()}
	case errors.As(err, &exit):
		return &Error{Kind: "exit", Msg: "the interpreter ended before the models were read: " + exit.Error(), Output: out.text(), Err: err}
	}
	return &Error{Kind: "start", Msg: "the interpreter cannot be started: " + err.Error(), Err: err}
}

// read takes the answer from its file.
func read(name string) (*Answer, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the helper script: %w", err)
	}
	if info.Size() > MaxOutput {
		return nil, &Error{Kind: "output", Msg: fmt.Sprintf("the models make more than %d MB of statements", MaxOutput>>20)}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the helper script: %w", err)
	}
	a := &Answer{}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("reading the answer of the helper script: %w", err)
	}
	return a, nil
}

// tail keeps the end of what is written, and stops the writer at MaxOutput.
type tail struct {
	buf  []byte
	n    int
	full bool
	stop func()
}

func (t *tail) Write(p []byte) (int, error) {
	if t.n += len(p); t.n > MaxOutput && !t.full {
		t.full = true
		t.stop()
	}
	t.buf = append(t.buf, p...)
	if len(t.buf) > 2*shownOutput {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-shownOutput:]...)
	}
	return len(p), nil
}

func (t *tail) text() string {
	b := t.buf
	if len(b) > shownOutput {
		b = b[len(b)-shownOutput:]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(b)), "?")
}
