package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// errTimeout ends a statement where the server does not do that by itself.
var errTimeout = errors.New("statement_timeout is over")

// errMarks is the failure of what goes in front of a statement.
var errMarks = errors.New("recording that a statement is begun")

// statement sends one statement of a revision, and does what is to be done around
// it. What goes in front in the same text is told apart from it.
func (s *Session) statement(ctx context.Context, t *Task, o op, alone *driver.Alone, marks string) error {
	s.tell(Event{Kind: StatementBegins, Task: t, Statement: o.n})
	began := s.Now()
	text, e := s.before(ctx, t, o, alone)
	var blockers []string
	if e == nil && text != "" {
		blockers, e = s.sendBehind(ctx, marks, text)
		if errors.Is(e, errMarks) {
			return e
		}
	}
	if o.alone {
		s.after(ctx, o)
	}
	unseen := false
	if e == nil && alone != nil && alone.After != nil {
		e = alone.After(ctx, s.Conn)
		unseen = s.Plan.Dialect.Explain(e) != nil || s.Plan.Dialect.CauseOf(e) == driver.Lost
	}
	if e == nil {
		s.tell(Event{Kind: StatementEnds, Task: t, Statement: o.n, Duration: s.Now().Sub(began)})
		return nil
	}
	err := s.newStatementError(ctx, t, o.n, e)
	err.Blockers, err.Unseen = blockers, unseen
	if alone != nil && alone.Failed != nil && !err.Lost && !unseen {
		err.Notes = s.cleared(ctx, alone)
	}
	return err
}

// before makes the way clear for a statement that runs alone.
func (s *Session) before(ctx context.Context, t *Task, o op, alone *driver.Alone) (string, error) {
	text := o.sql
	if o.alone && s.Plan.Dialect.Session != nil && !s.TableLock { // behind a pooler it would be another client's
		if set, _ := s.Plan.Dialect.Session(s.Plan.Timeouts, o.sql); set != "" {
			if err := s.Conn.Exec(ctx, set); err != nil {
				return "", err
			}
		}
	}
	if alone == nil || alone.Before == nil {
		return text, nil
	}
	text, note, err := alone.Before(ctx, s.Conn)
	if note != "" {
		s.tell(Event{Kind: Working, Task: t, Statement: o.n, Text: note})
	}
	return text, err
}

func (s *Session) after(ctx context.Context, o op) {
	if s.Plan.Dialect.Session == nil || s.TableLock {
		return
	}
	if _, reset := s.Plan.Dialect.Session(s.Plan.Timeouts, o.sql); reset != "" {
		ctx, cancel := aside(ctx)
		defer cancel()
		_ = s.Conn.Exec(ctx, reset)
	}
}

// cleared removes what a failed statement left behind.
func (s *Session) cleared(ctx context.Context, alone *driver.Alone) []string {
	ctx, cancel := aside(ctx)
	defer cancel()
	if err := s.revive(ctx); err != nil {
		return []string{"what it left behind could not be looked for: " + err.Error()}
	}
	note, err := alone.Failed(ctx, s.Conn)
	if err != nil {
		return []string{"what it left behind could not be removed: " + err.Error()}
	}
	if note == "" {
		return nil
	}
	return []string{note}
}

// newStatementError is NewStatementError for the statement that was just sent.
func (s *Session) newStatementError(ctx context.Context, t *Task, n int, err error) *StatementError {
	server, lost := s.Conn.Dialect.Explain(err), s.Conn.Dialect.CauseOf(err) == driver.Lost
	if cause := context.Cause(ctx); cause != nil && (server != nil || lost || errors.Is(err, ctx.Err())) {
		err = cause
	}
	e := NewStatementError(s.Conn.Dialect, t, n, err, s.Plan.Atomic(*t))
	e.Lost = lost
	if server != nil {
		e.Server = server
		e.Line, e.Col = driver.Locate(e.Stmt, server)
	}
	return e
}

// NewStatementError places a server's error in the file.
func NewStatementError(d *driver.Dialect, t *Task, n int, err error, atomic bool) *StatementError {
	e := &StatementError{Task: t, N: n, Stmt: t.Stmts[n-1], Err: err, Server: d.Explain(err), Atomic: atomic}
	e.Line, e.Col = driver.Locate(e.Stmt, e.Server)
	return e
}

// sendBehind sends a statement behind what goes in front of it, as one text. Where
// that text fails, the server is asked how far it came.
func (s *Session) sendBehind(ctx context.Context, marks, text string) ([]string, error) {
	if marks == "" {
		return s.send(ctx, text)
	}
	d := s.Plan.Dialect
	s.texts++
	number := strconv.Itoa(s.texts)
	blockers, err := s.send(ctx, joined([]string{marks, fmt.Sprintf(d.Reached.Set, s.texts), text}))
	if err == nil || d.Explain(err) == nil || d.CauseOf(err) == driver.Lost {
		return blockers, err
	}
	ctx, cancel := aside(ctx)
	defer cancel()
	if rows, e := s.Conn.Strings(ctx, d.Reached.Ask); e == nil && rows[0][0] != number {
		err = fmt.Errorf("%w: %w", errMarks, err)
	}
	return blockers, err
}

// send sends a text that may take its time. Meanwhile it is watched from a second
// connection, which is opened when there is a use for it: whom the statement waits
// for is asked, and where the server ends statements by word of another session
// only, that is done when the context or the statement's time is over.
func (s *Session) send(ctx context.Context, text string) ([]string, error) {
	d := s.Plan.Dialect
	if d.InProcess {
		return nil, s.Conn.Exec(ctx, text)
	}
	w := &watch{s: s, session: s.Conn.Server.Session}
	inner, drop := ctx, context.CancelFunc(func() {})
	if d.Cancel != nil {
		inner, drop = context.WithCancel(context.WithoutCancel(ctx))
	}
	defer drop()
	ended := make(chan error, 1)
	go func() { ended <- s.Conn.Exec(inner, text) }()
	looking, stop := context.WithCancel(ctx)
	defer stop()
	if d.Blockers != nil && !s.TableLock {
		w.done.Add(1)
		go func() { defer w.done.Done(); w.look(looking) }()
	}
	err := s.await(ctx, ended, w, drop)
	stop()
	w.done.Wait()
	w.close()
	return w.found(), err
}

// await waits for the statement's end, which it brings about when it is time.
func (s *Session) await(ctx context.Context, ended <-chan error, w *watch, drop func()) error {
	d := s.Plan.Dialect
	var late <-chan time.Time
	if d.Cancel != nil && s.Plan.Timeouts.Statement > 0 {
		timer := time.NewTimer(s.Plan.Timeouts.Statement)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case err := <-ended:
		return err
	case <-late:
		w.cancel(ctx, drop)
		err := <-ended
		if err != nil {
			err = fmt.Errorf("%w: %w", errTimeout, err)
		}
		return err
	case <-ctx.Done():
	}
	if d.Cancel != nil {
		w.cancel(ctx, drop)
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(10 * time.Second): // nobody answers
		s.Conn.Abandon()
		return context.Cause(ctx)
	}
}

// A watch looks at a session from another one.
type watch struct {
	s       *Session
	session string
	done    sync.WaitGroup

	mu    sync.Mutex
	conn  *driver.Conn
	names []string
}

// look asks who blocks the statement, first when half of the time that it may wait
// for a lock is over.
func (w *watch) look(ctx context.Context) {
	pause := 2 * time.Second
	if t := w.s.Plan.Timeouts.Lock; t > 0 {
		pause = min(pause, t/2)
	}
	for sleep(ctx, pause) == nil {
		names, err := w.ask(ctx)
		if err != nil {
			return
		}
		if len(names) > 0 {
			w.set(names)
		} else {
			pause = min(pause*2, 5*time.Second)
		}
	}
}

func (w *watch) ask(ctx context.Context) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		c, err := w.s.Conn.Another(ctx)
		if err != nil {
			return nil, err
		}
		w.conn = c
	}
	return w.s.Plan.Dialect.Blockers(ctx, w.conn, w.session)
}

func (w *watch) set(names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.names) == 0 {
		w.s.tell(Event{Kind: Working, Text: "waiting for a lock that is held by " + strings.Join(names, "; ")})
	}
	w.names = names
}

func (w *watch) found() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.names)
}

// cancel has the server end the statement; where that cannot be said to it, the
// connection is dropped.
func (w *watch) cancel(ctx context.Context, drop func()) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	c, err := w.s.Conn.Another(ctx)
	if err == nil {
		defer c.Close()
		err = w.s.Plan.Dialect.Cancel(ctx, c, w.session)
	}
	if err != nil {
		drop()
	}
}

func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		_ = w.conn.Close()
	}
}

// heldBy is the end of a sentence about a lock that was not got.
func heldBy(err error) string {
	var e *StatementError
	if errors.As(err, &e) && len(e.Blockers) > 0 {
		return ": held by " + strings.Join(e.Blockers, "; ")
	}
	return ""
}
