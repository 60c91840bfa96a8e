// Package postgres is the PostgreSQL dialect, through lib/pq.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Dialect returns PostgreSQL's.
func Dialect() *driver.Dialect {
	return &driver.Dialect{
		Name: "postgres", Family: sqltext.Postgres, Schemes: []string{"postgres"}, TxDDL: true,
		Tested: map[string]driver.Tested{"PostgreSQL": {From: 130000, Below: 190000, Text: "13 to 18"}},
		Open:   open, Server: server, Scratch: scratch, Borrow: borrow, Wipe: wipe,
		TryLock: tryLock, Unlock: unlock, Holder: holder, Guard: guard, Frail: frail, Busy: busy, Blockers: blockers, EndSession: "SELECT pg_terminate_backend(%s)",
		Begin: "BEGIN", Settings: settings, Guess: guess, Session: session, NoTx: noTx, Carried: carried, Alone: alone, Limit: limit, Preamble: "SET check_function_bodies = off;",
		Tables: driver.TableTypes{
			ID: "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", Time: "timestamp with time zone", Text: "text",
			Now: "clock_timestamp()", Unix: "(extract(epoch FROM clock_timestamp()) * 1000)::bigint", User: "session_user",
		},
		// statement_timestamp() is when the latest message came, however many
		// statements are in it.
		Elapsed: "(extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::bigint",
		Batch:   batch, Empty: empty, Reset: reset, Schemas: schemas,
		Facts: facts, Explain: explain,
		Refuse: func(stmt string, _ bool) string { return driver.Transaction(sqltext.Postgres, stmt) },
	}
}

func open(u *dburl.URL, o driver.Options) (*sql.DB, error) {
	dsn := u.PostgresDSN()
	if u.Query.Get("application_name") == "" {
		dsn += " application_name='" + strings.TrimSpace("migr "+o.Client) + "'"
	}
	if o.Timeout > 0 && u.Query.Get("connect_timeout") == "" { // lib/pq 1.12 does not heed a context before it has logged in
		dsn += fmt.Sprintf(" connect_timeout='%d'", max(1, int(o.Timeout.Seconds())))
	}
	c, err := pq.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	d := &dialer{dial: (&net.Dialer{}).DialContext}
	if o.Dialer != nil {
		other, err := pq.NewConnector(dsn)
		if err != nil {
			return nil, err
		}
		o.Dialer.AskBy(other, explain)
		d.dial = o.Dialer.DialContext
	}
	c.Dialer(d)
	return sql.OpenDB(connector{c, d}), nil
}

func server(ctx context.Context, c *driver.Conn) (driver.Server, error) {
	s := driver.Server{Product: "PostgreSQL"}
	var home sql.NullString
	var port sql.NullInt64
	var version string
	err := c.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, current_database(), current_schema(), session_user, pg_backend_pid()::text, inet_client_port(), version()`).
		Scan(&s.Version, &s.Database, &home, &s.User, &s.Session, &port, &version)
	s.Home, s.Port = home.String, int(port.Int64)
	if strings.HasPrefix(version, cockroach) {
		s.Product = cockroach
	}
	return s, err
}

// guess asks for what the last VACUUM or ANALYZE saw; -1 (14 and later) and 0 (before)
// are of a table that none has seen.
func guess(table string) string {
	return "SELECT reltuples::bigint FROM pg_class WHERE reltuples > 0 AND oid = to_regclass(" + sqltext.QuoteLiteral(sqltext.Postgres, table) + ")"
}

// settings holds for one transaction. Function bodies are not checked, as a dump
// does it: a body may name what comes later.
func settings(t driver.Timeouts) []string {
	set := []string{"SET LOCAL check_function_bodies = off"}
	if t.Lock > 0 {
		set = append(set, fmt.Sprintf("SET LOCAL lock_timeout = '%dms'", t.Lock/time.Millisecond))
	}
	if t.Statement > 0 {
		set = append(set, fmt.Sprintf("SET LOCAL statement_timeout = '%dms'", t.Statement/time.Millisecond))
	}
	return set
}

// sets finds SET and RESET that outlast their transaction.
func sets(stmt string) bool {
	w := sqltext.Words(sqltext.Postgres, stmt, 2)
	if len(w) == 0 || w[0] != "SET" && w[0] != "RESET" {
		return false
	}
	return len(w) < 2 || w[1] != "LOCAL" && w[1] != "TRANSACTION" && w[1] != "CONSTRAINTS"
}

// noTx lists what PostgreSQL refuses within a transaction block (its own
// PreventInTransactionBlock, up to 18).
func noTx(stmts []string, i int) string {
	stmt := stmts[i]
	w := sqltext.Words(sqltext.Postgres, stmt, 6)
	has := func(words ...string) bool {
		if len(w) < len(words) {
			return false
		}
		for i, word := range words {
			if w[i] != word {
				return false
			}
		}
		return true
	}
	anywhere := func(word string) bool {
		for _, x := range w {
			if x == word {
				return true
			}
		}
		return false
	}
	switch {
	case has("CREATE", "INDEX", "CONCURRENTLY"), has("CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"), has("DROP", "INDEX", "CONCURRENTLY"):
		return "CONCURRENTLY"
	case has("REINDEX") && (anywhere("CONCURRENTLY") || anywhere("DATABASE") || anywhere("SYSTEM") || anywhere("SCHEMA")):
		return "REINDEX " + strings.Join(w[1:], " ")
	case has("ALTER", "TYPE") && usedLater(stmts, i):
		return "ALTER TYPE ADD VALUE, and the value is used below"
	case has("ALTER", "TABLE") && detachesConcurrently(stmt):
		return "DETACH PARTITION CONCURRENTLY"
	case has("VACUUM"):
		return "VACUUM"
	case has("ALTER", "SYSTEM"):
		return "ALTER SYSTEM"
	case has("CREATE", "DATABASE"), has("DROP", "DATABASE"), has("CREATE", "TABLESPACE"), has("DROP", "TABLESPACE"), has("CREATE", "SUBSCRIPTION"), has("DROP", "SUBSCRIPTION"):
		return w[0] + " " + w[1]
	case has("ALTER", "DATABASE") && anywhere("TABLESPACE"):
		return "ALTER DATABASE SET TABLESPACE"
	}
	return ""
}

func detachesConcurrently(stmt string) bool {
	w := sqltext.Words(sqltext.Postgres, stmt, 16)
	detach := false
	for _, x := range w {
		detach = detach || x == "DETACH"
		if detach && x == "CONCURRENTLY" {
			return true
		}
	}
	return false
}

// usedLater tells whether statement i adds a value to an enum type that was
// there before, and a statement after it uses the value: PostgreSQL (12 to 18)
// wants it committed first (55P04).
func usedLater(stmts []string, i int) bool {
	t := sqltext.Tokens(sqltext.Postgres, stmts[i])
	typ, value := "", ""
	for n := 2; n < len(t); n++ {
		if t[n].Is("ADD") && n+1 < len(t) && t[n+1].Is("VALUE") {
			typ = t[n-1].Ident(sqltext.Postgres)
			for _, x := range t[n+2:] {
				if x.Kind == sqltext.String {
					value = x.Text
					break
				}
			}
			break
		}
	}
	if value == "" {
		return false
	}
	for _, s := range stmts[:i] {
		w := sqltext.Tokens(sqltext.Postgres, s)
		if len(w) > 2 && w[0].Is("CREATE") && w[1].Is("TYPE") && (w[2].Ident(sqltext.Postgres) == typ || len(w) > 4 && w[3].Is(".") && w[4].Ident(sqltext.Postgres) == typ) {
			return false // a type of this transaction may have its values used
		}
	}
	for _, s := range stmts[i+1:] {
		if strings.Contains(s, value) {
			return true
		}
	}
	return false
}

var causes = map[string]driver.Cause{
	"42P01": driver.NoTable, "42501": driver.NoRights, "28P01": driver.BadLogin, "28000": driver.BadLogin,
	"3D000": driver.NoDatabase, "55P03": driver.LockWait, "40P01": driver.LockWait, "25006": driver.ReadOnly,
	"53100": driver.Full, "42P07": driver.Exists, "42710": driver.Exists, "42723": driver.Exists, "42P06": driver.Exists,
	"42704": driver.Missing, "42703": driver.Missing, "42883": driver.Missing, "3F000": driver.Missing,
	"57P01": driver.Lost, "57P02": driver.Lost, "08006": driver.Lost, "08003": driver.Lost,
}

func explain(err error) *driver.ServerError {
	var e *pq.Error
	if !errors.As(err, &e) {
		return nil
	}
	s := &driver.ServerError{
		Code: string(e.Code), Message: e.Message, Detail: e.Detail, Hint: e.Hint, Where: e.Where,
		Cause: causes[string(e.Code)],
	}
	s.Offset, _ = strconv.Atoi(e.Position)
	return s
}
