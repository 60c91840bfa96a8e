// Package sqlite is the SQLite dialect, through modernc.org/sqlite: no cgo, no server.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Dialect returns SQLite's.
func Dialect() *driver.Dialect {
	return &driver.Dialect{
		Name: "sqlite", Family: sqltext.SQLite, Schemes: []string{"sqlite"}, TxDDL: true, InProcess: true,
		Open: open, Server: server, Scratch: scratch, Wipe: wipe,
		Begin: "BEGIN IMMEDIATE",
		// A rebuild drops a table: with foreign keys on, that would delete the rows
		// of its children (ON DELETE CASCADE). The PRAGMA is a no-op within a
		// transaction, so it stands before it.
		Before:   []string{"PRAGMA foreign_keys = OFF"},
		Restore:  restore,
		Absent:   absent,
		Settings: func(driver.Timeouts) []string { return nil },
		NoTx:     noTx, Carried: carried, Alone: alone, Verify: verify, Refuse: refuse, Limit: limit,
		Tables: driver.TableTypes{
			ID: "INTEGER PRIMARY KEY", Time: "TEXT", Text: "TEXT",
			Now: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", User: "''",
		},
		Batch: batch, Empty: empty, Check: check,
		Reset:   func(context.Context, *driver.Conn) error { return nil },
		Explain: explain,
	}
}

func open(u *dburl.URL, o driver.Options) (*sql.DB, error) {
	u = u.Clone()
	if u.Query == nil {
		u.Query = url.Values{}
	}
	q := u.Query
	wait := 5 * time.Second
	if o.Timeout > 0 {
		wait = o.Timeout
	}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", wait.Milliseconds()))
	if u.Memory {
		return sql.Open("sqlite", u.SQLiteDSN())
	}
	path := u.Path
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("the folder %s is not there", filepath.Dir(path))
		}
		if o.ReadOnly { // what is not there is empty
			u.Memory = true
			return sql.Open("sqlite", u.SQLiteDSN())
		}
	} else if err == nil && q.Get("mode") == "" && !writable(path) {
		q.Set("mode", "ro") // else SQLite fails at the first write only, or at a journal it cannot make
	}
	return sql.Open("sqlite", u.SQLiteDSN())
}

// absent: SQLite makes a file that is not there.
func absent(u *dburl.URL) bool {
	if u.Memory {
		return false
	}
	_, err := os.Stat(u.Path)
	return errors.Is(err, os.ErrNotExist)
}

// restore: foreign keys are off unless the URL's _pragma or a revision switches them on.
func restore(ctx context.Context, c *driver.Conn) (string, error) {
	rows, err := c.Strings(ctx, "PRAGMA foreign_keys")
	if err != nil || len(rows) == 0 || rows[0][0] != "1" {
		return "", err
	}
	return "PRAGMA foreign_keys = ON", nil
}

func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

func server(ctx context.Context, c *driver.Conn) (driver.Server, error) {
	s := driver.Server{Product: "SQLite", Database: c.URL.Path, Home: "main"}
	var version string
	// Reading the schema makes sure that the file is a database at all.
	err := c.QueryRowContext(ctx, "SELECT sqlite_version() FROM (SELECT count(*) FROM sqlite_schema)").Scan(&version)
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part)
		s.Version = s.Version*1000 + n
	}
	return s, err
}

func scratch(context.Context, *driver.Conn, string) (*dburl.URL, func(context.Context) error, error) {
	return &dburl.URL{Scheme: dburl.SQLite, Memory: true}, func(context.Context) error { return nil }, nil
}

func noTx(stmts []string, i int) string {
	w := sqltext.Words(sqltext.SQLite, stmts[i], 2)
	if len(w) == 0 {
		return ""
	}
	switch w[0] {
	case "VACUUM", "ATTACH", "DETACH":
		return w[0]
	case "PRAGMA":
		if len(w) > 1 && outside[w[1]] {
			return "PRAGMA " + strings.ToLower(w[1])
		}
	}
	return ""
}

// carried: temporary tables and attached databases are the session's.
func carried(stmts []string, done int) driver.Carried {
	var c driver.Carried
	for i, s := range stmts[:done] {
		w := sqltext.Words(sqltext.SQLite, s, 16)
		if len(w) < 2 {
			continue
		}
		switch name := strings.ToLower(w[len(w)-1]); w[0] {
		case "CREATE", "DROP":
			c.Temporary(sqltext.SQLite, i+1, s)
		case "ATTACH":
			c.Lose(i+1, "the attached database "+name)
		case "DETACH":
			c.End("the attached database " + name)
		}
	}
	return c
}

// alone: what does the same when it is done again. VACUUM INTO does not: its file is
// there already.
func alone(stmt string) *driver.Alone {
	w := sqltext.Words(sqltext.SQLite, stmt, 3)
	if len(w) == 0 || w[0] != "VACUUM" && w[0] != "PRAGMA" || w[0] == "VACUUM" && slices.Contains(w, "INTO") {
		return nil
	}
	return &driver.Alone{Outcome: func(context.Context, *driver.Conn) (driver.Outcome, error) { return driver.Again, nil }}
}

// outside are the PRAGMAs that do nothing, or fail, within a transaction.
var outside = map[string]bool{"JOURNAL_MODE": true, "AUTO_VACUUM": true, "PAGE_SIZE": true, "WAL_CHECKPOINT": true, "SYNCHRONOUS": true}

// verify has the foreign keys checked after a table was dropped: they were off.
func verify(stmts []string) string {
	for _, s := range stmts {
		w := sqltext.Words(sqltext.SQLite, s, 2)
		if len(w) == 2 && w[0] == "DROP" && w[1] == "TABLE" {
			return "PRAGMA foreign_key_check"
		}
	}
	return ""
}

// Result codes of sqlite3.h.
const (
	codePerm     = 3
	codeBusy     = 5
	codeLocked   = 6
	codeReadOnly = 8
	codeIOErr    = 10
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

func explain(err error) *driver.ServerError {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	msg := e.Error()
	s := &driver.ServerError{Message: msg, Code: strconv.Itoa(e.Code())}
	if i := strings.LastIndex(msg, " ("+s.Code+")"); i >= 0 { // the driver adds it itself
		s.Message = msg[:i]
	}
	s.Message = strings.TrimPrefix(s.Message, "SQL logic error: ")
	switch code := e.Code() & 0xff; {
	case code == codeBusy, code == codeLocked:
		s.Cause = driver.LockWait
	case code == codeReadOnly, code == codePerm:
		s.Cause = driver.ReadOnly
	case code == codeFull:
		s.Cause = driver.Full
	case strings.Contains(msg, "no such table"):
		s.Cause = driver.NoTable
	case strings.Contains(msg, "already exists"):
		s.Cause = driver.Exists
	case strings.Contains(msg, "no such"):
		s.Cause = driver.Missing
	}
	return s
}

// batch runs the statements one by one: there are no round trips to save.
func batch(ctx context.Context, c *driver.Conn, stmts []string, atomic bool) (int, error) {
	if atomic {
		if err := c.Exec(ctx, "BEGIN"); err != nil {
			return 0, err
		}
	}
	for i, s := range stmts {
		if err := c.Exec(ctx, s); err != nil {
			if atomic {
				_ = c.Exec(context.WithoutCancel(ctx), "ROLLBACK")
			}
			return i, err
		}
	}
	if !atomic {
		return 0, nil
	}
	return 0, c.Exec(ctx, "COMMIT")
}

func empty(tables []string) []string {
	all := []string{"PRAGMA foreign_keys = OFF"}
	for _, t := range tables {
		all = append(all, "DELETE FROM "+t)
	}
	return all
}
