package sqlalchemy_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/sqlalchemy"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

var versions = []string{"sa14", "sa20", "sa21"}

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

// project copies a folder of testdata, so that what is written into it is seen.
func project(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	return dir
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

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// options are those of a project whose interpreter has no driver.
func options(py testdb.Python, p source.Product, env ...string) source.Options {
	return source.Options{Python: py.Exe, Env: append(os.Environ(), env...), Product: p}
}

func ddl(t *testing.T, dir, spec string, f sqltext.Family, o source.Options) ([]sqltext.Stmt, error) {
	t.Helper()
	src, err := source.Open([]source.Kind{sqlalchemy.Kind}, dir, []string{spec}, o)
	if err != nil {
		return nil, err
	}
	before := files(t, dir)
	stmts, err := src.DDL(t.Context(), f)
	if after := files(t, dir); !slices.Equal(before, after) {
		t.Errorf("files in the project: %v, were %v", after, before)
	}
	return stmts, err
}

func must(t *testing.T, dir, spec string, f sqltext.Family, o source.Options) []sqltext.Stmt {
	t.Helper()
	stmts, err := ddl(t, dir, spec, f, o)
	if err != nil {
		var se *source.Error
		if errors.As(err, &se) {
			t.Fatalf("%v\n%s\nhint: %s", err, se.Detail, se.Hint)
		}
		t.Fatal(err)
	}
	return stmts
}

func text(stmts []sqltext.Stmt) string {
	var b strings.Builder
	for _, s := range stmts {
		b.WriteString(s.Text + ";\n")
	}
	return b.String()
}

// built runs the statements on a fresh database and dumps it.
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

// created dumps what the project itself makes with create_all().
func created(t *testing.T, x target, py testdb.Python, dir, what, before string) string {
	t.Helper()
	dsn := x.engine.New(t)
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

// same compares dumps; in which order a table's indexes are made is random in SQLAlchemy.
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

// The schema built of the models is what create_all() makes, by the server's own
// dump: on every product, with every version, with no driver that could be
// imported. S1, S2, S3, S5 to S7, S10 to S13 of the traps are in these models.
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
		{"modern", "app:Base", []string{"sqlite", "postgres", "mariadb", "mysql"}, []string{"sa20"}, nil, ""},
		{"core", "shop:metadata", []string{"sqlite", "mysql"}, []string{"sa14", "sa21"}, []string{"shop.tables.*"}, ""},
	}
	for _, c := range cases {
		for _, name := range c.targets {
			for _, v := range c.versions {
				t.Run(c.project+"/"+name+"/"+v, func(t *testing.T) {
					t.Parallel()
					py, x := testdb.FindPython(t, v), targetOf(name)
					dir := project(t, c.project)
					o := options(py, x.product, "APP_DATABASE_URL=oracle+cx_oracle://u:p@db.invalid/x")
					o.Import = c.imports
					got := built(t, x, must(t, dir, "sqlalchemy:"+c.spec, x.family, o))
					same(t, got, created(t, x, py, dir, c.spec, c.before))
				})
			}
		}
	}
}

func TestFlask(t *testing.T) {
	x := targetOf("sqlite")
	for _, v := range []string{"sa14", "sa20"} {
		t.Run(v, func(t *testing.T) {
			t.Parallel()
			var told []string
			o := options(testdb.FindPython(t, v), x.product)
			o.Warn = func(msg string) { told = append(told, msg) }
			dir := project(t, "flask")
			got := text(must(t, dir, "sqlalchemy:app:db", x.family, o))
			if !strings.Contains(got, "CREATE TABLE page") || strings.Contains(got, "line") {
				t.Errorf("got %s", got)
			}
			if len(told) != 1 || !strings.Contains(told[0], "bind logs") {
				t.Errorf("told %q", told)
			}
			got = text(must(t, dir, "sqlalchemy:app:db.metadatas.logs", x.family, o))
			if !strings.Contains(got, "CREATE TABLE line") || strings.Contains(got, "page") {
				t.Errorf("of the other database: %s", got)
			}
		})
	}
}

// S3: the same statements in the same order in every run.
func TestOrder(t *testing.T) {
	x := targetOf("postgres")
	o := options(testdb.FindPython(t, "sa20"), x.product)
	dir := project(t, "postgres")
	want := text(must(t, dir, "sqlalchemy:app:Base", x.family, o))
	for range 3 {
		if got := text(must(t, dir, "sqlalchemy:app:Base", x.family, o)); got != want {
			t.Fatalf("another order:\n%s\nbefore:\n%s", got, want)
		}
	}
	same(t, want, text(must(t, dir, "sqlalchemy:app", x.family, o))) // the usual name is found
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
		{"empty", "app:Base", base, "sqlite", "there is no table in Base", "imported: app", "import = ["},
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
			dir, x := t.TempDir(), targetOf(c.family)
			write(t, dir, "app.py", c.text)
			_, err := ddl(t, dir, "sqlalchemy:"+c.spec, x.family, options(testdb.FindPython(t, "sa20"), x.product))
			var se *source.Error
			if !errors.As(err, &se) || se.File != "sqlalchemy:"+c.spec {
				t.Fatalf("error %v", err)
			}
			for _, p := range [][2]string{{se.Msg, c.want}, {se.Detail, c.detail}, {se.Hint, c.hint}} {
				if !strings.Contains(p[0], p[1]) {
					t.Errorf("%q does not hold %q", p[0], p[1])
				}
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
			dir, x := t.TempDir(), targetOf(c.family)
			write(t, dir, "app.py", head+c.text)
			var told []string
			o := options(testdb.FindPython(t, "sa20"), x.product)
			o.Warn = func(msg string) { told = append(told, msg) }
			must(t, dir, "sqlalchemy:app:m", x.family, o)
			if len(told) != 1 || !strings.Contains(told[0], c.want) {
				t.Errorf("told %q, want %q", told, c.want)
			}
		})
	}
}

// S7, S13, and the database's own name as the schema of MySQL's tables.
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
		{"enum without a check", "mysql", "t = Table('t', m, Column('a', Enum('x', 'yy', native_enum=False)))\n", "VARCHAR(2)", "CHECK"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, x := t.TempDir(), targetOf(c.family)
			write(t, dir, "src/app.py", head+c.text)
			p := x.product
			p.Database = "shop"
			got := text(must(t, dir, "sqlalchemy:app:m", x.family, options(py, p)))
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
