// Package testdb gives each test a database of its own: a file for SQLite, a
// fresh database on a throw-away server for the others. Only tests use it.
//
// The servers are found by environment variables, which scripts/testdb.sh
// sets. Where one is missing, tests that need it are skipped with one plain
// line; with CI set they fail instead, so that no engine is lost unseen.
package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/lib/pq"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// An Engine is a product that tests run on.
type Engine struct {
	Name string // as scripts/testdb.sh calls it: "postgres18"
	Env  string // the variable that holds the URL of an administrator; empty: no server is needed
}

// The engines.
var (
	EngineSQLite     = Engine{"sqlite", ""}
	EnginePostgres   = Engine{"postgres", "MIGR_TEST_POSTGRES_URL"}
	EnginePostgres18 = Engine{"postgres18", "MIGR_TEST_POSTGRES18_URL"}
	EngineMariaDB    = Engine{"mariadb", "MIGR_TEST_MARIADB_URL"}
	EngineMySQL      = Engine{"mysql", "MIGR_TEST_MYSQL_URL"}
)

// Engines returns all engines, SQLite first.
func Engines() []Engine {
	return []Engine{EngineSQLite, EnginePostgres, EnginePostgres18, EngineMariaDB, EngineMySQL}
}

// Lookup returns the engine of that name.
func Lookup(name string) (Engine, bool) {
	for _, e := range Engines() {
		if e.Name == name {
			return e, true
		}
	}
	return Engine{}, false
}

// Available tells whether the engine's server is there (SQLite always is).
func (e Engine) Available() bool { return e.Env == "" || os.Getenv(e.Env) != "" }

// Strict tells whether a missing server is a failure: when CI is set.
func Strict() bool { return os.Getenv("CI") != "" }

// SQLite returns the URL of a SQLite file that does not exist yet, in a folder
// that goes away with the test.
func SQLite(t testing.TB) string { t.Helper(); return EngineSQLite.New(t) }

// Postgres returns the URL of a fresh, empty database on Debian's PostgreSQL.
func Postgres(t testing.TB) string { t.Helper(); return EnginePostgres.New(t) }

// Postgres18 returns the URL of a fresh, empty database on PostgreSQL 18.
func Postgres18(t testing.TB) string { t.Helper(); return EnginePostgres18.New(t) }

// MariaDB returns the URL of a fresh, empty database on MariaDB.
func MariaDB(t testing.TB) string { t.Helper(); return EngineMariaDB.New(t) }

// MySQL returns the URL of a fresh, empty database on Oracle's MySQL.
func MySQL(t testing.TB) string { t.Helper(); return EngineMySQL.New(t) }

// New returns the URL of a fresh database, which is dropped when the test ends,
// whoever is still connected. Safe to call from parallel tests. It skips the
// test when the server's variable is missing, and fails it when CI is set.
func (e Engine) New(t testing.TB) string {
	t.Helper()
	if e.Env == "" {
		return SQLiteURL(filepath.Join(t.TempDir(), "test.db"))
	}
	e.Admin(t)
	u, drop, err := e.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return u
}

// Admin returns the URL of the server's administrator, for tests that look at
// the server itself: leftover databases, roles, sessions. It skips or fails as
// New does.
func (e Engine) Admin(t testing.TB) string {
	t.Helper()
	u := os.Getenv(e.Env)
	switch {
	case u != "":
	case Strict():
		t.Fatalf("%s is not set: every engine is wanted when CI is set (scripts/testdb.sh run ... starts them)", e.Env)
	default:
		t.Skipf("%s is not set", e.Env)
	}
	return u
}

// SQLiteURL returns the URL of an absolute path.
func SQLiteURL(path string) string {
	return (&url.URL{Scheme: "sqlite", Path: filepath.ToSlash(path)}).String()
}

// Create makes a fresh database with a name of its own and returns its URL and
// the function that drops it. For callers that have no testing.TB; others use New.
func (e Engine) Create(ctx context.Context) (string, func() error, error) {
	admin := os.Getenv(e.Env)
	if e.Env == "" || admin == "" {
		return "", nil, fmt.Errorf("create a database: no %s server is set up", e.Name)
	}
	u, err := url.Parse(admin)
	if err != nil {
		return "", nil, fmt.Errorf("create a database: %s: %w", e.Env, err)
	}
	name := uniqueName()
	if err := onServer(ctx, admin, createSQL(u.Scheme, name)); err != nil {
		return "", nil, fmt.Errorf("create database %s on %s: %w", name, e.Name, err)
	}
	u.Path = "/" + name
	drop := func() error { return dropDatabase(admin, name) }
	return u.String(), drop, nil
}

func uniqueName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails (Go 1.24)
	return fmt.Sprintf("migr_test_%d_%s", os.Getpid(), hex.EncodeToString(b[:]))
}

func isPostgres(scheme string) bool { return strings.HasPrefix(scheme, "postgres") }

// template0, as somebody may be connected to template1, which CREATE DATABASE refuses.
func createSQL(scheme, name string) string {
	if isPostgres(scheme) {
		return "CREATE DATABASE " + name + " TEMPLATE template0"
	}
	return "CREATE DATABASE " + name
}

// dropDatabase ends the database's sessions first: PostgreSQL (13 and later) by
// FORCE; MySQL's DROP would wait for the metadata locks of an open transaction.
func dropDatabase(admin, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	u, err := url.Parse(admin)
	if err != nil {
		return err
	}
	if isPostgres(u.Scheme) {
		err = onServer(ctx, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	} else {
		err = dropMySQL(ctx, admin, name)
		if me := (*mysql.MySQLError)(nil); errors.As(err, &me) && me.Number == 1156 { // packets out of order: seen under load, once in thousands
			err = dropMySQL(ctx, admin, name)
		}
	}
	if err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func dropMySQL(ctx context.Context, admin, name string) error {
	return errors.Join(killSessions(ctx, admin, name), onServer(ctx, admin, "DROP DATABASE IF EXISTS "+name))
}

func killSessions(ctx context.Context, admin, name string) error {
	db, err := OpenURL(admin)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT id FROM information_schema.processlist WHERE db = ?", name)
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		// 1094: it has gone by itself in the meantime
		_, err := db.ExecContext(ctx, fmt.Sprintf("KILL %d", id))
		if me := (*mysql.MySQLError)(nil); err != nil && !(errors.As(err, &me) && me.Number == 1094) {
			return err
		}
	}
	return rows.Err()
}

func onServer(ctx context.Context, admin, stmt string) error {
	db, err := OpenURL(admin)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, stmt)
	return err
}

// Open opens the database at the URL and closes it when the test ends.
func Open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := OpenURL(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Exec runs SQL, several statements at will, on the database at the URL. It
// knows no DELIMITER; a MySQL trigger's body is sent as a text of its own.
func Exec(t testing.TB, dsn, text string) {
	t.Helper()
	if err := onServer(t.Context(), dsn, text); err != nil {
		t.Fatalf("exec on %s: %v", dsn, err)
	}
}

// OpenURL opens a sqlite://, postgres:// or mysql:// URL with the plain driver,
// not through migr's own code, so that a fault there cannot hide itself.
// MySQL connections take several statements at once.
func OpenURL(dsn string) (*sql.DB, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("open a test database: %w", err)
	}
	switch {
	case u.Scheme == "sqlite":
		return sql.Open("sqlite", u.Host+u.Path)
	case isPostgres(u.Scheme):
		c, err := pq.NewConnector(dsn)
		if err != nil {
			return nil, fmt.Errorf("open a test database: %w", err)
		}
		return sql.OpenDB(c), nil
	case u.Scheme == "mysql" || u.Scheme == "mariadb":
		c := mysql.NewConfig()
		c.Net, c.Addr, c.User, c.DBName = "tcp", u.Host, u.User.Username(), strings.TrimPrefix(u.Path, "/")
		c.Passwd, _ = u.User.Password()
		c.MultiStatements = true
		c.Logger = &mysql.NopLogger{} // it tells of connections that a test has cut
		cn, err := mysql.NewConnector(c)
		if err != nil {
			return nil, fmt.Errorf("open a test database: %w", err)
		}
		return sql.OpenDB(cn), nil
	}
	return nil, fmt.Errorf("open a test database: no driver for %q", u.Scheme)
}
