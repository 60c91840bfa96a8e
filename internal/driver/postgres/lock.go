package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/migr-dev/migr/internal/driver"
)

func lockKey(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("migr:" + name))
	return int64(h.Sum64())
}

// tryLock polls nothing and holds no snapshot: a waiting pg_advisory_lock() would
// make another session's CREATE INDEX CONCURRENTLY wait for it (40P01).
func tryLock(ctx context.Context, c *driver.Conn, name string) (got bool, err error) {
	err = c.QueryRowContext(ctx, "SELECT pg_try_advisory_lock("+strconv.FormatInt(lockKey(name), 10)+")").Scan(&got)
	return got, err
}

func unlock(ctx context.Context, c *driver.Conn, name string) error {
	var held bool
	err := c.QueryRowContext(ctx, "SELECT pg_advisory_unlock("+strconv.FormatInt(lockKey(name), 10)+")").Scan(&held)
	if err == nil && !held {
		return errors.New("the lock was not held by this session any more (a connection pooler in transaction mode?)")
	}
	return err
}

// guard: without keepalives the server waits for two hours (Linux's default) before it
// asks whether a client that says nothing is there; and while it carries out a
// statement it does not look for its client at all, from 14 on unless it is told to
// (on Windows it refuses that).
func guard(s driver.Server) []string {
	set := []string{"SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"}
	if s.Version >= 120000 {
		set[0] += "; SET tcp_user_timeout = 30000"
	}
	if s.Version >= 140000 {
		set = append(set, "SET client_connection_check_interval = 5000")
	}
	return set
}

func holder(ctx context.Context, c *driver.Conn, name string) *driver.Holder {
	key := uint64(lockKey(name))
	rows, err := c.Strings(ctx, fmt.Sprintf(`SELECT a.pid, a.application_name, a.usename, coalesce(host(a.client_addr), 'the server itself'), to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
		FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %d AND l.objid = %d AND l.objsubid = 1
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`, key>>32, key&0xffffffff))
	if err != nil || len(rows) == 0 {
		return nil
	}
	r := rows[0]
	return &driver.Holder{Session: r[0], Client: r[1], User: r[2], Host: r[3], Since: r[4]}
}

// busy: a server process finishes what it was told before it finds that its client has gone.
func busy(ctx context.Context, c *driver.Conn, session string) (bool, error) {
	pid, err := strconv.Atoi(session)
	if err != nil {
		return false, fmt.Errorf("reading the session's id: %w", err)
	}
	rows, err := c.Strings(ctx, fmt.Sprintf("SELECT pid FROM pg_stat_activity WHERE pid = %d AND state = 'active'", pid))
	return len(rows) > 0, err
}

// blockers asks whom the session waits for. pg_blocking_pids (9.6 and later) also
// names those that wait in front of it.
func blockers(ctx context.Context, c *driver.Conn, session string) ([]string, error) {
	pid, err := strconv.Atoi(session)
	if err != nil {
		return nil, fmt.Errorf("reading the session's id: %w", err)
	}
	rows, err := c.Strings(ctx, fmt.Sprintf(`SELECT format('pid %%s (user %%s, %%s%%s), in a transaction since %%s: %%s', pid, usename, coalesce(nullif(application_name, '') || ', ', ''), state,
			date_trunc('second', clock_timestamp() - xact_start), left(regexp_replace(query, '\s+', ' ', 'g'), 120))
		FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%d)) ORDER BY xact_start`, pid))
	var out []string
	for _, r := range rows {
		out = append(out, r[0])
	}
	return out, err
}
