package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/catalog/postgres"
	"github.com/migr-dev/migr/internal/testdb"
)

// tables writes n tables with all that a table usually has.
func tables(n int) string {
	b := &strings.Builder{}
	for i := range n {
		fmt.Fprintf(b, `CREATE TABLE t%[1]d (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, other bigint, name varchar(40) NOT NULL DEFAULT 'x',
			body text, price numeric(10, 2) CHECK (price > 0), made timestamptz DEFAULT now(), done boolean, data jsonb);
			CREATE INDEX t%[1]d_name ON t%[1]d (name); CREATE INDEX t%[1]d_open ON t%[1]d (made) WHERE NOT done;
			ALTER TABLE t%[1]d ADD FOREIGN KEY (other) REFERENCES t%[2]d; COMMENT ON TABLE t%[1]d IS 'table';`, i, max(i-1, 0))
	}
	return b.String()
}

// A counter counts what is asked through it.
type counter struct {
	catalog.Querier
	asked int
}

func (c *counter) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	c.asked++
	return c.Querier.QueryContext(ctx, q, args...)
}

func (c *counter) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	c.asked++
	return c.Querier.QueryRowContext(ctx, q, args...)
}

func (c *counter) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	c.asked++
	return c.Querier.ExecContext(ctx, q, args...)
}

// TestReadAsksAFixedNumberOfQueries reads 3 and 300 tables.
func TestReadAsksAFixedNumberOfQueries(t *testing.T) {
	servers(t, func(t *testing.T, e testdb.Engine) {
		var asked []int
		for _, n := range []int{3, 300} {
			conn := connect(t, e.New(t))
			exec(t, conn, tables(n))
			c := &counter{Querier: conn}
			cat, err := postgres.Engine().Read(t.Context(), c, everything)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(cat.Objects); got < 12*n {
				t.Errorf("%d tables: only %d objects", n, got)
			}
			asked = append(asked, c.asked)
		}
		if asked[0] != asked[1] || asked[0] > 30 {
			t.Errorf("queries for 3 and for 300 tables: %v", asked)
		}
	})
}

// TestReadLeavesTheSessionAsItWas looks at the settings after a reading, and
// after one that was broken off.
func TestReadLeavesTheSessionAsItWas(t *testing.T) {
	servers(t, func(t *testing.T, e testdb.Engine) {
		conn := connect(t, e.New(t))
		exec(t, conn, "SET search_path = nowhere, public", "SET TimeZone = 'Asia/Tokyo'", "SET IntervalStyle = 'iso_8601'")
		settings := func() (s string) {
			t.Helper()
			const q = `SELECT current_setting('search_path') || '; ' || current_setting('TimeZone') || '; ' || current_setting('IntervalStyle')`
			if err := conn.QueryRowContext(t.Context(), q).Scan(&s); err != nil {
				t.Fatal(err)
			}
			return s
		}
		before := settings()
		read(t, conn)
		if got := settings(); got != before {
			t.Errorf("after reading: %s, before: %s", got, before)
		}
		broken := &breaking{Querier: conn, after: 5}
		if _, err := postgres.Engine().Read(t.Context(), broken, everything); err == nil {
			t.Error("a query that fails gives no error")
		}
		if got := settings(); got != before {
			t.Errorf("after a failed reading: %s, before: %s", got, before)
		}
	})
}

// breaking fails its queries after some.
type breaking struct {
	catalog.Querier
	after int
}

func (b *breaking) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if b.after--; b.after < 0 {
		return nil, fmt.Errorf("the line is cut")
	}
	return b.Querier.QueryContext(ctx, q, args...)
}

// TestScope reads one schema, some and all, and leaves out what it is told to.
func TestScope(t *testing.T) {
	servers(t, func(t *testing.T, e testdb.Engine) {
		conn := connect(t, e.New(t))
		load(t, conn, "scope", `CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE keep (a int REFERENCES a); CREATE SCHEMA s;
			CREATE TABLE s.t (id int REFERENCES a); CREATE SCHEMA z; CREATE TABLE z.t (id int); CREATE EXTENSION hstore SCHEMA z; CREATE VIEW v AS SELECT * FROM a`)
		names := func(s catalog.Scope) string {
			t.Helper()
			c, err := postgres.Engine().Read(t.Context(), conn, s)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range c.Objects {
				if o.Kind == "table" || o.Kind == "schema" || o.Kind == "sequence" || o.Kind == "foreign_key" {
					got = append(got, o.Key.String())
				}
			}
			return strings.Join(got, ", ")
		}
		for _, c := range []struct {
			scope catalog.Scope
			want  string
		}{
			{catalog.Scope{Home: "public"}, "sequence a_id_seq, table a, table keep, foreign_key keep.keep_a_fkey"},
			{catalog.Scope{Home: "s"}, "table t, foreign_key t.t_id_fkey"},
			{
				catalog.Scope{Home: "z", Schemas: []string{"s"}},
				"schema s, table t, table s.t, foreign_key s.t.t_id_fkey",
			},
			{
				catalog.Scope{Home: "public", Exclude: func(k catalog.Key) bool { return k.Kind == "table" && k.Name == "a" }},
				"table keep, foreign_key keep.keep_a_fkey",
			},
			{
				catalog.Scope{Home: "public", Schemas: []string{"*"}, Exclude: func(k catalog.Key) bool { return k == catalog.Key{Kind: "schema", Name: "z"} }},
				"schema s, sequence a_id_seq, table a, table keep, foreign_key keep.keep_a_fkey, table s.t, foreign_key s.t.t_id_fkey",
			},
		} {
			if got := names(c.scope); got != c.want {
				t.Errorf("home %s, schemas %v:\ngot  %s\nwant %s", c.scope.Home, c.scope.Schemas, got, c.want)
			}
		}
	})
}

// TestHomeHasNoName reads the same schema under two names: the catalogs must be equal.
func TestHomeHasNoName(t *testing.T) {
	servers(t, func(t *testing.T, e testdb.Engine) {
		const ddl = `CREATE TYPE e AS ENUM ('a', 'b'); CREATE FUNCTION f(e) RETURNS e LANGUAGE sql AS 'SELECT $1';
			CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
			CREATE AGGREGATE agg (e) (SFUNC = f2, STYPE = e); CREATE TABLE t (id serial PRIMARY KEY, e e DEFAULT f('a'), CHECK (e <> 'b' AND (id > 0 AND id < 9)));
			CREATE INDEX i ON t (id) WHERE e = 'a' AND (id > 3 AND id < 4); CREATE STATISTICS st ON id, e FROM t; CREATE VIEW v AS SELECT * FROM t WHERE e = 'a';
			CREATE RULE r AS ON DELETE TO t WHERE OLD.id > 1 AND (OLD.id > 2 AND OLD.id > 3) DO INSTEAD NOTHING;
			CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW WHEN (NEW.id > 1 AND (NEW.id > 2 AND NEW.id > 3)) EXECUTE FUNCTION g();
			CREATE OPERATOR === (LEFTARG = e, RIGHTARG = e, FUNCTION = same, COMMUTATOR = ===);
			CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)`
		var cats []*catalog.Catalog
		for _, home := range []string{"one", `tw"o`} {
			conn := connect(t, e.New(t))
			q := `"` + strings.ReplaceAll(home, `"`, `""`) + `"`
			load(t, conn, "home", "CREATE SCHEMA "+q+"; SET search_path = "+q+
				"; CREATE FUNCTION f2(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1'; "+
				strings.Replace(ddl, "CREATE AGGREGATE", "CREATE FUNCTION f2(e, e) RETURNS e LANGUAGE sql AS 'SELECT $1'; CREATE FUNCTION same(e, e) RETURNS boolean LANGUAGE sql AS 'SELECT true'; CREATE AGGREGATE", 1))
			c, err := postgres.Engine().Read(t.Context(), conn, catalog.Scope{Home: home})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range c.Objects {
				for name, v := range o.Attrs {
					if strings.Contains(v, q+".") || strings.Contains(v, home+".") {
						t.Errorf("%s: %s names the home schema: %s", o.Key, name, v)
					}
				}
			}
			cats = append(cats, c)
		}
		if d := differences(cats[0], cats[1]); len(d) > 0 {
			t.Errorf("one schema under two names:\n%s", strings.Join(d, "\n"))
		}
	})
}

// BenchmarkRead reads 1,000 tables and reports the time against pg_dump's.
func BenchmarkRead(b *testing.B) {
	for _, e := range []testdb.Engine{testdb.EnginePostgres, testdb.EnginePostgres18} {
		b.Run(e.Name, func(b *testing.B) {
			url := e.New(b)
			conn := connect(b, url)
			exec(b, conn, tables(1000), "ANALYZE")
			read(b, conn)
			var ours, theirs time.Duration
			b.ResetTimer()
			for range b.N {
				start := time.Now()
				read(b, conn)
				ours += time.Since(start)
				b.StopTimer()
				start = time.Now()
				if _, err := testdb.DumpURL(b.Context(), url); err != nil {
					b.Skip(err)
				}
				theirs += time.Since(start)
				b.StartTimer()
			}
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "of-pg_dump")
		})
	}
}
