package testdb_test

import (
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// What every engine can do with its own words for it.
var samples = map[string]string{
	"sqlite":   `CREATE TABLE t (id integer PRIMARY KEY, note text DEFAULT 'a  b' ); CREATE VIEW v AS SELECT id FROM t;`,
	"postgres": `CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text DEFAULT 'a  b'); CREATE VIEW v AS SELECT id FROM t;`,
	"mysql":    "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, note varchar(20) DEFAULT 'a  b'); CREATE VIEW v AS SELECT id FROM t; INSERT INTO t (note) VALUES ('x')",
}

func sample(e testdb.Engine) string {
	switch e.Name {
	case "mariadb", "mysql":
		return samples["mysql"]
	case "sqlite":
		return samples["sqlite"]
	}
	return samples["postgres"]
}

func each(t *testing.T, f func(t *testing.T, e testdb.Engine)) {
	for _, e := range testdb.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			f(t, e)
		})
	}
}

func TestDumpIsReproducible(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, e testdb.Engine) {
		a, b := e.New(t), e.New(t)
		if a == b {
			t.Fatalf("two tests were given one database: %s", a)
		}
		testdb.Exec(t, a, sample(e))
		testdb.Exec(t, b, sample(e))
		da, db := testdb.Dump(t, a), testdb.Dump(t, b)
		if da != db {
			t.Errorf("the same schema gives two dumps:\n%s\n%s", da, db)
		}
		for _, want := range []string{"note", "'a  b'", "VIEW"} {
			if !strings.Contains(da, want) {
				t.Errorf("no %q in dump:\n%s", want, da)
			}
		}
		for _, not := range []string{"AUTO_INCREMENT=", "DEFINER=", "restrict ", "\n\n", "SET statement"} {
			if strings.Contains(da, not) {
				t.Errorf("%q in dump:\n%s", not, da)
			}
		}
	})
}
