package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// An EventKind says what an Event tells.
type EventKind int

// The events, in the order in which they come.
const (
	Waiting EventKind = iota // for the lock
	RevisionBegins
	StatementBegins
	StatementEnds
	Retrying // a transaction that met a lock
	RevisionEnds
	Working // on a long statement: Text says how far it is, or what was found
)

// An Event is a step of the work, told while it goes on.
type Event struct {
	Kind      EventKind
	Task      *Task
	N, Of     int // of the task
	Statement int // from 1
	Duration  time.Duration
	Text      string
}

// A StatementError is a statement that the server refused, and where it stands.
type StatementError struct {
	Task      *Task
	N         int // of Task.Stmts, from 1
	Stmt      sqltext.Stmt
	Line, Col int // in the file
	Err       error
	Server    *driver.ServerError // nil when it was not the server that spoke
	Atomic    bool                // nothing of the revision is left behind
	Blockers  []string            // who had the lock that it waited for, as far as it was seen
	Notes     []string            // what was found or done besides
	Lost      bool                // the connection broke while it ran
	Done      int                 // how many statements are done and stay so; of no meaning where Atomic
	Unsent    bool                // it was stopped before it was begun
	Unseen    bool                // it ended without an error, and looking whether it did all failed
}

func (e *StatementError) Error() string {
	return fmt.Sprintf("revision %s: statement %d of %d failed: %v", e.Task.Revision, e.N, len(e.Task.Stmts), e.Err)
}

// Unwrap returns the driver's error.
func (e *StatementError) Unwrap() error { return e.Err }

// A TaskError is a revision that the server refused outside its statements: at
// BEGIN, at COMMIT (a deferred constraint, a full disk) or in the version table.
type TaskError struct {
	Task   *Task
	Err    error
	Server *driver.ServerError
	Atomic bool // nothing of the revision is left behind
}

func (e *TaskError) Error() string { return fmt.Sprintf("revision %s: %v", e.Task.Revision, e.Err) }

// Unwrap returns the driver's error.
func (e *TaskError) Unwrap() error { return e.Err }

// A VerifyError is a revision that would have left rows in contradiction.
type VerifyError struct {
	Task *Task
	Rows [][]string
}

func (e *VerifyError) Error() string {
	r := e.Rows[0]
	return fmt.Sprintf("revision %s would leave %d rows whose foreign key has no target, the first in table %s (rowid %s, target %s); it was rolled back",
		e.Task.Revision, len(e.Rows), r[0], r[1], r[2])
}

func (s *Session) tell(e Event) {
	if s.Observe != nil {
		s.Observe(e)
	}
}

// Done is what one task came to.
type Done struct {
	Task       *Task
	Statements int
	Duration   time.Duration
}

// Run carries the tasks out in order and returns what was done; on an error, what
// was done before it. rows are those that planning saw: where they are others
// by now, ErrMoved is returned before anything runs.
func (s *Session) Run(ctx context.Context, tasks []Task, rows []string) ([]Done, error) {
	ctx, end := s.under(ctx)
	defer end()
	if s.Plan.Mode == AllInOne {
		return s.runAll(ctx, tasks, rows)
	}
	var done []Done
	for i := range tasks {
		t := &tasks[i]
		s.tell(Event{Kind: RevisionBegins, Task: t, N: i + 1, Of: len(tasks)})
		began := s.Now()
		var err error
		for _, g := range s.Plan.groups(*t) {
			g.quick = g.tx && g.last && quick(s.Conn.Dialect, t.Stmts)
			err = s.retry(ctx, t, g, rows, began)
			if errors.Is(err, errCommitted) && g.last {
				break
			}
			if errors.Is(err, errCommitted) { // the log knows how far it is
				return done, ErrMoved
			}
			if err != nil {
				return done, err
			}
		}
		rows = After(rows, t)
		d := Done{Task: t, Statements: len(t.Stmts), Duration: s.Now().Sub(began)}
		done = append(done, d)
		s.tell(Event{Kind: RevisionEnds, Task: t, N: i + 1, Of: len(tasks), Duration: d.Duration})
		if err != nil { // it is applied, but the connection and its lock are gone
			return done, ErrMoved
		}
	}
	return done, nil
}

// After returns the rows of the version table once a task is done.
func After(rows []string, t *Task) []string {
	var out []string
	for _, r := range rows {
		if !slices.Contains(t.Delete, r) {
			out = append(out, r)
		}
	}
	out = append(out, t.Insert...)
	slices.Sort(out)
	return out
}

// runAll puts all tasks into one transaction.
func (s *Session) runAll(ctx context.Context, tasks []Task, rows []string) ([]Done, error) {
	all := group{tx: true, last: true, end: rows}
	var before []op // outside of the transaction
	for i := range tasks {
		t := &tasks[i]
		all.end = After(all.end, t)
		if !s.Plan.Atomic(*t) {
			return nil, s.Plan.notInOne(t)
		}
		for _, o := range s.Plan.groups(*t)[0].ops {
			first, last := i == 0, i == len(tasks)-1
			if o.kind == opBegin && !first || o.kind == opCommit && !last {
				continue
			}
			o.task = t
			if o.kind == opBefore {
				before = append(before, o)
				continue
			}
			all.ops = append(all.ops, o)
		}
	}
	if len(tasks) == 0 {
		return nil, nil
	}
	all.ops = append(before, all.ops...)
	began := s.Now()
	err := s.retry(ctx, &tasks[0], all, rows, began)
	if err != nil && !errors.Is(err, errCommitted) {
		return nil, err
	}
	var done []Done
	for i := range tasks {
		done = append(done, Done{Task: &tasks[i], Statements: len(tasks[i].Stmts)})
		s.tell(Event{Kind: RevisionEnds, Task: &tasks[i], N: i + 1, Of: len(tasks)})
	}
	if err != nil { // they are applied, but the connection and its lock are gone
		return done, ErrMoved
	}
	return done, nil
}

// retry runs a group again, whole, while it meets locks.
func (s *Session) retry(ctx context.Context, t *Task, g group, rows []string, began time.Time) error {
	for try := 0; ; try++ {
		err := s.runGroup(ctx, t, g, rows, began)
		var e *StatementError
		if err == nil || s.Conn.Dialect.CauseOf(err) != driver.LockWait || try >= s.Retries || errors.As(err, &e) && e.Unseen {
			return err
		}
		pause := min(30*time.Second, 100*time.Millisecond<<min(try, 9))
		pause = pause/2 + rand.N(pause/2)
		s.tell(Event{Kind: Retrying, Task: t, Duration: pause, Text: fmt.Sprintf("a lock was not free (try %d of %d)%s", try+1, s.Retries+1, heldBy(err))})
		if e := sleep(ctx, pause); e != nil {
			return e
		}
	}
}
