package source_test

import (
	"testing"

	"github.com/migr-dev/migr/internal/sqltext"
)

func TestSQLiteRefuses(t *testing.T) {
	wantBad(t, sqltext.SQLite, []bad{
		{"ATTACH 'x' AS y", "1:1", "another database"},
		{"CREATE TABLE t (i);\n\tattach database 'x' AS y", "2:2", "another database"},
		{"DETACH y", "1:1", "another database"},
		{"VACUUM INTO 'x'", "1:1", "another database"},
		{"VACUUM main INTO 'x'", "1:1", "another database"},
		{"SELECT load_extension('x')", "1:8", "library"},
		{"INSERT INTO t VALUES (readfile('x'))", "1:23", "file"},
		{"SELECT \"writefile\"('x', 'y')", "1:8", "file"},
		{"CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; SELECT writefile('x', 1); END", "1:59", "file"},
		{"PRAGMA temp_store_directory = '/x'", "1:1", "pragma"},
		{"PRAGMA aux.user_version", "1:1", "pragma"},
		{"CREATE TABLE aux.t (i)", "1:14", "aux.t"},
		{"CREATE TABLE IF NOT EXISTS aux.t (i)", "1:28", "aux.t"},
		{"CREATE INDEX aux.i ON t (a)", "1:14", "aux.i"},
		{"CREATE UNIQUE INDEX IF NOT EXISTS aux.i ON t (a)", "1:35", "aux.i"},
		{"CREATE VIEW v AS SELECT * FROM a, aux.t", "1:35", "aux.t"},
		{"INSERT OR REPLACE INTO aux.t VALUES (1)", "1:24", "aux.t"},
		{"UPDATE OR IGNORE aux.t SET a = 1", "1:18", "aux.t"},
		{"DELETE FROM [aux].t", "1:13", "aux.t"},
		{"DROP TABLE aux.t", "1:12", "aux.t"},
		{"ROLLBACK", "1:1", "takes back"},
		{"INSERT INTO sqlite_schema VALUES ('table', 't', 't', 0, 'CREATE TABLE t (i)')", "1:13", "own table"},
		{"UPDATE sqlite_master SET sql = 'x'", "1:8", "own table"},
		{"CREATE VIRTUAL TABLE x USING csv(filename='x')", "1:30", "files"},
	})
}

func TestSQLiteNearMisses(t *testing.T) {
	wantSame(t, sqltext.SQLite, []string{
		"CREATE TABLE attach (attach text, \"database\" text, pragma int)",
		"CREATE TABLE t (a text DEFAULT 'ATTACH x', b) -- ATTACH x\n",
		"CREATE TABLE t (a /* load_extension('x') */)",
		"CREATE TABLE main.t (a)",
		"CREATE TEMP TABLE temp.t (a)",
		"CREATE TABLE readfile (a); INSERT INTO readfile (a) VALUES (1)",
		"CREATE VIEW v AS SELECT a.b, readfile_x(1), c.d FROM a, c, json_each(a.j) WHERE a.b = c.d",
		"CREATE TRIGGER x AFTER UPDATE OF a, b ON t BEGIN UPDATE u SET c = new.a, d = old.b; END",
		"CREATE INDEX i ON t (a) WHERE t.b > 0",
		"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = excluded.a, b = excluded.b",
		"CREATE VIRTUAL TABLE x USING fts5(a)",
		"DROP TABLE IF EXISTS t",
	})
}

func TestSQLiteBecomes(t *testing.T) {
	wantBecomes(t, sqltext.SQLite, []becomes{
		{"PRAGMA foreign_keys=OFF; PRAGMA main.user_version = 3; BEGIN TRANSACTION; COMMIT; ANALYZE; VACUUM; END;", nil},
		{"CREATE TABLE sqlite_sequence(name,seq); DELETE FROM sqlite_sequence; INSERT INTO \"sqlite_stat1\" VALUES (1)", nil},
		{"INSERT INTO t VALUES (1); DELETE FROM t; SELECT 1", []string{"data: INSERT INTO t VALUES (1)", "data: DELETE FROM t", "data: SELECT 1"}},
		{
			"CREATE TABLE IF NOT EXISTS 'f_data'(id); CREATE VIRTUAL TABLE F USING fts5(a, 'b''c'); CREATE TABLE f_datax (i); INSERT INTO f_idx VALUES(1);",
			[]string{"define: CREATE VIRTUAL TABLE F USING fts5(a, 'b''c')", "define: CREATE TABLE f_datax (i)"},
		},
		{
			"PRAGMA writable_schema=ON; INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','f','f',0,'CREATE VIRTUAL TABLE f USING fts5(a, ''b'')');\nCREATE TABLE IF NOT EXISTS 'f_data'(id INTEGER PRIMARY KEY, block BLOB);\nINSERT INTO f_data VALUES(1,X'00');PRAGMA writable_schema=OFF;",
			[]string{"define: CREATE VIRTUAL TABLE f USING fts5(a, 'b')"},
		},
	})
}
