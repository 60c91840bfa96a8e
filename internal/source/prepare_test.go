package source_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// prepare splits and prepares a text as a source would.
func prepare(t testing.TB, f sqltext.Family, src string) ([]source.Prepared, error) {
	t.Helper()
	stmts, err := sqltext.Split(f, "m.sql", src, sqltext.Lenient())
	if err != nil {
		t.Fatalf("split: %v\n%s", err, src)
	}
	return source.Prepare(f, stmts)
}

// A bad case is a model that is refused at a place, with words of the message.
type bad struct{ src, at, msg string }

func wantBad(t *testing.T, f sqltext.Family, cases []bad) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.src, func(t *testing.T) {
			out, err := prepare(t, f, c.src)
			var se *source.Error
			if !errors.As(err, &se) {
				t.Fatalf("no *source.Error but %v, %v", err, out)
			}
			if at := fmt.Sprintf("%d:%d", se.Line, se.Col); at != c.at || se.File != "m.sql" {
				t.Errorf("at %s:%s, want m.sql:%s", se.File, at, c.at)
			}
			if !strings.Contains(se.Msg, c.msg) {
				t.Errorf("message %q, want %q in it", se.Msg, c.msg)
			}
			if se.Hint == "" {
				t.Error("no hint")
			}
		})
	}
}

// wantSame: models of which every statement is to be run as it stands.
func wantSame(t *testing.T, f sqltext.Family, cases []string) {
	t.Helper()
	for _, src := range cases {
		t.Run(src, func(t *testing.T) {
			out, err := prepare(t, f, src)
			if err != nil {
				t.Fatal(err)
			}
			stmts, err := sqltext.Split(f, "m.sql", src, sqltext.Lenient())
			if err != nil || len(out) != len(stmts) {
				t.Fatalf("%d statements of %d are left (%v)", len(out), len(stmts), err)
			}
			for i := range out {
				if out[i].Stmt != stmts[i] {
					t.Errorf("changed into %q", out[i].Text)
				}
			}
		})
	}
}

// A becomes case is a model and what is run of it: "sort: text" for each.
type becomes struct {
	src  string
	want []string
}

func wantBecomes(t *testing.T, f sqltext.Family, cases []becomes) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.src, func(t *testing.T) {
			out, err := prepare(t, f, c.src)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range out {
				got = append(got, p.Sort.String()+": "+p.Text)
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestPrepareUnknownFamily(t *testing.T) {
	if _, err := source.Prepare("oracle", nil); err == nil {
		t.Error("no error")
	}
}

// Nothing is returned when a statement far down is refused.
func TestPrepareChecksAllFirst(t *testing.T) {
	out, err := prepare(t, sqltext.SQLite, "CREATE TABLE a (i);\n\n  ATTACH 'x' AS y;\nCREATE TABLE b (i);")
	if out != nil || err == nil || err.Error() != "m.sql:3:3: this opens another database" {
		t.Errorf("%v, %v", out, err)
	}
}

func TestPrepareKeepsComments(t *testing.T) {
	out, err := prepare(t, sqltext.Postgres, "BEGIN;\n-- migr:renamed from=old\nCREATE TABLE a (i int);\nCOMMIT;")
	if err != nil || len(out) != 1 {
		t.Fatal(out, err)
	}
	if !strings.Contains(out[0].Comment, "migr:renamed from=old") || out[0].Line != 3 || out[0].File != "m.sql" {
		t.Errorf("%+v", out[0])
	}
}

func TestDigest(t *testing.T) {
	s := func(file string, texts ...string) (out []sqltext.Stmt) {
		for i, x := range texts {
			out = append(out, sqltext.Stmt{Text: x, File: file, Line: i})
		}
		return out
	}
	base := source.Digest(s("a", "x", "y"))
	if len(base) != 64 || base != source.Digest(s("b", "x", "y")) {
		t.Error("the file's name counts")
	}
	others := map[string][]sqltext.Stmt{
		"order": s("a", "y", "x"), "cut": s("a", "xy"), "more": s("a", "x", "y", ""),
		"two files": append(s("a", "x"), s("b", "y")...), "none": nil,
	}
	for name, o := range others {
		if source.Digest(o) == base {
			t.Errorf("%s: the same digest", name)
		}
	}
}

func FuzzPrepare(f *testing.F) {
	for _, s := range []string{
		"CREATE TABLE a.b (i int);", "DO $$ BEGIN EXECUTE 'CREATE ROLE x'; END $$", "COPY a TO", "SET", "SET @@GLOBAL.x=1",
		"CREATE SCHEMA AUTHORIZATION", "CREATE EXTENSION", "ALTER TABLE t OWNER TO", "CREATE FUNCTION", "DO", "DO E'", "PRAGMA main.",
		"INSERT INTO sqlite_schema VALUES('x')", "CREATE VIRTUAL TABLE a USING", "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@",
		"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $a$ SELECT dblink('x') $a$; SELECT f();", "UPDATE a, b.c SET d.e=1",
		"CREATE TABLE t LIKE", "EXECUTE format(", "SELECT EXTRACT(a FROM b.c.d)", "VACUUM INTO", "DO '", "DO $$", "DO U&'x'",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, fam := range []sqltext.Family{sqltext.Postgres, sqltext.MySQL, sqltext.SQLite} {
			stmts, err := sqltext.Split(fam, "m.sql", src, sqltext.Lenient())
			if err != nil {
				stmts = []sqltext.Stmt{{Text: src, File: "m.sql", Line: 1, Col: 1}}
			}
			out, err := source.Prepare(fam, stmts)
			if err == nil && len(out) > len(stmts) || err != nil && out != nil {
				t.Errorf("%d statements of %d, %v", len(out), len(stmts), err)
			}
			for _, p := range out {
				if p.File != "m.sql" || p.Line == 0 {
					t.Errorf("no place: %+v", p)
				}
			}
		}
	})
}
