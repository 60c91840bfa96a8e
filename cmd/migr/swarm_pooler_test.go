package main

import (
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/driver/postgres"
	"github.com/migr-dev/migr/internal/testdb"
)

// poolSize is how many server connections the pooler has for a swarm.
const poolSize = 4

// TestSwarmPooler runs the swarm through PgBouncer. In transaction mode, where a
// session lock outlives its client and a SET goes to the next one, migr takes the
// table lock by itself. Afterwards no connection of the pool has a setting or a lock
// that migr left there.
func TestSwarmPooler(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			e := testdb.EnginePostgres
			direct := e.New(t)
			pooled := testdb.PgBouncer(t, direct, mode, poolSize)
			s := newSwarm(t, e, pooled)
			s.admin = direct
			s.kill(4, 2).run("postgres, PgBouncer in " + mode + " mode")
			said := s.said.String()
			if choice := strings.Contains(said, "a pooler in transaction mode"); choice != (mode == "transaction") {
				t.Errorf("the pooler in transaction mode was noticed: %t\n%s", choice, said)
			}
			inspectAtOnce(t, s, pooled, direct)
			leftNothing(t, pooled, direct)
		})
	}
}

// inspectAtOnce reads the schema with many processes through the pool, each of which
// must read it as one that has a connection to itself.
func inspectAtOnce(t *testing.T, s *swarm, pooled, direct string) {
	t.Helper()
	want, err := s.command(direct, "inspect").Output()
	if err != nil || len(want) == 0 {
		t.Fatalf("inspect: %v", err)
	}
	var wg sync.WaitGroup
	for range 2 * poolSize {
		wg.Go(func() {
			if got, err := s.command(pooled, "inspect").CombinedOutput(); err != nil || string(got) != string(want) {
				t.Errorf("inspect through the pool: %v\n%s", err, got)
			}
		})
	}
	wg.Wait()
}

// leftNothing looks at each server connection of the pool, as its next client does,
// and at the server's locks.
func leftNothing(t *testing.T, pooled, direct string) {
	t.Helper()
	db := testdb.Open(t, pooled)
	seen := map[string]bool{}
	for range poolSize { // each in a transaction, so that each has a server connection of its own
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		seen[lookAround(t, tx)] = true
	}
	if len(seen) != poolSize {
		t.Errorf("%d of the pool's %d connections were looked at", len(seen), poolSize)
	}
	var locks int
	if err := testdb.Open(t, direct).QueryRow("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&locks); err != nil || locks != 0 {
		t.Errorf("%d advisory locks are left (%v)", locks, err)
	}
}

// lookAround wants no setting that a client made, but those that each client makes
// anew when it connects and this transaction's own, and returns which server process
// it is.
func lookAround(t *testing.T, tx *sql.Tx) (pid string) {
	t.Helper()
	var set sql.NullString
	err := tx.QueryRow(`SELECT pg_backend_pid(), (SELECT string_agg(name || ' = ' || setting, ', ') FROM pg_settings WHERE source = 'session'
		AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'transaction_read_only'))`).Scan(&pid, &set)
	if err != nil {
		t.Fatal(err)
	}
	if set.String != "" {
		t.Errorf("server process %s keeps %s", pid, set.String)
	}
	return pid
}

// TestPoolerWithoutRoom: a pooler that has no server connection left keeps a client
// waiting without a word. Connecting ends in time all the same.
func TestPoolerWithoutRoom(t *testing.T) {
	t.Parallel()
	pooled := testdb.PgBouncer(t, testdb.EnginePostgres.New(t), "session", 1)
	only, err := testdb.Open(t, pooled).Conn(t.Context())
	if err == nil {
		err = only.PingContext(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer only.Close()
	u, err := dburl.Parse(pooled, "")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = driver.Open(t.Context(), postgres.Dialect(), u, driver.Options{Timeout: time.Second})
	if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "no answer within 1s") || took > 10*time.Second {
		t.Errorf("connecting ended after %s: %v", took, err)
	}
}
