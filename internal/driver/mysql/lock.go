package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// lockName fits GET_LOCK's 64 characters (MySQL 5.7 and later).
func lockName(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return sqltext.QuoteLiteral(sqltext.MySQL, fmt.Sprintf("migr:%016x", h.Sum64()))
}

func tryLock(ctx context.Context, c *driver.Conn, name string) (bool, error) {
	var got sql.NullInt64
	err := c.QueryRowContext(ctx, "SELECT get_lock("+lockName(name)+", 0)").Scan(&got)
	return got.Int64 == 1, err
}

func unlock(ctx context.Context, c *driver.Conn, name string) error {
	var held sql.NullInt64
	err := c.QueryRowContext(ctx, "SELECT release_lock("+lockName(name)+")").Scan(&held)
	if err == nil && held.Int64 != 1 {
		return errors.New("the lock was not held by this session any more")
	}
	return err
}

// holder asks who has the lock. The process list of MySQL 9 and MariaDB 10.11 has
// no time of connecting: it comes from the attributes that migr connects with, where
// this user may read them.
func holder(ctx context.Context, c *driver.Conn, name string) *driver.Holder {
	rows, err := c.Strings(ctx, "SELECT id, user, host, coalesce(info, '') FROM information_schema.processlist WHERE id = is_used_lock("+lockName(name)+")")
	if err != nil {
		return nil
	}
	if len(rows) == 0 { // of another user's sessions an ordinary user sees the id only
		var id sql.NullString
		if err := c.QueryRowContext(ctx, "SELECT is_used_lock("+lockName(name)+")").Scan(&id); err != nil || !id.Valid {
			return nil
		}
		return &driver.Holder{Session: id.String}
	}
	r := rows[0]
	h := &driver.Holder{Session: r[0], User: r[1], Host: r[2], Doing: brief(r[3])}
	attrs, err := c.Strings(ctx, "SELECT attr_name, attr_value FROM performance_schema.session_connect_attrs WHERE processlist_id = "+r[0])
	if err != nil {
		return h
	}
	for _, a := range attrs {
		switch a[0] {
		case "migr_client":
			h.Client = "migr " + a[1]
		case "migr_since":
			if at, err := time.Parse("20060102T150405Z", a[1]); err == nil {
				h.Since = at.Format(time.RFC3339)
			}
		}
	}
	return h
}

// brief is a statement in one line of no great length.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 120 {
		text = string(r[:119]) + "…"
	}
	return text
}

// frail finds clusters whose GET_LOCK is one node's own: Galera (MariaDB) and
// MySQL's group replication; and TiDB, whose GET_LOCK did nothing before 6.1.
func frail(ctx context.Context, c *driver.Conn) (string, error) {
	rows, err := c.Strings(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'group_replication_group_name', 'tidb_txn_mode')")
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		switch name, value := strings.ToLower(r[0]), r[1]; {
		case name == "wsrep_on" && (value == "ON" || value == "1"):
			return "this is a node of a Galera cluster, whose session locks are its own", nil
		case name == "group_replication_group_name" && value != "":
			return "this is a member of a replication group, whose session locks are its own", nil
		case name == "tidb_txn_mode":
			return "TiDB's session locks are not to be relied on in all its versions", nil
		}
	}
	return "", nil
}

// cancel ends the statement; KILL QUERY leaves the session and its locks.
func cancel(ctx context.Context, c *driver.Conn, session string) error {
	id, err := strconv.ParseUint(session, 10, 64)
	if err != nil {
		return fmt.Errorf("reading the connection's id: %w", err)
	}
	return c.Exec(ctx, "KILL QUERY "+strconv.FormatUint(id, 10))
}

// busy: a thread finishes what it was told before it finds that its client has gone.
func busy(ctx context.Context, c *driver.Conn, session string) (bool, error) {
	id, err := strconv.ParseUint(session, 10, 64)
	if err != nil {
		return false, fmt.Errorf("reading the connection's id: %w", err)
	}
	rows, err := c.Strings(ctx, fmt.Sprintf("SELECT id FROM information_schema.processlist WHERE id = %d AND command <> 'Sleep'", id))
	return len(rows) > 0, err
}

// The queries for who blocks a session, the exact ones first: MySQL (8 and later)
// has its metadata and row locks in the performance schema, MariaDB (10.11) knows
// row locks; of metadata locks it tells nothing without a plug-in, so there the
// transactions and statements of the same database are named and, where there is
// none, the transactions of all.
func blockerQueries(id string) []string {
	line := "concat('connection ', p.id, ' (user ', p.user, ', ', lower(p.command), ')', coalesce(concat(', in a transaction since ', timestampdiff(SECOND, x.trx_started, now()), ' s'), ''), coalesce(concat(', for ', p.time, ' s at: ', p.info), ''))"
	rest := " FROM information_schema.processlist p LEFT JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = p.id WHERE p.id <> " + id + " AND p.id <> connection_id() AND "
	guess := "SELECT DISTINCT concat('perhaps ', " + line + ")" + rest + `p.user NOT IN ('system user', 'event_scheduler') AND (x.trx_id IS NOT NULL OR p.command = 'Query' AND p.db = database())
			AND EXISTS (SELECT 1 FROM information_schema.processlist me WHERE me.id = ` + id + ` AND me.state LIKE 'Waiting for %lock%') `
	return []string{
		"SELECT DISTINCT " + line + rest + `p.id IN (SELECT t.processlist_id FROM performance_schema.threads me JOIN performance_schema.metadata_locks w ON w.owner_thread_id = me.thread_id AND w.lock_status = 'PENDING'
			JOIN performance_schema.metadata_locks g ON g.object_type = w.object_type AND g.object_schema <=> w.object_schema AND g.object_name <=> w.object_name AND g.lock_status = 'GRANTED'
			JOIN performance_schema.threads t ON t.thread_id = g.owner_thread_id WHERE me.processlist_id = ` + id + ")",
		"SELECT DISTINCT " + line + rest + `p.id IN (SELECT b.trx_mysql_thread_id FROM performance_schema.data_lock_waits w JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_engine_transaction_id
			JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_engine_transaction_id WHERE r.trx_mysql_thread_id = ` + id + ")",
		"SELECT DISTINCT " + line + rest + `p.id IN (SELECT b.trx_mysql_thread_id FROM information_schema.innodb_lock_waits w JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
			JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id WHERE r.trx_mysql_thread_id = ` + id + ")",
		guess + "AND p.db = database()",
		guess,
	}
}

func blockers(ctx context.Context, c *driver.Conn, session string) ([]string, error) {
	id, err := strconv.ParseUint(session, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("reading the connection's id: %w", err)
	}
	for _, q := range blockerQueries(strconv.FormatUint(id, 10)) {
		rows, err := c.Strings(ctx, q) // one that this product does not have, or this user may not, is passed over
		if err != nil || len(rows) == 0 {
			continue
		}
		var out []string
		for _, r := range rows {
			out = append(out, brief(r[0]))
		}
		return out, nil
	}
	return nil, ctx.Err()
}
