package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// sharedSchemas is where developers keep the schemas of public projects; they
// are not part of this one.
const sharedSchemas = "../../../shared/schemas"

// A realSchema is an entry of the manifest there.
type realSchema struct {
	Name, Dialect string
	Files         []string
}

// engines are those that a schema is to work on.
func (s realSchema) engines() []testdb.Engine {
	switch s.Dialect {
	case "postgres":
		return []testdb.Engine{testdb.EnginePostgres, testdb.EnginePostgres18}
	case "mysql":
		return []testdb.Engine{testdb.EngineMariaDB, testdb.EngineMySQL}
	}
	return []testdb.Engine{testdb.EngineSQLite}
}

// knownFailures says, by schema/engine, what does not work and why. An entry
// that works after all is an error, so that the list stays true.
var knownFailures = map[string]string{}

// large are left out with -short: they take as long as all the others.
var large = []string{"postgrest_big", "hatchet_v1", "travis", "graphile_kitchen_sink"}

// TestRealSchemas does migr's main job on the schemas of public projects: from an
// empty database to one that the server's own dump cannot tell from one that its
// own client loaded, and back to nothing.
func TestRealSchemas(t *testing.T) {
	t.Parallel()
	for _, s := range realSchemas(t) {
		if testing.Short() && slices.Contains(large, s.Name) {
			continue
		}
		for _, e := range s.engines() {
			name := s.Name + "/" + e.Name
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				err := newProject(t, s, e).walk()
				reason, known := knownFailures[name]
				switch {
				case err != nil && known:
					t.Logf("known: %s", reason)
				case err != nil:
					t.Error(err)
				case known:
					t.Errorf("this works now: take it off the list of known failures (%s)", reason)
				}
			})
		}
	}
}

func realSchemas(t *testing.T) []realSchema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sharedSchemas, "manifest.json"))
	if err != nil {
		t.Skipf("the real schemas are not here: %s", sharedSchemas)
	}
	var all []realSchema
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// A project is a folder with the files of one schema as models.
type project struct {
	t       *testing.T
	e       testdb.Engine
	dir     string
	url     string // the database under migr
	loaded  string // another, into which the server's client loaded the files
	nothing string // the dump of an empty database
}

func newProject(t *testing.T, s realSchema, e testdb.Engine) *project {
	t.Helper()
	p := &project{t: t, e: e, dir: t.TempDir(), url: e.New(t), loaded: e.New(t)}
	var models []string
	for i, f := range s.Files {
		text, err := os.ReadFile(filepath.Join(sharedSchemas, f))
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%02d_%s", i, filepath.Base(f))
		p.write(name, putAside(t, e, string(text)))
		models = append(models, name)
	}
	p.configure(p.url, models)
	if err := os.Mkdir(filepath.Join(p.dir, "migrations"), 0o777); err != nil {
		t.Fatal(err)
	}
	p.nothing = testdb.Dump(t, p.loaded)
	if err := p.clientLoads(models); err != nil {
		t.Fatal(err)
	}
	if p.dump(p.loaded) == p.nothing {
		t.Fatal("the server's client loaded nothing")
	}
	return p
}

func (p *project) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) configure(url string, models []string) {
	p.t.Helper()
	list, err := json.Marshal(models)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write("migr.toml", fmt.Sprintf("url = %q\nmodels = %s\n", url, list))
}

// walk returns what does not hold.
func (p *project) walk() error {
	if err := p.generate(); err != nil {
		return err
	}
	if err := p.upgrade(); err != nil {
		return err
	}
	if _, err := p.migr("downgrade", "base"); err != nil {
		return err
	}
	if err := p.same("downgrade base", p.dump(p.url), p.nothing); err != nil {
		return err
	}
	if err := p.upgrade(); err != nil {
		return fmt.Errorf("again: %w", err)
	}
	return p.dumpAsModel()
}

func (p *project) generate() error {
	_, err := p.migr("revision", "--autogenerate", "-m", "all")
	return err
}

func (p *project) upgrade() error {
	if _, err := p.migr("upgrade"); err != nil {
		return err
	}
	if _, err := p.migr("check"); err != nil {
		return err
	}
	return p.same("upgrade", p.dump(p.url), p.dump(p.loaded))
}

// dumpAsModel takes what the server's own dump program writes as the only model.
func (p *project) dumpAsModel() error {
	text, err := p.clientDumps()
	if err != nil {
		return err
	}
	p.write("dump.sql", text)
	p.configure(p.url, []string{"dump.sql"})
	if _, err := p.migr("check"); err != nil {
		return fmt.Errorf("with the server's dump as the model: %w", err)
	}
	return nil
}

// migr runs the program in the project's folder.
func (p *project) migr(args ...string) (string, error) {
	cmd := exec.CommandContext(p.t.Context(), "migr", args...)
	cmd.Dir = p.dir
	return runCommand(cmd)
}

// runCommand runs a command and gives what it printed, or an error that tells it.
func runCommand(cmd *exec.Cmd) (string, error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, shorten(errs.String()), shorten(out.String()))
	}
	return out.String(), nil
}

func shorten(s string) string {
	if len(s) > 3000 {
		return s[:3000] + "\n...\n"
	}
	return s
}

// The columns of a table that pg_dump and the like show in their order are
// compared in it: a new database is built with all of them in place.
func (p *project) dump(url string) string {
	p.t.Helper()
	s := testdb.Dump(p.t, url, testdb.Own()...)
	s = notCompared.ReplaceAllString(s, "")
	if p.e == testdb.EngineMySQL {
		s = sortKeys(s)
	}
	return s
}

var keyLines = regexp.MustCompile(`(?m)(^  (UNIQUE |FULLTEXT |SPATIAL )?KEY .*\n)+`)

// sortKeys puts the keys of each table into one order: MySQL's information_schema,
// unlike MariaDB's, does not tell that in which they stand.
func sortKeys(dump string) string {
	return keyLines.ReplaceAllStringFunc(dump, func(keys string) string {
		lines := strings.Split(strings.ReplaceAll(keys, ",\n", "\n"), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n") + "\n"
	})
}

// notCompared: rights are not migr's yet; a dump's comments are the client's words.
var notCompared = regexp.MustCompile(`(?m)^(GRANT|REVOKE|ALTER DEFAULT PRIVILEGES) .*\n|^-- .*\n`)

func (p *project) same(after, got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("after %s the dump is another:\n%s", after, firstLines(got, want))
}

// firstLines shows the first lines that only one of two dumps has.
func firstLines(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var out []string
	for _, side := range []struct {
		sign       string
		its, other []string
	}{{"got  ", g, w}, {"want ", w, g}} {
		others := map[string]int{}
		for _, l := range side.other {
			others[l]++
		}
		for _, l := range side.its {
			if others[l]--; others[l] < 0 && len(out) < 40 {
				out = append(out, side.sign+l)
			}
		}
	}
	if len(out) == 0 {
		for i := range g {
			if i >= len(w) || g[i] != w[i] {
				return fmt.Sprintf("the same lines in another order, from line %d: %s", i+1, g[i])
			}
		}
	}
	return strings.Join(out, "\n")
}

// What a model may not do, and what a psql script does beside SQL.
var (
	metaLine = regexp.MustCompile(`(?m)^\\(set|c|connect|echo|timing|encoding|pset)\b.*$`)
	outside  = regexp.MustCompile(`(?mi)^(CREATE|DROP|ALTER)\s+(DATABASE|ROLE)\b[^;]*;|^USE\s[^;]*;`)
	doRole   = regexp.MustCompile(`(?m)^DO \$\$.*CREATE ROLE.*\$\$;$`)
	madeRole = regexp.MustCompile(`(?i)CREATE\s+ROLE\s+"?(\w+)"?`)
)

// putAside takes out of a model what it must not run. Its roles are made here.
func putAside(t *testing.T, e testdb.Engine, text string) string {
	t.Helper()
	if e == testdb.EnginePostgres || e == testdb.EnginePostgres18 {
		for _, m := range madeRole.FindAllStringSubmatch(text, -1) {
			makeRole(t, e, m[1])
		}
		text = metaLine.ReplaceAllString(text, "")
		text = doRole.ReplaceAllString(text, "")
	}
	return outside.ReplaceAllString(text, "")
}

// makeRole makes a role unless it is there, and drops it at the end if it was
// made here. Other tests may do the same on this server at this time: whoever
// cannot drop it, as it is in use, leaves it to the other.
func makeRole(t *testing.T, e testdb.Engine, name string) {
	t.Helper()
	admin := testdb.Open(t, e.Admin(t))
	if _, err := admin.ExecContext(t.Context(), "CREATE ROLE "+name); err != nil {
		return
	}
	url := e.Admin(t)
	t.Cleanup(func() {
		db, err := testdb.OpenURL(url)
		if err != nil {
			return
		}
		defer db.Close()
		_, _ = db.ExecContext(context.Background(), "DROP ROLE IF EXISTS "+name)
	})
}

// clientLoads has the server's own client run the files on p.loaded.
func (p *project) clientLoads(models []string) error {
	for _, m := range models {
		cmd, err := p.client()
		if err != nil {
			return err
		}
		in, err := os.Open(filepath.Join(p.dir, m))
		if err != nil {
			return err
		}
		cmd.Stdin = in
		_, err = runCommand(cmd)
		_ = in.Close()
		if err != nil {
			return fmt.Errorf("loading %s with the server's client: %w", m, err)
		}
	}
	return nil
}

// client is the server's own client on p.loaded, to be fed on stdin.
func (p *project) client() (*exec.Cmd, error) {
	u, err := url.Parse(p.loaded)
	if err != nil {
		return nil, err
	}
	switch p.e {
	case testdb.EngineSQLite:
		return p.command("sqlite3", "-bail", u.Path)
	case testdb.EnginePostgres, testdb.EnginePostgres18:
		return p.command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", p.loaded)
	}
	return p.command("mariadb", append(mysqlArgs(u), "--comments", strings.TrimPrefix(u.Path, "/"))...)
}

func mysqlArgs(u *url.URL) []string {
	args := []string{"--no-defaults", "--host=" + u.Hostname(), "--port=" + u.Port(), "--user=" + u.User.Username(), "--default-character-set=utf8mb4"}
	if pw, ok := u.User.Password(); ok {
		args = append(args, "--password="+pw)
	}
	return args
}

// clientDumps has the server's own dump program write the schema of p.loaded.
func (p *project) clientDumps() (string, error) {
	u, err := url.Parse(p.loaded)
	if err != nil {
		return "", err
	}
	var cmd *exec.Cmd
	switch p.e {
	case testdb.EngineSQLite:
		cmd, err = p.command("sqlite3", u.Path, ".schema")
	case testdb.EnginePostgres, testdb.EnginePostgres18:
		program := os.Getenv("MIGR_TEST_PG_DUMP")
		if program == "" {
			program = "pg_dump"
		}
		cmd, err = p.command(program, "-s", "-d", p.loaded)
	default:
		args := append(mysqlArgs(u), "--no-data", "--routines", "--triggers", "--events")
		cmd, err = p.command("mariadb-dump", append(args, strings.TrimPrefix(u.Path, "/"))...)
	}
	if err != nil {
		return "", err
	}
	return runCommand(cmd)
}

func (p *project) command(name string, args ...string) (*exec.Cmd, error) {
	if _, err := exec.LookPath(name); errors.Is(err, exec.ErrNotFound) && !slices.Contains([]string{"migr"}, name) {
		p.t.Skipf("%s is not installed", name)
	}
	return exec.CommandContext(p.t.Context(), name, args...), nil
}
