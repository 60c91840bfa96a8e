package sqlite_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/migr-dev/migr/internal/catalog/sqlite"
	"github.com/migr-dev/migr/internal/diff"
)

// TestVectors leads a to b and back, with rows in the tables, and each from empty.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/diff.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Name, A, B string }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { roundTrip(t, c.A, c.B) })
	}
}

// roundTrip proves the plans between two schemas in both directions.
func roundTrip(t *testing.T, a, b string) {
	t.Helper()
	for _, s := range []string{a, b} {
		fromEmpty(t, built(t, s))
	}
	c := built(t, a)
	t.Logf("up:   %q", migrate(t, c, built(t, b)))
	t.Logf("down: %q", migrate(t, c, built(t, a)))
}

// fromEmpty builds a schema by its plan, takes it away again, and finds that a
// schema does not differ from itself.
func fromEmpty(t *testing.T, want *sql.Conn) {
	t.Helper()
	c := openAt(t, tempFile(t))
	migrate(t, c, want)
	if p := plan(t, read(t, c), read(t, want)); len(p.SQL()) > 0 {
		t.Fatalf("a second plan: %q", p.SQL())
	}
	migrate(t, c, open(t))
}

const schemas = "../../../../shared/schemas"

// TestSchemas builds the schemas of public projects by plan.
func TestSchemas(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(schemas, "manifest.json"))
	if err != nil {
		t.Skip("the collection of public schemas is not here")
	}
	var list []struct {
		Name, Dialect string
		Files         []string
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.Dialect != "sqlite" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			want := open(t)
			for _, f := range s.Files {
				script, err := os.ReadFile(filepath.Join(schemas, f))
				if err != nil {
					t.Fatal(err)
				}
				exec(t, want, string(script))
			}
			t.Logf("%d objects", len(read(t, want).Objects))
			fromEmpty(t, want)
		})
	}
}

// TestStable finds the same plan twice.
func TestStable(t *testing.T) {
	a := read(t, built(t, `CREATE TABLE t (a int, b int CHECK (b > 0), UNIQUE (a)); CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT a FROM t`))
	b := read(t, built(t, `CREATE TABLE t (a text NOT NULL DEFAULT 'x', b int); CREATE VIEW v AS SELECT b FROM t`))
	first, err := diff.Plan(sqlite.Engine(), a, b, diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, _ := diff.Plan(sqlite.Engine(), a, b, diff.Options{})
		for i, s := range again.SQL() {
			if s != first.SQL()[i] {
				t.Fatalf("%s\nand %s", s, first.SQL()[i])
			}
		}
	}
}
