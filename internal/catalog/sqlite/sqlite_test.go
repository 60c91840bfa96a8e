package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/catalog/sqlite"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/testdb"
)

// open returns one connection to an empty database in memory.
func open(t testing.TB) *sql.Conn {
	t.Helper()
	return openAt(t, ":memory:")
}

func openAt(t testing.TB, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return conn
}

// built returns a database that a script made.
func built(t testing.TB, script string) *sql.Conn {
	t.Helper()
	c := open(t)
	exec(t, c, script)
	return c
}

func exec(t testing.TB, c *sql.Conn, script string) {
	t.Helper()
	if _, err := c.ExecContext(context.Background(), script); err != nil {
		t.Fatalf("%v\nin: %s", err, script)
	}
}

func read(t testing.TB, c *sql.Conn) *catalog.Catalog {
	t.Helper()
	cat, err := sqlite.Engine().Read(context.Background(), c, catalog.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	return testdb.Again(t, cat)
}

func plan(t testing.TB, from, to *catalog.Catalog) *diff.Result {
	t.Helper()
	r, err := diff.Plan(sqlite.Engine(), from, to, diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run does what the runner does with a plan.
func run(c *sql.Conn, statements []string) error {
	ctx := context.Background()
	if _, err := c.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return err
	}
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, s := range statements {
		if _, err := tx.Exec(s); err != nil {
			return fmt.Errorf("%w\nin: %s\nof: %s", err, s, strings.Join(statements, ";\n"))
		}
	}
	if err := check(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func check(tx *sql.Tx) error {
	rows, err := tx.Query("PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return fmt.Errorf("a foreign key is violated")
	}
	return rows.Err()
}

// migrate leads a database to the catalog of another, and proves it.
func migrate(t testing.TB, c *sql.Conn, to *sql.Conn) []string {
	t.Helper()
	want := read(t, to)
	p := plan(t, read(t, c), want)
	if err := run(c, p.SQL()); err != nil {
		t.Fatal(err)
	}
	same(t, c, to)
	return p.SQL()
}

// same fails unless two databases are equal, both as catalogs and as SQLite's
// own pragmas tell.
func same(t testing.TB, c, to *sql.Conn) {
	t.Helper()
	got, want := read(t, c), read(t, to)
	if d := diff.Compare(sqlite.Engine(), got, want); len(d) > 0 {
		t.Fatalf("still differ: %s", deltas(d))
	}
	if len(want.Unknown) > 0 {
		t.Fatalf("unknown: %v", want.Unknown)
	}
	if a, b := dump(t, c), dump(t, to); !slices.Equal(a, b) {
		t.Fatalf("pragmas differ:\n%s", lineDiff(a, b))
	}
}

func deltas(ds []catalog.Delta) string {
	var b strings.Builder
	for _, d := range ds {
		for _, o := range []*catalog.Object{d.From, d.To} {
			if o != nil {
				fmt.Fprintf(&b, "\n  %s %v", o.Key, o.Attrs)
			}
		}
		fmt.Fprintf(&b, " %v", d.Attrs)
	}
	return b.String()
}

func lineDiff(a, b []string) string {
	var out strings.Builder
	for _, l := range a {
		if !slices.Contains(b, l) {
			out.WriteString("got:  " + l + "\n")
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			out.WriteString("want: " + l + "\n")
		}
	}
	return out.String()
}

// dump lists what pragmas tell of a database, without regard to the order of
// columns and to the names that SQLite gives to indexes by itself. It owes
// nothing to the code under test.
func dump(t testing.TB, c *sql.Conn) []string {
	t.Helper()
	queries := []string{
		`SELECT 'object', type, name, tbl_name FROM sqlite_schema WHERE substr(name, 1, 7) <> 'sqlite_'`,
		`SELECT 'table', name, type, wr, strict FROM pragma_table_list
		  WHERE schema = 'main' AND type IN ('table', 'virtual') AND substr(name, 1, 7) <> 'sqlite_'`,
		`SELECT 'column', m.name, p.name, upper(p.type), p."notnull", p.dflt_value, p.pk, p.hidden
		  FROM sqlite_schema m, pragma_table_xinfo(m.name) p WHERE m.type = 'table' AND m.rootpage > 0 AND m.name <> 'sqlite_sequence'`,
		`SELECT 'index', m.name, CASE WHEN l.origin = 'c' THEN l.name ELSE '' END, l."unique", l.origin, l.partial,
		  (SELECT group_concat(coalesce(x.name, '(expr)') || ' ' || x.desc || ' ' || x.coll) FROM pragma_index_xinfo(l.name) x WHERE x.key)
		  FROM sqlite_schema m, pragma_index_list(m.name) l WHERE m.type = 'table'`,
		`SELECT 'fk', m.name, p.seq, p."table", p."from", p."to", p.on_update, p.on_delete, p.match
		  FROM sqlite_schema m, pragma_foreign_key_list(m.name) p WHERE m.type = 'table'`,
	}
	var lines []string
	for _, q := range queries {
		lines = append(lines, table(t, c, q)...)
	}
	slices.Sort(lines)
	return lines
}

// table returns the rows of a query, one line for each.
func table(t testing.TB, c *sql.Conn, query string) []string {
	t.Helper()
	rows, err := c.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatalf("%v\nin: %s", err, query)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%v", vals))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func tempFile(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }
