package sqlite_test

import (
	"database/sql"
	"encoding/json"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/migr-dev/migr/internal/catalog/sqlite"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A pair is two schemas of testdata/autogen, which cmd/migr leads to one another.
type pair struct{ name, a, b string }

func pairs(t *testing.T) []pair {
	t.Helper()
	files, err := filepath.Glob("../../../testdata/autogen/sqlite/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var all []pair
	for _, f := range files {
		ar, err := txtar.ParseFile(f)
		if err != nil {
			t.Fatal(err)
		}
		p := pair{name: filepath.Base(filepath.Dir(f)) + "/" + filepath.Base(f)}
		for _, part := range ar.Files {
			switch part.Name {
			case "from.sql":
				p.a = string(part.Data)
			case "to.sql":
				p.b = string(part.Data)
			}
		}
		all = append(all, p)
	}
	return all
}

// TestFromEmpty builds the schema of each case from nothing, as it is stored to the word.
func TestFromEmpty(t *testing.T) {
	for _, p := range pairs(t) {
		t.Run(p.name, func(t *testing.T) {
			for _, s := range []string{p.a, p.b} {
				fromEmpty(t, open(t), built(t, s))
			}
		})
	}
}

// fromEmpty builds a schema by its plan, takes it away again, and finds that a
// schema does not differ from itself.
func fromEmpty(t *testing.T, c, want *sql.Conn) {
	t.Helper()
	migrate(t, c, want)
	if a, b := texts(t, c), texts(t, want); !slices.Equal(a, b) {
		t.Fatalf("the stored texts differ:\n%s", lineDiff(a, b))
	}
	if p := plan(t, read(t, c), read(t, want)); len(p.SQL()) > 0 {
		t.Fatalf("a second plan: %q", p.SQL())
	}
	migrate(t, c, open(t))
}

// texts returns the stored CREATE texts, but for blanks, comments and commas.
func texts(t testing.TB, c *sql.Conn) []string {
	t.Helper()
	var all []string
	for _, line := range table(t, c, "SELECT sql FROM sqlite_schema WHERE sql <> '' ORDER BY name") {
		var words []string
		for _, tok := range sqltext.Tokens(sqltext.SQLite, line[1:len(line)-1]) {
			if tok.Text != "," { // which may be missing between constraints
				words = append(words, tok.Text)
			}
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
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
			fromEmpty(t, openAt(t, tempFile(t)), want)
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

// TestShell runs the plans of all cases with the sqlite3 shell at hand, which
// may be years older than the library: people run the printed script with it.
func TestShell(t *testing.T) {
	shell, err := osexec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	for _, c := range pairs(t) {
		if strings.HasPrefix(c.name, "rename/") {
			continue // names that differ in case only are for whoever settles renames, before there is a plan
		}
		path := tempFile(t)
		script := func(sql []string) {
			t.Helper()
			cmd := osexec.Command(shell, "-bail", path)
			cmd.Stdin = strings.NewReader("BEGIN;\n" + strings.Join(sql, ";\n") + ";\nCOMMIT;\n")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s\nin: %s", c.name, err, out, strings.Join(sql, ";\n"))
			}
		}
		a, b := read(t, built(t, c.a)), built(t, c.b)
		script(plan(t, read(t, open(t)), a).SQL())
		script(plan(t, a, read(t, b)).SQL())
		same(t, openAt(t, path), b)
	}
}
