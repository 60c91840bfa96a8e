package sqltext

import "testing"

func TestSplitPostgres(t *testing.T) { runSplit(t, Postgres, postgresCases()) }

func postgresCases() []splitCase {
	return []splitCase{
		{name: "empty", src: " \n\t"},
		{name: "only semicolons", src: ";; ;\n;"},
		{name: "two", src: "SELECT 1;\n  SELECT 2;", want: []string{"1:1 SELECT 1", "2:3 SELECT 2"}},
		{name: "no last terminator", src: "SELECT 1;SELECT 2 \n", want: []string{"1:1 SELECT 1", "1:10 SELECT 2"}},
		{name: "comment with semicolon at the end", src: "SELECT 1;\n-- a; b", want: []string{"1:1 SELECT 1"}},
		{name: "comment with semicolon behind an open statement", src: "SELECT 1 -- a; b", want: []string{"1:1 SELECT 1"}},
		{name: "comment inside", src: "SELECT -- a; b\n 1 /* ; */;SELECT 2", want: []string{"1:1 SELECT -- a; b\n 1", "2:12 SELECT 2"}},
		{name: "line comment ends at a carriage return", src: "-- a\rSELECT 1;", want: []string{"1:6 SELECT 1"}},
		{name: "nested comment", src: "/* a /* b; */ ; */ SELECT 1; SELECT/*/**/;*/2", want: []string{"1:20 SELECT 1", "1:30 SELECT/*/**/;*/2"}},
		{name: "open comment", src: "SELECT 1;\n /* a /* b */", fails: "2:2 comment that begins here is not closed"},
		{name: "columns are runes", src: "SELECT 'äöü€𝄞'; SELECT 2", want: []string{"1:1 SELECT 'äöü€𝄞'", "1:17 SELECT 2"}},
		{name: "byte order mark", src: "\uFEFFSELECT 1;\r\nSELECT\r\n2;", want: []string{"1:1 SELECT 1", "2:1 SELECT\r\n2"}},
		{name: "doubled quotes", src: `SELECT 'it''s; \'; SELECT "a"";b";`, want: []string{`1:1 SELECT 'it''s; \'`, `1:20 SELECT "a"";b"`}},
		{name: "E string", src: `SELECT E'it\'s;', e'\\'; SELECT 2`, want: []string{`1:1 SELECT E'it\'s;', e'\\'`, "1:26 SELECT 2"}},
		{name: "E string continued", src: "SELECT E'a'\n -- c\n 'b\\';' ; SELECT 2", want: []string{"1:1 SELECT E'a'\n -- c\n 'b\\';'", "3:11 SELECT 2"}},
		{name: "E string not continued on its line", src: `SELECT E'a' 'b\'; SELECT 2`, want: []string{`1:1 SELECT E'a' 'b\'`, "1:19 SELECT 2"}},
		{name: "a word before a quote is no prefix", src: `SELECT type'a\'; SELECT 2`, want: []string{`1:1 SELECT type'a\'`, "1:18 SELECT 2"}},
		{name: "U& B X N", src: `SELECT U&'\0041;\', B'1', X'ff', N'\', U&"a;""\"; SELECT 2`, want: []string{`1:1 SELECT U&'\0041;\', B'1', X'ff', N'\', U&"a;""\"`, "1:51 SELECT 2"}},
		{name: "dollar quotes", src: "SELECT $$a;'$$, $t$ $$;$T$ $t$, $été_1$;$été_1$; SELECT 2", want: []string{"1:1 SELECT $$a;'$$, $t$ $$;$T$ $t$, $été_1$;$été_1$", "1:50 SELECT 2"}},
		{name: "dollars in names", src: "SELECT a$b$c; SELECT d$b$e; SELECT $1$$;$$", want: []string{"1:1 SELECT a$b$c", "1:15 SELECT d$b$e", "1:29 SELECT $1$$;$$"}},
		{name: "no dollar quote", src: "SELECT $1; SELECT $2, $a; SELECT $3", want: []string{"1:1 SELECT $1", "1:12 SELECT $2, $a", "1:27 SELECT $3"}},
		{name: "open string", src: "SELECT 1;\nSELECT 'a; SELECT 2;\n", fails: "2:8 string that begins here is not closed"},
		{name: "open E string", src: `SELECT E'a\'`, fails: "1:8 string"},
		{name: "open name", src: "SELECT é, \"a", fails: "1:11 quoted name"},
		{name: "open dollar quote", src: "DO $x$ BEGIN; $y$;", fails: "1:4 $x$"},
		{name: "begin and end of a transaction", src: "BEGIN; SELECT 1; END; COMMIT", want: []string{"1:1 BEGIN", "1:8 SELECT 1", "1:18 END", "1:23 COMMIT"}},
		{name: "rule", src: "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b;); SELECT 1", want: []string{"1:1 CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b;)", "1:74 SELECT 1"}},
		{name: "open parenthesis", src: "SELECT 1;\nSELECT (2; SELECT 3;", fails: "2:8 parenthesis"},
		{name: "a parenthesis too many", src: "SELECT 1); SELECT 2", want: []string{"1:1 SELECT 1)", "1:12 SELECT 2"}},
		{name: "operators", src: "SELECT 1 -1, a--;\n->b, 2*/* ; */3; SELECT 2", want: []string{"1:1 SELECT 1 -1, a--;\n->b, 2*/* ; */3", "2:18 SELECT 2"}},
	}
}

func TestSplitPostgresBodies(t *testing.T) { runSplit(t, Postgres, postgresBodies()) }

func postgresBodies() []splitCase {
	return []splitCase{
		{
			name: "atomic",
			src:  "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END; SELECT (CASE a WHEN 1 THEN 2 END); END; SELECT 1",
			want: []string{
				"1:1 CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END; SELECT (CASE a WHEN 1 THEN 2 END); END",
				"1:144 SELECT 1",
			},
		},
		{
			name: "atomic with names end", src: "create procedure p() begin atomic select x.end, 1 as end, x.case from x; end; select 1",
			want: []string{"1:1 create procedure p() begin atomic select x.end, 1 as end, x.case from x; end", "1:79 select 1"},
		},
		{
			name: "atomic in atomic", src: "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 2; END; SELECT 3",
			want: []string{"1:1 CREATE FUNCTION f() RETURNS int BEGIN ATOMIC CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 2; END", "1:121 SELECT 3"},
		},
		{name: "atomic without end", src: "SELECT 0;\nCREATE FUNCTION f() RETURNS int\n BEGIN ATOMIC SELECT 1; SELECT 2;", fails: "3:2 block that begins here has no END"},
		{
			name: "a function called begin", src: "CREATE FUNCTION begin() RETURNS int RETURN 1; SELECT begin; SELECT 2",
			want: []string{"1:1 CREATE FUNCTION begin() RETURNS int RETURN 1", "1:47 SELECT begin", "1:61 SELECT 2"},
		},
		{
			name: "a trigger calls a function", src: "CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION f(); BEGIN; END;",
			want: []string{"1:1 CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION f()", "1:71 BEGIN", "1:78 END"},
		},
		{
			name: "plpgsql", src: "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN IF a THEN b; END IF; END $f$; SELECT 1",
			want: []string{"1:1 CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN IF a THEN b; END IF; END $f$", "1:94 SELECT 1"},
		},
	}
}

func TestSplitPsql(t *testing.T) { runSplit(t, Postgres, psqlCases()) }

func psqlCases() []splitCase {
	return []splitCase{
		{name: "meta-command", src: "SELECT 1;\n  \\echo hi\n", fails: "2:3 psql meta-command \\echo"},
		{name: "inside", src: "SELECT 1 \\gset\n", fails: "1:10 psql meta-command \\gset inside a statement"},
		{name: "inside, lenient", src: "SELECT 1 \\g\n", lenient: true, fails: "1:10 psql meta-command \\g inside"},
		{
			name: "lenient", lenient: true,
			src:  "\\restrict abc;'\nSELECT 1; \\set x 'y\n\\unrestrict abc\n\\.\n\\pset null x\n\\timing\nSELECT 2;",
			want: []string{"2:1 SELECT 1", "7:1 SELECT 2"},
		},
		{name: "connect", lenient: true, src: "SELECT 1;\n\\connect other\n", fails: "2:1 it goes to another database"},
		{name: "c", lenient: true, src: "\\c other\n", fails: "1:1 it goes to another database"},
		{name: "i", lenient: true, src: "\\i x.sql", fails: "1:1 it reads another file"},
		{name: "ir", lenient: true, src: "\\ir x.sql", fails: "1:1 it reads another file"},
		{name: "copy", lenient: true, src: "\\copy t from x", fails: "1:1 it copies data"},
		{name: "shell", lenient: true, src: "\\! rm x", fails: "1:1 psql meta-command \\!: it runs a program"},
		{name: "o", lenient: true, src: "\\o x", fails: "1:1 it writes files"},
		{name: "g", lenient: true, src: "\\g x", fails: "1:1 it writes files"},
		{name: "if", lenient: true, src: "\\if :x", fails: "1:1 depends on psql's variables"},
		{name: "unknown", lenient: true, src: "\\foo", fails: "1:1 only psql understands it"},
		{
			name: "copy data", lenient: true,
			src:  "SELECT 1;\nCOPY public.t (a, b) FROM stdin;\n1\tit's; a\n\\N\t\\.x\n\\.\n\nSELECT 2;",
			want: []string{"1:1 SELECT 1", "7:1 SELECT 2"},
		},
		{name: "copy data, CRLF", lenient: true, src: "COPY t FROM STDIN WITH (FORMAT csv);\r\n'\r\n\\.\r\nSELECT 2;", want: []string{"4:1 SELECT 2"}},
		{name: "copy data to the end", lenient: true, src: "COPY t FROM STDIN;\n1\n2"},
		{name: "copy, no data", lenient: true, src: "COPY t FROM STDIN"},
		{name: "copy with text behind", lenient: true, src: "COPY t FROM STDIN; SELECT 1;\n1\n\\.\n", fails: "1:19 text behind COPY"},
		{name: "copy data, strict", src: "SELECT 1;\n COPY t FROM stdin;\n1\n\\.\n", fails: "2:2 COPY … FROM stdin"},
		{name: "copy elsewhere", src: "COPY t FROM '/x'; COPY (SELECT 1 FROM stdin) TO '/x'", want: []string{"1:1 COPY t FROM '/x'", "1:19 COPY (SELECT 1 FROM stdin) TO '/x'"}},
	}
}
