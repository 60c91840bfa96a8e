package sqlite_test

import "testing"

const base = "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, n int, ts datetime);"

// cases are pairs of schemas: each is built by plan from nothing, a is led to b
// and b back to a.
var cases = []struct{ name, a, b string }{
	{"table/add", "", base},
	{"table/autoincrement-quoted", "", "CREATE TABLE t (\"autoincrement\" text, id INTEGER PRIMARY KEY, n text DEFAULT 'AUTOINCREMENT')"},
	{"table/autoincrement-constraint", base, "CREATE TABLE t (id INTEGER, name text NOT NULL, n int, ts datetime, PRIMARY KEY (id AUTOINCREMENT))"},
	{"table/without-rowid-strict", base, "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, n int, ts text) STRICT, WITHOUT ROWID"},
	{"table/strict", "CREATE TABLE t (a int, b blob)", "CREATE TABLE t (a int, b blob) STRICT"},
	{"table/without-rowid", "CREATE TABLE t (a text PRIMARY KEY, b blob)", "CREATE TABLE t (a text PRIMARY KEY, b blob) WITHOUT ROWID"},
	{"table/backtick-name", "", "CREATE TABLE `a``b` (id int); CREATE TABLE [c d] ([x y] int, \"p\"\"q\" text)"},
	{
		"table/odd-names", `CREATE TABLE "we'ird ""x""" ("select" int, 'str' int, "naïve é" text)`,
		`CREATE TABLE "we'ird ""x""" ("select" text NOT NULL DEFAULT '', 'str' int, "naïve é" text UNIQUE, "a;b" int, CHECK ("a;b" > 0));
		 CREATE INDEX "i""x" ON "we'ird ""x""" ("select", "a;b") WHERE "a;b" <> 7; CREATE VIEW "v'v" AS SELECT "select" FROM "we'ird ""x"""`,
	},
	{"table/sqlite-prefix", "", "CREATE TABLE sqlitestuff (id int); CREATE TABLE SQLitex_y (id int)"},
	{"table/virtual-fts5", base, base + "CREATE VIRTUAL TABLE f USING fts5(a, b, tokenize = 'porter ascii')"},
	{"table/virtual-fts5-change", "CREATE VIRTUAL TABLE f USING fts5(a, b)", "CREATE VIRTUAL TABLE f USING fts5(a, b, c)"},
	{"table/virtual-rtree", "", "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, +note TEXT)"},
	{"table/two-renamed-case", "CREATE TABLE Users (Id int)", "CREATE TABLE Users (id int)"},
	{"table/fts5-content", base, base + `CREATE VIRTUAL TABLE f USING fts5(name, content='t', content_rowid='id');
		CREATE TRIGGER t_ai AFTER INSERT ON t BEGIN INSERT INTO f(rowid, name) VALUES (new.id, new.name); END;
		CREATE TRIGGER t_ad AFTER DELETE ON t BEGIN INSERT INTO f(f, rowid, name) VALUES ('delete', old.id, old.name); END`},
	{"view/drop", base + "CREATE VIEW v AS SELECT id FROM t", base},
	{
		"view/on-rebuild", base + "CREATE VIEW v AS SELECT id, n FROM t; CREATE VIEW w AS SELECT n FROM v",
		"CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, n int NOT NULL DEFAULT 0, ts datetime);CREATE VIEW v AS SELECT id, n FROM t; CREATE VIEW w AS SELECT n FROM v",
	},
	{"view/on-drop-column", base + "CREATE VIEW v AS SELECT id, n FROM t", "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, ts datetime); CREATE VIEW v AS SELECT id FROM t"},
	{"view/change", base + "CREATE VIEW v AS SELECT id FROM t", base + "CREATE VIEW v (x) AS WITH q AS (SELECT id FROM t) SELECT id FROM q"},
	{"view/of-view", "", base + "CREATE VIEW b AS SELECT id FROM t; CREATE VIEW a AS SELECT id FROM b; CREATE VIEW c AS SELECT a.id FROM a JOIN b ON a.id = b.id"},
	{
		"view/of-star", "CREATE TABLE t (a int, x int); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT x FROM v",
		"CREATE TABLE t (a int); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT a FROM v",
	},
	{
		"view/of-star-rebuilt", "CREATE TABLE t (a int, x int); CREATE TABLE u (a int); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT x FROM v",
		"CREATE TABLE t (a text, y int NOT NULL); CREATE TABLE u (a text); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT y FROM v; CREATE VIEW a AS SELECT y FROM v",
	},
	{"view/named-like-columns", "", "CREATE TABLE t (x int, y int); CREATE VIEW x AS SELECT y FROM t; CREATE VIEW y AS SELECT x FROM t"},
	{
		"view/instead-of", base + "CREATE VIEW v AS SELECT id, n FROM t; CREATE TRIGGER vt INSTEAD OF INSERT ON v BEGIN INSERT INTO t (id, name) VALUES (new.id, 'x'); END",
		"CREATE TABLE t (id integer PRIMARY KEY, name varchar(10) NOT NULL, n int, ts datetime);CREATE VIEW v AS SELECT id, n FROM t; CREATE TRIGGER vt INSTEAD OF INSERT ON v BEGIN INSERT INTO t (id, name) VALUES (new.id, 'x'); END",
	},
	{"trigger/add", base, base + "CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET n=1; END"},
	{
		"trigger/of-other-table", base + "CREATE TABLE l (x int); CREATE TRIGGER tr AFTER INSERT ON l BEGIN UPDATE t SET n = (SELECT max(x) FROM l); DELETE FROM t WHERE id IN (SELECT x FROM l); END",
		"CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, n text, ts datetime);CREATE TABLE l (x int); CREATE TRIGGER tr AFTER INSERT ON l BEGIN UPDATE t SET n = (SELECT max(x) FROM l); DELETE FROM t WHERE id IN (SELECT x FROM l); END",
	},
	{
		"trigger/moves", "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TRIGGER tr AFTER INSERT ON a BEGIN SELECT 1; END",
		"CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TRIGGER tr AFTER INSERT ON b BEGIN SELECT 1; END",
	},
	{
		"trigger/of-dropped-column", base + "CREATE TRIGGER tr AFTER UPDATE OF n ON t WHEN new.n > 1 BEGIN SELECT CASE WHEN old.n THEN 1 END; END",
		"CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, ts datetime);",
	},
	{"column/add-null", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b varchar(10) COLLATE NOCASE)"},
	{"column/add-notnull-default", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b int NOT NULL DEFAULT -1, c text NOT NULL DEFAULT 'x')"},
	{"column/add-default-current_timestamp", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b text DEFAULT CURRENT_TIMESTAMP, c text DEFAULT (datetime('now')))"},
	{"column/add-unique", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b int UNIQUE)"},
	{"column/add-check", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b int CHECK (b > 0), c int, CONSTRAINT cc CHECK (c <> a))"},
	{"column/add-fk-table-form", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (a int)", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (a int, p_id int, CONSTRAINT fk_p FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE)"},
	{"column/add-fk-default", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (a int)", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (a int, p_id int DEFAULT 1 REFERENCES p (id))"},
	{"column/drop-indexed", "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (b)", "CREATE TABLE t (a int)"},
	{"column/drop-in-expression-index", "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a) WHERE b > 1", "CREATE TABLE t (a int); CREATE INDEX i ON t (a)"},
	{"column/drop-in-unique", "CREATE TABLE t (a int, b int, UNIQUE (a, b))", "CREATE TABLE t (a int)"},
	{"column/drop-in-generated", "CREATE TABLE t (a int, b int, c int AS (a + b))", "CREATE TABLE t (a int, c int AS (a))"},
	{"column/drop-all-but-new", "CREATE TABLE t (a int)", "CREATE TABLE t (z text)"},
	{"column/type-varchar-len", "CREATE TABLE t (n varchar(10))", "CREATE TABLE t (n varchar(20))"},
	{"column/type-int-bigint", "CREATE TABLE t (n int)", "CREATE TABLE t (n bigint)"},
	{"column/type-text-json", "CREATE TABLE t (n text)", "CREATE TABLE t (n json)"},
	{"column/type-decimal", "CREATE TABLE t (n decimal(10,2))", "CREATE TABLE t (n DECIMAL ( 12 , 4 ))"},
	{"column/type-none", "CREATE TABLE t (n)", "CREATE TABLE t (n blob)"},
	{"column/default-expr", "CREATE TABLE t (a int)", `CREATE TABLE t (a int DEFAULT (1 + 2), b text DEFAULT 'it''s', c blob DEFAULT x'00ff', d real DEFAULT -1.5e3, e text DEFAULT CURRENT_TIMESTAMP,
		f text DEFAULT "dq", g text DEFAULT (upper('x')), h int DEFAULT TRUE, i DEFAULT NULL, j DEFAULT +7, k text DEFAULT bare)`},
	{"column/default-dq-to-notnull", `CREATE TABLE t (a text DEFAULT "dq", k text DEFAULT bare)`, `CREATE TABLE t (a text NOT NULL DEFAULT "dq", k text NOT NULL DEFAULT bare)`},
	{"column/collate-lost-on-rebuild", "CREATE TABLE t (a text COLLATE NOCASE, x int)", "CREATE TABLE t (a text COLLATE NOCASE, x int NOT NULL)"},
	{"column/on-conflict-change", "CREATE TABLE t (n text UNIQUE ON CONFLICT REPLACE)", "CREATE TABLE t (n text NOT NULL ON CONFLICT IGNORE UNIQUE ON CONFLICT IGNORE)"},
	{"column/generated-add-virtual", "CREATE TABLE t (n int)", "CREATE TABLE t (n int, v int AS (n + 1) VIRTUAL)"},
	{"column/generated-add-stored", "CREATE TABLE t (n int)", "CREATE TABLE t (n int, v int GENERATED ALWAYS AS (n + 1) STORED)"},
	{"column/generated-change", "CREATE TABLE t (n int, v int AS (n + 1))", "CREATE TABLE t (n int, v int AS (n + 2) STORED)"},
	{"column/generated-to-plain", "CREATE TABLE t (n int, v int AS (n + 1))", "CREATE TABLE t (n int, v int)"},
	{"column/notnull-name", "CREATE TABLE t (n int NOT NULL)", "CREATE TABLE t (n int CONSTRAINT nn NOT NULL)"},
	{"column/case-only", "CREATE TABLE t (a int, B int); CREATE INDEX i ON t (b)", "CREATE TABLE t (A int, b int); CREATE INDEX i ON t (b)"},
	{"pk/order", "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))", "CREATE TABLE t (a int, b int, PRIMARY KEY (b, a DESC))"},
	{"pk/drop", "CREATE TABLE t (a int PRIMARY KEY, b int)", "CREATE TABLE t (a int, b int)"},
	{"pk/name", "CREATE TABLE t (a int CONSTRAINT p PRIMARY KEY, b int)", "CREATE TABLE t (a int, b int, CONSTRAINT q PRIMARY KEY (a) ON CONFLICT REPLACE)"},
	{"pk/rowid-desc", "CREATE TABLE t (id INTEGER PRIMARY KEY DESC)", "CREATE TABLE t (id INTEGER PRIMARY KEY)"},
	{"pk/new-rowid-column", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, id INTEGER PRIMARY KEY)"},
	{"pk/autoincrement", "CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)"},
	{"unique/inline", "CREATE TABLE t (a int, b int)", "CREATE TABLE t (a int UNIQUE, b int, UNIQUE (a, b))"},
	{"unique/add-index", base, base + "CREATE UNIQUE INDEX u ON t (name)"},
	{"unique/named", "CREATE TABLE t (a int CONSTRAINT x UNIQUE)", "CREATE TABLE t (a int CONSTRAINT y UNIQUE)"},
	{"unique/no-commas", "", "CREATE TABLE t (a int, b int, UNIQUE (a) UNIQUE (b) CHECK (a > b))"},
	{"index/where-lower", base, base + "CREATE INDEX i on t(n) where n > 5"},
	{"index/unique", base + "CREATE INDEX i ON t (n)", base + "CREATE UNIQUE INDEX i ON t (n)"},
	{"index/if-not-exists-schema", base, base + "CREATE INDEX IF NOT EXISTS main.i ON t (lower(name) COLLATE NOCASE, n DESC)"},
	{"index/on-quoted-table", "", `CREATE TABLE "a b" ("c d" int); CREATE INDEX i ON "a b" ("c d"); CREATE INDEX j ON "a b" (abs("c d"))`},
	{"index/moves", "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE INDEX i ON a (x)", "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE INDEX i ON b (x)"},
	{
		"index/moves-in-rebuild", "CREATE TABLE z (x int); CREATE TABLE b (x int); CREATE INDEX i ON z (x); CREATE TRIGGER tr AFTER INSERT ON z BEGIN SELECT 1; END",
		"CREATE TABLE z (x text); CREATE TABLE b (x int); CREATE INDEX i ON b (x); CREATE TRIGGER tr AFTER INSERT ON b BEGIN SELECT 1; END",
	},
	{"index/dropped-in-rebuild", base + "CREATE INDEX i ON t (n); CREATE INDEX j ON t (name)", "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, n text, ts datetime); CREATE INDEX i ON t (n, name)"},
	{"index/name-of-a-table", "CREATE TABLE t (a int); CREATE TABLE x (a int)", "CREATE TABLE t (a int); CREATE INDEX x ON t (a)"},
	{"fk/self", "CREATE TABLE t (id integer PRIMARY KEY, up int REFERENCES t (id))", "CREATE TABLE t (id integer PRIMARY KEY, up int REFERENCES t (id) ON DELETE CASCADE, CHECK (t.id > 0))"},
	{"fk/self-no-refcol", "", "CREATE TABLE t (id integer PRIMARY KEY, up int REFERENCES t)"},
	{"fk/deferrable", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE)", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)"},
	{"fk/case-insensitive-ref", "", "CREATE TABLE Parent (Id integer PRIMARY KEY); CREATE TABLE c (p int REFERENCES PARENT (ID))"},
	{"fk/to-missing-table", "", "CREATE TABLE c (p int REFERENCES nowhere (id))"},
	{"fk/actions", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p int REFERENCES p ON UPDATE CASCADE)", "CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE c (p int REFERENCES p MATCH FULL ON DELETE SET DEFAULT ON UPDATE RESTRICT)"},
	{"fk/composite", "", "CREATE TABLE p (a int, b int, UNIQUE (a, b)); CREATE TABLE c (x int, y int, FOREIGN KEY (x, y) REFERENCES p (a, b))"},
	{"fk/two-same-name", "", "CREATE TABLE p (a int UNIQUE); CREATE TABLE c (x int, y int, CONSTRAINT f FOREIGN KEY (x) REFERENCES p (a), CONSTRAINT f FOREIGN KEY (y) REFERENCES p (a))"},
	{"fk/parent-rebuilt-with-child", "CREATE TABLE p (id integer PRIMARY KEY, x int); CREATE TABLE c (p int REFERENCES p)", "CREATE TABLE p (id integer PRIMARY KEY, x text); CREATE TABLE c (p int NOT NULL REFERENCES p)"},
	{
		"fk/cycle-rebuilt", "CREATE TABLE a (id integer PRIMARY KEY, b int REFERENCES b, x int); CREATE TABLE b (id integer PRIMARY KEY, a int REFERENCES a, x int)",
		"CREATE TABLE a (id integer PRIMARY KEY, b int REFERENCES b, x text); CREATE TABLE b (id integer PRIMARY KEY, a int REFERENCES a, x text)",
	},
	{"check/inline", "CREATE TABLE t (a int)", "CREATE TABLE t (a int CHECK (a > 0 AND a IN (1, 2)))"},
	{"check/in-comment", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, -- CHECK (a > 0)\n b int /* , CHECK (b) */)"},
	{"check/in-default-string", "", "CREATE TABLE t (n text DEFAULT 'CHECK (x)')"},
	{"check/qualified", "CREATE TABLE t (a int)", `CREATE TABLE t (a int, b int, CHECK (t.a > "t".b))`},
	{"check/add-to-old-column", "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b int, CHECK (a > 0))"},
	{"order/taken-name", "CREATE TABLE t (a int); CREATE TABLE _migr_new_t (b int)", "CREATE TABLE t (a text); CREATE TABLE _migr_new_t (b int)"},
	{"created-as-select", base, base + "CREATE TABLE s AS SELECT * FROM t"},
}

func TestCases(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { roundTrip(t, c.a, c.b) })
	}
}

// TestEqual finds no difference between spellings that SQLite takes for the same.
func TestEqual(t *testing.T) {
	for _, c := range []struct{ name, a, b string }{
		{"blanks and comments", "CREATE TABLE t (a int, b varchar(10) DEFAULT 'x  y')", "create table t(a int--one\n,/*two*/b varchar ( 10 ) default 'x  y' )"},
		{
			"quotes", "CREATE TABLE t (a int, b int CHECK (b > a)); CREATE INDEX i ON t (a, b); CREATE VIEW v AS SELECT a FROM t",
			"CREATE TABLE \"t\" ([a] int, `b` int CHECK (\"b\" > [a])); CREATE INDEX 'i' ON `t` (\"a\", [b]); CREATE VIEW \"v\" AS SELECT `a` FROM \"t\"",
		},
		{
			"keyword as name", "CREATE TABLE t (key int, action int CHECK (action > key)); CREATE VIEW v AS SELECT key FROM t",
			"CREATE TABLE t (\"key\" int, [action] int CHECK (\"action\" > `key`)); CREATE VIEW v AS SELECT \"key\" FROM t",
		},
		{
			"case of keywords", "CREATE TABLE t (a INT NOT NULL DEFAULT CURRENT_DATE COLLATE NOCASE CHECK (LENGTH(A) > 1 AND a IS NOT NULL))",
			"create table t (a int not null default current_date collate nocase check (length(a) > 1 and a is not null))",
		},
		{
			"inline and table form", "CREATE TABLE p (x int UNIQUE); CREATE TABLE t (id INTEGER PRIMARY KEY, a int UNIQUE CHECK (a > 0) REFERENCES p (x))",
			"CREATE TABLE p (x int, UNIQUE (x)); CREATE TABLE t (id INTEGER, a int, PRIMARY KEY (id), UNIQUE (a), CHECK (a > 0), FOREIGN KEY (a) REFERENCES P (X))",
		},
		{
			"what is so anyway", "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE REFERENCES t ON DELETE NO ACTION NOT DEFERRABLE)",
			"CREATE TABLE t (a int NULL COLLATE BINARY PRIMARY KEY ASC ON CONFLICT ABORT, b int UNIQUE REFERENCES t DEFERRABLE INITIALLY IMMEDIATE)",
		},
		{"added column", "CREATE TABLE t (a int, b text)", "CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN b text"},
		{
			"renamed", "CREATE TABLE t (a int CHECK (a > 0)); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t",
			"CREATE TABLE u (b int CHECK (b > 0)); CREATE INDEX i ON u (b); CREATE VIEW v AS SELECT b FROM u; ALTER TABLE u RENAME COLUMN b TO a; ALTER TABLE u RENAME TO t",
		},
		{"order of columns", "CREATE TABLE t (a int, b int)", "CREATE TABLE t (b int, a int)"},
		{"not null by key", "CREATE TABLE t (a int PRIMARY KEY) WITHOUT ROWID", "CREATE TABLE t (a int NOT NULL PRIMARY KEY) WITHOUT ROWID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if p := plan(t, read(t, built(t, c.a)), read(t, built(t, c.b))); len(p.SQL()) > 0 {
				t.Errorf("%q", p.SQL())
			}
		})
	}
}
