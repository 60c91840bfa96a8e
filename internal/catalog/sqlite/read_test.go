package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	osexec "os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/catalog/sqlite"
)

// counting counts what is asked of a database.
type counting struct {
	*sql.Conn
	n int
}

func (c *counting) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	c.n++
	return c.Conn.QueryContext(ctx, q, args...)
}

func (c *counting) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	c.n++
	return c.Conn.QueryRowContext(ctx, q, args...)
}

func (c *counting) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	c.n++
	return c.Conn.ExecContext(ctx, q, args...)
}

// TestQueriesDoNotGrow reads one table and two hundred by as many queries.
func TestQueriesDoNotGrow(t *testing.T) {
	counts := map[int]bool{}
	for _, n := range []int{0, 1, 200} {
		c := &counting{Conn: built(t, many(n))}
		if _, err := sqlite.Engine().Read(context.Background(), c, catalog.Scope{}); err != nil {
			t.Fatal(err)
		}
		counts[c.n] = true
	}
	if len(counts) != 1 {
		t.Errorf("queries: %v", counts)
	}
}

// many is a script of n tables, with all that tables have.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `CREATE TABLE t%[1]d (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  parent_id int REFERENCES t%[2]d (id) ON DELETE CASCADE,
  name varchar(100) NOT NULL DEFAULT '' COLLATE NOCASE,
  "order" int, -- kept
  price decimal(10, 2) CHECK (price >= 0),
  created_at datetime DEFAULT CURRENT_TIMESTAMP,
  total int GENERATED ALWAYS AS (price * "order") VIRTUAL,
  note text,
  UNIQUE (name, parent_id)
);
CREATE INDEX t%[1]d_name ON t%[1]d (name, created_at DESC);
CREATE INDEX t%[1]d_note ON t%[1]d (lower(note)) WHERE note IS NOT NULL;
CREATE TRIGGER t%[1]d_au AFTER UPDATE ON t%[1]d BEGIN UPDATE t%[2]d SET note = new.note WHERE id = new.parent_id; END;
`, i, i/2)
	}
	return b.String()
}

// TestExclude leaves out tables with all that is theirs, and single objects.
func TestExclude(t *testing.T) {
	c := built(t, `CREATE TABLE a (x int); CREATE INDEX ai ON a (x); CREATE TABLE b (x int); CREATE INDEX bi ON b (x); CREATE INDEX bj ON b (x);
		CREATE VIEW v AS SELECT x FROM b; CREATE TRIGGER tr AFTER INSERT ON a BEGIN SELECT 1; END`)
	var asked []string
	cat, err := sqlite.Engine().Read(context.Background(), c, catalog.Scope{Exclude: func(k catalog.Key) bool {
		asked = append(asked, k.Path())
		return k.Name == "a" || k.Name == "bj" || k.Name == "v"
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(cat); got != "table b, column b.x, index b.bi" {
		t.Error(got)
	}
	for _, path := range asked {
		if strings.HasPrefix(path, "a.") {
			t.Errorf("asked of %s", path)
		}
	}
}

func keys(c *catalog.Catalog) string {
	var all []string
	for _, o := range c.Objects {
		all = append(all, o.Key.String())
	}
	return strings.Join(all, ", ")
}

// TestUnknown names what it cannot read, and leaves its parts alone.
func TestUnknown(t *testing.T) {
	c := built(t, `CREATE TABLE good (x int); CREATE TABLE bad (x int); CREATE INDEX i ON bad (x); PRAGMA writable_schema = ON;
		UPDATE sqlite_schema SET sql = 'CREATE TABLE bad (x int, y int)' WHERE name = 'bad'`)
	cat := read(t, c) // the connection still holds the old schema: the text does not agree with it
	if got := keys(cat); got != "table good, column good.x" {
		t.Error(got)
	}
	if !slices.Equal(cat.Unknown, []catalog.Key{{Kind: "table", Name: "bad"}}) {
		t.Errorf("unknown: %v", cat.Unknown)
	}
	if cat.Version < 3_054_000 {
		t.Errorf("version %d", cat.Version)
	}
}

// TestReadAll reads one of everything.
func TestReadAll(t *testing.T) {
	c := built(t, `CREATE TABLE p (id INTEGER PRIMARY KEY, k TEXT UNIQUE);
CREATE TABLE t (id INTEGER PRIMARY KEY, p_id int REFERENCES P, n int CHECK (n>0), FOREIGN KEY (n) REFERENCES p (K), CONSTRAINT u UNIQUE (p_id, n));
CREATE INDEX i ON t (n);
CREATE VIEW v AS SELECT n FROM t;
CREATE TRIGGER tr INSTEAD OF DELETE ON v BEGIN DELETE FROM p WHERE id = old.n; END;
CREATE TEMP TABLE gone (x int); CREATE VIRTUAL TABLE f USING fts5(x); ANALYZE`)
	want := "table f, table p, table t, view v, column p.id, column p.k, primary_key p.primary_key, unique p.unique(k), " +
		"check t.check(n > 0), column t.id, column t.p_id, column t.n, foreign_key t.foreign_key(p_id)→p, " +
		"foreign_key t.foreign_key(n)→p(k), index t.i, primary_key t.primary_key, unique t.u, trigger v.tr"
	cat := read(t, c)
	if got := keys(cat); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	tr := cat.Get(catalog.Key{Kind: "trigger", Table: "v", Name: "tr"})
	if got := fmt.Sprint(tr.Deps); got != "[table p column p.id view v column t.id column t.n]" {
		t.Errorf("the trigger needs %s", got)
	}
}

// BenchmarkRead reads 1,000 tables from a file, each time with a fresh
// connection, and BenchmarkShell has the sqlite3 shell print the same schema.
func BenchmarkRead(b *testing.B) {
	path := thousand(b)
	for b.Loop() {
		read(b, openAt(b, path))
	}
}

func BenchmarkShell(b *testing.B) {
	shell, err := osexec.LookPath("sqlite3")
	if err != nil {
		b.Skip("sqlite3 is not installed")
	}
	path := thousand(b)
	for b.Loop() {
		if out, err := osexec.Command(shell, path, ".schema").Output(); err != nil || len(out) < 100_000 {
			b.Fatalf("%v: %d bytes", err, len(out))
		}
	}
}

func thousand(b *testing.B) string {
	path := tempFile(b)
	exec(b, openAt(b, path), "BEGIN;"+many(1000)+"COMMIT")
	return path
}
