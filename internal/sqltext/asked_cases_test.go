package sqltext_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// asked are texts whose statements are hard to tell, and which a server can run.
func asked(f sqltext.Family) []string {
	if f == sqltext.Postgres {
		return []string{
			"SELECT 1", ";; SELECT 1;;; SELECT 2 ;", "-- only a comment; here", "SELECT 1 -- ;\n; /* ; */ SELECT 2 /* /* ; */ ; */",
			"SELECT 1/*;*/+1; SELECT 2 --;\r;\rSELECT 3", "SELECT 5 -- a;\n -- b;\n;", "SELECT 1 --\n-1; SELECT 2 OPERATOR(pg_catalog.-) - -1",
			`SELECT 'it''s;', 'a\'; SELECT ';'`, `SELECT E'it\'s;', e'\\'; SELECT E'a''b\\'';'`, "SELECT E'a'\n'b\\';'; SELECT 2", "SELECT 'a' -- c;\n 'b;'; SELECT 2",
			`SELECT U&'d\0061t\+000061;', U&'\\;!0041' UESCAPE '!'; SELECT 2`, `SELECT 1 AS U&"d\0061t;a", 2 AS "a"";b"; SELECT 3`, `SELECT B'1', X'ff', N'a\'; SELECT 2`,
			"SELECT $$a;'$$, $t$ $$;$T$ $t$, $été_1$;$été_1$; SELECT $_$;$_$", "SELECT 1 AS a$b$c; SELECT 2 AS d$b$e", "SELECT 'x' AS é$a$; SELECT 2 AS f$a$",
			"DO $do$ BEGIN PERFORM 1; IF true THEN NULL; END IF; END $do$; SELECT 1", "DO LANGUAGE plpgsql 'BEGIN PERFORM '';''; END'; SELECT 1", "DO $$ DECLARE s text := $q$;$q$; BEGIN END $$; SELECT 1",
			"CREATE FUNCTION f1(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 ELSE 2 END; SELECT (CASE a WHEN 1 THEN 2 END); END; SELECT f1(1)",
			"CREATE PROCEDURE p1() BEGIN ATOMIC SELECT 1 AS end; SELECT 2 AS case; END; CALL p1(); SELECT 1",
			"CREATE FUNCTION f2() RETURNS int LANGUAGE sql BEGIN ATOMIC; ; SELECT 1; ; END; SELECT 1", "CREATE FUNCTION f3() RETURNS int RETURN CASE WHEN true THEN 1 END; SELECT f3()",
			"CREATE FUNCTION \"begin\"() RETURNS int LANGUAGE sql RETURN 1; CREATE FUNCTION atomic() RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2;'; SELECT atomic()",
			"CREATE TABLE t1 (a int, \"end\" int); CREATE FUNCTION f4() RETURNS int LANGUAGE sql BEGIN ATOMIC INSERT INTO t1 (a, \"end\") VALUES (1, 2); UPDATE t1 SET \"end\" = CASE a WHEN 1 THEN CASE WHEN true THEN 3 END END; SELECT t1.end FROM t1; END; SELECT f4()",
			"CREATE FUNCTION f5() RETURNS TABLE (x int) BEGIN ATOMIC SELECT 1 AS begin UNION SELECT 2; END; SELECT * FROM f5()",
			"CREATE TABLE t2 (a int); CREATE TABLE t3 (a int); CREATE RULE r AS ON INSERT TO t2 DO ALSO (DELETE FROM t3; INSERT INTO t3 VALUES (1);); INSERT INTO t2 VALUES (1); SELECT 1",
			"CREATE RULE r2 AS ON UPDATE TO t2 DO INSTEAD NOTHING; CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER tr BEFORE INSERT ON t3 FOR EACH ROW EXECUTE FUNCTION tf(); INSERT INTO t3 VALUES (1)",
			"BEGIN; SELECT 1; END; BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT; START TRANSACTION; ROLLBACK", "BEGIN; SAVEPOINT a; ROLLBACK TO a; RELEASE a; END WORK; SELECT 1",
			"PREPARE q AS SELECT $1::int; EXECUTE q(1); DEALLOCATE q", "CREATE SCHEMA s1 CREATE TABLE a (b int) CREATE VIEW v AS SELECT b FROM a; SELECT 1", "SELECT 1; SELECT 1/0; SELECT 2", "SELECT 1; SELECT nothing_here; SELECT 2",
			"SELECT 1 <@@> 2; SELECT 2", "SELECT '{\"a;b\":1}'::jsonb ->> 'a;b', (ARRAY[1,2])[1:2], 3::int4; SELECT 1", "SELECT 'a' ~ E'\\\\;' AS \"x;\"; COMMENT ON TABLE t1 IS ';'; SELECT 1", "TABLE t1; VALUES (1), (2); WITH a AS (SELECT 1) SELECT * FROM a",
			"SELECT 1 \f; SELECT 2 \f;", "SELECT 1_000, 0xff, 1e5, .5; SELECT 2", "SELECT 1-- ;", "SELECT 2 */* a */3; SELECT 4", "EXPLAIN SELECT 1; SHOW search_path; SET x.y = ';'; RESET x.y; BEGIN; LOCK TABLE t1; COMMIT",
		}
	}
	return []string{
		"SELECT 1", "SELECT 1; SELECT 2 ;", "SELECT 1 -- ;\n; SELECT 2 # ; '\n; SELECT /* ; */ 3", "SELECT 1--1; SELECT 2", "SELECT 1 --\n; SELECT 2 --\t;\n;SELECT 3", "SELECT 1 /* /* ; */; SELECT 2",
		`SELECT 'a\';''', "b\";"";"; SELECT 2`, "SELECT 1 AS `c;\\```; SELECT 2", `SELECT N'\'', _utf8mb4'x;', X'00', b'1'; SELECT 2`, `SELECT \N; SELECT 'a' 'b;' "c;"; SELECT 3`,
		"/*!40101 SET NAMES utf8mb4 */; SELECT 1", "/*!50001 CREATE VIEW v1 AS SELECT ';' */; SELECT 1", "SELECT /*!50000 1 + */ 2; SELECT 3", "SELECT 1 /*!99999 ; SELECT 2 */; SELECT 3", "SELECT /*! 1, /* ; */ 2 */; SELECT 4",
		"SELECT /*+ MAX_EXECUTION_TIME(1000) */ 1; SELECT 2", "SET @a:=1, @`;`=2, @';'=3; SELECT @a, @`;`", "BEGIN; SELECT 1; COMMIT; START TRANSACTION; ROLLBACK; BEGIN WORK; COMMIT WORK", "SELECT 1; SELECT nothing_here; SELECT 2",
		"CREATE TABLE t1 (a INT, b INT AS (IF(a, 1, 2)), `begin` INT, `end` INT); INSERT INTO t1 (a) VALUES (1); SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t1; SELECT REPEAT('a', 2), REPLACE('a', 'b', 'c')",
		"CREATE PROCEDURE p1() SELECT IF(1, 2, 3); SELECT 1", "CREATE PROCEDURE p2() BEGIN SELECT 1; SELECT 2; END; SELECT 3", "CREATE PROCEDURE p3() BEGIN END; SELECT 1", "CREATE PROCEDURE p4() BEGIN /* ; END */ SELECT 1; -- END;\n# END;\n END; SELECT 1",
		"CREATE PROCEDURE p5(x INT) l: BEGIN IF x = 1 THEN SELECT 1; ELSEIF x = 2 THEN LEAVE l; ELSE SELECT IF(x, 2, 3); END IF; CASE x WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE; SELECT CASE x WHEN 1 THEN 2 END; END; SELECT 1",
		"CREATE PROCEDURE p6() BEGIN DECLARE i INT DEFAULT 0; w: WHILE i < 2 DO SET i = i + 1; END WHILE w; REPEAT SET i = i - 1; UNTIL i < 0 END REPEAT; m: LOOP LEAVE m; END LOOP; END; SELECT 1",
		"CREATE PROCEDURE p7() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; END; DECLARE CONTINUE HANDLER FOR NOT FOUND SET @x = 1; START TRANSACTION; COMMIT; END; SELECT 1",
		"CREATE FUNCTION f1(a INT) RETURNS INT DETERMINISTIC RETURN IF(a, CASE a WHEN 1 THEN 2 END, 3); SELECT f1(1)", "CREATE FUNCTION f2(a INT) RETURNS INT DETERMINISTIC BEGIN DECLARE b INT; SET b = a; RETURN b; END; SELECT f2(1)",
		"CREATE TRIGGER tr1 BEFORE INSERT ON t1 FOR EACH ROW SET NEW.a = IF(NEW.a, 1, 2); SELECT 1", "CREATE TRIGGER tr2 BEFORE INSERT ON t1 FOR EACH ROW FOLLOWS tr1 IF NEW.a THEN SET NEW.`begin` = 1; ELSE SET NEW.`end` = 2; END IF; INSERT INTO t1 (a) VALUES (3)",
		"CREATE TRIGGER tr3 AFTER INSERT ON t1 FOR EACH ROW BEGIN SET @b = 1; SET @c = 2; END; SELECT 1", "CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS NOW() + INTERVAL 1 DAY COMMENT 'DO' DO BEGIN DELETE FROM t1; DELETE FROM t1; END; DROP EVENT e1",
		"/*!50003 CREATE*/ /*!50020 DEFINER=`root`@`localhost`*/ /*!50003 PROCEDURE `p8`()\nBEGIN\n SELECT 1;\nEND */; SELECT 1", "CREATE DEFINER=root@localhost PROCEDURE p9() BEGIN SELECT 1; END; ALTER PROCEDURE p9 COMMENT ';'; SELECT 1",
		"CREATE PROCEDURE p10() BEGIN INSERT INTO t1 (a) VALUES (1) ON DUPLICATE KEY UPDATE a = IF(1,2,3); REPLACE INTO t1 (a) VALUES (1); SELECT 1 LIMIT 1 FOR UPDATE; END; SELECT 1", "PREPARE s FROM 'SELECT 1; '; EXECUTE s; DEALLOCATE PREPARE s",
		"CREATE PROCEDURE p11() BEGIN DECLARE c CURSOR FOR SELECT 1; OPEN c; CLOSE c; END; SELECT 1", "CREATE PROCEDURE p12() BEGIN IF EXISTS (SELECT 1) THEN SELECT 1; END IF; DROP TABLE IF EXISTS nothing_here; END; SELECT 1",
		"BEGIN NOT ATOMIC DECLARE a INT; SET a = 1; END; SELECT 1", "IF 1 THEN SET @x = 1; END IF; SELECT 1", "CREATE TABLE IF NOT EXISTS t1 (a INT); CREATE OR REPLACE VIEW v2 AS SELECT IF(1, 2, 3) AS `if`; SELECT 1",
		"CREATE PROCEDURE p13() BEGIN FOR i IN 1..3 DO SET @x = i; END FOR; END; SELECT 1", "SELECT 1 /*M!100100 + 1 */; SELECT 2", "SELECT 1 AS `a`, 2 AS end, 3 AS begin; SELECT 4", "SHOW TABLES; SELECT 'DELIMITER ;'; DO 1; SET @a = ';'",
	}
}

// TestServersSeeTheSameStatements asks PostgreSQL, MariaDB and MySQL how many statements
// a text has: as many as Split makes of it.
func TestServersSeeTheSameStatements(t *testing.T) {
	t.Parallel()
	for _, e := range testdb.Engines() {
		if familyOf(e) == sqltext.SQLite {
			continue // FuzzSplitOnSQLite
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			f := familyOf(e)
			whole, parts := newAsker(t, e), newAsker(t, e)
			read := 0
			for _, src := range asked(f) {
				got := asks(t, f, whole, parts, src)
				if got == "" {
					read++
				} else {
					t.Logf("%s: %.100q", got, src)
				}
			}
			if least := len(asked(f)) * 4 / 5; read < least {
				t.Errorf("the server could read %d of %d texts", read, len(asked(f)))
			}
		})
	}
}

// beyond is what a text must not do on a server: reach outside of its database or its session's
// transaction, or last.
var beyond = regexp.MustCompile(`(?i)copy|program|database|role|user|pg_|lo_|system|sleep|series|load|outfile|infile|dumpfile|tablespace|kill|shutdown|grant|global|persist|install|recursive|repeat|loop|while|benchmark|lock|publication|subscription|extension|server|mysql|\buse\b|schema|set\b|savepoint|vacuum|cluster|concurrently|declare`)

// fuzzAsked tries texts on a server, if it is there.
func fuzzAsked(f *testing.F, e testdb.Engine) {
	for _, src := range asked(familyOf(e)) {
		f.Add(src)
	}
	whole, parts := newAsker(f, e), newAsker(f, e)
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 500 || beyond.MatchString(src) || strings.ContainsRune(src, 0) {
			return
		}
		asks(t, familyOf(e), whole, parts, src)
		for _, a := range []asker{whole, parts} {
			_, _ = a.ask("ROLLBACK")
		}
	})
}

func FuzzSplitOnPostgres(f *testing.F) { fuzzAsked(f, testdb.EnginePostgres) }
func FuzzSplitOnMariaDB(f *testing.F)  { fuzzAsked(f, testdb.EngineMariaDB) }
func FuzzSplitOnMySQL(f *testing.F)    { fuzzAsked(f, testdb.EngineMySQL) }
