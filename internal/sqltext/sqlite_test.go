package sqltext

import "testing"

func TestSplitSQLite(t *testing.T) { runSplit(t, SQLite, sqliteCases()) }

func sqliteCases() []splitCase {
	return []splitCase{
		{name: "quotes", src: "SELECT 'a;''\\', \"b;\"\"\", `c;```, [d;\"'], x'00'; SELECT 2", want: []string{"1:1 SELECT 'a;''\\', \"b;\"\"\", `c;```, [d;\"'], x'00'", "1:48 SELECT 2"}},
		{name: "comments", src: "SELECT 1 --x;\n, 2 /* /* ; */; SELECT 3; -- ;", want: []string{"1:1 SELECT 1 --x;\n, 2", "2:17 SELECT 3"}},
		{name: "a comment may run to the end", src: "SELECT 1; /* SELECT 2;", want: []string{"1:1 SELECT 1"}},
		{name: "a slash and a star at the end", src: "SELECT 1; /*", want: []string{"1:1 SELECT 1", "1:11 /*"}},
		{name: "variables", src: "SELECT ?, ?1, :a, @b, $c::d(e;f), #1; SELECT 2", want: []string{"1:1 SELECT ?, ?1, :a, @b, $c::d(e;f), #1", "1:39 SELECT 2"}},
		{name: "parentheses do not matter", src: "SELECT (1; SELECT 2", want: []string{"1:1 SELECT (1", "1:12 SELECT 2"}},
		{name: "transaction", src: "BEGIN; SELECT 1; END; SELECT 2", want: []string{"1:1 BEGIN", "1:8 SELECT 1", "1:18 END", "1:23 SELECT 2"}},
		{
			name: "trigger", src: "CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = CASE b WHEN 1 THEN 2 END; DELETE FROM y; END; SELECT 1",
			want: []string{"1:1 CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE x SET a = CASE b WHEN 1 THEN 2 END; DELETE FROM y; END", "1:105 SELECT 1"},
		},
		{
			name: "trigger with columns begin and end", src: "create temp trigger if not exists t after insert on x begin insert into y(begin, end) values (new.begin, new.end); end; SELECT 1",
			want: []string{"1:1 create temp trigger if not exists t after insert on x begin insert into y(begin, end) values (new.begin, new.end); end", "1:121 SELECT 1"},
		},
		{
			name: "trigger with comments", src: "CREATE /* x */ TEMPORARY TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; -- ; END;\n END -- z\n; SELECT 1",
			want: []string{"1:1 CREATE /* x */ TEMPORARY TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; -- ; END;\n END", "3:3 SELECT 1"},
		},
		{
			name: "explain", src: "EXPLAIN QUERY PLAN SELECT 1; EXPLAIN CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END;",
			want: []string{"1:1 EXPLAIN QUERY PLAN SELECT 1", "1:30 EXPLAIN CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END"},
		},
		{name: "trigger at the end of the text", src: "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END", want: []string{"1:1 CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END"}},
		{name: "trigger without end", src: "SELECT 1;\n CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1;\nSELECT 2;", fails: "2:2 trigger that begins here has no END"},
		{name: "open string", src: "SELECT 'a", fails: "1:8 string"},
		{name: "open bracket", src: "SELECT [a", fails: "1:8 quoted name"},
		{name: "dot-command", src: "SELECT 1;\n.mode box\n", fails: "2:1 .mode: a command of the sqlite3 shell"},
		{name: "no dot-command", src: "SELECT 1\n.5; .5", want: []string{"1:1 SELECT 1\n.5", "2:5 .5"}},
		{name: "dot-commands, lenient", lenient: true, src: ".print it's; on\n.headers on\nSELECT 1;\n.tables\n", want: []string{"3:1 SELECT 1"}},
		{name: "read", lenient: true, src: ".read x.sql", fails: "1:1 reads another file"},
		{name: "open", lenient: true, src: "SELECT 1;\n.open x.db", fails: "2:1 goes to another database"},
		{name: "shell", lenient: true, src: "\uFEFF.shell x", fails: "1:1 runs a program"},
	}
}

func TestNotText(t *testing.T) {
	for _, f := range []Family{Postgres, MySQL, SQLite} {
		runSplit(t, f, []splitCase{
			{name: "NUL", src: "SELECT 1;\n-- ä\x00", fails: "2:5 NUL"},
			{name: "latin-1", src: "SELECT '\xe4';", fails: "1:9 not UTF-8"},
			{name: "latin-1 before NUL", src: "\xe4\x00", fails: "1:1 not UTF-8"},
			{name: "UTF-16", src: "\xff\xfeS\x00", fails: "1:1 UTF-16"},
		})
	}
	runSplit(t, Family("oracle"), []splitCase{{name: "family", src: "x", fails: "1:1 no such family"}})
}
