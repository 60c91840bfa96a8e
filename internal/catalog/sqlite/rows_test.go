package sqlite_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/catalog/sqlite"
)

// family is a parent with children under each action, and rows in all of them.
func family(parent string) string {
	return parent + `;
CREATE TABLE c_cascade (id integer PRIMARY KEY, p int REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE c_null (id integer PRIMARY KEY, p int REFERENCES p ON DELETE SET NULL);
CREATE TABLE c_restrict (id integer PRIMARY KEY, p int NOT NULL REFERENCES p (id) ON DELETE RESTRICT, note text);
CREATE TABLE log (at text, what text);
CREATE INDEX p_name ON p (name);
CREATE VIEW names AS SELECT p.name, c.id FROM p LEFT JOIN c_cascade c ON c.p = p.id;
CREATE TRIGGER p_log AFTER UPDATE ON p BEGIN INSERT INTO log VALUES ('now', new.name); END;
CREATE TRIGGER c_log AFTER DELETE ON c_cascade BEGIN INSERT INTO log SELECT 'now', name FROM p WHERE id = old.p; END;`
}

const familyRows = `
INSERT INTO p (id, up, name) VALUES (1, NULL, 'one'), (2, 1, 'two'), (7, 1, 'seven');
INSERT INTO c_cascade VALUES (1, 1), (2, 2), (3, 2);
INSERT INTO c_null VALUES (1, 1), (2, NULL), (3, 7);
INSERT INTO c_restrict VALUES (1, 7, 'a'), (2, 7, NULL);`

// TestRebuildKeepsRows rebuilds a parent, and then its children too, and finds
// every row of all tables as it was.
func TestRebuildKeepsRows(t *testing.T) {
	const small = "CREATE TABLE p (id integer PRIMARY KEY, up int REFERENCES p (id) ON DELETE CASCADE, name text)"
	const strict = "CREATE TABLE p (id integer PRIMARY KEY, up int REFERENCES p (id) ON DELETE CASCADE, name text NOT NULL CHECK (p.name <> '')) STRICT"
	tables := []string{"p", "c_cascade", "c_null", "c_restrict", "log", "names"}
	c := built(t, family(small)+familyRows)
	exec(t, c, "PRAGMA foreign_keys = ON")
	before := rows(t, c, tables...)
	migrate(t, c, built(t, family(strict)))
	if after := rows(t, c, tables...); after != before {
		t.Fatalf("parent rebuilt: %s\nbefore: %s", after, before)
	}
	all := strings.ReplaceAll(family(strict), ", p int", ", p bigint")
	migrate(t, c, built(t, all))
	if after := rows(t, c, tables...); after != before {
		t.Fatalf("children rebuilt: %s\nbefore: %s", after, before)
	}
	migrate(t, c, built(t, family(small)))
	if after := rows(t, c, tables...); after != before {
		t.Fatalf("back: %s\nbefore: %s", after, before)
	}
	// and the triggers work
	exec(t, c, "UPDATE p SET name = 'uno' WHERE id = 1")
	if got := rows(t, c, "log"); !strings.Contains(got, "uno") {
		t.Fatalf("log: %s", got)
	}
}

func rows(t testing.TB, c *sql.Conn, tables ...string) string {
	t.Helper()
	var all []string
	for _, name := range tables {
		lines := table(t, c, "SELECT * FROM "+name)
		slices.Sort(lines)
		all = append(all, name+": "+strings.Join(lines, ""))
	}
	return strings.Join(all, "\n")
}

// moves are changes of a table with rows, and what a query gives afterwards.
var moves = []struct{ name, a, rows, b, query, want string }{
	{
		"sequence kept", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n int)",
		"INSERT INTO t (n) VALUES (1), (2), (3); DELETE FROM t WHERE id > 1",
		"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n text)",
		"SELECT seq, (SELECT count(*) FROM sqlite_sequence) FROM sqlite_sequence WHERE name = 't'", "[3 1]",
	},
	{
		"sequence kept of an empty table", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n int)",
		"INSERT INTO t (n) VALUES (1), (2), (3); DELETE FROM t",
		"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n text)",
		"SELECT name, seq FROM sqlite_sequence", "[t 3]",
	},
	{
		"sequence begins", "CREATE TABLE t (id INTEGER PRIMARY KEY, n int)", "INSERT INTO t VALUES (41, 1)",
		"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n int)", "SELECT name, seq FROM sqlite_sequence", "[t 41]",
	},
	{
		"null to not null", "CREATE TABLE t (a int, b text, c text)", "INSERT INTO t VALUES (NULL, NULL, NULL), (1, 'x', 'y')",
		`CREATE TABLE t (a int NOT NULL DEFAULT 5, b text NOT NULL DEFAULT "dq", c text NOT NULL DEFAULT bare)`,
		"SELECT * FROM t ORDER BY a DESC", "[5 dq bare][1 x y]",
	},
	{
		"default by expression", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (2)",
		"CREATE TABLE t (a int, b int NOT NULL DEFAULT (1 + 1), c text DEFAULT CURRENT_TIMESTAMP)",
		"SELECT a, b, length(c) FROM t", "[1 2 19][2 2 19]",
	},
	{
		"rowid kept", "CREATE TABLE t (a int)", "INSERT INTO t (rowid, a) VALUES (5, 1), (9, 2)", "CREATE TABLE t (a text)",
		"SELECT rowid, a FROM t", "[5 1][9 2]",
	},
	{
		"rowid hidden by columns", "CREATE TABLE t (rowid text, oid text, _rowid_ text, a int)", "INSERT INTO t VALUES ('x', 'y', 'z', 1)",
		"CREATE TABLE t (rowid text, oid text, _rowid_ text, a text)", "SELECT * FROM t", "[x y z 1]",
	},
	{
		"new rowid column", "CREATE TABLE t (a int)", "INSERT INTO t (rowid, a) VALUES (5, 1), (9, 2)", "CREATE TABLE t (id INTEGER PRIMARY KEY, a int)",
		"SELECT id, a FROM t", "[5 1][9 2]",
	},
	{
		"generated", "CREATE TABLE t (a int, g int AS (a * 2) STORED)", "INSERT INTO t (a) VALUES (4)", "CREATE TABLE t (a int NOT NULL, g int AS (a * 3) STORED, h int AS (g + 1))",
		"SELECT a, g, h FROM t", "[4 12 13]",
	},
	{
		"generated to plain", "CREATE TABLE t (a int, g int AS (a * 2))", "INSERT INTO t (a) VALUES (4)", "CREATE TABLE t (a int, g int)",
		"SELECT a, g FROM t", "[4 8]",
	},
	{
		"strict and blob", "CREATE TABLE t (a text, b blob)", "INSERT INTO t VALUES ('x', x'79')", "CREATE TABLE t (a blob, b text) STRICT",
		"SELECT hex(a), b FROM t", "[78 y]",
	},
	{
		"all columns new", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (2)", "CREATE TABLE t (z int DEFAULT 7)",
		"SELECT z FROM t", "[7][7]",
	},
	{
		"conflict clause does not eat rows", "CREATE TABLE t (id integer PRIMARY KEY, a text)", "INSERT INTO t VALUES (1, 'x'), (2, 'y')",
		"CREATE TABLE t (id integer PRIMARY KEY, a text UNIQUE ON CONFLICT REPLACE)", "SELECT * FROM t", "[1 x][2 y]",
	},
	{
		"case of a name", "CREATE TABLE t (a int, N int)", "INSERT INTO t VALUES (1, 2)", "CREATE TABLE t (a text, n int)",
		"SELECT * FROM t", "[1 2]",
	},
	{
		"without rowid", "CREATE TABLE t (a text PRIMARY KEY, b int)", "INSERT INTO t VALUES ('x', 1)", "CREATE TABLE t (a text PRIMARY KEY, b int) WITHOUT ROWID",
		"SELECT * FROM t", "[x 1]",
	},
	{
		"drop column", "CREATE TABLE t (a text, b int, c int)", "INSERT INTO t VALUES ('x', 1, 2)", "CREATE TABLE t (a text, c int)",
		"SELECT * FROM t", "[x 2]",
	},
	{
		"fts5 stays", "CREATE TABLE t (a int); CREATE VIRTUAL TABLE f USING fts5(x); ", "INSERT INTO f VALUES ('hello world')",
		"CREATE TABLE t (a text); CREATE VIRTUAL TABLE f USING fts5(x)", "SELECT count(*) FROM f WHERE f MATCH 'world'", "[1]",
	},
}

func TestRowsMove(t *testing.T) {
	for _, m := range moves {
		t.Run(m.name, func(t *testing.T) {
			c := built(t, m.a)
			exec(t, c, m.rows)
			sql := migrate(t, c, built(t, m.b))
			if got := strings.Join(table(t, c, m.query), ""); got != m.want {
				t.Errorf("got %s, want %s, by %q", got, m.want, sql)
			}
		})
	}
}

// TestFailsOnRows: a change that the rows do not allow fails, and leaves all as it was.
func TestFailsOnRows(t *testing.T) {
	for _, m := range []struct{ name, a, rows, b string }{
		{"null", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (NULL)", "CREATE TABLE t (a int NOT NULL)"},
		{"null replaced", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (NULL)", "CREATE TABLE t (a int NOT NULL ON CONFLICT IGNORE)"},
		{"new not null", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", "CREATE TABLE t (a int, b int NOT NULL)"},
		{"duplicates", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (1)", "CREATE TABLE t (a int UNIQUE ON CONFLICT REPLACE)"},
		{"check", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)", "CREATE TABLE t (a int CHECK (a > 1))"},
		{"strict", "CREATE TABLE t (a text)", "INSERT INTO t VALUES ('x')", "CREATE TABLE t (a int) STRICT"},
		{
			"foreign key", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)",
			"CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (a int REFERENCES p)",
		},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := built(t, m.a)
			exec(t, c, m.rows)
			before := rows(t, c, "t")
			p := plan(t, read(t, c), read(t, built(t, m.b)))
			if err := run(c, p.SQL()); err == nil {
				t.Fatalf("went through: %q, rows %s", p.SQL(), rows(t, c, "t"))
			}
			same(t, c, built(t, m.a))
			if after := rows(t, c, "t"); after != before {
				t.Errorf("%s, before %s", after, before)
			}
		})
	}
}

// TestHazards: what is lost is told, and counted on the rows.
func TestHazards(t *testing.T) {
	for _, m := range []struct{ name, a, rows, b, code, count string }{
		{"drop table", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (2)", "", "drop-table", "[2]"},
		{"drop fts5", "CREATE VIRTUAL TABLE f USING fts5(x)", "INSERT INTO f VALUES ('x')", "", "drop-table", "[1]"},
		{"change fts5", "CREATE VIRTUAL TABLE f USING fts5(x)", "INSERT INTO f VALUES ('x')", "CREATE VIRTUAL TABLE f USING fts5(y)", "drop-table", "[1]"},
		{"drop column", "CREATE TABLE t (a int, b int)", "INSERT INTO t VALUES (1, 2), (2, NULL)", "CREATE TABLE t (a int)", "drop-column", "[1]"},
		{"drop generated", "CREATE TABLE t (a int, b int AS (a))", "", "CREATE TABLE t (a int)", "", ""},
		{"to generated", "CREATE TABLE t (a int, b int)", "INSERT INTO t VALUES (1, 2)", "CREATE TABLE t (a int, b int AS (a))", "drop-column", "[1]"},
		{"not null", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (NULL)", "CREATE TABLE t (a int NOT NULL)", "add-not-null", "[1]"},
		{"not null with default", "CREATE TABLE t (a int)", "", "CREATE TABLE t (a int NOT NULL DEFAULT 1)", "", ""},
		{"new not null", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (NULL)", "CREATE TABLE t (a int, b int NOT NULL)", "add-not-null", "[2]"},
		{"text to int", "CREATE TABLE t (a text)", "INSERT INTO t VALUES ('007'), ('x'), ('7'), ('1.50')", "CREATE TABLE t (a int)", "narrow-type", "[2]"},
		{"int to real", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (9007199254740993)", "CREATE TABLE t (a real)", "narrow-type", "[1]"},
		{"int to text", "CREATE TABLE t (a int)", "", "CREATE TABLE t (a text)", "", ""},
		{"shorter", "CREATE TABLE t (a varchar(20))", "", "CREATE TABLE t (a varchar(10))", "", ""},
		{"strict", "CREATE TABLE t (a text)", "INSERT INTO t VALUES ('x')", "CREATE TABLE t (a int) STRICT", "narrow-type", "[1]"},
		{"unique", "CREATE TABLE t (a int, b int)", "INSERT INTO t VALUES (1, 1), (1, 1), (NULL, 1), (NULL, 1), (2, 1)", "CREATE TABLE t (a int, b int, UNIQUE (a, b))", "add-unique", "[1]"},
		{"unique index", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (1)", "CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a DESC) WHERE a > 0", "add-unique", "[1]"},
		{"unique index on expression", "CREATE TABLE t (a text)", "INSERT INTO t VALUES ('x'), ('X')", "CREATE TABLE t (a text); CREATE UNIQUE INDEX i ON t (lower(a))", "add-unique", "[1]"},
		{"unique in a new table", "", "", "CREATE TABLE t (a int UNIQUE)", "", ""},
		{"unique already", "CREATE TABLE t (a int UNIQUE)", "", "CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a)", "", ""},
		{"new rowid", "CREATE TABLE t (a int)", "", "CREATE TABLE t (id INTEGER PRIMARY KEY, a int)", "", ""},
		{"primary key", "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (1)", "CREATE TABLE t (a int PRIMARY KEY)", "add-unique", "[1]"},
		{"view", "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t", "", "CREATE TABLE t (a int)", "", ""},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := built(t, m.a)
			exec(t, c, m.rows)
			hazards := plan(t, read(t, c), read(t, built(t, m.b))).Hazards()
			if m.code == "" {
				if len(hazards) > 0 {
					t.Errorf("got %v", hazards)
				}
				return
			}
			if len(hazards) != 1 || hazards[0].Code != m.code {
				t.Fatalf("got %v, want %s", hazards, m.code)
			}
			if got := strings.Join(table(t, c, hazards[0].Count), ""); got != m.count {
				t.Errorf("%s: got %s, want %s", hazards[0].Count, got, m.count)
			}
		})
	}
}

// TestRenames: what Rename writes keeps rows and all that names the thing.
func TestRenames(t *testing.T) {
	const a = "CREATE TABLE t (a int CHECK (a > 0), b int); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t; INSERT INTO t VALUES (1, 2)"
	for _, m := range []struct{ name, kind, from, to, want string }{
		{"column", "column", "a", "z", "CREATE TABLE t (z int CHECK (z > 0), b int); CREATE INDEX i ON t (z); CREATE VIEW v AS SELECT z FROM t"},
		{"column, case", "column", "a", "A", "CREATE TABLE t (A int CHECK (A > 0), b int); CREATE INDEX i ON t (A); CREATE VIEW v AS SELECT A FROM t"},
		{"table", "table", "t", "u x", `CREATE TABLE "u x" (a int CHECK (a > 0), b int); CREATE INDEX i ON "u x" (a); CREATE VIEW v AS SELECT a FROM "u x"`},
		{"table, case", "table", "t", "T", "CREATE TABLE T (a int CHECK (a > 0), b int); CREATE INDEX i ON T (a); CREATE VIEW v AS SELECT a FROM T"},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := built(t, a)
			exec(t, c, strings.Join(renamed(t, read(t, c), m.kind, m.from, m.to), ";"))
			same(t, c, built(t, m.want))
			if got := strings.Join(table(t, c, "SELECT * FROM v"), ""); got != "[1]" {
				t.Errorf("view: %s", got)
			}
		})
	}
}

// renamed is what the engine writes to rename an object of table t.
func renamed(t *testing.T, c *catalog.Catalog, kind, from, to string) []string {
	t.Helper()
	key := catalog.Key{Kind: kind, Name: from}
	if kind == "column" {
		key.Table = "t"
	}
	for _, k := range sqlite.Engine().Kinds {
		if k.Name == kind {
			o := c.Get(key)
			key.Name = to
			return k.Rename(&catalog.Ctx{From: c, To: c}, o, key)
		}
	}
	t.Fatalf("no kind %s", kind)
	return nil
}

// TestChangesTold: what a rebuild drops in passing is among the changes.
func TestChangesTold(t *testing.T) {
	p := plan(t, read(t, built(t, "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a); CREATE INDEX j ON t (b)")),
		read(t, built(t, "CREATE TABLE t (a text, b int); CREATE INDEX i ON t (a, b)")))
	var told []string
	for _, c := range p.Changes {
		told = append(told, string(c.Action)+" "+c.Key.String())
	}
	slices.Sort(told)
	if got := strings.Join(told, ", "); got != "drop index t.j, modify column t.a, modify index t.i" {
		t.Error(got)
	}
}

// TestRenamedParts hands a table's Alter a renamed column: alone it is a RENAME
// that carries constraints along, with more it is a rebuild that moves the values.
func TestRenamedParts(t *testing.T) {
	const a = "CREATE TABLE t (a int UNIQUE CHECK (a > 0), b int, g int AS (a + 1), up int REFERENCES t (a), UNIQUE (b, a))"
	for _, m := range []struct{ name, b, want string }{
		{
			"alone", "CREATE TABLE t (z int UNIQUE CHECK (z > 0), b int, g int AS (z + 1), up int REFERENCES t (z), UNIQUE (b, z))",
			"ALTER TABLE t RENAME COLUMN a TO z",
		},
		{
			"and a column", "CREATE TABLE t (z int UNIQUE CHECK (z > 0), b int, g int AS (z + 1), up int REFERENCES t (z), a text, UNIQUE (b, z))",
			"ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t ADD COLUMN a text",
		},
		{
			"and a type", "CREATE TABLE t (z int UNIQUE CHECK (z > 0), b text, UNIQUE (b, z))",
			"CREATE TABLE _migr_new_t (\n  z int UNIQUE CHECK (z > 0),\n  b text,\n  UNIQUE (b, z)\n); INSERT INTO _migr_new_t (rowid, z, b)\nSELECT rowid, a, b FROM t; " +
				"DROP TABLE t; ALTER TABLE _migr_new_t RENAME TO t",
		},
	} {
		t.Run(m.name, func(t *testing.T) {
			c, to := built(t, a), built(t, m.b)
			from, want := read(t, c), read(t, to)
			table, column := catalog.Key{Kind: "table", Name: "t"}, catalog.Key{Kind: "column", Table: "t", Name: "a"}
			d := &catalog.Delta{From: from.Get(table), To: want.Get(table)}
			was := from.Get(column)
			column.Name = "z"
			d.Parts = []catalog.Delta{{From: was, To: want.Get(column)}}
			alt := sqlite.Engine().Kinds[0].Alter(&catalog.Ctx{From: from, To: want}, d)
			if got := strings.Join(alt.SQL, "; "); got != m.want {
				t.Fatalf("got  %s\nwant %s", got, m.want)
			}
			if err := run(c, alt.SQL); err != nil {
				t.Fatal(err)
			}
			same(t, c, to)
		})
	}
}
