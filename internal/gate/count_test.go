package gate_test

import (
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/gate"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/sqltext"
)

// TestCounts: the query that counts the rows at stake names things as the statement
// does, and there is none where the text does not tell.
func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		f                       sqltext.Family
		stmt, code, name, count string
	}{
		{sqltext.Postgres, `DROP TABLE IF EXISTS app."My Table" CASCADE`, gate.DropTable, "app.My Table", `SELECT count(*) FROM app."My Table"`},
		{sqltext.Postgres, `ALTER TABLE ONLY app.users DROP COLUMN IF EXISTS "E-Mail"`, gate.DropColumn, "app.users.E-Mail", `SELECT count("E-Mail") FROM app.users`},
		{sqltext.MySQL, "ALTER TABLE `Users` ADD COLUMN a int, DROP `b c`", gate.DropColumn, "Users.b c", "SELECT count(`b c`) FROM `Users`"},
		{sqltext.MySQL, "ALTER TABLE t DROP PARTITION p1", gate.DropTable, "t.p1", "SELECT count(*) FROM t PARTITION (p1)"},
		{sqltext.SQLite, "DELETE FROM t", gate.DeleteAll, "t", "SELECT count(*) FROM t"},
		{sqltext.Postgres, "TRUNCATE TABLE ONLY a.t", gate.Truncate, "a.t", "SELECT count(*) FROM a.t"},
		{sqltext.Postgres, "ALTER TABLE t ALTER COLUMN c SET NOT NULL", gate.AddNotNull, "t.c", "SELECT count(*) FROM t WHERE c IS NULL"},
		{sqltext.SQLite, "ALTER TABLE t ADD COLUMN c int NOT NULL", gate.AddNotNull, "t.c", "SELECT count(*) FROM t"},
		{sqltext.SQLite, `CREATE UNIQUE INDEX i ON t (a, "b")`, gate.AddUnique, "t", `SELECT count(*) FROM (SELECT 1 AS one FROM t WHERE a IS NOT NULL AND "b" IS NOT NULL GROUP BY a, "b" HAVING count(*) > 1) AS equal`},
		{sqltext.Postgres, "CREATE UNIQUE INDEX i ON t (lower(a))", gate.AddUnique, "t", ""},
		{sqltext.Postgres, "CREATE UNIQUE INDEX i ON t (a) WHERE b", gate.AddUnique, "t", ""},
		{sqltext.Postgres, "DROP SCHEMA app CASCADE", gate.DropSchema, "", ""},
	} {
		found := gate.Check(tt.f, []history.Stmt{{Stmt: sqltext.Stmt{Text: tt.stmt}}}, nil, nil, nil)
		if len(found) != 1 {
			t.Errorf("%s: %d findings", tt.stmt, len(found))
			continue
		}
		f := found[0]
		if f.Code != tt.code || f.Name != tt.name || f.Count != tt.count {
			t.Errorf("%s: got %s %q %q, want %s %q %q", tt.stmt, f.Code, f.Name, f.Count, tt.code, tt.name, tt.count)
		}
	}
}

// TestCountOfDirective: what was found by comparing is counted as its statement shows.
func TestCountOfDirective(t *testing.T) {
	s := history.Stmt{Stmt: sqltext.Stmt{Text: "ALTER TABLE t DROP COLUMN c"}, Hazard: []history.Directive{{Code: gate.DropColumn, Reason: "the values of t.c are lost"}}}
	found := gate.Check(sqltext.Postgres, []history.Stmt{s}, nil, nil, nil)
	if len(found) != 1 || found[0].Count != "SELECT count(c) FROM t" || found[0].Why != "the values of t.c are lost" {
		t.Errorf("got %+v", found)
	}
	s.Text = "ALTER TABLE t DROP COLUMN c, DROP COLUMN d"
	if found = gate.Check(sqltext.Postgres, []history.Stmt{s}, nil, nil, nil); found[0].Count != "" {
		t.Errorf("of two columns it cannot be told which: %+v", found[0])
	}
}

// TestTold: numbers are read by people.
func TestTold(t *testing.T) {
	for want, got := range map[string]string{
		"users.email: 10,412 non-null values would be lost":             gate.Told(gate.DropColumn, "users.email", "w", 10412, false),
		"users.email: 1 non-null value would be lost":                   gate.Told(gate.DropColumn, "users.email", "w", 1, false),
		"users.email: the values of about 9,000,000 rows would be lost": gate.Told(gate.DropColumn, "users.email", "w", 9000000, true),
		"t: 0 rows would be lost":                                       gate.Told(gate.DropTable, "t", "w", 0, false),
		"t: about 1,234,567 rows would be deleted":                      gate.Told(gate.DeleteAll, "t", "w", 1234567, true),
		"may not fit: 3 values":                                         gate.Told(gate.NarrowType, "t", "may not fit", 3, false),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if n := gate.Thousands(-1234); !strings.HasPrefix(n, "-1,234") {
		t.Error(n)
	}
}

// TestRebuilt: SQLite's way to change a table loses no rows, if they are copied.
func TestRebuilt(t *testing.T) {
	for text, want := range map[string]int{
		"CREATE TABLE n (a int); INSERT INTO n (a) SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t":                0,
		"CREATE TABLE n (a int); INSERT OR ABORT INTO main.n SELECT a FROM main.T; DROP TABLE t; ALTER TABLE n RENAME TO t": 0,
		"CREATE TABLE n (a int); DROP TABLE t; ALTER TABLE n RENAME TO t":                                                   1,
		"CREATE TABLE n (a int); INSERT INTO n SELECT a FROM u; DROP TABLE t; ALTER TABLE n RENAME TO t":                    1,
		"CREATE TABLE n (a int); INSERT INTO n SELECT a FROM t; DROP TABLE t":                                               1,
	} {
		stmts, err := sqltext.Split(sqltext.SQLite, "f", text)
		if err != nil {
			t.Fatal(err)
		}
		var all []history.Stmt
		for _, s := range stmts {
			all = append(all, history.Stmt{Stmt: s})
		}
		if found := gate.Check(sqltext.SQLite, all, nil, nil, nil); len(found) != want {
			t.Errorf("%s: %d findings, want %d", text, len(found), want)
		}
	}
}

// TestRefilled: where a table cannot be altered its rows go to another table and come back.
func TestRefilled(t *testing.T) {
	for text, want := range map[string]int{
		"CREATE TABLE x AS SELECT a, b::text AS b FROM t; DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t (a) OVERRIDING SYSTEM VALUE SELECT a FROM x; DROP TABLE x": 0,
		"CREATE TABLE s.x AS SELECT (SELECT 1 FROM u WHERE b) FROM ONLY s.t; DROP TABLE s.t; INSERT INTO s.t SELECT FROM s.x; DROP TABLE s.x":                            0,
		"CREATE TABLE x AS SELECT a FROM t; DROP TABLE t; CREATE TABLE t (a int); DROP TABLE x":                                                                          1,
		"CREATE TABLE x AS SELECT a FROM t; DROP TABLE t; CREATE TABLE t (a int); DELETE FROM x; INSERT INTO t SELECT a FROM x":                                          1,
		"CREATE TABLE x AS SELECT a FROM t WHERE a > 3; DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t SELECT a FROM x":                                             1,
		"CREATE TABLE x AS SELECT DISTINCT a FROM t; DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t SELECT a FROM x":                                                1,
		"CREATE TABLE x AS SELECT a FROM t WITH NO DATA; DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t SELECT a FROM x":                                            1,
		"CREATE TABLE x AS SELECT a FROM t; DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t SELECT a FROM x LIMIT 1":                                                 1,
		"CREATE TABLE x AS SELECT a FROM t; DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t SELECT a FROM x; DROP TABLE t":                                           1,
		"CREATE TABLE x AS SELECT a FROM u; DROP TABLE t; CREATE TABLE t (a int); INSERT INTO t SELECT a FROM x":                                                         1,
	} {
		stmts, err := sqltext.Split(sqltext.Postgres, "f", text)
		if err != nil {
			t.Fatal(err)
		}
		var all []history.Stmt
		for _, s := range stmts {
			all = append(all, history.Stmt{Stmt: s})
		}
		if found := gate.Check(sqltext.Postgres, all, nil, nil, nil); len(found) != want {
			t.Errorf("%s: %d findings, want %d: %+v", text, len(found), want, found)
		}
	}
}
