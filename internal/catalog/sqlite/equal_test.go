package sqlite_test

import "testing"

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
