package sqltext

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	names := map[Kind]string{Word: "w", Quoted: "q", String: "s", Number: "n", Param: "p", Op: "o", Mark: "m"}
	for _, c := range []struct {
		f         Family
		src, want string
	}{
		{Postgres, `a$1."B""c" /* x /* y */ */ E'\'' $$x$$ $1 -- end`, `w:a$1 o:. q:"B""c" s:E'\'' s:$$x$$ p:$1`},
		{Postgres, `1 1.5 .5 1e-3 1_000 0xfF 1..2 1.e a.b`, `n:1 n:1.5 n:.5 n:1e-3 n:1_000 n:0xfF n:1 o:.. n:2 n:1. w:e w:a o:. w:b`},
		{Postgres, `a->>'b'::text =-1 @-1 a:=b <=-- c`, `w:a o:->> s:'b' o::: w:text o:= o:- n:1 o:@- n:1 w:a o::= w:b o:<=`},
		{Postgres, `'open ; `, `s:'open ; `},
		{MySQL, "`a```.b @c @@d @`e` ? \"s\" 1a 0x1f 1e5 <=> # x", "q:`a``` o:. w:b p:@c p:@@d o:@ q:`e` p:? s:\"s\" w:1a n:0x1f n:1e5 o:<=>"},
		{MySQL, "/*!50003 CREATE*/ x /*+ h */", "m:/*!50003 w:CREATE m:*/ w:x"},
		{MySQL, "a.1b t.5", "w:a o:. w:1b w:t o:. n:5"},
		{SQLite, "[a]]\"b\" `c` x'00' ?1 :a @b $c ->> == 'd'", "q:[a] o:] q:\"b\" q:`c` s:x'00' p:?1 p::a p:@b p:$c o:->> o:== s:'d'"},
		{Family("other"), "a", ""},
	} {
		var got []string
		for _, k := range Tokens(c.f, c.src) {
			got = append(got, names[k.Kind]+":"+k.Text)
			if c.src[k.Off:k.Off+len(k.Text)] != k.Text {
				t.Errorf("%q is not at %d of %q", k.Text, k.Off, c.src)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s %q\n got %s\nwant %s", c.f, c.src, s, c.want)
		}
	}
}

func TestTokenIdent(t *testing.T) {
	for _, c := range []struct {
		f         Family
		src, want string
	}{
		{Postgres, `Foo`, "foo"},
		{Postgres, `"Foo""x"`, `Foo"x`},
		{Postgres, `U&"d\0061t\+000061 \\"`, `data \`},
		{Postgres, `'x'`, ""},
		{MySQL, "Foo", "Foo"},
		{MySQL, "`a``b`", "a`b"},
		{SQLite, "[a b]", "a b"},
		{SQLite, `"a""b"`, `a"b`},
		{SQLite, `"`, ""},
	} {
		if got := Tokens(c.f, c.src)[0].Ident(c.f); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.f, c.src, got, c.want)
		}
	}
	k := Tokens(Postgres, `select "SELECT"`)
	if !k[0].Is("SELECT") || k[1].Is("SELECT") || k[0].Upper() != "SELECT" || k[1].Upper() != "" {
		t.Error("Is or Upper mixes words and quoted names")
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		f    Family
		src  string
		n    int
		want string
	}{
		{Postgres, "create /* x */ index -- y\n concurrently \"a\" on b", 4, `CREATE INDEX CONCURRENTLY "a"`},
		{Postgres, "  ", 3, ""},
		{Postgres, "COMMIT", 0, ""},
		{Postgres, "drop table a.b", 9, "DROP TABLE A B"},
		{MySQL, "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t", 3, "CREATE TRIGGER T"},
		{MySQL, "CREATE DEFINER = root@localhost PROCEDURE p()", 2, "CREATE PROCEDURE"},
		{MySQL, "create definer=current_user() view v", 2, "CREATE VIEW"},
		{MySQL, "CREATE OR REPLACE DEFINER='a'@'b' SQL SECURITY INVOKER VIEW v", 7, "CREATE OR REPLACE SQL SECURITY INVOKER VIEW"},
		{MySQL, "/*!40101 SET NAMES utf8 */", 2, "SET NAMES"},
		{MySQL, "ALTER TABLE definer ADD a int", 4, "ALTER TABLE DEFINER ADD"},
		{SQLite, "CREATE TEMP TABLE [a b](c)", 5, "CREATE TEMP TABLE [a b] C"},
	} {
		if got := strings.Join(Words(c.f, c.src, c.n), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.src, got, c.want)
		}
	}
}

func TestComment(t *testing.T) {
	src := "-- head\n\nSELECT 1 /* in */ + 1 -- tail\n; -- same line\n;;\n-- migr:x\nSELECT 2; SELECT 3;\n-- last"
	got, err := Split(Postgres, "", src)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"-- head\n\n", " -- tail\n -- same line\n\n-- migr:x\n", " "}
	for i, s := range got {
		if s.Comment != want[i] {
			t.Errorf("comment %d is %q, want %q", i+1, s.Comment, want[i])
		}
	}
	if line := got[1].Line - strings.Count(got[1].Comment, "\n"); line != 3 {
		t.Errorf("the comment begins on line %d, want 3", line)
	}
	src = "-- a\nDELIMITER //\n-- b\nSELECT 1//\n"
	if got, err = Split(MySQL, "", src); err != nil || got[0].Comment != "-- a\n\n-- b\n" {
		t.Errorf("around DELIMITER: %v %q", err, got[0].Comment)
	}
}

func TestPosition(t *testing.T) {
	src := "\uFEFFaé\n€x\r\n"
	for off, want := range map[int]string{-1: "1:1", 0: "1:1", 3: "1:1", 4: "1:2", 6: "1:3", 7: "2:1", 10: "2:2", 13: "3:1", 99: "3:1"} {
		if line, col := Position(src, off); fmt.Sprintf("%d:%d", line, col) != want {
			t.Errorf("%d is %d:%d, want %s", off, line, col, want)
		}
	}
	got, _ := Split(Postgres, "", "SELECT 1; SELECT é,\n x")
	for off, want := range map[int]string{0: "1:11", 9: "1:19", 12: "2:2"} {
		if line, col := got[1].Position(off); fmt.Sprintf("%d:%d", line, col) != want {
			t.Errorf("%d of the statement is %d:%d, want %s", off, line, col, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, c := range []struct {
		f                            Family
		name, ident, quoted, literal string
	}{
		{Postgres, "users", "users", `"users"`, `'users'`},
		{Postgres, "user", `"user"`, `"user"`, `'user'`},
		{Postgres, `a"b'c\`, `"a""b'c\"`, `"a""b'c\"`, `E'a"b''c\\'`},
		{Postgres, "a\r\nb", "\"a\r\nb\"", "\"a\r\nb\"", "E'a\\r\nb'"},
		{Postgres, "Users", `"Users"`, `"Users"`, `'Users'`},
		{Postgres, "1a", `"1a"`, `"1a"`, `'1a'`},
		{Postgres, "", `""`, `""`, `''`},
		{MySQL, "key", "`key`", "`key`", `'key'`},
		{MySQL, "a`b\\", "`a``b\\`", "`a``b\\`", "'a`b\\\\'"},
		{MySQL, "_a1", "_a1", "`_a1`", "'_a1'"},
		{SQLite, `a"\`, `"a""\"`, `"a""\"`, `'a"\'`},
		{SQLite, "index", `"index"`, `"index"`, `'index'`},
	} {
		if got := Ident(c.f, c.name); got != c.ident {
			t.Errorf("%s Ident(%q) is %s, want %s", c.f, c.name, got, c.ident)
		}
		if got := QuoteIdent(c.f, c.name); got != c.quoted {
			t.Errorf("%s QuoteIdent(%q) is %s, want %s", c.f, c.name, got, c.quoted)
		}
		if got := QuoteLiteral(c.f, c.name); got != c.literal {
			t.Errorf("%s QuoteLiteral(%q) is %s, want %s", c.f, c.name, got, c.literal)
		}
	}
	if IsKeyword(Postgres, "select table") || IsKeyword(Postgres, "") || !IsKeyword(MySQL, "SELECT") {
		t.Error("IsKeyword")
	}
}

func TestTerminate(t *testing.T) {
	for _, c := range []struct {
		f         Family
		src, want string
	}{
		{Postgres, "CREATE RULE r AS ON INSERT TO t DO (a; b)", "CREATE RULE r AS ON INSERT TO t DO (a; b);"},
		{MySQL, "SELECT ';'", "SELECT ';';"},
		{MySQL, "BEGIN NOT ATOMIC SELECT 1; END", "DELIMITER ;;\nBEGIN NOT ATOMIC SELECT 1; END\n;;\nDELIMITER ;"},
		{MySQL, "BEGIN NOT ATOMIC SELECT ';;//$$||'; END", "DELIMITER //0//\nBEGIN NOT ATOMIC SELECT ';;//$$||'; END\n//0//\nDELIMITER ;"},
	} {
		got := Terminate(c.f, c.src)
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		again, err := Split(c.f, "", got)
		if err != nil || !slices.Equal([]string{c.src}, texts(again)) {
			t.Errorf("%q splits into %v %v", got, texts(again), err)
		}
	}
}

func texts(stmts []Stmt) []string {
	var out []string
	for _, s := range stmts {
		out = append(out, s.Text)
	}
	return out
}
