package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// A largeSchema is a project whose models are testdb's Large, beside a database that is
// as they say.
type largeSchema struct {
	dir, url string
	models   string
	env      []string // a cache of its own
}

func newLargeSchema(b *testing.B, e testdb.Engine, n int) *largeSchema {
	b.Helper()
	l := &largeSchema{dir: b.TempDir()}
	l.models = filepath.Join(l.dir, "schema.sql")
	l.env = []string{"XDG_CACHE_HOME=" + filepath.Join(l.dir, "cache")}
	if err := os.Mkdir(filepath.Join(l.dir, "migrations"), 0o750); err != nil {
		b.Fatal(err)
	}
	text := e.Large(n)
	for name, text := range map[string]string{
		"schema.sql": text, "migr.toml": "dir = \"migrations\"\nmodels = [\"schema.sql\"]\n",
		"more.sql": strings.Replace(text, "  name ", "  more integer,\n  name ", 1),
	} {
		if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

func (l *largeSchema) migr(path string, args ...string) run {
	return run{dir: l.dir, args: append([]string{path, "-q", "-u", l.url}, args...), env: l.env}
}

// BenchmarkSchema is what reads whole schemas, on PostgreSQL, beside the server's own
// client: pg_dump -s, which reads as much, and psql loading the models where they are
// built. us/table tells whether the time grows faster than the number of tables.
func BenchmarkSchema(b *testing.B) {
	migr, _ := binaries(b)
	e := testdb.EnginePostgres
	psql, dump := tool(b, "psql"), tool(b, "pg_dump")
	e.Admin(b)
	for _, n := range []int{100, 500, 1000, 5000} {
		l := newLargeSchema(b, e, n)
		load := func(u string) run {
			return run{args: []string{psql, "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", l.models, u}}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l.url = passing(b, e)
			load(l.url).time(b)
			read := run{args: []string{dump, "-s", l.url}}
			build := func() run {
				return run{args: []string{"sh", "-c", `"$0" -q -X -v ON_ERROR_STOP=1 -f "$2" "$3" && "$1" -s "$3"`, psql, dump, l.models, passing(b, e)}}
			}
			per := func(name string, floor func() run, r run) {
				b.Run(name, func(b *testing.B) {
					took := compare(b, func() (run, run) { return floor(), r })
					b.ReportMetric(float64(took.Microseconds())/float64(n), "us/table")
				})
			}
			reading := func() run { return read }
			per("inspect", reading, l.migr(migr, "inspect"))
			per("check", build, l.migr(migr, "check", "--no-cache"))
			l.migr(migr, "check").time(b) // fills the cache
			per("check-cached", reading, l.migr(migr, "check"))
			per("revision", build, l.migr(migr, "revision", "--autogenerate", "-m", "more", "--dry-run", "--models", "more.sql", "--no-cache"))
		})
	}
}

// BenchmarkSchemaSQLite is check beside sqlite3 loading the models into memory.
func BenchmarkSchemaSQLite(b *testing.B) {
	migr, _ := binaries(b)
	client := tool(b, "sqlite3")
	for _, n := range []int{100, 1000} {
		l := newLargeSchema(b, testdb.EngineSQLite, n)
		l.url = testdb.SQLiteURL(filepath.Join(l.dir, "app.db"))
		testdb.Exec(b, l.url, "BEGIN;\n"+testdb.EngineSQLite.Large(n)+"COMMIT;")
		floor := run{args: []string{client, ":memory:"}, in: l.models}
		l.migr(migr, "check").time(b)
		for name, r := range map[string]run{"check": l.migr(migr, "check", "--no-cache"), "check-cached": l.migr(migr, "check")} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				took := compare(b, func() (run, run) { return floor, r })
				b.ReportMetric(float64(took.Microseconds())/float64(n), "us/table")
			})
		}
	}
}
