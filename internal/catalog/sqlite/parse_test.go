package sqlite

import "testing"

// FuzzParseCreate: no text makes the parsers panic, and what is read as a
// table is a table with columns.
func FuzzParseCreate(f *testing.F) {
	for _, s := range []string{
		"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n varchar(10) NOT NULL DEFAULT 'x' COLLATE NOCASE)",
		"CREATE TABLE \"a\"\"b\" ([c d] int CONSTRAINT x UNIQUE ON CONFLICT REPLACE, `e` AS (c + 1) STORED, CHECK (e > 0)) STRICT, WITHOUT ROWID",
		"CREATE TABLE t (a, b, FOREIGN KEY (a, b) REFERENCES p (x, y) ON DELETE SET NULL MATCH FULL DEFERRABLE INITIALLY DEFERRED)",
		"CREATE VIRTUAL TABLE f USING fts5(a, b, tokenize = 'porter ascii')",
		"CREATE UNIQUE INDEX i ON t (lower(a) COLLATE NOCASE DESC, b) WHERE a IS NOT NULL",
		"CREATE VIEW v (x) AS WITH q AS (SELECT 1) SELECT * FROM q JOIN main.t USING (a)",
		"CREATE TRIGGER tr INSTEAD OF UPDATE OF a, b ON v WHEN new.a > 1 BEGIN INSERT INTO t VALUES (1); END",
		"CREATE TABLE t (a DEFAULT", "CREATE TABLE (", "CREATE TABLE t (a int, 'x", "", "CREATE TABLE t (CONSTRAINT", "CREATE TRIGGER t ON",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		b := newBuilder()
		if def, err := parseTable(src); err == nil {
			if def.module == "" && len(def.columns) == 0 {
				t.Fatalf("%q has no columns", src)
			}
			b.tables[fold(def.name)] = def
			b.table(def, nil)
		}
		if def, err := parseIndex(src); err == nil {
			b.index(def)
		}
		if def, err := parseView(src); err == nil {
			b.view(def, src)
		}
		if def, err := parseTrigger(src); err == nil {
			b.trigger(def, src)
		}
	})
}
