package source_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/sqlfile"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// A product is a server, its own client and its own dump.
type product struct {
	engine testdb.Engine
	family sqltext.Family
	load   func(t *testing.T, dsn string, files []string)
	dumps  map[string]func(t *testing.T, dsn string) []byte
}

var products = []product{
	{testdb.EnginePostgres, sqltext.Postgres, loadPostgres, map[string]func(*testing.T, string) []byte{
		"pg_dump": func(t *testing.T, dsn string) []byte { return program(t, nil, "pg_dump", "-s", dsn) },
	}},
	{testdb.EngineMariaDB, sqltext.MySQL, loadMySQL, map[string]func(*testing.T, string) []byte{
		"mariadb-dump": func(t *testing.T, dsn string) []byte {
			args, db := mysqlArgs(t, dsn)
			return program(t, nil, "mariadb-dump", append(args, "--no-data", "--routines", "--triggers", "--events", db)...)
		},
	}},
	{testdb.EngineSQLite, sqltext.SQLite, loadSQLite, map[string]func(*testing.T, string) []byte{
		"schema": func(t *testing.T, dsn string) []byte {
			return program(t, nil, "sqlite3", sqlitePath(t, dsn), ".schema")
		},
		"dump": func(t *testing.T, dsn string) []byte { return program(t, nil, "sqlite3", sqlitePath(t, dsn), ".dump") },
	}},
}

// What is run of a real schema makes what the server's own client makes of it,
// and so does what is run of the dump that the server's own tool makes then.
func TestRealDumps(t *testing.T) {
	for _, s := range schemas(t) {
		for _, p := range products {
			if string(p.family) != s.Dialect {
				continue
			}
			t.Run(s.Name, func(t *testing.T) { realDump(t, p, s) })
		}
	}
}

func realDump(t *testing.T, p product, s schema) {
	loaded := p.engine.New(t)
	var files []string
	for _, f := range s.Files {
		files = append(files, filepath.Join(shared, f))
	}
	if s.Name == "postgrest_big" {
		t.Skip("it makes roles")
	}
	p.load(t, loaded, files)
	want := testdb.Dump(t, loaded)
	compare(t, "the files", want, built(t, p, s.stmts(t)))
	for name, dump := range p.dumps {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "dump.sql")
			if err := os.WriteFile(file, dump(t, loaded), 0o600); err != nil {
				t.Fatal(err)
			}
			compare(t, "the dump", want, built(t, p, read(t, p.family, file)))
		})
	}
}

func read(t *testing.T, f sqltext.Family, file string) []sqltext.Stmt {
	t.Helper()
	src, err := source.Open([]source.Kind{sqlfile.Kind}, "", []string{file}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stmts, err := src.DDL(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return stmts
}

// built runs the statements on an empty database, each file in a session of its
// own, and dumps it.
func built(t *testing.T, p product, stmts []sqltext.Stmt) string {
	t.Helper()
	out, err := source.Prepare(p.family, stmts)
	if err != nil {
		t.Fatal(err)
	}
	dsn := p.engine.New(t)
	db := testdb.Open(t, dsn)
	db.SetMaxIdleConns(0)
	var c *sql.Conn
	file := ""
	for _, s := range out {
		if c == nil || s.File != file {
			if c != nil {
				_ = c.Close()
			}
			if c, err = db.Conn(t.Context()); err != nil {
				t.Fatal(err)
			}
			file = s.File
		}
		if _, err := c.ExecContext(t.Context(), s.Text); err != nil {
			t.Fatalf("%s:%d:%d: %v\n%s", s.File, s.Line, s.Col, err, s.Text)
		}
	}
	if c != nil {
		_ = c.Close()
	}
	return testdb.Dump(t, dsn)
}

// rights are left out by Prepare; and pg_dump remarks upon a schema public that has some.
var rights = regexp.MustCompile(`(?m)^(GRANT|REVOKE|ALTER DEFAULT PRIVILEGES|-- \*not\* creating schema) ?.*\n`)

func compare(t *testing.T, what, want, got string) {
	t.Helper()
	want, got = rights.ReplaceAllString(want, ""), rights.ReplaceAllString(got, "")
	if got == want {
		return
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			t.Errorf("%s: line %d of the database's dump\ngot  %s\nwant %s", what, i+1, b[i], a[i])
			return
		}
	}
	t.Errorf("%s: %d lines in the database's dump, want %d", what, len(b), len(a))
}

func loadPostgres(t *testing.T, dsn string, files []string) {
	for _, f := range files {
		program(t, nil, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", f, dsn)
	}
}

func loadMySQL(t *testing.T, dsn string, files []string) {
	args, db := mysqlArgs(t, dsn)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		program(t, text, "mariadb", append(args, "--comments", db)...)
	}
}

func loadSQLite(t *testing.T, dsn string, files []string) {
	for _, f := range files {
		program(t, nil, "sqlite3", "-bail", sqlitePath(t, dsn), ".read "+f)
	}
}

func mysqlArgs(t *testing.T, dsn string) (args []string, db string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"--no-defaults", "--protocol=tcp", "--host=" + u.Hostname(), "--port=" + u.Port(),
		"--user=" + u.User.Username(),
	}, strings.TrimPrefix(u.Path, "/")
}

func sqlitePath(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// program runs a program and gives its output. It skips the test where the
// program is not installed.
func program(t *testing.T, in []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	if xe := (*exec.ExitError)(nil); errors.As(err, &xe) {
		t.Fatalf("%s: %v\n%s", name, err, xe.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
