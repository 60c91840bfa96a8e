package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// errCommitted says that a group is committed although its end was not seen.
var errCommitted = errors.New("committed")

// A LostError is a connection that broke, and what is known of the revision.
type LostError struct {
	Task       *Task
	Err        error
	Known      bool // the database was asked again: the revision is not applied
	Atomic     bool // it happens as a whole or not at all
	Committing bool // COMMIT was sent
}

func (e *LostError) Error() string {
	return fmt.Sprintf("revision %s, %s: the connection to the database was lost: %v", e.Task.Revision, e.Task.Direction, e.Err)
}

// Unwrap returns the driver's error.
func (e *LostError) Unwrap() error { return e.Err }

// sendPending sends what a runner has gathered. The end of a transaction is not given
// up halfway.
func (r *runner) sendPending(ctx context.Context, text string, long bool) error {
	if long {
		_, err := r.send(ctx, text)
		return err
	}
	if r.commit && ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		return r.Conn.Exec(ctx, text)
	}
	return r.Conn.Exec(ctx, text)
}

// revive makes sure that the connection can be used: a driver drops it when a
// statement is cancelled.
func (s *Session) revive(ctx context.Context) error {
	if !s.Conn.Gone() {
		if err := s.Conn.Exec(ctx, "SELECT 1"); err == nil || s.Conn.Dialect.InProcess || s.Conn.Dialect.Explain(err) != nil && s.Conn.Dialect.CauseOf(err) != driver.Lost {
			return nil
		}
	}
	if s.Conn.Dialect.InProcess {
		return nil
	}
	if s.lease == nil {
		s.locked = false
	}
	return s.Conn.Reopen(ctx)
}

// giveUp rolls a group back and, where the revision is half done, records it. Where
// COMMIT was sent and its answer not seen, the database is asked what became of it.
func (s *Session) giveUp(ctx context.Context, t *Task, r *runner, rows []string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		var e *StatementError
		if !errors.As(err, &e) {
			err = cause
		}
	}
	lost := s.Conn.Gone() || s.Conn.Dialect.CauseOf(err) == driver.Lost
	if r.commit && (lost || ctx.Err() != nil) {
		return s.reconcile(ctx, t, err, r.became)
	}
	if r.g.tx && !lost {
		s.rollback(ctx)
	}
	ctx, cancel := aside(ctx)
	defer cancel()
	atomic := s.Plan.Atomic(*t)
	var e *StatementError
	if errors.As(err, &e) {
		e.Done = r.g.from
		if n := failedAt(err); n > 0 && !atomic && s.revive(ctx) == nil {
			_ = s.write(ctx, s.Plan.Tables.failed(*t, n, e.Server.Error()), false)
		}
		return err
	}
	if server := s.Conn.Dialect.Explain(err); !lost && server != nil {
		return &TaskError{Task: t, Err: err, Server: server, Atomic: r.g.tx && atomic}
	}
	if !lost {
		return err
	}
	return &LostError{Task: t, Err: err, Atomic: atomic, Committing: r.commit}
}

// A fate is what became of a group whose COMMIT was sent and not answered.
type fate int

const (
	moved     fate = iota // neither: another process has written meanwhile
	committed             // wholly
	undone                // wholly
)

// became tells by what the database says what became of the group. It is committed
// where the rows are those that the revision leaves behind, or the log has its
// statements as done; it is undone where all is as it was before.
func (r *runner) became(st State) fate {
	i := slices.IndexFunc(st.Partial, func(e Entry) bool { return e.Revision == r.t.Revision && e.Direction == r.t.Direction })
	same := slices.Equal(st.Rows, r.rows)
	if r.g.last {
		after := r.g.end
		if after == nil {
			after = After(r.rows, r.t)
		}
		switch alike := slices.Equal(after, r.rows); {
		case !alike && slices.Equal(st.Rows, after):
			return committed
		case alike, !same, r.g.closing && i < 0: // rows that stay the same tell nothing
			return moved
		}
		return undone
	}
	switch {
	case i < 0:
		return moved
	case st.Partial[i].Done > r.g.from:
		return committed
	case !same:
		return moved
	}
	return undone
}

// reconcile asks, over a new connection, what became of a COMMIT. The old session may be
// at it still: it is waited for.
func (s *Session) reconcile(ctx context.Context, t *Task, lost error, became func(State) fate) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	e := &LostError{Task: t, Err: lost, Atomic: s.Plan.Atomic(*t), Committing: true}
	old := s.Conn.Server.Session
	for s.revive(ctx) != nil {
		if sleep(ctx, 500*time.Millisecond) != nil {
			return e
		}
	}
	for !s.TableLock && s.Conn.Dialect.Busy != nil && s.Conn.Server.Session != old { // behind a pooler it is another's
		if busy, err := s.Conn.Dialect.Busy(ctx, s.Conn, old); err == nil && !busy {
			break
		}
		if sleep(ctx, 100*time.Millisecond) != nil {
			return e
		}
	}
	st, err := s.Read(ctx)
	if err != nil {
		return e
	}
	switch became(st) {
	case committed:
		return errCommitted
	case moved:
		return ErrMoved
	}
	e.Known = true
	return e
}

func (s *Session) rollback(ctx context.Context) {
	ctx, cancel := aside(ctx)
	defer cancel()
	_ = s.Conn.Exec(ctx, "ROLLBACK")
}

// aside is a context for what is left to do when the work was cancelled.
func aside(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

// failedAt returns the statement that is known to have failed; 0 where its end was
// not seen.
func failedAt(err error) int {
	var e *StatementError
	if errors.As(err, &e) && e.Server != nil && !e.Lost && !e.Unseen {
		return e.N
	}
	return 0
}
