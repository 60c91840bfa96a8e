package sqltext

import (
	"strings"
	"testing"
	"time"
)

// large is about n bytes of what a family's dumps hold.
func large(f Family, n int) string {
	var unit string
	switch f {
	case Postgres:
		unit = "-- a table\nCREATE TABLE public.users (\n    id bigint DEFAULT nextval('users_id_seq'::regclass) NOT NULL,\n    name text COLLATE \"C\" CHECK (name <> ''),\n    made timestamptz\n);\n" +
			"CREATE FUNCTION f(a int) RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n  IF NEW.a IS NULL THEN RETURN NULL; END IF;\n  RETURN NEW;\nEND $$;\n"
	case MySQL:
		unit = "/*!40101 SET character_set_client = utf8 */;\nCREATE TABLE `users` (\n  `id` bigint NOT NULL AUTO_INCREMENT,\n  `name` varchar(255) DEFAULT 'it\\'s' COMMENT 'x',\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n" +
			"CREATE PROCEDURE p(IN a INT)\nBEGIN\n  IF a > 1 THEN SELECT CASE a WHEN 1 THEN 2 END; END IF;\nEND;\n"
	case SQLite:
		unit = "-- a table\nCREATE TABLE \"users\" (id INTEGER PRIMARY KEY, name TEXT DEFAULT 'it''s', [made] TEXT);\n" +
			"CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET made = CASE 1 WHEN 2 THEN 3 END; END;\n"
	}
	return strings.Repeat(unit, n/len(unit)+1)
}

func BenchmarkSplit(b *testing.B) {
	for _, f := range []Family{Postgres, MySQL, SQLite} {
		b.Run(string(f), func(b *testing.B) {
			src := large(f, 10<<20)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if _, err := Split(f, "", src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTokens(b *testing.B) {
	for _, f := range []Family{Postgres, MySQL, SQLite} {
		b.Run(string(f), func(b *testing.B) {
			src := large(f, 1<<20)
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				Scan(f, src, func(Token) bool { return true })
			}
		})
	}
}

// TestSplitIsLinear takes shapes on which a careless splitter is quadratic. A
// quadratic one takes many minutes here; the limit is generous for slow machines.
func TestSplitIsLinear(t *testing.T) {
	const many = 1 << 18
	rep := strings.Repeat
	for _, c := range []struct {
		name  string
		f     Family
		src   string
		count int // -1: an error
	}{
		{"one string", Postgres, "SELECT '" + rep("a''", 8*many) + "'", 1},
		{"one escaped string", MySQL, "SELECT '" + rep(`\'`, 8*many) + "'", 1},
		{"one dollar quote", Postgres, "DO $a$" + rep("$b$ ", 4*many) + "$a$", 1},
		{"tiny statements", Postgres, rep("a;", many), many},
		{"tiny statements, MySQL", MySQL, rep("a;", many), many},
		{"tiny statements, SQLite", SQLite, rep("a;", many), many},
		{"tiny statements behind a delimiter", MySQL, "DELIMITER //\n" + rep("a//", many), many},
		{"semicolons", Postgres, rep(";", 4*many), 0},
		{"lone dollars", Postgres, rep("$a ", 4*many), 1},
		{"dollars after AS", MySQL, rep("AS $a$ ", many) + rep("AS $b$ AS $c$ AS $d$ ", many), 1},
		{"unclosed dollar tags after AS", MySQL, "AS " + rep("AS $a1$x AS $b", many), 1},
		{"open parentheses", Postgres, rep("(;", many), -1},
		{"nested comments", Postgres, rep("/*", many) + rep("*/", many), 0},
		{"open nested comments", Postgres, rep("/*", many), -1},
		{"comments before ends", MySQL, rep("/* x */ ;", many), 0},
		{"blocks", MySQL, "CREATE PROCEDURE p() " + rep("BEGIN ", many) + rep("END;", many), 1},
		{"E strings", Postgres, rep("E'a' -- x\n", many), 1},
		{"delimiter lines", MySQL, rep("DELIMITER //\nDELIMITER ;\n", many/2), 0},
		{"words delimiter", MySQL, "DELIMITER //\n" + rep("a\ndelimiter x", many), 1},
		{"plus signs", Postgres, rep("+", many), 1},
		{"open Tcl variables", SQLite, rep("$a(", 4*many), -1},
		{"copies", Postgres, rep("COPY t FROM stdin;\n1\n\\.\n", many/4), 0},
	} {
		begin := time.Now()
		got, err := Split(c.f, "", c.src, Lenient())
		if c.count < 0 != (err != nil) || c.count >= 0 && len(got) != c.count {
			t.Errorf("%s: %d statements, %v", c.name, len(got), err)
		}
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("%s: %d MB took %s", c.name, len(c.src)>>20, d)
		} else if testing.Verbose() {
			t.Logf("%s: %d MB, %s", c.name, len(c.src)>>20, d)
		}
	}
}
