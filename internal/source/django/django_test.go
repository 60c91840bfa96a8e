package django_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/django"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

const (
	sample = "../../../testdata/projects/django"
	spec   = "django:mysite.settings"
)

var versions = []string{"dj32", "dj52", "dj60"}

// A target is a database product as the models are asked for it.
type target struct {
	engine  testdb.Engine
	family  sqltext.Family
	product source.Product
}

var targets = []target{
	{testdb.EngineSQLite, sqltext.SQLite, source.Product{Name: "sqlite"}},
	{testdb.EnginePostgres, sqltext.Postgres, source.Product{Name: "postgres", Version: 150000}},
	{testdb.EngineMariaDB, sqltext.MySQL, source.Product{Name: "mysql", MariaDB: true, Version: 101100}},
	{testdb.EngineMySQL, sqltext.MySQL, source.Product{Name: "mysql", Version: 80040}},
}

func targetOf(name string) target {
	return targets[slices.IndexFunc(targets, func(x target) bool { return x.engine.Name == name })]
}

func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(sample)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func edit(t *testing.T, dir, name, old, text string) {
	t.Helper()
	p := filepath.Join(dir, name)
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("%s does not hold %q", name, old)
	}
	if err := os.WriteFile(p, []byte(strings.Replace(string(b), old, text, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func options(py testdb.Python, x target, mode string) source.Options {
	return source.Options{Python: py.Exe, Env: append(os.Environ(), "LIBRARY_SECRET_KEY=x"), Product: x.product, Mode: mode}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		all = append(all, p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func ddl(t *testing.T, dir, spec string, x target, o source.Options) ([]sqltext.Stmt, error) {
	t.Helper()
	src, err := source.Open([]source.Kind{django.Kind}, dir, []string{spec}, o)
	if err != nil {
		return nil, err
	}
	before := files(t, dir)
	stmts, err := src.DDL(t.Context(), x.family)
	if after := files(t, dir); !slices.Equal(before, after) {
		t.Errorf("files in the project: %v, were %v", after, before)
	}
	return stmts, err
}

func must(t *testing.T, dir, spec string, x target, o source.Options) []sqltext.Stmt {
	t.Helper()
	stmts, err := ddl(t, dir, spec, x, o)
	var se *source.Error
	if errors.As(err, &se) {
		t.Fatalf("%v\n%s\nhint: %s", err, se.Detail, se.Hint)
	}
	if err != nil {
		t.Fatal(err)
	}
	return stmts
}

func built(t *testing.T, x target, stmts []sqltext.Stmt) string {
	t.Helper()
	all, err := source.Prepare(x.family, stmts)
	if err != nil {
		t.Fatal(err)
	}
	dsn := x.engine.New(t)
	db := testdb.Open(t, dsn)
	for _, s := range all {
		if _, err := db.ExecContext(t.Context(), s.Text); err != nil {
			t.Fatalf("%v\n%s", err, s.Text)
		}
	}
	return testdb.Dump(t, dsn)
}

// migrated dumps what manage.py makes of the project.
func migrated(t *testing.T, x target, py testdb.Python, dir string, commands ...string) string {
	t.Helper()
	dsn := x.engine.New(t)
	env := []string{"LIBRARY_SECRET_KEY=x", "LIBRARY_DATABASE_URL=" + plain(t, dsn)}
	for _, c := range append(commands, "migrate -v0") {
		py.RunFile(t, dir, env, append([]string{"-c", manage}, strings.Fields(c)...)...)
	}
	return testdb.Dump(t, dsn)
}

// manage is manage.py with PyMySQL in the place of mysqlclient, which wants a compiler.
const manage = `
import os, sys, pymysql
pymysql.version_info = (2, 2, 99, "final", 0)
pymysql.install_as_MySQLdb()
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py"] + sys.argv[1:])
`

func plain(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = ""
	return u.String()
}

func same(t *testing.T, got, want string) {
	t.Helper()
	got, want = testdb.SortColumns(got), testdb.SortColumns(want)
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("line %d of the dump\ngot  %s\nwant %s", i+1, a[i], b[i])
		}
	}
	t.Fatalf("%d lines in the dump, want %d", len(a), len(b))
}

func each(t *testing.T, f func(t *testing.T, x target, py testdb.Python)) {
	for _, x := range targets {
		for _, v := range versions {
			t.Run(x.engine.Name+"/"+v, func(t *testing.T) {
				t.Parallel()
				f(t, x, testdb.FindPython(t, v))
			})
		}
	}
}

// Replayed migrations make, by the server's dump, what manage.py migrate makes.
// A user model of its own, M2M with and without a through table, multi-table
// inheritance, a proxy, an unmanaged table, contrib apps and a second database
// are in the project; in its history fields, tables and constraints are renamed,
// altered and dropped, also such as have no name in Django (D8).
func TestMigrations(t *testing.T) {
	each(t, func(t *testing.T, x target, py testdb.Python) {
		dir := project(t)
		o := options(py, x, "migrations")
		var told []string
		o.Warn = func(msg string) { told = append(told, msg) }
		got := built(t, x, must(t, dir, spec, x, o))
		if len(told) > 0 {
			t.Errorf("told %q", told)
		}
		same(t, got, migrated(t, x, py, dir))
	})
}

// The models make what makemigrations and migrate make of them on a new project.
func TestModels(t *testing.T) {
	each(t, func(t *testing.T, x target, py testdb.Python) {
		if x.engine != testdb.EnginePostgres && !strings.Contains(py.Exe, "dj52") {
			t.Skip("one version is enough here: TestMigrations runs them all")
		}
		dir := project(t)
		var told []string
		o := options(py, x, "models")
		o.Warn = func(msg string) { told = append(told, msg) }
		got := built(t, x, must(t, dir, spec, x, o))
		if !slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "warehouse_shelf is left out") }) { // D9
			t.Errorf("told %q", told)
		}
		if my := x.family == sqltext.MySQL; my != slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "one_loan_a_book") }) { // D10
			t.Errorf("told %q", told)
		}
		for _, app := range []string{"library", "accounts"} {
			if err := os.RemoveAll(filepath.Join(dir, app, "migrations")); err != nil {
				t.Fatal(err)
			}
		}
		want := migrated(t, x, py, dir, "makemigrations -v0 library accounts")
		// the history of contrib.sites, which the models do not know, gave this a name of its own
		unnamed := "domain"
		if x.family == sqltext.Postgres {
			unnamed = "django_site_domain_key"
		}
		same(t, got, strings.Replace(want, "django_site_domain_a2e37b91_uniq", unnamed, 1))
	})
}

// D2: a driver changes nothing, be it there or not; nor does the order of runs (D7).
func TestDrivers(t *testing.T) {
	for _, name := range []string{"postgres", "mariadb"} {
		for _, v := range []string{"dj32", "dj60"} {
			t.Run(name+"/"+v, func(t *testing.T) {
				t.Parallel()
				py, x, dir := testdb.FindPython(t, v), targetOf(name), project(t)
				o := options(py, x, "models")
				without := text(must(t, dir, spec, x, o))
				o.Env = append(o.Env, "PYTHONPATH="+py.Drivers)
				with := text(must(t, dir, spec, x, o))
				if v == "dj60" || name == "postgres" { // PyMySQL is not taken for mysqlclient by itself
					same(t, without, with)
				}
				if !strings.Contains(without, "100%") && strings.Contains(without, "%%") { // D4
					t.Error("a percent sign was doubled")
				}
			})
		}
	}
}

func text(stmts []sqltext.Stmt) string {
	var b strings.Builder
	for _, s := range stmts {
		b.WriteString(s.Text + ";\n")
	}
	return b.String()
}

// The second of DATABASES, apps that are left out, and Django's own table (D9).
func TestParts(t *testing.T) {
	x := targetOf("sqlite")
	py := testdb.FindPython(t, "dj52")
	dir := project(t)
	tables := func(spec string, o source.Options) []string {
		t.Helper()
		var all []string
		for _, s := range must(t, dir, spec, x, o) {
			if w := strings.Fields(s.Text); w[1] == "TABLE" {
				all = append(all, strings.Trim(w[2], `"`))
			}
		}
		return all
	}
	for _, mode := range []string{"models", "migrations"} {
		o := options(py, x, mode)
		if got := tables(spec+":archive", o); !slices.Equal(got, []string{"django_migrations", "library_oldloan"}) {
			t.Errorf("%s: tables of the archive: %v", mode, got)
		}
		o.ExcludeApps = []string{"admin", "django.contrib.sessions", "sites", "migrations"}
		got := tables(spec, o)
		for _, out := range []string{"django_admin_log", "django_session", "django_site", "django_migrations", "library_longbook", "warehouse_shelf", "library_oldloan"} {
			if slices.Contains(got, out) {
				t.Errorf("%s: %s is among %v", mode, out, got)
			}
		}
		for _, in := range []string{"auth_group", "accounts_user", "accounts_user_groups", "library_book_tags", "library_audiobook"} {
			if !slices.Contains(got, in) {
				t.Errorf("%s: %s is not among %v", mode, in, got)
			}
		}
	}
}

// D1, D2 and all that can be wrong in a project.
func TestErrors(t *testing.T) {
	cases := []struct {
		name, spec, file, old, text string
		env                         string
		want, detail, hint          string
	}{
		{"variable", spec, "", "", "", "LIBRARY_SECRET_KEY=", "importing mysite.settings: the environment has no LIBRARY_NOT_THERE", "KeyError", "set LIBRARY_NOT_THERE"},
		{"module", "django:mysite.setings", "", "", "", "", "there is no module mysite.setings", "No module named", "the folder of migr.toml"},
		{"app", spec, "mysite/settings.py", `"library",`, `"library", "blog",`, "", "importing mysite.settings: the package blog is missing", "No module named 'blog'", "pip install blog"},
		{"model", spec, "library/models.py", "models.Model", "models.Modell", "", "importing mysite.settings failed", "library/models.py:11: class Author(models.Modell):", ""},
		{"syntax", spec, "library/models.py", "class Author(", "class Author((", "", "a syntax error", "models.py", ""},
		{"alias", spec + ":replica", "", "", "", "", "DATABASES has no replica", "it has: archive, default", ""},
		{
			"connects", spec, "accounts/apps.py", "    name =", "    def ready(self):\n        from accounts.models import User\n        User.objects.count()\n\n    name =", "",
			"importing mysite.settings failed", "a connection to the database was asked for", "",
		},
		{"exclude", spec, "", "", "", "", "exclude_apps names nothing, which is no installed app", "accounts, admin, auth", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x, dir := targetOf("sqlite"), project(t)
			o := options(testdb.FindPython(t, "dj52"), x, "models")
			if c.name == "variable" {
				edit(t, dir, "mysite/settings.py", "LIBRARY_SECRET_KEY", "LIBRARY_NOT_THERE")
			}
			if c.name == "exclude" {
				o.ExcludeApps = []string{"nothing"}
			}
			if c.file != "" {
				edit(t, dir, c.file, c.old, c.text)
			}
			_, err := ddl(t, dir, c.spec, x, o)
			var se *source.Error
			if !errors.As(err, &se) {
				t.Fatalf("error %v", err)
			}
			for _, p := range [][2]string{{se.Msg, c.want}, {se.Detail, c.detail}, {se.Hint, c.hint}} {
				if !strings.Contains(p[0], p[1]) {
					t.Errorf("%q does not hold %q", p[0], p[1])
				}
			}
		})
	}
}

// D8: a function that writes SQL, and an operation that cannot be replayed, are
// told; what comes after them still is replayed.
func TestLeftOut(t *testing.T) {
	x, dir := targetOf("postgres"), project(t)
	edit(t, dir, "library/migrations/0002_grow.py", "def copy(apps, schema_editor):\n", "def copy(apps, schema_editor):\n    schema_editor.execute('CREATE TABLE by_hand (id int)')\n")
	edit(t, dir, "library/migrations/0002_grow.py", "    operations = [\n", `    operations = [
        migrations.RunSQL("ALTER TABLE library_book ADD UNIQUE (price)"),
        Looks(),
`)
	edit(t, dir, "library/migrations/0002_grow.py", "class Migration", `class Looks(migrations.RunSQL):
    def __init__(self):
        super().__init__("SELECT 1")

    def database_forwards(self, app, editor, before, after):
        with editor.connection.cursor() as c:
            c.execute("SELECT version()")


class Migration`)
	var told []string
	o := options(testdb.FindPython(t, "dj52"), x, "migrations")
	o.Warn = func(msg string) { told = append(told, msg) }
	got := text(must(t, dir, spec, x, o))
	all := strings.Join(told, "\n")
	if !strings.Contains(all, "library.0002_grow runs SQL in a function") || !strings.Contains(all, "it looks into the database: SELECT version()") {
		t.Errorf("told %s", all)
	}
	if strings.Contains(got, "by_hand") || !strings.Contains(got, "ADD UNIQUE (price)") || !strings.Contains(got, "CREATE VIEW cheap") || !strings.Contains(got, "LIKE 'a%'") {
		t.Errorf("got %s", got)
	}
}
