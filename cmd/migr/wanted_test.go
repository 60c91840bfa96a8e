package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/testdb"
)

// A cachedProject is a project with a cache folder, whose server is behind a wire.
type cachedProject struct {
	*testing.T
	dir, url string
	wire     *wire
}

func (p *cachedProject) app(out, errs *bytes.Buffer) *app {
	return &app{
		in: strings.NewReader(""), stdout: out, stderr: errs, dir: p.dir, now: time.Now, rand: random,
		environ: []string{"XDG_CACHE_HOME=" + filepath.Join(p.dir, "cache")},
	}
}

// run runs a command and returns what it prints and how many connections it made:
// one where no scratch database was needed.
func (p *cachedProject) run(code int, args ...string) (string, int64) {
	p.Helper()
	var out, errs bytes.Buffer
	u := p.wire.through(p, p.url)
	if got := p.app(&out, &errs).run(context.Background(), append(args, "-u", u)); got != code {
		p.Fatalf("migr %s: exit %d\n%s\n%s", strings.Join(args, " "), got, clip(out.String()), clip(errs.String()))
	}
	return out.String(), p.wire.conns.Load()
}

// wants runs a command and fails unless the models were built, or were not.
func (p *cachedProject) wants(built bool, what string, code int, args ...string) string {
	p.Helper()
	out, conns := p.run(code, args...)
	if (conns > 1) != built {
		p.Errorf("%s: %d connections, so the models were built: %v", what, conns, conns > 1)
	}
	return out
}

// configure reads the configuration as run does before a command.
func (p *cachedProject) configure(a *app, flags []string) {
	p.Helper()
	a.redact = dburl.NewRedactor()
	a.out, a.err = a.redact.Writer(a.stdout), a.redact.Writer(a.stderr)
	f := pflag.NewFlagSet("migr", pflag.ContinueOnError)
	a.globals(f)
	if err := f.Parse(flags); err != nil {
		p.Fatal(err)
	}
	if err := a.load(); err != nil {
		p.Fatal(err)
	}
}

func (p *cachedProject) entries() []string {
	p.Helper()
	all, err := filepath.Glob(filepath.Join(p.dir, "cache", "migr", "schemas", "*"))
	if err != nil {
		p.Fatal(err)
	}
	return all
}

func (p *cachedProject) write(name, text string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

func newCachedProject(t *testing.T, e testdb.Engine) *cachedProject {
	u := e.New(t)
	testdb.Exec(t, u, tables(3, false))
	dir := folder(t, map[string]string{
		"migr.toml": "dir = \"migrations\"\nmodels = [\"schema.sql\"]\n", "schema.sql": tables(3, false), "migrations/.keep": "",
	})
	return &cachedProject{t, dir, u, newWire(t, host(t, u))}
}

// TestModelsAreNotBuiltAgain: while nothing changes that decides what models become, no
// scratch database is made, and what is said is the same.
func TestModelsAreNotBuiltAgain(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, e testdb.Engine) {
		p := newCachedProject(t, e)
		p.wants(true, "the first time", exitOK, "check")
		p.wants(false, "the second", exitOK, "check")
		t.Logf("%d round trips", p.wire.trips.Load())
		p.wants(false, "a revision of nothing", exitOK, "revision", "--autogenerate", "-m", "x")
		p.wants(true, "--no-cache", exitOK, "check", "--no-cache")
		if n := len(p.entries()); n != 1 {
			t.Errorf("%d entries", n)
		}

		p.write("schema.sql", tables(3, true))
		fresh := p.wants(true, "other models", exitNo, "check", "--json")
		if again := p.wants(false, "the same models", exitNo, "check", "--json"); again != fresh {
			t.Errorf("the kept answer:\n%s\nand the fresh one:\n%s", again, fresh)
		}
		shown, _ := p.run(exitOK, "inspect", "models", "--no-cache")
		if kept := p.wants(false, "inspect models", exitOK, "inspect", "models"); sortedLines(kept) != sortedLines(shown) { // MySQL does not always give indexes in the same order
			t.Errorf("inspect models shows from the cache\n%s\nand without it\n%s", kept, shown)
		}
		p.wants(true, "a revision is proved", exitOK, "revision", "--autogenerate", "-m", "x", "--dry-run")

		for _, name := range p.entries() {
			if err := os.WriteFile(name, []byte("damaged"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if again := p.wants(true, "a damaged entry", exitNo, "check", "--json"); again != fresh {
			t.Errorf("with a damaged entry:\n%s\nand without:\n%s", again, fresh)
		}
		p.wants(false, "after it was written anew", exitNo, "check")
	})
}

// TestKeyOfModels: whatever decides what models become makes another key.
func TestKeyOfModels(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, e testdb.Engine) {
		p := newCachedProject(t, e)
		key := func(change func(*app, *database), flags ...string) string {
			t.Helper()
			a := p.app(&bytes.Buffer{}, &bytes.Buffer{})
			p.configure(a, append(flags, "-u", p.url))
			db, err := a.open(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			m, err := a.models()
			if err != nil {
				t.Fatal(err)
			}
			stmts, err := a.modelStatements(t.Context(), db, m)
			if err != nil {
				t.Fatal(err)
			}
			if change != nil {
				change(a, db)
			}
			k, err := a.wantedKey(t.Context(), db, stmts)
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		first := key(nil)
		if again := key(nil); again != first || first == "" {
			t.Errorf("the key is %q and then %q", first, again)
		}
		for name, change := range map[string]func(*app, *database){
			"version":  func(_ *app, db *database) { db.Server.Version++ },
			"product":  func(_ *app, db *database) { db.Server.Product = "Another" },
			"schema":   func(_ *app, db *database) { db.Server.Home = "another" },
			"exclude":  func(a *app, _ *database) { a.cfg.Exclude = []string{"t1"} },
			"schemas":  func(a *app, _ *database) { a.cfg.Schemas = []string{"*"} },
			"table":    func(a *app, _ *database) { a.cfg.VersionTable = "t2" },
			"settings": func(_ *app, db *database) { setSomething(t, db) },
		} {
			if key(change) == first {
				t.Errorf("another %s makes no other key", name)
			}
		}
		p.write("schema.sql", "-- a comment\n"+tables(3, false))
		if key(nil) != first {
			t.Error("a comment makes another key")
		}
		p.write("schema.sql", strings.Replace(tables(3, false), "40", "41", 1))
		if key(nil) == first {
			t.Error("another text makes no other key")
		}
		if k := key(nil, "--no-cache"); k != "" {
			t.Errorf("with --no-cache the key is %s", k)
		}
	})
}

func sortedLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, ",\n", "\n"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// setSomething changes a setting on which the meaning of DDL depends.
func setSomething(t *testing.T, db *database) {
	t.Helper()
	stmt := "SET default_toast_compression = 'pglz'; SET xmloption = 'document'"
	if db.dialect.Name == "mysql" {
		stmt = "SET sql_mode = 'ANSI_QUOTES'"
	}
	if err := db.Exec(t.Context(), stmt); err != nil {
		t.Fatal(err)
	}
}

// TestCacheOfManyAtOnce: processes that build the same models at once do not disturb one another.
func TestCacheOfManyAtOnce(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, e testdb.Engine) {
		p := newCachedProject(t, e)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				var out, errs bytes.Buffer
				if code := p.app(&out, &errs).run(context.Background(), []string{"check", "-u", p.url}); code != exitOK {
					t.Errorf("exit %d: %s", code, errs.String())
				}
			})
		}
		all.Wait()
		if n := len(p.entries()); n != 1 {
			t.Errorf("%d files: %q", n, p.entries())
		}
	})
}

// TestSQLiteModelsAreKept: what is said from the cache is what is said without.
func TestSQLiteModelsAreKept(t *testing.T) {
	t.Parallel()
	u := testdb.SQLite(t)
	p := &cachedProject{T: t, dir: folder(t, map[string]string{
		"migr.toml": "dir = \"migrations\"\nmodels = [\"schema.sql\"]\n", "schema.sql": testdb.EngineSQLite.Large(3), "migrations/.keep": "",
	})}
	testdb.Exec(t, u, testdb.EngineSQLite.Large(2))
	var said []string
	for range 3 {
		var out, errs bytes.Buffer
		if code := p.app(&out, &errs).run(context.Background(), []string{"check", "--json", "-u", u}); code != exitNo {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		said = append(said, out.String())
		if len(said) == 2 { // the first was fresh, the second kept
			for _, name := range p.entries() {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if said[0] != said[1] || said[0] != said[2] || len(p.entries()) != 1 {
		t.Errorf("%d entries; said:\n%s", len(p.entries()), strings.Join(said, "\n"))
	}
}
