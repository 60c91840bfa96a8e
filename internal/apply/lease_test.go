package apply

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/driver/mysql"
	"github.com/migr-dev/migr/internal/driver/postgres"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// onServers runs a test with a session on a fresh database of each server.
func onServers(t *testing.T, engines []testdb.Engine, test func(t *testing.T, s *Session, dsn string)) {
	t.Helper()
	for _, e := range engines {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			dsn := e.New(t)
			u, err := dburl.Parse(dsn, ".")
			if err != nil {
				t.Fatal(err)
			}
			d := mysql.Dialect()
			if e == testdb.EnginePostgres {
				d = postgres.Dialect()
			}
			c, err := driver.Open(t.Context(), d, u, driver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			s := &Session{Conn: c, Plan: &Plan{Dialect: d, Tables: Tables{Dialect: d, Version: DefaultVersionTable}}, Now: time.Now, TableLock: true}
			test(t, s, dsn)
		})
	}
}

var leaseServers = []testdb.Engine{testdb.EnginePostgres, testdb.EngineMariaDB, testdb.EngineMySQL}

// TestLateRenewal: a renewal that was given up may reach the server when the lock is
// free again; it does not take it.
func TestLateRenewal(t *testing.T) {
	t.Parallel()
	onServers(t, leaseServers, func(t *testing.T, s *Session, _ string) {
		if err := s.Lock(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		token := s.lease.token
		if err := s.Unlock(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Conn.Changed(t.Context(), s.Plan.Tables.renew(token, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if h := s.leaseHolder(t.Context()); h != nil {
			t.Fatalf("the free lock is held by %v", h)
		}
		if err := s.Lock(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if number(s.lease.token) <= number(token) {
			t.Errorf("token %s after %s", s.lease.token, token)
		}
		if err := s.Unlock(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestLeaseIsGivenUpInTime: where no renewal comes through, what runs under the lock is
// ended before the lease runs out; each miss waits for its answer and opens a new connection.
func TestLeaseIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	onServers(t, leaseServers, func(t *testing.T, s *Session, dsn string) {
		s.Lease = 4 * time.Second
		if err := s.Lock(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		under, end := s.under(t.Context())
		defer end()
		tx, err := testdb.Open(t, dsn).BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var left int64
		q := "SELECT expires_ms - " + s.Plan.Dialect.Tables.Unix + " FROM " + s.Plan.Tables.lock() + " WHERE id = 1 FOR UPDATE"
		if err := tx.QueryRowContext(t.Context(), q).Scan(&left); err != nil {
			t.Fatal(err)
		}
		held := time.Duration(left) * time.Millisecond
		began := time.Now()
		select {
		case <-under.Done():
		case <-time.After(3 * s.Lease):
		}
		after := time.Since(began)
		_ = tx.Rollback()
		if !errors.Is(context.Cause(under), ErrFenced) || after >= held {
			t.Errorf("given up after %s, with %s left of the lease: %v", after, held, context.Cause(under))
		}
		_ = s.Unlock(t.Context())
	})
}

// TestRoundsWithoutChange: MySQL counts changed rows. A round whose rows are already as
// the statement sets them is not the end while rows match.
func TestRoundsWithoutChange(t *testing.T) {
	t.Parallel()
	onServers(t, []testdb.Engine{testdb.EngineMariaDB, testdb.EngineMySQL}, func(t *testing.T, s *Session, _ string) {
		s.TableLock = false
		if err := s.Conn.Exec(t.Context(), "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 7), (2, 7), (3, 1)"); err != nil {
			t.Fatal(err)
		}
		run := func(text string) error {
			task := &Task{Revision: "a", Stmts: []sqltext.Stmt{{Text: text}}}
			return s.rounds(t.Context(), task, op{sql: text, n: 1, batch: &history.Batch{Size: 2}})
		}
		var e *StatementError
		if err := run("UPDATE t SET a = 7 WHERE id > 0"); !errors.As(err, &e) || e.Server == nil {
			t.Errorf("rows that match for ever: %v", err)
		}
		if err := run("UPDATE t SET a = NULL WHERE a IS NOT NULL"); err != nil {
			t.Error(err)
		}
		if rows, err := s.Conn.Strings(t.Context(), "SELECT count(*) FROM t WHERE a IS NULL"); err != nil || rows[0][0] != "3" {
			t.Errorf("%v %v", rows, err)
		}
	})
}
