package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// runGroup runs the operations of a group. Where its statements may go as one
// text they do; if the server refuses that text, nothing has happened, and they
// go one by one, so that the error is that of a statement.
func (s *Session) runGroup(ctx context.Context, t *Task, g group, rows []string, began time.Time) error {
	defer s.restoreSettings(ctx)
	if g.closing && ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = aside(ctx)
		defer cancel()
		if err := s.revive(ctx); err != nil {
			return err
		}
	}
	if g.quick {
		r := s.newRunner(t, g, rows, began, true)
		err := r.run(ctx)
		if err == nil || !s.worthAgain(ctx, err) {
			return s.giveUp(ctx, t, r, rows, err)
		}
		s.rollback(ctx)
	}
	r := s.newRunner(t, g, rows, began, false)
	return s.giveUp(ctx, t, r, rows, r.run(ctx))
}

// worthAgain tells whether the server has refused a text of several statements.
func (s *Session) worthAgain(ctx context.Context, err error) bool {
	e := s.Conn.Dialect.Explain(err)
	return e != nil && e.Cause != driver.Lost && ctx.Err() == nil
}

// A runner carries one group.
type runner struct {
	*Session
	t       *Task
	g       group
	rows    []string
	began   time.Time
	whole   bool       // all statements go as one text
	begun   bool       // within the transaction
	pending []string   // goes along with what is sent next
	stmts   []op       // of pending
	started string     // with pending: the record of a statement that is begun, when what it finds is known
	open    bool       // a transaction is
	commit  bool       // COMMIT was sent
	before  [][]string // what the query of opVerify gave at the beginning
}

func (s *Session) newRunner(t *Task, g group, rows []string, began time.Time, whole bool) *runner {
	return &runner{Session: s, t: t, g: g, rows: rows, began: began, whole: whole}
}

// run sends the operations. What needs no answer of its own goes along with its
// neighbour: a revision of n statements takes n + 2 round trips, and one or two
// where its statements go as one text.
func (r *runner) run(ctx context.Context) error {
	if ctx.Err() != nil && !r.g.last {
		return r.stopped(ctx)
	}
	for _, o := range r.g.ops {
		if err := r.op(ctx, o); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

func (r *runner) op(ctx context.Context, o op) error {
	task := r.t
	if o.task != nil {
		task = o.task
	}
	switch o.kind {
	case opStatement:
		return r.opStatement(ctx, task, o)
	case opVerify:
		if err := r.flush(ctx); err != nil {
			return err
		}
		return r.verify(ctx, task, o)
	case opBegin:
		if d := r.Conn.Dialect; d.Reached == nil && !d.InProcess { // PostgreSQL takes what goes before BEGIN in one text into the transaction
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
		r.pending, r.open = append(r.pending, o.sql), true
		if r.Conn.Dialect.TryLock != nil {
			return nil
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
		r.begun = true
		return r.unmoved(ctx, r.rows)
	case opStarted, opDone, opRecord:
		return r.record(ctx, o)
	case opBefore:
		return r.switchOff(ctx, o.sql)
	case opCommit:
		if err := context.Cause(ctx); err != nil {
			return err // it is not sent: all is rolled back
		}
		r.pending, r.commit = append(r.pending, o.sql), true
		err := r.flush(ctx)
		r.open = false
		return err
	default:
		r.pending = append(r.pending, o.sql)
	}
	return nil
}

// switchOff sends what stands before a transaction, when it is known what takes it back.
func (r *runner) switchOff(ctx context.Context, text string) error {
	if restore := r.Conn.Dialect.Restore; restore != nil && r.restore == "" {
		back, err := restore(ctx, r.Conn)
		if err != nil {
			return err
		}
		r.restore = back
	}
	r.pending = append(r.pending, text)
	return nil
}

// restoreSettings takes back what stood before a transaction, however that ended.
func (s *Session) restoreSettings(ctx context.Context) {
	if s.restore == "" {
		return
	}
	ctx, cancel := aside(ctx)
	defer cancel()
	_ = s.Conn.Exec(ctx, s.restore) // what cannot be sent is over with its connection
	s.restore = ""
}

// record writes to the version table or the log.
func (r *runner) record(ctx context.Context, o op) error {
	elapsed := r.Conn.Dialect.Elapsed
	if len(r.stmts) == 0 || elapsed == "" { // the time that they took belongs into the record
		if len(r.stmts) > 0 {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
		elapsed = strconv.FormatInt(r.Now().Sub(r.began).Milliseconds(), 10)
	}
	text := strings.Replace(o.sql, durationMark, elapsed, 1)
	if o.kind == opStarted && !r.g.tx {
		r.started = text
		return nil
	}
	return r.note(ctx, text)
}

// note sends a record along with what comes next; under a lease at once, as its
// fence stands in front of each.
func (r *runner) note(ctx context.Context, text string) error {
	if r.lease == nil {
		r.pending = append(r.pending, text)
		return nil
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	return r.write(ctx, text, r.open)
}

func (r *runner) opStatement(ctx context.Context, task *Task, o op) error {
	d := r.Conn.Dialect
	if r.whole {
		r.pending, r.stmts = append(r.pending, o.sql), append(r.stmts, o)
		return nil
	}
	var alone *driver.Alone
	if o.alone && o.batch == nil && d.Alone != nil {
		alone = d.Alone(o.sql)
	}
	if err := r.starts(ctx, alone); err != nil {
		return err
	}
	if ctx.Err() != nil && o.alone {
		return r.stopped(ctx)
	}
	if o.batch == nil && d.Reached != nil {
		marks := joined(r.pending)
		r.pending = nil
		err := r.statement(ctx, task, o, alone, marks)
		if errors.Is(err, errMarks) && ctx.Err() != nil {
			return r.stopped(ctx)
		}
		return err
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil && o.alone {
		return r.stopped(ctx)
	}
	if o.batch != nil {
		return r.rounds(ctx, task, o)
	}
	return r.statement(ctx, task, o, alone, "")
}

// starts records that a statement outside of transactions is begun, and what it
// finds in its place.
func (r *runner) starts(ctx context.Context, alone *driver.Alone) error {
	if r.started == "" {
		return nil
	}
	text := r.started
	r.started = ""
	if alone != nil && alone.Look != nil {
		found, err := alone.Look(ctx, r.Conn, joined(r.pending))
		if err != nil && ctx.Err() != nil {
			return r.stopped(ctx)
		}
		if err != nil {
			return fmt.Errorf("looking what is there: %w", err)
		}
		r.pending = nil
		if found != "" {
			text = strings.Replace(text, foundMark, r.Plan.Tables.lit(found), 1)
		}
	}
	return r.note(ctx, text)
}

// stopped ends the work in front of a statement, when what is done before it has
// been recorded.
func (r *runner) stopped(ctx context.Context) error {
	cause := context.Cause(ctx)
	if r.open {
		r.rollback(ctx)
	}
	for _, o := range r.g.ops {
		if o.kind != opStatement {
			continue
		}
		ctx, cancel := aside(ctx)
		defer cancel()
		if err := r.revive(ctx); err != nil {
			return err
		}
		if err := r.write(ctx, r.Plan.Tables.stands(*r.t, r.g.from), false); err != nil {
			return err
		}
		e := NewStatementError(r.Conn.Dialect, r.t, o.n, cause, false)
		e.Unsent = true
		return e
	}
	return cause
}

// flush sends what is pending.
func (r *runner) flush(ctx context.Context) error {
	if len(r.pending) == 0 {
		return nil
	}
	text, stmts := joined(r.pending), r.stmts
	r.pending, r.stmts = nil, nil
	if r.begun && r.Conn.Dialect.InProcess {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		ctx = context.WithoutCancel(ctx) // it is over at once, and watching it takes longer
		text = ";" + text                // else the driver prepares the first statement twice, to see whether it is alone
	}
	began := r.Now()
	if err := r.sendPending(ctx, text, len(stmts) > 0); err != nil {
		return err
	}
	each := r.Now().Sub(began) / time.Duration(max(1, len(stmts)))
	for _, o := range stmts {
		r.tell(Event{Kind: StatementBegins, Task: r.t, Statement: o.n})
		r.tell(Event{Kind: StatementEnds, Task: r.t, Statement: o.n, Duration: each})
	}
	return nil
}

// unmoved makes sure, within the transaction, that the rows are those planned on.
func (s *Session) unmoved(ctx context.Context, rows []string) error {
	now, err := s.Conn.Strings(ctx, "SELECT version_num FROM "+s.Plan.Tables.version()+" ORDER BY 1")
	if err != nil {
		return err
	}
	var have []string
	for _, r := range now {
		have = append(have, r[0])
	}
	slices.Sort(have)
	if !slices.Equal(have, rows) {
		return ErrMoved
	}
	return nil
}
