package django_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/django"
	"github.com/migr-dev/migr/internal/source/sourcetest"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

const (
	sample = "../../../testdata/projects/django"
	spec   = "django:mysite.settings"
)

var versions = []string{"dj32", "dj52", "dj60"}

func options(py testdb.Python, x sourcetest.Target, mode string) source.Options {
	o := x.Options(py, "LIBRARY_SECRET_KEY=x")
	o.Mode = mode
	return o
}

func project(t *testing.T) string {
	t.Helper()
	return sourcetest.Copy(t, sample)
}

func ddl(t *testing.T, dir, spec string, x sourcetest.Target, o source.Options) ([]sqltext.Stmt, error) {
	t.Helper()
	return sourcetest.DDL(t, django.Kind, dir, spec, x, o)
}

func must(t *testing.T, dir, spec string, x sourcetest.Target, o source.Options) []sqltext.Stmt {
	t.Helper()
	return sourcetest.Must(t, django.Kind, dir, spec, x, o)
}

// migrated dumps what manage.py makes of the project.
func migrated(t *testing.T, x sourcetest.Target, py testdb.Python, dir string, commands ...string) string {
	t.Helper()
	dsn := x.Engine.New(t)
	env := []string{"LIBRARY_SECRET_KEY=x", "LIBRARY_DATABASE_URL=" + sourcetest.Plain(t, dsn)}
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

func each(t *testing.T, f func(t *testing.T, x sourcetest.Target, py testdb.Python)) {
	for _, x := range sourcetest.Targets() {
		for _, v := range versions {
			if x.Engine == testdb.EnginePostgres18 && v != "dj60" { // an older Django says there what it says on 15
				continue
			}
			t.Run(x.Engine.Name+"/"+v, func(t *testing.T) {
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
	each(t, func(t *testing.T, x sourcetest.Target, py testdb.Python) {
		dir := project(t)
		o := options(py, x, "migrations")
		var told []string
		o.Warn = func(msg string) { told = append(told, msg) }
		got := sourcetest.Built(t, x, must(t, dir, spec, x, o))
		if len(told) > 0 {
			t.Errorf("told %q", told)
		}
		sourcetest.Same(t, got, migrated(t, x, py, dir))
	})
}

// The models make what makemigrations and migrate make of them on a new project.
func TestModels(t *testing.T) {
	each(t, func(t *testing.T, x sourcetest.Target, py testdb.Python) {
		if x.Family != sqltext.Postgres && !strings.Contains(py.Exe, "dj52") {
			t.Skip("one version is enough here: TestMigrations runs them all")
		}
		dir := project(t)
		var told []string
		o := options(py, x, "models")
		o.Warn = func(msg string) { told = append(told, msg) }
		got := sourcetest.Built(t, x, must(t, dir, spec, x, o))
		if !slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "warehouse_shelf is left out") }) { // D9
			t.Errorf("told %q", told)
		}
		if my := x.Family == sqltext.MySQL; my != slices.ContainsFunc(told, func(s string) bool { return strings.Contains(s, "one_loan_a_book") }) { // D10
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
		if x.Family == sqltext.Postgres {
			unnamed = "django_site_domain_key"
		}
		sourcetest.Same(t, got, strings.Replace(want, "django_site_domain_a2e37b91_uniq", unnamed, 1))
	})
}

// D2: a driver changes nothing, be it there or not; nor does the order of runs (D7).
func TestDrivers(t *testing.T) {
	for _, name := range []string{"postgres", "mariadb"} {
		for _, v := range []string{"dj32", "dj60"} {
			t.Run(name+"/"+v, func(t *testing.T) {
				t.Parallel()
				py, x, dir := testdb.FindPython(t, v), sourcetest.On(name), project(t)
				o := options(py, x, "models")
				without := sourcetest.Text(must(t, dir, spec, x, o))
				o.Env = append(o.Env, "PYTHONPATH="+py.Drivers)
				with := sourcetest.Text(must(t, dir, spec, x, o))
				if v == "dj60" || name == "postgres" { // PyMySQL is not taken for mysqlclient by itself
					sourcetest.Same(t, without, with)
				}
				if !strings.Contains(without, "100%") && strings.Contains(without, "%%") { // D4
					t.Error("a percent sign was doubled")
				}
			})
		}
	}
}

// The second of DATABASES, apps that are left out, and Django's own table (D9).
func TestParts(t *testing.T) {
	x := sourcetest.On("sqlite")
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
		{
			"dialect", spec, "library/models.py", "title = models.CharField(max_length=200)\n    author", "title = models.TextField(unique=True)\n    shape = Polygon()\n    author", "",
			"model library.Book cannot be said in sqlite", "ValueError: there are no polygons in sqlite\nlibrary/models.py:", "another type",
		},
		{"exclude", spec, "", "", "", "", "exclude_apps names nothing, which is no installed app", "accounts, admin, auth", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			x, dir := sourcetest.On("sqlite"), project(t)
			o := options(testdb.FindPython(t, "dj52"), x, "models")
			if c.name == "variable" {
				sourcetest.Edit(t, dir, "mysite/settings.py", "LIBRARY_SECRET_KEY", "LIBRARY_NOT_THERE")
			}
			if c.name == "dialect" {
				sourcetest.Edit(t, dir, "library/models.py", "class Author(", `class Polygon(models.Field):
    def db_type(self, connection):
        raise ValueError("there are no polygons in " + connection.vendor)


class Author(`)
			}
			if c.name == "exclude" {
				o.ExcludeApps = []string{"nothing"}
			}
			if c.file != "" {
				sourcetest.Edit(t, dir, c.file, c.old, c.text)
			}
			_, err := ddl(t, dir, c.spec, x, o)
			sourcetest.Fails(t, err, c.want, c.detail, c.hint)
		})
	}
}

// D8: a function that writes SQL, and an operation that cannot be replayed, are
// told; what comes after them still is replayed.
func TestLeftOut(t *testing.T) {
	x, dir := sourcetest.On("postgres"), project(t)
	sourcetest.Edit(t, dir, "library/migrations/0002_grow.py", "def copy(apps, schema_editor):\n", "def copy(apps, schema_editor):\n    schema_editor.execute('CREATE TABLE by_hand (id int)')\n")
	sourcetest.Edit(t, dir, "library/migrations/0002_grow.py", "    operations = [\n", `    operations = [
        migrations.RunSQL("ALTER TABLE library_book ADD UNIQUE (price)"),
        Looks(),
`)
	sourcetest.Edit(t, dir, "library/migrations/0002_grow.py", "class Migration", `class Looks(migrations.RunSQL):
    def __init__(self):
        super().__init__("SELECT 1")

    def database_forwards(self, app, editor, before, after):
        with editor.connection.cursor() as c:
            c.execute("SELECT version()")


class Migration`)
	var told []string
	o := options(testdb.FindPython(t, "dj52"), x, "migrations")
	o.Warn = func(msg string) { told = append(told, msg) }
	got := sourcetest.Text(must(t, dir, spec, x, o))
	all := strings.Join(told, "\n")
	if !strings.Contains(all, "library.0002_grow runs SQL in a function") || !strings.Contains(all, "it looks into the database: SELECT version()") {
		t.Errorf("told %s", all)
	}
	if strings.Contains(got, "by_hand") || !strings.Contains(got, "ADD UNIQUE (price)") || !strings.Contains(got, "CREATE VIEW cheap") || !strings.Contains(got, "LIKE 'a%'") {
		t.Errorf("got %s", got)
	}
}
