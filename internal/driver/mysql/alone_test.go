package mysql

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/driver"
)

func TestTouched(t *testing.T) {
	for _, c := range []struct{ stmt, want string }{
		{"CREATE TABLE IF NOT EXISTS `a b`.t (x int)", "+TABLE `a b`.t"},
		{"CREATE OR REPLACE ALGORITHM = MERGE DEFINER = `table`@`%` SQL SECURITY INVOKER VIEW v AS SELECT 1", "+VIEW v"},
		{"/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1 */", "+TRIGGER tr"},
		{"CREATE UNIQUE INDEX i ON t (a)", "+TABLE t"},
		{"DROP INDEX i ON d.t", "+TABLE d.t"},
		{"DROP TABLE IF EXISTS a, d.b", "-TABLE a -TABLE d.b"},
		{"DROP PROCEDURE p", "-PROCEDURE p"},
		{"RENAME TABLE a TO b, c TO d", "-TABLE a +TABLE b -TABLE c +TABLE d"},
		{"RENAME TABLE a TO x, b TO a, x TO b", "+TABLE a -TABLE x +TABLE b once"},
		{"ALTER TABLE t ADD COLUMN a int, RENAME COLUMN b TO c", "+TABLE t"},
		{"ALTER TABLE t RENAME TO u", "-TABLE t +TABLE u"},
		{"ALTER TABLE t DROP COLUMN a, ADD a int", "+TABLE t once"},
		{"ALTER TABLE t DROP INDEX a, ADD INDEX a (b)", "+TABLE t"},
		{"ALTER TABLE t CHANGE a b int FIRST, CHANGE b a int AFTER b", "+TABLE t once"},
		{"ALTER TABLE t CHANGE COLUMN a c int, ADD COLUMN a int AFTER c, DROP b", "+TABLE t once"},
		{"ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN `B` TO a", "+TABLE t once"},
		{"ALTER TABLE t CHANGE a A bigint, RENAME INDEX i TO j, RENAME INDEX j TO i", "+TABLE t"},
		{"ALTER TABLE t CHANGE a b int, RENAME COLUMN c TO d", "+TABLE t"},
		{"ALTER TABLE t DROP SYSTEM VERSIONING, ADD SYSTEM VERSIONING", "+TABLE t once"},
		{"ALTER TABLE t AUTO_INCREMENT = 100", "+TABLE t"},
		{"ALTER SEQUENCE s RESTART 5", "+SEQUENCE s once"},
		{"ALTER SEQUENCE s MAXVALUE 5", "+SEQUENCE s"},
		{"CREATE OR REPLACE TABLE t (a int)", "+TABLE t once"},
		{"CREATE OR REPLACE SEQUENCE s", "+SEQUENCE s once"},
		{"CREATE EVENT e ON SCHEDULE AT CURRENT_TIMESTAMP DO CALL p()", "+EVENT e once"},
		{"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO CALL p()", "+EVENT e"},
		{"CREATE OR REPLACE EVENT e ON SCHEDULE EVERY 1 DAY DO CALL p()", ""},
		{"UPDATE t FORCE INDEX (i) JOIN u ON u.id = t.id SET t.n = t.n + 1", ""},
		{"INSERT INTO t SELECT u.id FROM u USE INDEX (i) JOIN v ON v.id = u.id", ""},
		{"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "+TABLE t once"},
		{"CREATE TEMPORARY TABLE t (a int)", ""},
		{"CREATE USER u", ""},
		{"CREATE FUNCTION f RETURNS STRING SONAME 'f.so'", ""},
		{"TRUNCATE TABLE t", ""},
		{"CALL p()", ""},
		{"DROP TABLE", ""},
	} {
		var got []string
		if x := touched(c.stmt); x != nil {
			for _, o := range x.all {
				got = append(got, map[bool]string{true: "+", false: "-"}[o.stays]+o.kind+" "+o.name)
			}
			if x.once {
				got = append(got, "once")
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.stmt, s, c.want)
		}
	}
}

func TestBecame(t *testing.T) {
	for _, c := range []struct {
		stmt, before, now string
		want              driver.Outcome
	}{
		{"CREATE TABLE t (a int)", "-", "1", driver.Happened},
		{"CREATE OR REPLACE TABLE t (a int)", "1", "1", driver.Unknown},
		{"CREATE EVENT e ON SCHEDULE AT NOW() DO DELETE FROM t", "-", "-", driver.Unknown},
		{"CREATE TABLE t (a int)", "-", "-", driver.Again},
		{"CREATE OR REPLACE TABLE t (a int)", "1", "-", driver.Unknown}, // MariaDB: dropped, and not made
		{"DROP TABLE a, b", "1 2", "- -", driver.Happened},
		{"DROP TABLE a, b", "1 2", "- 2", driver.Unknown},
		{"DROP TABLE a, b", "1 2", "1 2", driver.Again},
		{"ALTER TABLE t ADD a int", "1", "2", driver.Happened},
		{"ALTER TABLE t ADD a int", "1", "-", driver.Unknown},
		{"ALTER TABLE t DROP a, ADD a int", "1", "1", driver.Unknown},
		{"RENAME TABLE a TO b", "1 -", "- 2", driver.Happened},
		{"RENAME TABLE a TO b", "1 -", "1 -", driver.Again},
		{"RENAME TABLE a TO b", "", "1 -", driver.Unknown},
	} {
		if got := touched(c.stmt).became("s "+c.before, "s "+c.now); got != c.want {
			t.Errorf("%s: %q, then %q: %v, want %v", c.stmt, c.before, c.now, got, c.want)
		}
		if got := touched(c.stmt).became("s "+c.before, "r "+c.now); got != driver.Unknown {
			t.Errorf("%s: %q, then %q, in a session that shows it otherwise: %v", c.stmt, c.before, c.now, got)
		}
	}
}

func TestRowsOnly(t *testing.T) {
	for _, c := range []struct {
		stmts []string
		want  []bool
	}{
		{[]string{"CREATE TABLE t (a int)", "insert into t values (1)", "CALL p()", "WITH x AS (SELECT 1) DELETE FROM t"}, []bool{false, true, false, true}},
		{[]string{"BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"}, nil},
		{[]string{"SET autocommit = 0", "INSERT INTO t VALUES (1)"}, nil},
		{[]string{"SET sql_mode = ''", "INSERT INTO t VALUES (1)"}, []bool{false, true}},
	} {
		if got := rowsOnly(c.stmts); !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%q: %s", c.stmts, fmt.Sprint(got))
		}
	}
}

func TestRepeats(t *testing.T) {
	for stmt, want := range map[string]bool{
		"ANALYZE TABLE t":                                   true,
		"ANALYZE LOCAL TABLE t":                             true,
		"ANALYZE UPDATE t SET a = a + 1":                    false,
		"ANALYZE FORMAT = JSON DELETE FROM t":               false,
		"SET STATEMENT max_statement_time = 0 FOR CALL p()": false,
		"SET GLOBAL max_connections = 100":                  true,
		"SET @a = 1":                                        true,
		"SET @a = f()":                                      false,
		"CREATE TEMPORARY TABLE t (a int)":                  true,
		"CREATE OR REPLACE TABLE t (a int)":                 false,
		"OPTIMIZE TABLE t":                                  true,
	} {
		a := alone(stmt)
		if got := a != nil && a.Outcome != nil; got != want {
			t.Errorf("%s: %t", stmt, got)
		}
	}
}
