package source_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/testdb"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The samples, as the tools wrote them (mysqldump80.sql after the form that
// mysqldump 8.0 has). Those of one line make the same schema.
var samples = []struct {
	engine testdb.Engine
	family int // in products
	files  []string
}{
	{testdb.EnginePostgres, 0, []string{"pg_dump_schema.sql", "pg_dump_data.sql"}},
	{testdb.EnginePostgres18, 0, []string{"pg_dump_schema.sql", "pg_dump_data.sql"}},
	{testdb.EngineMariaDB, 1, []string{"mariadb_dump_schema.sql", "mariadb_dump_data.sql"}},
	{testdb.EngineMySQL, 1, []string{"mysqldump80.sql"}},
	{testdb.EngineSQLite, 2, []string{"sqlite_schema.sql", "sqlite_dump.sql", "sqlite_schema_indent.sql"}},
}

// What becomes of each sample, statement by statement, is in its golden file.
func TestSamples(t *testing.T) {
	for _, s := range samples {
		for _, file := range s.files {
			t.Run(file, func(t *testing.T) {
				f := products[s.family].family
				out, err := source.Prepare(f, read(t, f, filepath.Join("testdata", file)))
				if err != nil {
					t.Fatal(err)
				}
				var b strings.Builder
				for _, p := range out {
					fmt.Fprintf(&b, "%d:%d %s: %s\n", p.Line, p.Col, p.Sort, strings.Join(strings.Fields(p.Text), " "))
				}
				golden := filepath.Join("testdata", strings.TrimSuffix(file, ".sql")+".golden")
				if *update {
					if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, file, string(want), b.String())
			})
		}
	}
}

// The samples run on an empty database, and make the same schema whether they
// hold rows or not.
func TestSamplesRun(t *testing.T) {
	for _, s := range samples {
		t.Run(s.engine.Name, func(t *testing.T) {
			p := products[s.family]
			p.engine = s.engine
			first := ""
			for _, file := range s.files {
				got := testdb.SortColumns(built(t, p, read(t, p.family, filepath.Join("testdata", file))))
				if first == "" {
					first = got
				}
				if !strings.Contains(got, "orders") {
					t.Errorf("%s: no table orders in\n%s", file, got)
				}
				compare(t, file, first, got)
			}
		})
	}
}
