// Package python runs a helper script with a project's own Python interpreter
// and gives its answer back. It writes nothing into the project, and remembers
// an answer for as long as nothing that it was made from has changed.
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
	"strings"
	"time"
)

//go:embed prelude.py
var prelude string

// Limits that hold where a Job gives none.
const (
	DefaultTimeout = 2 * time.Minute
	MaxOutput      = 100 << 20 // bytes of an answer, and of what a program prints
	shownOutput    = 4 << 10   // bytes of that which an error repeats
)

// A Job is one run of a helper script.
type Job struct {
	Interpreter string         // as Find gives it
	Dir         string         // the project's folder: working directory, and first in sys.path
	Env         []string       // nil: as migr's own
	Script      string         // Python, run behind the prelude of this package
	Request     map[string]any // what the script reads as REQUEST; "root", "answer" and "timeout" are added
	Timeout     time.Duration  // 0: DefaultTimeout
	Cache       string         // folder of remembered answers; "": none
	Name        string         // of the answer in the cache, beside what it depends on
}

// An Answer is what a script said.
type Answer struct {
	Statements []string `json:"statements"`
	Warnings   []string `json:"warnings"`
	Failure    *Failure `json:"failure,omitempty"`
	Python     string   `json:"python"`

	// What it was made from.
	Reads   map[string]string `json:"reads"` // path → file, lib, dir or importdir
	Asked   []string          `json:"asked"` // variables
	Whole   bool              `json:"whole"` // all of the environment was looked at
	Outside []string          `json:"outside"`

	Cached bool `json:"-"` // nothing was run
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

// Run gives the script's answer: a remembered one when nothing has changed, or
// by one start of the interpreter. What fails in the project is in
// Answer.Failure; an interpreter that gives no answer is an *Error.
func Run(ctx context.Context, j Job) (*Answer, error) {
	if j.Env == nil {
		j.Env = (&exec.Cmd{}).Environ()
	}
	if j.Timeout == 0 {
		j.Timeout = DefaultTimeout
	}
	if a := j.remembered(); a != nil {
		return a, nil
	}
	tmp, err := os.MkdirTemp("", "migr-python-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the helper script: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	began, err := j.write(tmp)
	if err != nil {
		return nil, fmt.Errorf("writing the helper script: %w", err)
	}
	if err := j.start(ctx, tmp); err != nil {
		return nil, err
	}
	a, err := read(filepath.Join(tmp, "answer.json"))
	if err != nil {
		return nil, err
	}
	if a.Failure == nil {
		j.remember(a, began)
	}
	return a, nil
}

// write puts the script and its request into tmp. The time that it returns is
// the file system's own.
func (j *Job) write(tmp string) (time.Time, error) {
	req := map[string]any{"root": j.Dir, "answer": filepath.Join(tmp, "answer.json"), "timeout": j.Timeout.Seconds()}
	for k, v := range j.Request {
		req[k] = v
	}
	text, err := json.Marshal(req)
	if err != nil {
		return time.Time{}, err
	}
	if err := os.WriteFile(filepath.Join(tmp, "migr_helper.py"), []byte(prelude+j.Script), 0o600); err != nil {
		return time.Time{}, err
	}
	name := filepath.Join(tmp, "request.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return time.Time{}, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// start runs the interpreter to its end. What the project prints goes into a
// buffer, never to migr's own output.
func (j *Job) start(ctx context.Context, tmp string) error {
	within, cancel := context.WithTimeout(ctx, j.Timeout)
	defer cancel()
	cmd := exec.CommandContext(within, j.Interpreter, "-B", filepath.Join(tmp, "migr_helper.py"), filepath.Join(tmp, "request.json"))
	cmd.Dir = j.Dir
	cmd.Env = append(append([]string(nil), j.Env...), "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0")
	cmd.WaitDelay = time.Second // a child that holds the pipe open is not waited for
	out := &tail{stop: cancel}
	cmd.Stdout, cmd.Stderr = out, out
	ownGroup(cmd)
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case out.full:
		return &Error{Kind: "output", Msg: fmt.Sprintf("the models print more than %d MB", MaxOutput>>20), Output: out.text()}
	case within.Err() != nil:
		return &Error{Kind: "timeout", Msg: fmt.Sprintf("the models were not read within %s", j.Timeout), Output: out.text(), Err: within.Err()}
	}
	if _, there := os.Stat(filepath.Join(tmp, "answer.json")); there == nil {
		return nil
	}
	var exit *exec.ExitError
	switch {
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
