package sqlalchemy_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/sourcetest"
	"github.com/migr-dev/migr/internal/source/sqlalchemy"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

var versions = []string{"sa14", "sa20", "sa21"}

func ddl(t *testing.T, dir, spec string, x sourcetest.Target, o source.Options) ([]sqltext.Stmt, error) {
	t.Helper()
	return sourcetest.DDL(t, sqlalchemy.Kind, dir, spec, x, o)
}

func must(t *testing.T, dir, spec string, x sourcetest.Target, o source.Options) []sqltext.Stmt {
	t.Helper()
	return sourcetest.Must(t, sqlalchemy.Kind, dir, spec, x, o)
}

func project(t *testing.T, name string) string {
	t.Helper()
	return sourcetest.Copy(t, filepath.Join("testdata", name))
}

// created dumps what the project itself makes with create_all().
func created(t *testing.T, x sourcetest.Target, py testdb.Python, dir, what, before string) string {
	t.Helper()
	dsn := x.Engine.New(t)
	if before != "" {
		testdb.Exec(t, dsn, before)
	}
	module, attribute, _ := strings.Cut(what, ":")
	py.Run(t, dir, `
import sqlalchemy, importlib, os
real, create = sqlalchemy.create_engine, sqlalchemy.MetaData.create_all
sqlalchemy.create_engine = lambda *a, **k: real("sqlite://")
sqlalchemy.MetaData.create_all = lambda *a: None  # what the models make for themselves
try:
    import sqlalchemy.ext.asyncio as aio
    aio.create_async_engine = lambda *a, **k: None
except ImportError:
    pass
m = importlib.import_module("`+module+`")
for p in "`+strings.Join(imports[module], " ")+`".split():
    importlib.import_module(p)
e = real("`+testdb.SQLAlchemyURL(t, dsn)+`")
create(m.`+attribute+` if isinstance(m.`+attribute+`, sqlalchemy.MetaData) else m.`+attribute+`.metadata, e)
`, "APP_DATABASE_URL=sqlite://")
	return testdb.Dump(t, dsn)
}

// imports are the modules that import = ["shop.tables.*"] means, for the project's own run.
var imports = map[string][]string{"shop": {"shop.tables.item", "shop.tables.kind"}}

// The schema built of the models is what create_all() makes, by the server's own
// dump: on every product, with every version, with no driver that could be
// imported. S1, S2, S3, S5 to S7, S10, S12 and S13 of the traps are in these models.
func TestEqualsCreateAll(t *testing.T) {
	cases := []struct {
		project, spec string
		targets       []string
		versions      []string
		imports       []string
		before        string
	}{
		{"generic", "app:Base", []string{"sqlite", "postgres", "mariadb", "mysql"}, versions, nil, ""},
		{"postgres", "app:Base", []string{"postgres"}, versions, nil, "CREATE SCHEMA ops"},
		{"postgres", "app:Base", []string{"postgres18"}, []string{"sa21"}, nil, "CREATE SCHEMA ops"},
		{"generic", "app:Base", []string{"postgres18"}, []string{"sa20"}, nil, ""},
		{"schema", "app:m", []string{"postgres"}, versions, nil, "CREATE SCHEMA ops"},
		{"modern", "app:Base", []string{"sqlite", "postgres", "postgres18", "mariadb", "mysql"}, []string{"sa20"}, nil, ""},
		{"core", "shop:metadata", []string{"sqlite", "mysql"}, []string{"sa14", "sa21"}, []string{"shop.tables.*"}, ""},
	}
	for _, c := range cases {
		for _, name := range c.targets {
			for _, v := range c.versions {
				t.Run(c.project+"/"+name+"/"+v, func(t *testing.T) {
					t.Parallel()
					py, x := testdb.FindPython(t, v), sourcetest.On(name)
					dir := project(t, c.project)
					o := x.Options(py, "APP_DATABASE_URL=oracle+cx_oracle://u:p@db.invalid/x")
					o.Import = c.imports
					got := sourcetest.Built(t, x, must(t, dir, "sqlalchemy:"+c.spec, x, o))
					sourcetest.Same(t, got, created(t, x, py, dir, c.spec, c.before))
				})
			}
		}
	}
}

func TestFlask(t *testing.T) {
	x := sourcetest.On("sqlite")
	for _, v := range []string{"sa14", "sa20"} {
		t.Run(v, func(t *testing.T) {
			t.Parallel()
			o := x.Options(testdb.FindPython(t, v))
			told := sourcetest.Telling(&o)
			dir := project(t, "flask")
			got := sourcetest.Text(must(t, dir, "sqlalchemy:app:db", x, o))
			if !strings.Contains(got, "CREATE TABLE page") || strings.Contains(got, "line") {
				t.Errorf("got %s", got)
			}
			if len(*told) != 1 || !strings.Contains((*told)[0], "bind logs") {
				t.Errorf("told %q", *told)
			}
			got = sourcetest.Text(must(t, dir, "sqlalchemy:app:db.metadatas.logs", x, o))
			if !strings.Contains(got, "CREATE TABLE line") || strings.Contains(got, "page") {
				t.Errorf("of the other database: %s", got)
			}
		})
	}
}

// S3: the same statements in the same order in every run.
func TestOrder(t *testing.T) {
	x := sourcetest.On("postgres")
	o := x.Options(testdb.FindPython(t, "sa20"))
	dir := project(t, "postgres")
	want := sourcetest.Text(must(t, dir, "sqlalchemy:app:Base", x, o))
	for range 3 {
		if got := sourcetest.Text(must(t, dir, "sqlalchemy:app:Base", x, o)); got != want {
			t.Fatalf("another order:\n%s\nbefore:\n%s", got, want)
		}
	}
	sourcetest.Same(t, want, sourcetest.Text(must(t, dir, "sqlalchemy:app", x, o))) // the usual name is found
}

// What goes wrong is told in the interpreter's own words, with what to do.
func TestErrors(t *testing.T) {
	const base = "from sqlalchemy import *\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
	cases := []struct {
		name, spec, text, family string
		want, detail, hint       string
	}{
		{
			"missing package", "app:Base", "import os\nimport nopackage_x\n", "sqlite",
			"importing app: the package nopackage_x is missing", "No module named 'nopackage_x'\napp.py:2: import nopackage_x", "-m pip install nopackage_x",
		},
		{"wrong module", "appp:Base", base, "sqlite", "there is no module appp", "No module named 'appp'", "the folder of migr.toml"},
		{"wrong attribute", "app:Bass", base, "sqlite", "app has no Bass", "it has: Base", ""},
		{"not a base", "app:Integer", base, "sqlite", "app:Integer is no declarative base and no MetaData", "", ""},
		{"syntax error", "app:Base", "x = 1\ndef f(:\n", "sqlite", "importing app: a syntax error", "line 2", ""},
		{
			"own error", "app:Base", base + "def f():\n    raise ValueError('so not')\nf()\n", "sqlite", "importing app failed",
			"ValueError: so not\napp.py:6: f()\napp.py:5: raise ValueError('so not')", "",
		},
		{"variable", "app:Base", "import os\nos.environ['SHOP_URL_X']\n", "sqlite", "the environment has no SHOP_URL_X", "KeyError", "set SHOP_URL_X"},
		{"exit", "app:Base", "import sys\nsys.exit(3)\n", "sqlite", "it ends the program (exit 3)", "app.py:2", ""},
		{"hard exit", "app:Base", "import os, sys\nprint('bye', flush=True)\nos._exit(3)\n", "sqlite", "exit status 3", "bye", "interpreter"},
		{"connects", "app:Base", base + "create_engine('postgresql://u@h/x').connect()\n", "sqlite", "importing app failed", "a connection to the database was asked for", ""},
		// S7: PostgreSQL before 18 keeps what it computes
		{"computed", "app:Base", base + "t = Table('t', Base.metadata, Column('a', Integer), Column('b', Integer, Computed('a + 1', persisted=False)))\n", "postgres", "cannot be said in postgres", "column t.b: ", ""},
		// S9: every bad column is named, not only the first
		{
			"dialect", "app:Base", base + "from sqlalchemy.dialects.postgresql import *\nt = Table('t', Base.metadata, Column('a', ARRAY(Integer)), Column('b', JSONB))\nu = Table('u', Base.metadata, Column('c', TSVECTOR))\n",
			"mysql", "3 things in the models cannot be said in mysql", "column t.a: Compiler MySQLTypeCompiler can't render element of type ARRAY\ncolumn t.b: ", "another type",
		},
		{"no length", "app:Base", base + "t = Table('t', Base.metadata, Column('a', String))\n", "mysql", "cannot be said in mysql", "VARCHAR requires a length", ""},
		// S5
		{"other database", "app:Base", base + "t = Table('t', Base.metadata, Column('a', Integer), schema='ops')\n", "mysql", "cannot be said in mysql", "table ops.t is in another database", ""},
		{"attached", "app:Base", base + "t = Table('t', Base.metadata, Column('a', Integer), schema='ops')\n", "sqlite", "cannot be said in sqlite", "table ops.t is in another database", ""},
		// S12
		{
			"event", "app:Base", base + "t = Table('t', Base.metadata, Column('a', Integer))\nevent.listen(t, 'after_create', lambda t, c, **k: c.exec_driver_sql('x').fetchall())\n",
			"sqlite", "an event may want a real connection", "app.py:5", "DDL()",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, x := t.TempDir(), sourcetest.On(c.family)
			sourcetest.Write(t, dir, "app.py", c.text)
			_, err := ddl(t, dir, "sqlalchemy:"+c.spec, x, x.Options(testdb.FindPython(t, "sa20")))
			se := sourcetest.Fails(t, err, c.want, c.detail, c.hint)
			if se.File != "sqlalchemy:"+c.spec {
				t.Errorf("the source is %s", se.File)
			}
			if strings.Contains(se.Detail, "site-packages") || strings.Contains(se.Detail, "Traceback") {
				t.Errorf("the detail is not the project's: %s", se.Detail)
			}
		})
	}
}

// What SQLAlchemy drops or changes without a word is told.
func TestWarnings(t *testing.T) {
	const head = "from sqlalchemy import *\nm = MetaData()\n"
	cases := []struct{ name, family, text, want string }{
		// S4: the modules with the models are not imported
		{"empty", "postgres", "", "there is no table in m (imported: app): have the modules with the models imported as well"},
		// S6: the type has to come from elsewhere
		{"type", "postgres", "from sqlalchemy.dialects.postgresql import ENUM\nt = Table('t', m, Column('a', ENUM('x', name='mood', create_type=False)))\n", "type mood of t.a is not made by the models"},
		// S8: a partial index becomes a full one
		{"partial", "mysql", "t = Table('t', m, Column('a', Integer))\nIndex('i', t.c.a, unique=True, postgresql_where=t.c.a > 1)\n", "index i of table t: postgresql_where is not for mysql"},
		// S12: a colon in text() makes a parameter
		{"colon", "sqlite", "t = Table('t', m, Column('a', String(9), server_default=text(\"'a :b'\")))\n", "the default of t.a holds :b"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, x := t.TempDir(), sourcetest.On(c.family)
			sourcetest.Write(t, dir, "app.py", head+c.text)
			o := x.Options(testdb.FindPython(t, "sa20"))
			told := sourcetest.Telling(&o)
			must(t, dir, "sqlalchemy:app:m", x, o)
			if len(*told) != 1 || !strings.Contains((*told)[0], c.want) {
				t.Errorf("told %q, want %q", *told, c.want)
			}
		})
	}
}

// S6, S7, S12, S13, and the database's own name as the schema of MySQL's tables.
func TestText(t *testing.T) {
	const head = "from sqlalchemy import *\nm = MetaData()\n"
	py := testdb.FindPython(t, "sa20")
	cases := []struct {
		name, family, text string
		has, hasNot        string
	}{
		{"client side default", "sqlite", "t = Table('t', m, Column('a', Integer, default=7, onupdate=8))\n", "a INTEGER", "7"},
		{"sequence", "postgres", "t = Table('t', m, Column('a', Integer, Sequence('s', metadata=m)))\n", "CREATE SEQUENCE s", "nextval"},
		{"no sequence", "mysql", "t = Table('t', m, Column('a', Integer, Sequence('s', metadata=m)))\n", "CREATE TABLE t", "SEQUENCE"},
		{"identity start", "mysql", "t = Table('t', m, Column('a', Integer, Identity(start=42), primary_key=True))\n", "AUTO_INCREMENT", "42"},
		{"own schema", "mysql", "t = Table('t', m, Column('a', Integer, ForeignKey('shop.u.a')), schema='shop')\nu = Table('u', m, Column('a', Integer, primary_key=True), schema='shop')\n", "REFERENCES u (a)", "shop"},
		{"names of an enum", "mysql", "import enum\nE = enum.Enum('E', {'red': 'r', 'blue': 'b'})\nt = Table('t', m, Column('a', Enum(E)))\n", "ENUM('red','blue')", "'r'"},
		{"concurrently", "postgres", "t = Table('t', m, Column('a', Integer))\nIndex('i', t.c.a, postgresql_concurrently=True)\n", "CREATE INDEX CONCURRENTLY i ON t", "CREATE INDEX i"},
		{"enum without a check", "mysql", "t = Table('t', m, Column('a', Enum('x', 'yy', native_enum=False)))\n", "VARCHAR(2)", "CHECK"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, x := t.TempDir(), sourcetest.On(c.family)
			sourcetest.Write(t, dir, "src/app.py", head+c.text)
			x.Product.Database = "shop"
			got := sourcetest.Text(must(t, dir, "sqlalchemy:app:m", x, x.Options(py)))
			if !strings.Contains(got, c.has) || strings.Contains(got, c.hasNot) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// S11: SQLAlchemy writes other SQL for other servers, by the version that is there
// and not by one that it would have to ask for.
func TestServerVersion(t *testing.T) {
	const text = `from sqlalchemy import *
m = MetaData()
Table("t", m, Column("a", Integer, Sequence("s", metadata=m)), Column("b", String(36), server_default=func.uuid()))
`
	my := func(v int) source.Product { return source.Product{Name: "mysql", Version: v} }
	maria := func(scheme string, v int) source.Product {
		return source.Product{Name: scheme, MariaDB: true, Version: v}
	}
	cases := []struct {
		name, version string
		product       source.Product
		has, hasNot   string
	}{
		{"expressions as defaults", "sa20", my(80040), "DEFAULT (uuid())", "SEQUENCE"},
		{"before MySQL 8.0.13", "sa20", my(50744), "DEFAULT uuid()", "SEQUENCE"},
		{"MariaDB", "sa20", maria("mariadb", 101100), "CREATE SEQUENCE s", "none"},
		{"MariaDB behind mysql://", "sa20", maria("mysql", 101100), "CREATE SEQUENCE s", "none"},
		{"MariaDB before 10.3", "sa20", maria("mysql", 100244), "CREATE TABLE t", "SEQUENCE"},
		{"2.1", "sa21", my(80040), "DEFAULT (uuid())", "SEQUENCE"},
		{"2.1 MariaDB", "sa21", maria("mysql", 101100), "CREATE SEQUENCE s", "none"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, x := t.TempDir(), sourcetest.Target{Family: sqltext.MySQL, Product: c.product}
			sourcetest.Write(t, dir, "app.py", text)
			got := sourcetest.Text(must(t, dir, "sqlalchemy:app:m", x, x.Options(testdb.FindPython(t, c.version))))
			if !strings.Contains(got, c.has) || strings.Contains(got, c.hasNot) {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestSpec(t *testing.T) {
	for _, spec := range []string{"sqlalchemy:", "sqlalchemy:a/b.py:Base", "sqlalchemy:a:b:c", "sqlalchemy:a.b;c"} {
		_, err := source.Open([]source.Kind{sqlalchemy.Kind}, "", []string{spec}, source.Options{})
		var se *source.Error
		if !errors.As(err, &se) || se.Hint == "" {
			t.Errorf("%s: %v", spec, err)
		}
	}
}
