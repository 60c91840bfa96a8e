package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// Outcome finds what became of the statement of a half-done revision that was begun
// and whose end was not recorded. A statement within a transaction was undone with
// it, as the record is part of the transaction; a batch knows itself what is left.
// One that still runs on the server is waited for, no longer than for the lock; then
// the error is a *LockedError.
func (s *Session) Outcome(ctx context.Context, t *Task, e Entry) (driver.Outcome, error) {
	for _, part := range s.Plan.split(*t) {
		if e.Done < part.from || e.Done >= part.from+len(part.stmts) {
			continue
		}
		text := t.Stmts[e.Done].Text
		err := s.quiet(ctx, t, e.Done+1, text)
		o := driver.Unknown
		if err == nil {
			_, batch := t.Batches[e.Done]
			err = s.asBefore(ctx, s.Plan.Carried(*t, e.Done).Again, func(c *driver.Conn) (err error) {
				o, err = s.outcome(ctx, c, part.tx, batch, text, e.Found)
				return err
			})
		}
		if err != nil {
			return driver.Unknown, fmt.Errorf("looking what became of statement %d of revision %s: %w", e.Done+1, t.Revision, err)
		}
		return o, nil
	}
	return driver.Unknown, nil
}

// asBefore does something with the settings that were made before the statement: names
// are found by them, and things are shown by them. Where a transaction takes a SET back
// with it (PostgreSQL, and so also behind a pooler), it is done in one; elsewhere in a
// session of its own, as what the settings were is not known.
func (s *Session) asBefore(ctx context.Context, settings []string, do func(*driver.Conn) error) error {
	c := s.Conn
	switch d := s.Plan.Dialect; {
	case len(settings) == 0:
		return do(c)
	case d.TxDDL:
		settings = append([]string{d.Begin}, settings...)
		defer s.rollback(ctx)
	default:
		other, err := c.Another(ctx)
		if err != nil {
			return err
		}
		defer other.Close()
		c = other
	}
	if err := c.Exec(ctx, joined(settings)); err != nil {
		return fmt.Errorf("setting what the revision had set: %w", err)
	}
	return do(c)
}

func (s *Session) outcome(ctx context.Context, c *driver.Conn, tx, batch bool, text, found string) (driver.Outcome, error) {
	d := s.Plan.Dialect
	switch {
	case batch, tx && d.Undone == nil:
		return driver.Again, nil
	case tx:
		if undone, err := d.Undone(ctx, c, text); err != nil || !undone {
			return driver.Unknown, err
		}
		return driver.Again, nil
	case d.Alone == nil:
		return driver.Unknown, nil
	}
	a := d.Alone(text)
	switch {
	case a == nil:
	case a.Look != nil && found != "":
		now, err := a.Look(ctx, c, "")
		switch {
		case err != nil || now == "":
		case a.Became != nil:
			return a.Became(found, now), nil
		case now == found:
			return a.Outcome(ctx, c)
		}
		return driver.Unknown, err
	case a.Outcome != nil:
		return a.Outcome(ctx, c)
	}
	return driver.Unknown, nil
}

// quiet waits until a statement runs no more whose client has gone: the server goes
// on with it, and a table lock does not hold until it ends.
func (s *Session) quiet(ctx context.Context, t *Task, n int, text string) error {
	if s.Plan.Dialect.Running == nil {
		return nil
	}
	for waited := time.Duration(0); ; waited += time.Second / 2 {
		sessions, err := s.Plan.Dialect.Running(ctx, s.Conn, text)
		if err != nil || len(sessions) == 0 {
			return err
		}
		if waited >= s.wait {
			return &LockedError{Wait: s.wait, Holder: &driver.Holder{Session: strings.Join(sessions, ", "), Doing: t.Stmts[n-1].Text}}
		}
		if waited == 0 {
			s.tell(Event{Kind: Waiting, Text: fmt.Sprintf("waiting for statement %d of revision %s, which still runs in session %s of the server", n, t.Revision, strings.Join(sessions, ", "))})
		}
		if err := sleep(ctx, time.Second/2); err != nil {
			return err
		}
	}
}
