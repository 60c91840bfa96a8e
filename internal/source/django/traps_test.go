package django_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source/sourcetest"
	"github.com/migr-dev/migr/internal/testdb"
)

// D1: an engine of the project's own is used where it is of the database's
// family, and another is put in its place where it is not. Checks are not run:
// makemigrations would refuse these models.
func TestEngineOfSettings(t *testing.T) {
	for _, c := range []struct{ engine, want string }{{"postgres", `"title" citext`}, {"sqlite", `"title" text`}} {
		t.Run(c.engine, func(t *testing.T) {
			t.Parallel()
			dir, x := sourcetest.Copy(t, sample), sourcetest.On(c.engine)
			sourcetest.Write(t, dir, "mysite/postgres/__init__.py", "")
			sourcetest.Write(t, dir, "mysite/postgres/base.py", `from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    data_types = dict(base.DatabaseWrapper.data_types, TextField="citext")
`)
			sourcetest.Edit(t, dir, "mysite/settings.py", `"default": database(os.environ.get("LIBRARY_DATABASE_URL", "sqlite://library.db"))`,
				`"default": {"ENGINE": "mysite.postgres", "NAME": "library"}`)
			sourcetest.Edit(t, dir, "library/models.py", "title = models.CharField(max_length=200)\n    author", "title = models.TextField()\n    author")
			sourcetest.Edit(t, dir, "library/models.py", "related_name=\"+\")", "related_name=\"pages\")\n    pages = models.IntegerField(max_length=-1, default=0)")
			got := sourcetest.Text(must(t, dir, spec, x, options(testdb.FindPython(t, "dj52"), x, "models")))
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// D2: PyMySQL in the place of mysqlclient, as its users write it into __init__.py.
func TestPyMySQL(t *testing.T) {
	py, x, dir := testdb.FindPython(t, "dj52"), sourcetest.On("mariadb"), project(t)
	sourcetest.Write(t, dir, "mysite/__init__.py", "import pymysql\npymysql.version_info = (2, 2, 99, 'final', 0)\npymysql.install_as_MySQLdb()\n")
	o := options(py, x, "models")
	_, err := ddl(t, dir, spec, x, o)
	sourcetest.Fails(t, err, "the package pymysql is missing", "mysite/__init__.py:1", "pip install pymysql")
	o.Env = append(o.Env, "PYTHONPATH="+py.Drivers)
	with := sourcetest.Text(must(t, dir, spec, x, o))
	sourcetest.Write(t, dir, "mysite/__init__.py", "")
	if without := sourcetest.Text(must(t, dir, spec, x, options(py, x, "models"))); with != without {
		t.Errorf("got %s\nwithout it %s", with, without)
	}
}

// D4: a percent sign in a condition, an expression or a default is one percent
// sign, in models and in migrations; Django 3.2 itself writes two of them.
func TestPercent(t *testing.T) {
	for _, name := range []string{"sqlite", "postgres", "mariadb", "mysql"} {
		for _, v := range versions {
			if name != "postgres" && v != "dj32" { // the oldest has most passes of "sql % params"
				continue
			}
			t.Run(name+"/"+v, func(t *testing.T) {
				t.Parallel()
				dir, x := project(t), sourcetest.On(name)
				sourcetest.Edit(t, dir, "library/models.py", `name="loan_share"),`, `name="loan_share"),
            models.CheckConstraint(**{CONDITION: Q(note__startswith="5a") | ~Q(note="it's 7% of 'x'")}, name="loan_note"),`)
				sourcetest.Edit(t, dir, "library/models.py", "    share = models", "    note = models.CharField(max_length=30)\n    share = models")
				sourcetest.Write(t, dir, "library/migrations/0004_note.py", `from django.db import migrations, models
from library.models import Loan


class Migration(migrations.Migration):
    dependencies = [("library", "0003_view")]
    operations = [
        migrations.AddField("Loan", "note", models.CharField(max_length=30, default="9% 'y'")),
        migrations.AddConstraint("Loan", Loan._meta.constraints[-1]),
    ]
`)
				for _, mode := range []string{"models", "migrations"} {
					stmts := must(t, dir, spec, x, options(testdb.FindPython(t, v), x, mode))
					got := sourcetest.Text(stmts)
					for _, l := range strings.Split(got, "\n") {
						if strings.Contains(l, "%%") || strings.Contains(l, "loan_note") && !(strings.Contains(l, "'5a%'") && strings.Contains(l, "it''s 7% of ''x''")) {
							t.Errorf("%s: got %s", mode, l)
						}
					}
					if !strings.Contains(got, "loan_note") {
						t.Errorf("%s: there is no loan_note", mode)
					}
					sourcetest.Built(t, x, stmts)
				}
			})
		}
	}
}

// D5: the key of an automatic M2M table is the project's, not that of an app's
// configuration: so migrations have it, and so do the models here.
func TestAutoField(t *testing.T) {
	x := sourcetest.On("postgres")
	for _, v := range []string{"dj32", "dj60"} {
		for _, mode := range []string{"models", "migrations"} {
			t.Run(v+"/"+mode, func(t *testing.T) {
				t.Parallel()
				got := sourcetest.Text(must(t, project(t), spec, x, options(testdb.FindPython(t, v), x, mode)))
				for table, key := range map[string][]string{"accounts_user": {"serial", "integer"}, "accounts_user_groups": {"bigserial", "bigint"}} {
					_, rest, _ := strings.Cut(got, `CREATE TABLE "`+table+`" ("id" `)
					if kind, _, _ := strings.Cut(rest, " "); !slices.Contains(key, kind) {
						t.Errorf("the key of %s is %s", table, kind)
					}
				}
			})
		}
	}
}

// D7: the same statements in the same order in every run.
func TestOrder(t *testing.T) {
	x, dir := sourcetest.On("postgres"), project(t)
	for _, mode := range []string{"models", "migrations"} {
		o := options(testdb.FindPython(t, "dj52"), x, mode)
		want := sourcetest.Text(must(t, dir, spec, x, o))
		if got := sourcetest.Text(must(t, dir, spec, x, o)); got != want {
			t.Errorf("%s: another order:\n%s\nbefore:\n%s", mode, got, want)
		}
	}
}

// D9: a model for another vendor has no table here.
func TestOtherVendor(t *testing.T) {
	dir := project(t)
	f, err := os.OpenFile(filepath.Join(dir, "library", "models.py"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n\nclass Place(models.Model):\n    class Meta:\n        required_db_vendor = \"postgresql\"\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	for name, there := range map[string]bool{"postgres": true, "sqlite": false, "mysql": false} {
		x := sourcetest.On(name)
		got := sourcetest.Text(must(t, dir, spec, x, options(testdb.FindPython(t, "dj52"), x, "models")))
		if strings.Contains(got, "library_place") != there {
			t.Errorf("%s: library_place is there: %v", name, !there)
		}
	}
}

// D10: MariaDB has no indexes over expressions, and Django leaves them out.
func TestExpressionIndex(t *testing.T) {
	for name, there := range map[string]bool{"mariadb": false, "mysql": true, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, x := project(t), sourcetest.On(name)
			sourcetest.Edit(t, dir, "library/models.py", `name="book_shelf")`, `name="book_shelf"), models.Index(models.functions.Upper("shelf"), name="book_upper")`)
			sourcetest.Edit(t, dir, "library/models.py", "from django.db import models\n", "from django.db import models\nimport django.db.models.functions\n")
			o := options(testdb.FindPython(t, "dj52"), x, "models")
			told := sourcetest.Telling(&o)
			got := sourcetest.Text(must(t, dir, spec, x, o))
			if strings.Contains(got, "book_upper") != there {
				t.Errorf("got %s", got)
			}
			if strings.Contains(strings.Join(*told, "\n"), "book_upper of library.Book is over an expression") == there {
				t.Errorf("told %q", *told)
			}
		})
	}
}
