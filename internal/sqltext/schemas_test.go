package sqltext_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/lib/pq"

	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// schemas is where the large schemas of other projects lie; they are no part
// of this one.
const schemas = "../../../shared/schemas"

type schema struct {
	Name, Dialect string
	Files         []string
}

func readSchemas(t *testing.T) []schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schemas, "manifest.json"))
	if err != nil {
		t.Skip("the folder of large schemas is not there")
	}
	var all []schema
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (s schema) family() sqltext.Family {
	switch s.Dialect {
	case "postgres":
		return sqltext.Postgres
	case "sqlite":
		return sqltext.SQLite
	}
	return sqltext.MySQL
}

func (s schema) split(t *testing.T) []sqltext.Stmt {
	t.Helper()
	var out []sqltext.Stmt
	for _, name := range s.Files {
		text, err := os.ReadFile(filepath.Join(schemas, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := sqltext.Split(s.family(), name, string(text), sqltext.Lenient())
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			t.Errorf("%s: no statement", name)
		}
		var script strings.Builder
		for _, g := range got {
			script.WriteString(sqltext.Terminate(s.family(), g.Text) + "\n")
		}
		again, err := sqltext.Split(s.family(), name, script.String())
		if err != nil || len(again) != len(got) {
			t.Errorf("%s: %d statements, written out %d: %v", name, len(got), len(again), err)
		}
		out = append(out, got...)
	}
	return out
}

func TestSchemasSplit(t *testing.T) {
	for _, s := range readSchemas(t) {
		t.Run(s.Name, func(t *testing.T) { s.split(t) })
	}
}

// TestSchemasOnServers sends each statement alone, in a way that takes no more
// than one, and wants no syntax error.
func TestSchemasOnServers(t *testing.T) {
	for _, e := range testdb.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			if !e.Available() {
				e.Admin(t)
			}
			for _, s := range readSchemas(t) {
				if runsOn(s, e) {
					t.Run(s.Name, func(t *testing.T) { s.run(t, openSingle(t, e.New(t))) })
				}
			}
		})
	}
}

// TestServersSeeTheSameInSchemas asks the servers how many statements the files have; what
// is written for a client (psql's data, DELIMITER) as Split writes it out.
func TestServersSeeTheSameInSchemas(t *testing.T) {
	for _, e := range testdb.Engines() {
		for _, s := range readSchemas(t) {
			if e.Env == "" || !runsOn(s, e) {
				continue
			}
			t.Run(e.Name+"/"+s.Name, func(t *testing.T) {
				whole, parts := newAsker(t, e), newAsker(t, e)
				for _, name := range s.Files {
					text, err := os.ReadFile(filepath.Join(schemas, name))
					if err != nil {
						t.Fatal(err)
					}
					src := string(text)
					_, err = sqltext.Split(s.family(), name, src)
					if err != nil || s.family() == sqltext.MySQL && strings.Contains(strings.ToUpper(src), "DELIMITER") {
						stmts, err := sqltext.Split(s.family(), name, src, sqltext.Lenient())
						if err != nil {
							t.Fatal(err)
						}
						var b strings.Builder
						for _, one := range stmts {
							b.WriteString(one.Comment + "\n" + one.Text + "\n;\n")
						}
						src = b.String()
					}
					if why := asks(t, s.family(), whole, parts, src); why != "" {
						t.Logf("%s: %s", name, why) // the other files build on it
						return
					}
				}
			})
		}
	}
}

// runsOn leaves PostgreSQL 18 and MySQL out: nearly nothing of these files is
// read otherwise there.
func runsOn(s schema, e testdb.Engine) bool {
	switch e.Name {
	case "sqlite", "postgres":
		return s.Dialect == e.Name
	case "mariadb":
		return s.family() == sqltext.MySQL
	}
	return false
}

func (s schema) run(t *testing.T, db *sql.DB) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	failed := 0
	for _, stmt := range s.split(t) {
		err := execOne(t.Context(), conn, s.family(), stmt.Text)
		if isSyntax(err) {
			t.Errorf("%s:%d:%d: %v\n%.300s", stmt.File, stmt.Line, stmt.Col, err, stmt.Text)
		} else if err != nil {
			failed++
		}
	}
	if failed > 0 {
		t.Logf("%d statements failed for another reason", failed)
	}
}

// execOne runs a statement. PostgreSQL's simple protocol takes several at
// once, a prepared statement does not.
func execOne(ctx context.Context, conn *sql.Conn, f sqltext.Family, stmt string) error {
	if f != sqltext.Postgres {
		_, err := conn.ExecContext(ctx, stmt)
		return err
	}
	p, err := conn.PrepareContext(ctx, stmt)
	if err != nil {
		return err
	}
	defer p.Close()
	_, err = p.ExecContext(ctx)
	return err
}

func isSyntax(err error) bool {
	var p *pq.Error
	var m *mysql.MySQLError
	switch {
	case err == nil:
		return false
	case errors.As(err, &p):
		return p.Code == "42601"
	case errors.As(err, &m):
		return m.Number == 1064
	}
	return strings.Contains(err.Error(), "syntax error") || strings.Contains(err.Error(), "incomplete input")
}

// openSingle opens a database; MySQL's without the option that lets a text
// hold several statements.
func openSingle(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "mysql" && u.Scheme != "mariadb" {
		return testdb.Open(t, dsn)
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.DBName = "tcp", u.Host, u.User.Username(), strings.TrimPrefix(u.Path, "/")
	c.Passwd, _ = u.User.Password()
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}
