package testdb_test

import (
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

func TestDumpLeavesOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e testdb.Engine) {
		u := e.New(t)
		testdb.Exec(t, u, "CREATE TABLE migr_version (id int PRIMARY KEY); CREATE TABLE kept (id int)")
		if d := testdb.Dump(t, u); !strings.Contains(d, "migr_version") {
			t.Errorf("left out unasked:\n%s", d)
		}
		if d := testdb.Dump(t, u, testdb.Own()...); strings.Contains(d, "migr_version") || !strings.Contains(d, "kept") {
			t.Errorf("want kept alone:\n%s", d)
		}
	})
}

// A test that leaves a transaction open must not make its clean-up hang.
func TestDropEndsSessions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e testdb.Engine) {
		if e == testdb.EngineSQLite {
			t.Skip("a file has no sessions")
		}
		e.Admin(t)
		u, drop, err := e.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		testdb.Exec(t, u, "CREATE TABLE t (id int)")
		tx, err := testdb.Open(t, u).Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("INSERT INTO t VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if err := drop(); err != nil {
			t.Fatal(err)
		}
		db := testdb.Open(t, u)
		if err := db.PingContext(t.Context()); err == nil {
			t.Error("the database is still there")
		}
	})
}

func TestSQLiteTextIsTidied(t *testing.T) {
	t.Parallel()
	a, b := testdb.SQLite(t), testdb.SQLite(t)
	testdb.Exec(t, a, `CREATE TABLE t(id integer,"n" text default 'it''s  so');ALTER TABLE t ADD COLUMN x int;ALTER TABLE t RENAME TO u`)
	testdb.Exec(t, b, "CREATE TABLE u (\n  x int, -- why\n  id integer,\n  n text default 'it''s  so'\n)")
	da, db := testdb.Dump(t, a), testdb.Dump(t, b)
	if da == db {
		t.Errorf("the order of columns is lost:\n%s", da)
	}
	if da, db = testdb.SortColumns(da), testdb.SortColumns(db); da != db {
		t.Errorf("sorted, but not equal:\n%s\n%s", da, db)
	}
	if want := "CREATE TABLE u(\n  id integer\n  n text default 'it''s  so'\n  x int\n);\n"; da != want {
		t.Errorf("got\n%s\nwant\n%s", da, want)
	}
}
