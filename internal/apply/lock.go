package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// A LockedError is a lock that was not got in time.
type LockedError struct {
	Wait   time.Duration
	Holder *driver.Holder // as far as the server tells; may be nil
	Table  bool           // the lock is a row with a lease
}

func (e *LockedError) Error() string {
	who := ""
	if e.Holder != nil {
		who = " (held by " + e.Holder.String() + ")"
	}
	return fmt.Sprintf("another migr is at work on this database%s; waited %s for its lock", who, e.Wait)
}

// A locking is one way to keep a second runner out. Two runners may have come to
// different ways, as one goes through a pooler and the other does not: each takes
// its own lock first, and then looks whether somebody has the other.
type locking struct {
	try    func(context.Context) (bool, error)
	holder func(context.Context) *driver.Holder
	other  func(context.Context) *driver.Holder
}

// Lock takes the database's lock, polling for it: a session that waits within
// the server would hold a snapshot. It is a no-op where the product has none
// (SQLite: each transaction excludes the others, and Run checks the rows). Where
// session locks do not hold, and where the caller says so, a row with a lease is
// taken instead.
func (s *Session) Lock(ctx context.Context, wait time.Duration) error {
	if s.Conn.Dialect.TryLock == nil || s.locked {
		return nil
	}
	if err := s.chooseLock(ctx); err != nil {
		return err
	}
	l := locking{s.trySession, s.sessionHolder, s.leaseHolder}
	if s.TableLock {
		l = locking{s.tryLease, s.leaseHolder, s.sessionHolder}
	}
	s.wait = wait
	var waited time.Duration
	for told := false; ; {
		holder, err := s.try(ctx, l)
		if err != nil {
			return fmt.Errorf("taking the lock: %w", err)
		}
		if s.locked {
			return s.guard(ctx)
		}
		if waited >= wait {
			h, table := holder(ctx)
			return &LockedError{Wait: wait, Holder: h, Table: table}
		}
		if !told {
			told = true
			h, _ := holder(ctx)
			s.tell(Event{Kind: Waiting, Text: "waiting for another migr: " + h.String()})
		}
		pause := min(100*time.Millisecond+rand.N(200*time.Millisecond), wait-waited)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		waited += pause
	}
}

// try takes the lock if it is free; else it returns who can be asked about it.
func (s *Session) try(ctx context.Context, l locking) (func(context.Context) (*driver.Holder, bool), error) {
	got, err := l.try(ctx)
	if err != nil {
		return nil, err
	}
	if !got {
		return func(ctx context.Context) (*driver.Holder, bool) { return l.holder(ctx), s.TableLock }, nil
	}
	s.locked = true
	h := l.other(ctx)
	if h == nil {
		return nil, nil
	}
	if err := s.Unlock(ctx); err != nil {
		return nil, err
	}
	return func(context.Context) (*driver.Holder, bool) { return h, !s.TableLock }, nil
}

// guard has the server look after this session's client: a session lock lives as long
// as the session, and the server works on for a client that was killed.
func (s *Session) guard(ctx context.Context) error {
	if s.TableLock || s.Conn.Dialect.Guard == nil {
		return nil
	}
	for _, set := range s.Conn.Dialect.Guard(s.Conn.Server) {
		if err := s.Conn.Exec(ctx, set); err != nil && s.Conn.Dialect.Explain(err) == nil {
			return fmt.Errorf("setting how the server notices that this client has gone: %w", err)
		}
	}
	return nil
}

// chooseLock turns to the table lock where session locks would not hold.
func (s *Session) chooseLock(ctx context.Context) error {
	if s.TableLock || s.Conn.Dialect.Frail == nil {
		return nil
	}
	why, err := s.Conn.Dialect.Frail(ctx, s.Conn)
	if err != nil {
		return fmt.Errorf("looking whether session locks hold: %w", err)
	}
	if why != "" {
		s.TableLock = true
		s.tell(Event{Kind: Waiting, Text: why + ": the lock is a row of " + s.Plan.Tables.LockName() + ` instead (lock = "table")`})
	}
	return nil
}

func (s *Session) trySession(ctx context.Context) (bool, error) {
	return s.Conn.Dialect.TryLock(ctx, s.Conn, s.lockName())
}

func (s *Session) sessionHolder(ctx context.Context) *driver.Holder {
	h := s.Conn.Dialect.Holder(ctx, s.Conn, s.lockName())
	if h == nil || h.Client != "" && h.Since != "" {
		return h
	}
	// What the server does not tell the log may: a revision is under way.
	rows, err := s.Conn.Strings(ctx, "SELECT applied_by, applied_at, tool FROM "+s.Plan.Tables.log()+" WHERE state = 'running' ORDER BY id DESC")
	if err != nil || len(rows) == 0 {
		return h
	}
	if h.Client == "" {
		h.Client = rows[0][2] + " of " + rows[0][0]
	}
	if at := readTime(rows[0][1]); h.Since == "" && !at.IsZero() {
		h.Since = at.Format(time.RFC3339)
	}
	return h
}

// Holder tells who has the lock, and whether it is the table lock; nil when nobody
// has, as far as the server tells.
func (s *Session) Holder(ctx context.Context) (h *driver.Holder, table bool) {
	if s.Conn.Dialect.TryLock == nil {
		return nil, false
	}
	if h := s.leaseHolder(ctx); h != nil {
		return h, true
	}
	return s.sessionHolder(ctx), false
}

func (s *Session) lockName() string {
	t := s.Plan.Tables
	return s.Conn.Server.Database + "." + t.Schema + "." + t.Version
}

// Unlock gives the lock back. The end of the connection does so as well with a
// session's lock, the end of the lease with a table's.
func (s *Session) Unlock(ctx context.Context) error {
	if !s.locked {
		return nil
	}
	s.locked = false
	var err error
	if l := s.lease; l != nil {
		s.lease = nil
		err = l.end(ctx, s)
	} else {
		err = s.Conn.Dialect.Unlock(ctx, s.Conn, s.lockName())
	}
	if err != nil && s.Conn.Dialect.CauseOf(err) != driver.Lost && !errors.Is(err, ErrFenced) {
		return fmt.Errorf("releasing the lock: %w", err)
	}
	return nil
}
