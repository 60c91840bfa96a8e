package sqlfile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/sqlfile"
	"github.com/migr-dev/migr/internal/sqltext"
)

// folder makes a folder of files; a name that ends in a slash is a folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			p = filepath.Join(p, "x")
		}
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ddl reads specs as cmd does.
func ddl(dir string, specs ...string) ([]sqltext.Stmt, error) {
	s, err := source.Open([]source.Kind{sqlfile.Kind}, dir, specs, source.Options{})
	if err != nil {
		return nil, err
	}
	return s.DDL(context.Background(), sqltext.Postgres)
}

var tree = map[string]string{
	"b.sql":             "B1; B2",
	"a.SQL":             "A",
	"sub/c.sql":         "C",
	"sub/deep/d.sql":    "D",
	"sub/deep/x.sql.d/": "",
	"sub/note.txt":      "no",
	".git/x.sql":        "no",
	"sub/.#c.sql":       "no",
	"empty.sql":         "",
	"none/":             "",
	"plain":             "P",
}

func TestSpecs(t *testing.T) {
	dir := folder(t, tree)
	cases := map[string][]string{
		"b.sql":                   {"b.sql:B1", "b.sql:B2"},
		"./sub/../b.sql":          {"b.sql:B1", "b.sql:B2"},
		"sub/":                    {"sub/c.sql:C", "sub/deep/d.sql:D"},
		"sub":                     {"sub/c.sql:C", "sub/deep/d.sql:D"},
		".":                       {"a.SQL:A", "b.sql:B1", "b.sql:B2", "sub/c.sql:C", "sub/deep/d.sql:D"},
		"*.sql":                   {"b.sql:B1", "b.sql:B2"},
		"**/*.sql":                {"b.sql:B1", "b.sql:B2", "sub/c.sql:C", "sub/deep/d.sql:D"},
		"sub/**/[a-d].sql":        {"sub/c.sql:C", "sub/deep/d.sql:D"},
		"sub/*/[!a].sql":          {"sub/deep/d.sql:D"},
		"s?b/c.sql":               {"sub/c.sql:C"},
		"empty.sql":               {},
		"plain":                   {"plain:P"},
		"sub/ b.sql sub/c.sql":    {"sub/c.sql:C", "sub/deep/d.sql:D", "b.sql:B1", "b.sql:B2"},
		"b.sql b.sql ./b.sql":     {"b.sql:B1", "b.sql:B2"},
		filepath.Join(dir, "sub"): {filepath.ToSlash(dir) + "/sub/c.sql:C", filepath.ToSlash(dir) + "/sub/deep/d.sql:D"},
	}
	for spec, want := range cases {
		t.Run(spec, func(t *testing.T) {
			stmts, err := ddl(dir, strings.Fields(spec)...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range stmts {
				got = append(got, s.File+":"+s.Text)
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestSpecsThatFail(t *testing.T) {
	dir := folder(t, tree)
	if err := os.Symlink("nowhere", filepath.Join(dir, "none", "dangling.sql")); err != nil {
		t.Skip(err)
	}
	cases := map[string]string{
		"missing.sql":       "missing.sql: there is no such model file or folder",
		"missing/":          "missing/: there is no such model file or folder",
		"x*.sql":            "x*.sql: no file matches this pattern",
		"nope/**/*.sql":     "nope/**/*.sql: no file matches this pattern",
		"sub/deep/x.sql.d/": "sub/deep/x.sql.d/: no .sql file is below this folder",
		"b.sql/":            "b.sql/: is a file, not a folder",
		"x.prisma":          "x.prisma: no kind of model source reads this",
		"exec:ls":           "exec:ls: no kind of model source reads this",
		"none/":             "none/dangling.sql: this cannot be read: no such file or directory",
		"[b-a].sql":         "[b-a].sql: this is not a pattern that can be read",
		"":                  ": no kind of model source reads this",
	}
	for spec, want := range cases {
		t.Run(spec, func(t *testing.T) {
			_, err := ddl(dir, spec)
			var se *source.Error
			if !errors.As(err, &se) {
				t.Fatalf("no *source.Error: %v", err)
			}
			if got := err.Error(); got != want && got != strings.TrimPrefix(want, ": ") {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	if _, err := ddl(dir); err == nil || err.Error() != "no models are given" {
		t.Errorf("no specs: %v", err)
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := folder(t, tree)
	if err := os.Chmod(filepath.Join(dir, "b.sql"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := ddl(dir, "b.sql"); err == nil || err.Error() != "b.sql: this cannot be read: permission denied" {
		t.Error(err)
	}
}

func TestContents(t *testing.T) {
	bom := "\xef\xbb\xbf"
	dir := folder(t, map[string]string{
		"bom.sql":      bom + "A b;\r\n\r\n  C '\r\n' d;\r\n",
		"mixed.sql":    "A '\r\n';\nB",
		"dump.sql":     "PGDMP\x01\x0e",
		"z.sql":        "\x1f\x8b\x08\x00",
		"db.sql":       "SQLite format 3\x00",
		"utf16.sql":    "\xff\xfeA\x00",
		"zero.sql":     "A;\nbé\x00c",
		"latin.sql":    "A;\n'\xe9'",
		"open.sql":     "A;\n  'abc",
		"connect.sql":  "A;\n\\connect x\n",
		"comments.sql": bom + "-- nothing\n/* at all */\n",
		"onlybom.sql":  bom,
	})
	stmts, err := ddl(dir, "bom.sql")
	if err != nil || len(stmts) != 2 {
		t.Fatal(stmts, err)
	}
	if s := stmts[0]; s.Text != "A b" || s.Line != 1 || s.Col != 1 {
		t.Errorf("%+v", s)
	}
	if s := stmts[1]; s.Text != "C '\n' d" || s.Line != 3 || s.Col != 3 {
		t.Errorf("%+v", s)
	}
	if stmts, err := ddl(dir, "mixed.sql"); err != nil || len(stmts) != 2 || stmts[0].Text != "A '\r\n'" {
		t.Error(stmts, err)
	}
	for _, name := range []string{"comments.sql", "onlybom.sql"} {
		if stmts, err := ddl(dir, name); err != nil || len(stmts) != 0 {
			t.Errorf("%s: %v, %v", name, stmts, err)
		}
	}
	bad := map[string]string{
		"dump.sql":    "dump.sql: this is a dump in PostgreSQL's custom format",
		"z.sql":       "z.sql: this is compressed (gzip)",
		"db.sql":      "db.sql: this is a SQLite database, not SQL text",
		"utf16.sql":   "utf16.sql:1:1: ",
		"zero.sql":    "zero.sql:2:3: ",
		"latin.sql":   "latin.sql:2:2: ",
		"open.sql":    "open.sql:2:3: ",
		"connect.sql": "connect.sql:2:1: ",
	}
	for name, want := range bad {
		_, err := ddl(dir, name)
		var se *source.Error
		if !errors.As(err, &se) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	dir := folder(t, tree)
	s, err := source.Open([]source.Kind{sqlfile.Kind}, dir, []string{"sub/"}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.DDL(ctx, sqltext.SQLite); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A large dump: 50 MB of rows in statements of 1 MB, as mysqldump writes them.
func BenchmarkLarge(b *testing.B) {
	row := "(1,'some text that is not so short','2020-01-01',NULL,3.25),"
	stmt := "INSERT INTO `t` VALUES " + strings.Repeat(row, (1<<20)/len(row)) + "(1,'x','y',NULL,1);\n"
	name := filepath.Join(b.TempDir(), "large.sql")
	if err := os.WriteFile(name, []byte(strings.Repeat(stmt, 50)), 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(50 * len(stmt)))
	for b.Loop() {
		s, err := source.Open([]source.Kind{sqlfile.Kind}, "", []string{name}, source.Options{})
		if err != nil {
			b.Fatal(err)
		}
		stmts, err := s.DDL(context.Background(), sqltext.MySQL)
		if err != nil {
			b.Fatal(err)
		}
		if out, err := source.Prepare(sqltext.MySQL, stmts); err != nil || len(out) != 50 {
			b.Fatal(len(out), err)
		}
	}
}
