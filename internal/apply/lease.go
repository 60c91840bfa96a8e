package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// The table lock is one row beside the log: who has it, until when it holds without
// a sign of life, and a token that grows with each taking. Every write to the
// version table and the log first renews the row under its own token, in the same
// transaction: who has lost the lock can write nothing any more.

const defaultLease = 30 * time.Second

// ErrFenced says that the table lock was lost: its lease ran out, or it was released.
var ErrFenced = errors.New("the lock was lost: its lease ran out before it could be renewed, or `migr lock release` took it away")

// A lease is the table lock while it is had.
type lease struct {
	token string
	conn  *driver.Conn // the heart beats on a connection of its own
	stop  context.CancelFunc
	beats sync.WaitGroup

	mu   sync.Mutex
	lost context.CancelCauseFunc // ends what runs under the lock
}

func (s *Session) leaseTime() time.Duration {
	if s.Lease > 0 {
		return s.Lease
	}
	return defaultLease
}

// tryLease takes the row if nobody has it.
func (s *Session) tryLease(ctx context.Context) (bool, error) {
	t := s.Plan.Tables
	if err := s.leaseRow(ctx); err != nil {
		if s.Conn.Dialect.CauseOf(err) == driver.LockWait { // another makes it at this moment
			err = nil
		}
		return false, err
	}
	if s.leaseHolder(ctx) != nil {
		return false, nil
	}
	beat, stop := context.WithCancel(context.WithoutCancel(ctx))
	held, drop := holds(beat, s.leaseTime())
	n, err := s.Conn.Changed(ctx, t.take(s.Plan.By, s.Conn.Server.Session, s.Plan.Client, s.leaseTime()))
	if err != nil || n == 0 {
		stop()
		if s.Conn.Dialect.CauseOf(err) == driver.LockWait { // another takes it at this moment
			err = nil
		}
		return false, err
	}
	rows, err := s.Conn.Strings(ctx, "SELECT token FROM "+t.lock()+" WHERE id = 1")
	if err != nil {
		stop()
		return false, err
	}
	l := &lease{token: rows[0][0]}
	if l.conn, err = s.Conn.Another(ctx); err != nil {
		stop()
		aside, cancel := aside(ctx)
		defer cancel()
		_, e := s.Conn.Changed(aside, t.free(l.token))
		return false, errors.Join(fmt.Errorf("opening the second connection, on which the lock is renewed: %w", err), e)
	}
	l.stop = stop
	l.beats.Add(1)
	go func() { defer l.beats.Done(); l.beat(beat, held, drop, t.renew(l.token, s.leaseTime()), s.leaseTime()) }()
	s.lease = l
	return true, nil
}

// leaseRow makes the table and its row where they are missing. That another makes
// them at the same time is no failure.
func (s *Session) leaseRow(ctx context.Context) error {
	t := s.Plan.Tables
	var err error
	for range 3 {
		var rows [][]string
		rows, err = s.Conn.Strings(ctx, "SELECT id FROM "+t.lock()+" WHERE id = 1")
		if err == nil && len(rows) == 1 {
			return nil
		}
		if err != nil && !s.missing(err) {
			return err
		}
		if err != nil {
			if err = s.Conn.Exec(ctx, t.createLock()); err != nil {
				continue
			}
		}
		err = s.Conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s (id, token, beats, owner, session_id, client, since_ms, expires_ms) VALUES (1, 0, 0, '', '', '', 0, 0)", t.lock()))
	}
	rows, e := s.Conn.Strings(ctx, "SELECT id FROM "+t.lock()+" WHERE id = 1")
	if e == nil && len(rows) == 1 {
		return nil
	}
	return err
}

// leaseHolder reads who has the row; nil when nobody has, or there is none.
func (s *Session) leaseHolder(ctx context.Context) *driver.Holder {
	t := s.Plan.Tables
	rows, err := s.Conn.Strings(ctx, fmt.Sprintf("SELECT owner, session_id, client, since_ms, expires_ms - %s FROM %s WHERE id = 1 AND expires_ms > %[1]s", t.Dialect.Tables.Unix, t.lock()))
	if err != nil || len(rows) == 0 {
		return nil
	}
	r := rows[0]
	return &driver.Holder{
		User: r[0], Session: r[1], Client: strings.TrimSpace("migr " + r[2]), Since: time.UnixMilli(int64(number(r[3]))).UTC().Format(time.RFC3339),
		Doing: fmt.Sprintf("lease of %s, for %s more", t.LockName(), time.Duration(number(r[4]))*time.Millisecond),
	}
}

// beat renews the lease until it is stopped. What is tried is bounded by three quarters
// of the lease from when the last good renewal was sent, which held tells: then what runs
// under the lock is ended, before another can have it. drop is held's.
func (l *lease) beat(ctx, held context.Context, drop context.CancelFunc, renew string, length time.Duration) {
	defer func() { drop() }()
	pause := length / 4
	for sleep(held, pause) == nil {
		next, dropNext := holds(ctx, length)
		short, cancel := context.WithTimeout(held, length/4)
		n, err := l.renew(short, renew)
		cancel()
		if err == nil && n == 1 {
			drop()
			held, drop, pause = next, dropNext, length/4
			continue
		}
		dropNext()
		if err == nil {
			break
		}
		pause = length / 16
		if l.conn.Gone() || l.conn.Dialect.CauseOf(err) == driver.Lost {
			again, cancel := context.WithTimeout(held, length/4)
			_ = l.conn.Reopen(again)
			cancel()
		}
	}
	if ctx.Err() == nil {
		l.tellLost()
	}
}

// holds returns a context that ends when a lease taken now is not to be relied on any
// more: that leaves a quarter of it to end what runs.
func holds(ctx context.Context, length time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, length/4*3)
}

// renew sends the renewal, and gives the connection up when no answer comes in time:
// not every driver does so by itself.
func (l *lease) renew(ctx context.Context, text string) (int64, error) {
	type answer struct {
		n   int64
		err error
	}
	came, conn := make(chan answer, 1), *l.conn
	go func() {
		n, err := conn.Changed(ctx, text)
		came <- answer{n, err}
	}()
	select {
	case a := <-came:
		if ctx.Err() != nil { // the driver has broken it off
			l.conn.Abandon()
		}
		return a.n, a.err
	case <-ctx.Done():
		l.conn.Abandon()
		return 0, ctx.Err()
	}
}

func (l *lease) tellLost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost != nil {
		l.lost(ErrFenced)
	}
}

// under returns a context that ends when the lease is lost.
func (s *Session) under(ctx context.Context) (context.Context, context.CancelFunc) {
	l := s.lease
	if l == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = cancel
	return ctx, func() { cancel(nil) }
}

// end stops the heart and frees the row.
func (l *lease) end(ctx context.Context, s *Session) error {
	l.stop()
	l.beats.Wait()
	_ = l.conn.Close()
	var err error
	for range 5 { // on another node somebody may be looking whether it is free
		if _, err = s.Conn.Changed(ctx, s.Plan.Tables.free(l.token)); s.Conn.Dialect.CauseOf(err) != driver.LockWait {
			break
		}
	}
	return err
}

// fence renews the lease under its token, within the transaction that is about to
// write. Without a lease it does nothing.
func (s *Session) fence(ctx context.Context) error {
	if s.lease == nil {
		return nil
	}
	n, err := s.Conn.Changed(ctx, s.Plan.Tables.renew(s.lease.token, s.leaseTime()))
	if err == nil && n != 1 {
		err = ErrFenced
	}
	return err
}

// write sends a text that writes to the version table or the log; inside says that
// a transaction is open.
func (s *Session) write(ctx context.Context, text string, inside bool) error {
	if s.lease == nil {
		return s.Conn.Exec(ctx, text)
	}
	if !inside {
		if ctx.Err() != nil { // what is done is recorded, also when nothing more is to be done
			var cancel context.CancelFunc
			ctx, cancel = aside(ctx)
			defer cancel()
			if err := s.revive(ctx); err != nil {
				return err
			}
		}
		if err := s.Conn.Exec(ctx, s.Plan.Dialect.Begin); err != nil {
			return err
		}
	}
	err := s.fence(ctx)
	if err == nil {
		err = s.Conn.Exec(ctx, text)
	}
	if inside {
		return err
	}
	if err != nil {
		s.rollback(ctx)
		return err
	}
	return s.Conn.Exec(ctx, "COMMIT")
}

// Release takes the table lock away from whoever has it, and reports whether
// somebody had: what runs under it can write nothing more.
func (s *Session) Release(ctx context.Context) (bool, error) {
	if s.leaseHolder(ctx) == nil {
		return false, nil
	}
	n, err := s.Conn.Changed(ctx, fmt.Sprintf("UPDATE %s SET token = token + 1, expires_ms = 0 WHERE id = 1", s.Plan.Tables.lock()))
	if err != nil {
		return false, fmt.Errorf("releasing the lock: %w", err)
	}
	return n == 1, nil
}

// LockName is the lock table's name, which follows the log's.
func (t Tables) LockName() string { return strings.TrimSuffix(t.LogName(), "log") + "lock" }

func (t Tables) lock() string { return t.qualified(t.LockName()) }

func (t Tables) createLock() string {
	return fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (
  id INTEGER NOT NULL PRIMARY KEY,
  token BIGINT NOT NULL,
  beats BIGINT NOT NULL,
  owner VARCHAR(255) NOT NULL,
  session_id VARCHAR(64) NOT NULL,
  client VARCHAR(255) NOT NULL,
  since_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
)%s`, t.lock(), t.Dialect.Tables.Tail)
}

func (t Tables) take(owner, session, client string, length time.Duration) string {
	now := t.Dialect.Tables.Unix
	return fmt.Sprintf("UPDATE %s SET token = token + 1, owner = %s, session_id = %s, client = %s, since_ms = %s, expires_ms = %[5]s + %d WHERE id = 1 AND expires_ms <= %[5]s",
		t.lock(), t.lit(owner), t.lit(session), t.lit(client), now, length.Milliseconds())
}

// renew also counts, so that the row is another each time: MySQL counts as changed
// only rows that are, and a Galera node notices no conflict over one that is not.
func (t Tables) renew(token string, length time.Duration) string {
	return fmt.Sprintf("UPDATE %s SET beats = beats + 1, expires_ms = %s + %d WHERE id = 1 AND token = %s", t.lock(), t.Dialect.Tables.Unix, length.Milliseconds(), token)
}

// free moves the token on: a renewal that was given up may still reach the server, and
// must find nothing to renew.
func (t Tables) free(token string) string {
	return fmt.Sprintf("UPDATE %s SET token = token + 1, expires_ms = 0 WHERE id = 1 AND token = %s", t.lock(), token)
}
