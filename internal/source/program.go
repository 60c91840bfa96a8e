package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// A Program is one that prints models. It is started in a group of processes of
// its own, which ends with it: what it started is gone when Run returns.
type Program struct {
	Name    string   // the spec, for errors
	Args    []string // the program and its arguments
	Dir     string
	Env     []string // nil = as migr's own
	More    []string // further variables
	Input   []byte   // its standard input; nil = none
	Timeout time.Duration
	Limit   int // bytes of standard output; 0 = 100 MB
}

const (
	outputLimit = 100 << 20
	// lastWords is how much of a program's standard error is kept.
	lastWords = 8 << 10
	// grace is the time between asking a program to end and ending it.
	grace = 2 * time.Second
)

// Run runs the program and returns what it wrote to standard output, and the
// end of what it wrote to standard error. A program that cannot be started, ends
// with another code than 0, takes or prints too much is an *Error with its last
// words; when ctx ends, the error is its cause.
func (p *Program) Run(ctx context.Context) (stdout []byte, stderr string, err error) {
	limited, cancel := context.WithTimeoutCause(ctx, p.Timeout, errTimeout)
	defer cancel()
	limited, stop := context.WithCancelCause(limited)
	defer stop(nil)
	out := &head{limit: p.limit(), full: func() { stop(errOutput) }}
	last := &tail{}
	cmd := exec.CommandContext(limited, p.Args[0], p.Args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = p.Dir, p.Env, out, last, grace
	if p.Input != nil {
		cmd.Stdin = bytes.NewReader(p.Input)
	}
	if p.More != nil {
		cmd.Env = append(cmd.Environ(), p.More...)
	}
	group(cmd)
	err = cmd.Run()
	endGroup(cmd)
	switch cause := context.Cause(limited); {
	case ctx.Err() != nil:
		return nil, "", context.Cause(ctx)
	case errors.Is(cause, errTimeout):
		return nil, "", p.failed(last, errTimeout, fmt.Sprintf("did not end within %s and was stopped", p.Timeout))
	case errors.Is(cause, errOutput):
		return nil, "", p.failed(last, errOutput, fmt.Sprintf("printed more than %d MB and was stopped", p.limit()>>20))
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return nil, "", p.failed(last, err, fmt.Sprintf("ended with code %d", exit.ExitCode()))
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil // it ended well, and left a child behind that had its output open
	case err != nil:
		return nil, "", p.failed(last, err, "could not be run: "+err.Error())
	}
	return out.b.Bytes(), last.String(), err
}

var (
	errTimeout = errors.New("it took too long")
	errOutput  = errors.New("it printed too much")
)

func (p *Program) limit() int {
	if p.Limit > 0 {
		return p.Limit
	}
	return outputLimit
}

func (p *Program) failed(last *tail, err error, msg string) error {
	return &Error{File: p.Name, Msg: msg, Detail: last.String(), Err: err, Hint: "nothing was written; run the command by itself to see what it says"}
}

// head keeps what is written up to a limit.
type head struct {
	b     bytes.Buffer
	limit int
	full  func()
}

func (h *head) Write(p []byte) (int, error) {
	if h.b.Len()+len(p) > h.limit {
		h.full()
		return 0, errOutput
	}
	return h.b.Write(p)
}

// tail keeps the end of what is written.
type tail struct {
	mu  sync.Mutex
	b   []byte
	cut bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if n := len(t.b) - lastWords; n > 0 {
		t.b, t.cut = append(t.b[:0], t.b[n:]...), true
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.TrimSpace(strings.ToValidUTF8(string(t.b), "\uFFFD"))
	if t.cut {
		return "…" + s
	}
	return s
}
