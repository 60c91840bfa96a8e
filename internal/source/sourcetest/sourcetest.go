// Package sourcetest holds what the tests of model sources share: projects that
// nothing may be written into, the statements that a source gives, and what a
// server makes of them. Only tests use it.
package sourcetest

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// A Target is a database product as models are asked for it.
type Target struct {
	Engine  testdb.Engine
	Family  sqltext.Family
	Product source.Product
}

// Targets returns all products, SQLite first.
func Targets() []Target {
	return []Target{
		{testdb.EngineSQLite, sqltext.SQLite, source.Product{Name: "sqlite"}},
		{testdb.EnginePostgres, sqltext.Postgres, source.Product{Name: "postgres", Version: 150000}},
		{testdb.EnginePostgres18, sqltext.Postgres, source.Product{Name: "postgres", Version: 180000}},
		{testdb.EngineMariaDB, sqltext.MySQL, source.Product{Name: "mysql", MariaDB: true, Version: 101100}},
		{testdb.EngineMySQL, sqltext.MySQL, source.Product{Name: "mysql", Version: 80040}},
	}
}

// On returns the target of that name, as testdb has it.
func On(name string) Target {
	all := Targets()
	return all[slices.IndexFunc(all, func(x Target) bool { return x.Engine.Name == name })]
}

// Options are those of a run for the target with the environment's interpreter,
// which has no database driver, and with further variables.
func (x Target) Options(py testdb.Python, env ...string) source.Options {
	return source.Options{Python: py.Exe, Env: append(os.Environ(), env...), Product: x.Product}
}

// Telling lets o keep what it is told of.
func Telling(o *source.Options) *[]string {
	told := &[]string{}
	o.Warn = func(msg string) { *told = append(*told, msg) }
	return told
}

// Copy copies a folder, so that what is written into it is seen.
func Copy(t testing.TB, folder string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Write writes a file and the folders above it.
func Write(t testing.TB, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Edit replaces the first old in a file, which must hold it.
func Edit(t testing.TB, dir, name, old, text string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("%s does not hold %q", name, old)
	}
	Write(t, dir, name, strings.Replace(string(b), old, text, 1))
}

// DDL reads models; that something is written into their folder fails the test.
func DDL(t testing.TB, k source.Kind, dir, spec string, x Target, o source.Options) ([]sqltext.Stmt, error) {
	t.Helper()
	src, err := source.Open([]source.Kind{k}, dir, []string{spec}, o)
	if err != nil {
		return nil, err
	}
	before := files(t, dir)
	stmts, err := src.DDL(t.Context(), x.Family)
	if after := files(t, dir); !slices.Equal(before, after) {
		t.Errorf("files in the project: %v, were %v", after, before)
	}
	return stmts, err
}

func files(t testing.TB, dir string) []string {
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

// Must is DDL without an error.
func Must(t testing.TB, k source.Kind, dir, spec string, x Target, o source.Options) []sqltext.Stmt {
	t.Helper()
	stmts, err := DDL(t, k, dir, spec, x, o)
	var se *source.Error
	if errors.As(err, &se) {
		t.Fatalf("%v\n%s\nhint: %s", err, se.Detail, se.Hint)
	}
	if err != nil {
		t.Fatal(err)
	}
	return stmts
}

// Fails checks that err is a *source.Error whose parts hold these texts.
func Fails(t testing.TB, err error, msg, detail, hint string) *source.Error {
	t.Helper()
	var se *source.Error
	if !errors.As(err, &se) {
		t.Fatalf("error %v", err)
	}
	for _, p := range [][2]string{{se.Msg, msg}, {se.Detail, detail}, {se.Hint, hint}} {
		if !strings.Contains(p[0], p[1]) {
			t.Errorf("%q does not hold %q", p[0], p[1])
		}
	}
	return se
}

// Text is the statements, one below the other.
func Text(stmts []sqltext.Stmt) string {
	var b strings.Builder
	for _, s := range stmts {
		b.WriteString(s.Text + ";\n")
	}
	return b.String()
}

// Built runs the statements on a fresh database and dumps it.
func Built(t testing.TB, x Target, stmts []sqltext.Stmt) string {
	t.Helper()
	all, err := source.Prepare(x.Family, stmts)
	if err != nil {
		t.Fatal(err)
	}
	dsn := x.Engine.New(t)
	db := testdb.Open(t, dsn)
	for _, s := range all {
		if _, err := db.ExecContext(t.Context(), s.Text); err != nil {
			t.Fatalf("%v\n%s", err, s.Text)
		}
	}
	return testdb.Dump(t, dsn)
}

// Same compares dumps, but for the order in which columns and a table's indexes
// are listed: in SQLAlchemy the latter is random.
func Same(t testing.TB, got, want string) {
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

// Plain is a database's URL without parameters, which other tools do not know.
func Plain(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.RawQuery = ""
	return u.String()
}
