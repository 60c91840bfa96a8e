package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog/postgres"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/testdb"
)

const onlineBase = `CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE r (id int); CREATE TABLE q (a int, b int, CONSTRAINT qc CHECK (a > b));
	CREATE TABLE p (id int) PARTITION BY LIST (id); INSERT INTO t SELECT i, i, i FROM generate_series(1, 12) i; INSERT INTO r VALUES (1)`

// onlineCases are changes, and the words that their parts hold in this order.
var onlineCases = []struct {
	name, change string
	parts        int
	words        []string
}{
	{"index", "CREATE INDEX i ON t (b); CREATE UNIQUE INDEX ui ON t (lower(b)); CREATE INDEX pi ON p (id)", 1, []string{"INDEX pi", "INDEX CONCURRENTLY i", "INDEX CONCURRENTLY ui"}},
	{"unique", "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a) INCLUDE (b), ADD CONSTRAINT v UNIQUE (b) DEFERRABLE", 1, []string{"CONCURRENTLY u", "UNIQUE USING INDEX u", "CONCURRENTLY v", "USING INDEX v DEFERRABLE"}},
	{"primary key", "ALTER TABLE r ADD PRIMARY KEY (id)", 1, []string{"CONCURRENTLY r_pkey", "PRIMARY KEY USING INDEX r_pkey"}},
	{"checked later", "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES t, ADD CONSTRAINT ck CHECK (a > 0)", 2, []string{"(a > 0) NOT VALID", "REFERENCES t(id) NOT VALID", "-- part", "VALIDATE CONSTRAINT ck", "VALIDATE CONSTRAINT fk"}},
	{"changed check", "ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0); CREATE TABLE fresh (id int CHECK (id > 1) REFERENCES t)", 2, []string{"-- part", "VALIDATE CONSTRAINT ck"}},
	{"not null", "ALTER TABLE t ALTER a SET NOT NULL", 2, []string{"NOT VALID", "-- part", "VALIDATE CONSTRAINT"}},
	{"volatile default", "ALTER TABLE t ADD x double precision DEFAULT random()", 2, []string{"ADD COLUMN x double precision;", "SET DEFAULT random()", "-- part", "SET x = DEFAULT WHERE x IS NULL"}},
	{
		"volatile default, not null", "ALTER TABLE t ADD x uuid NOT NULL DEFAULT gen_random_uuid(), ADD s bigserial, ADD CONSTRAINT xa CHECK (x IS NOT NULL OR a > 0)", 3,
		[]string{"ADD COLUMN x uuid;", "SET DEFAULT gen_random_uuid()", "-- part", "SET x = DEFAULT", "NOT VALID", "-- part", "VALIDATE CONSTRAINT"},
	},
	{"volatile default of a table with triggers", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tg BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t ADD x uuid DEFAULT gen_random_uuid()", 1, []string{"DEFAULT gen_random_uuid()"}},
	{"volatile default that may be null", "CREATE FUNCTION v() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; ALTER TABLE t ADD x int DEFAULT v()", 1, []string{"DEFAULT v()"}},
	{"check of a column that goes", "ALTER TABLE q DROP b, ADD CONSTRAINT qc CHECK (a > 1), ADD x uuid DEFAULT gen_random_uuid()", 3, []string{"DROP COLUMN b", "-- part", "NOT VALID", "-- part", "VALIDATE"}},
	{"plain default", "ALTER TABLE t ADD x int NOT NULL DEFAULT 7, ADD y timestamptz DEFAULT now()", 1, []string{"DEFAULT 7"}},
}

// TestOnline runs plans in the least blocking form, with rows: each part leads
// where it says, up and down.
func TestOnline(t *testing.T) {
	servers(t, func(t *testing.T, e testdb.Engine) {
		from := stateOf(t, e, onlineBase)
		for _, c := range onlineCases {
			t.Run(c.name, func(t *testing.T) {
				to := stateOf(t, e, onlineBase+"; "+c.change)
				conn := connect(t, e.New(t))
				load(t, conn, "base", onlineBase)
				parts, err := diff.Online(t.Context(), postgres.Engine(), conn, from.cat, to.cat)
				if err != nil {
					t.Fatal(err)
				}
				if len(parts) != c.parts {
					t.Errorf("%d parts, want %d", len(parts), c.parts)
				}
				inOrder(t, parts, c.words)
				stepByStep(t, conn, parts)
			})
		}
	})
}

func inOrder(t *testing.T, parts []diff.Part, words []string) {
	t.Helper()
	var texts []string
	for _, p := range parts {
		texts = append(texts, strings.Join(p.Up.SQL(), ";\n")+";")
	}
	rest := strings.Join(texts, "\n-- part\n")
	for _, w := range words {
		_, after, found := strings.Cut(rest, w)
		if !found {
			t.Fatalf("%q does not come where it should:\n%s", w, strings.Join(texts, "\n-- part\n"))
		}
		rest = after
	}
}

// stepByStep goes up part by part and down again.
func stepByStep(t *testing.T, conn *sql.Conn, parts []diff.Part) {
	t.Helper()
	step := func(way string, i int, r *diff.Result, is func() []string) {
		if err := run(t.Context(), conn, r.SQL()); err != nil {
			t.Fatalf("part %d %s: %v", i+1, way, err)
		}
		if d := is(); len(d) > 0 {
			t.Errorf("after part %d %s:\n%s\nplan:\n%s", i+1, way, strings.Join(d, "\n"), excerpt(r.SQL()))
		}
	}
	for i, p := range parts {
		step("up", i, p.Up, func() []string { return differences(read(t, conn), p.To) })
	}
	for i, p := range slices.Backward(parts) {
		step("down", i, p.Down, func() []string { return differences(read(t, conn), p.From) })
	}
}

// TestLocks compares what is told of a statement with what versions 12 to 18 take.
func TestLocks(t *testing.T) {
	const x, srx, sux = "ACCESS EXCLUSIVE (stops readers and writers) on ", "SHARE ROW EXCLUSIVE (stops writers) on ", "SHARE UPDATE EXCLUSIVE (stops nobody but other changes of the schema) on "
	cases := []struct{ stmt, want string }{
		{"CREATE TABLE fresh (id int)", ""},
		{"ALTER TABLE t ADD n int", x + "t"},
		{"ALTER TABLE t ADD u double precision DEFAULT random()", x + "t, which it rewrites"},
		{"ALTER TABLE t ALTER a TYPE bigint", x + "t, which it rewrites"},
		{"ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES r (k) NOT VALID", srx + "r; " + srx + "t"},
		{"ALTER TABLE t VALIDATE CONSTRAINT fk", sux + "t"},
		{"CREATE INDEX i ON t (b)", "SHARE (stops writers) on t"},
		{"CREATE INDEX CONCURRENTLY \"i i\" ON t (b)", sux + "t"},
		{"DROP INDEX CONCURRENTLY \"i i\"", sux + "t"},
		{"UPDATE t SET b = ''", "ROW EXCLUSIVE (stops nobody but who writes the same rows) on t"},
	}
	servers(t, func(t *testing.T, e testdb.Engine) {
		conn := connect(t, e.New(t))
		load(t, conn, "base", "CREATE TABLE t (id int PRIMARY KEY, a int, b text); CREATE TABLE r (k int PRIMARY KEY)")
		for _, c := range cases {
			got, err := told(t.Context(), conn, c.stmt)
			if err != nil {
				t.Fatalf("%s: %v", c.stmt, err)
			}
			if got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.stmt, got, c.want)
			}
		}
		if _, err := told(t.Context(), conn, "ALTER TABLE none ADD x int"); err == nil {
			t.Error("a statement that fails has no error")
		}
		if got, err := told(t.Context(), conn, "SELECT 1"); got != "" || err != nil {
			t.Errorf("after a failure: %q, %v", got, err)
		}
	})
}

func told(ctx context.Context, conn *sql.Conn, stmt string) (string, error) {
	ls, err := postgres.Engine().Locks(ctx, conn, stmt)
	var all []string
	for _, l := range ls {
		all = append(all, fmt.Sprint(l))
	}
	return strings.Join(all, "; "), err
}
