package sqltext

import "testing"

func TestSplitMySQL(t *testing.T) { runSplit(t, MySQL, mysqlCases()) }

func mysqlCases() []splitCase {
	return []splitCase{
		{
			name: "quotes", src: "SELECT 'a\\';''', \"b\\\";\"\"\", `c;\\```; SELECT N'\\'', _utf8mb4'x', X'00', b'1'",
			want: []string{"1:1 SELECT 'a\\';''', \"b\\\";\"\"\", `c;\\```", "1:37 SELECT N'\\'', _utf8mb4'x', X'00', b'1'"},
		},
		{
			name: "comments", src: "SELECT 1--1, 2 -- ;\n, 3 # ; '\n, 4 /* /* ; */; SELECT 5 --",
			want: []string{"1:1 SELECT 1--1, 2 -- ;\n, 3 # ; '\n, 4", "3:17 SELECT 5"},
		},
		{
			name: "executable comments", src: "/*!40101 SET NAMES utf8 */;\n/*!50001 CREATE VIEW v AS SELECT ';' */;/*M!100100 SET a='*/' */;/*! SELECT 1 */",
			want: []string{"1:1 /*!40101 SET NAMES utf8 */", "2:1 /*!50001 CREATE VIEW v AS SELECT ';' */", "2:41 /*M!100100 SET a='*/' */", "2:66 /*! SELECT 1 */"},
		},
		{name: "comment in an executable comment", src: "/*!50003 SELECT /* ; */ 1 # */\n */; SELECT 2", want: []string{"1:1 /*!50003 SELECT /* ; */ 1 # */\n */", "2:6 SELECT 2"}},
		{name: "sandbox line", src: "/*M!999999\\- enable the sandbox mode */ \n-- x\nSELECT 1;", want: []string{"3:1 SELECT 1"}},
		{name: "hints", src: "SELECT /*+ MAX_EXECUTION_TIME(1) */ 1; SELECT 2", want: []string{"1:1 SELECT /*+ MAX_EXECUTION_TIME(1) */ 1", "1:40 SELECT 2"}},
		{name: "open executable comment", src: "SELECT 1;\n /*!50003 SELECT 2; SELECT 3;", fails: "2:2 executable comment"},
		{name: "open comment", src: "SELECT 1 /* a", fails: "1:10 comment"},
		{name: "open string", src: "SELECT 'a\\'", fails: "1:8 string"},
		{name: "open backticks", src: "SELECT `a", fails: "1:8 quoted name"},
		{name: "variables", src: "SET @a:=1, @@sql_mode=@`;`, @';'=2; SELECT @a.b$c", want: []string{"1:1 SET @a:=1, @@sql_mode=@`;`, @';'=2", "1:37 SELECT @a.b$c"}},
		{name: "transactions", src: "BEGIN; BEGIN WORK; START TRANSACTION; SELECT 1; COMMIT;", want: []string{"1:1 BEGIN", "1:8 BEGIN WORK", "1:20 START TRANSACTION", "1:39 SELECT 1", "1:49 COMMIT"}},
		{name: "null", src: `SELECT \N; SELECT 1`, want: []string{`1:1 SELECT \N`, "1:12 SELECT 1"}},
		{name: "use", src: "USE x; SELECT 1", want: []string{"1:1 USE x", "1:8 SELECT 1"}},
		{name: "source", src: "SELECT 1;\nsource x.sql\n", fails: "2:1 source: a command of the mysql client, which reads another file"},
		{name: "dot", src: "\\. x.sql\n", fails: "1:1 \\."},
		{name: "G", src: "SELECT 1\\G\n", fails: "1:9 \\G"},
		{name: "system", src: "SYSTEM ls", fails: "1:1 runs a program"},
		{
			name: "dollar quotes of MySQL 9", src: "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $x$ let a = ';'; return 1; $x$; SELECT $a$, b AS $a$; SELECT 2",
			want: []string{"1:1 CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $x$ let a = ';'; return 1; $x$", "1:88 SELECT $a$, b AS $a$", "1:110 SELECT 2"},
		},
	}
}

func TestSplitDelimiter(t *testing.T) { runSplit(t, MySQL, delimiterCases()) }

func delimiterCases() []splitCase {
	return []splitCase{
		{
			name: "slashes", src: "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END//\ndelimiter ;\nSELECT 2; SELECT 3;",
			want: []string{"2:1 CREATE PROCEDURE p() BEGIN SELECT 1; END", "4:1 SELECT 2", "4:11 SELECT 3"},
		},
		{
			name: "dollars behind a word", src: " Delimiter $$\r\nCREATE PROCEDURE p() BEGIN SELECT a$b; END$$\r\nDELIMITER ;\r\nSELECT 2",
			want: []string{"2:1 CREATE PROCEDURE p() BEGIN SELECT a$b; END", "4:1 SELECT 2"},
		},
		{name: "semicolons", src: "DELIMITER ;;\nSELECT 1;; SELECT ';;' ;;\nDELIMITER ;", want: []string{"2:1 SELECT 1", "2:12 SELECT ';;'"}},
		{
			name: "bar", src: "DELIMITER |\nCREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET a = 1; END |\nSELECT 1|\nDELIMITER ;",
			want: []string{"2:1 CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET a = 1; END", "3:1 SELECT 1"},
		},
		{name: "word", src: "DELIMITER go\nSELECT category\ngo\nSELECT 2 go", want: []string{"2:1 SELECT category", "4:1 SELECT 2"}},
		{name: "in quotes", src: "DELIMITER '//'\nSELECT '//', 1 -- //\n //\n", want: []string{"2:1 SELECT '//', 1"}},
		{name: "a semicolon before it", src: "DELIMITER //\nCREATE PROCEDURE p() BEGIN END;\n//\n;//", want: []string{"2:1 CREATE PROCEDURE p() BEGIN END"}},
		{
			name: "several statements before it", src: "DELIMITER //\nDROP PROCEDURE IF EXISTS p;\nCREATE PROCEDURE p()\nBEGIN\n IF a THEN SELECT 1; END IF;\nEND;\n//",
			want: []string{"2:1 DROP PROCEDURE IF EXISTS p", "3:1 CREATE PROCEDURE p()\nBEGIN\n IF a THEN SELECT 1; END IF;\nEND"},
		},
		{name: "forgotten terminator", src: "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END\nDELIMITER ;\nSELECT 2;", want: []string{"2:1 CREATE PROCEDURE p() BEGIN SELECT 1; END", "4:1 SELECT 2"}},
		{name: "a column called delimiter", src: "CREATE TABLE t (\ndelimiter int,\n a int);", want: []string{"1:1 CREATE TABLE t (\ndelimiter int,\n a int)"}},
		{name: "a package is left whole", src: "DELIMITER //\nCREATE PACKAGE k AS\n a INT; b INT; END;\n//\nSELECT 1//", want: []string{"2:1 CREATE PACKAGE k AS\n a INT; b INT; END", "5:1 SELECT 1"}},
		{name: "none", src: "SELECT 1;\nDELIMITER\n", fails: "2:1 DELIMITER without"},
		{name: "backslash", src: "DELIMITER \\\n", fails: "1:1 not a delimiter"},
		{
			name: "mysqldump's trigger", src: "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN\n SET NEW.a = 1; /* c */\nEND */;;\nDELIMITER ;\n/*!50003 SET sql_mode = @a */ ;\n",
			want: []string{"2:1 /*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN\n SET NEW.a = 1; /* c */\nEND */", "6:1 /*!50003 SET sql_mode = @a */"},
		},
	}
}

// TestSplitMySQLBodies takes programs that are to stay one statement without
// DELIMITER. Each is followed by another statement.
func TestSplitMySQLBodies(t *testing.T) {
	for _, src := range mysqlBodies() {
		for _, text := range []string{src + ";\nSELECT 9;", "DELIMITER //\n" + src + "//\nSELECT 9//", "DELIMITER $$\n" + src + ";$$\nSELECT 9;\n$$"} {
			got, err := Split(MySQL, "f.sql", text)
			if err != nil {
				t.Errorf("%s\n%v", text, err)
			} else if len(got) != 2 || got[0].Text != src || got[1].Text != "SELECT 9" {
				t.Errorf("%s\nis cut into\n%s", text, list(got))
			}
		}
	}
	runSplit(t, MySQL, []splitCase{
		{name: "no end", src: "SELECT 1;\nCREATE PROCEDURE p()\n BEGIN IF a THEN SELECT 1; END IF; SELECT 2;", fails: "3:2 BEGIN that begins here has no END"},
		{name: "no end if", src: "CREATE PROCEDURE p()\nBEGIN\n  IF a THEN SELECT 1;\nEND;", fails: "2:1 BEGIN"},
	})
}

func mysqlBodies() []string {
	return []string{
		"CREATE PROCEDURE p() SELECT IF(1, 2, 3), REPEAT('a', 2), REPLACE('a', 'b', 'c')",
		"CREATE PROCEDURE p() BEGIN END",
		"CREATE OR REPLACE DEFINER=`root`@`%` PROCEDURE IF NOT EXISTS p() BEGIN SELECT 1; END",
		"CREATE DEFINER=root@localhost PROCEDURE p() BEGIN SELECT 1; END",
		"CREATE DEFINER = 'a'@'b' PROCEDURE p() BEGIN SELECT 1; END",
		"CREATE DEFINER=CURRENT_USER() AGGREGATE FUNCTION f(x INT) RETURNS INT BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN 1; LOOP FETCH GROUP NEXT ROW; SET a = 1; END LOOP; END",
		"CREATE PROCEDURE p() lbl: BEGIN IF a THEN LEAVE lbl; END IF; END lbl",
		"CREATE PROCEDURE p() `l 1`: BEGIN SELECT 1; END `l 1`",
		"CREATE PROCEDURE p(IN a ENUM('x','y'), OUT b DECIMAL(10,2)) COMMENT 'BEGIN' NOT DETERMINISTIC CONTAINS SQL SQL SECURITY INVOKER BEGIN SELECT 1; END",
		"CREATE FUNCTION f() RETURNS SET('a', 'b') CHARACTER SET utf8 DETERMINISTIC BEGIN RETURN 'a'; END",
		"CREATE FUNCTION f() RETURNS INT RETURN CASE WHEN 1 THEN IF(a, b, c) ELSE 2 END",
		"CREATE FUNCTION f() RETURNS INT IF (1) THEN RETURN 1; ELSEIF 2 THEN RETURN 2; ELSE RETURN 3; END IF",
		"CREATE FUNCTION f RETURNS STRING SONAME 'x.so'",
		"CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, SQLSTATE VALUE '23000', 1062, not found, c BEGIN ROLLBACK; END; SELECT 1; END",
		"CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = IF(1, 2, 3); DECLARE c CURSOR FOR SELECT 1; SELECT 2; END",
		"CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR 1051 IF a THEN SELECT 1; END IF; SELECT 2; END",
		"CREATE PROCEDURE p() BEGIN IF EXISTS (SELECT 1) THEN DROP TABLE IF EXISTS t; ELSE IF a THEN SELECT 1; END IF; END IF; END",
		"CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN SELECT 1; WHEN 2 THEN BEGIN END; ELSE CASE WHEN b THEN SELECT CASE c WHEN 1 THEN 2 END; END CASE; END CASE; SELECT 3; END",
		"CREATE PROCEDURE p() BEGIN l: LOOP ITERATE l; END LOOP l; WHILE a < (SELECT 1) DO DO SLEEP(1); END WHILE; REPEAT SET a = 1; UNTIL a > 1 END REPEAT; END",
		"CREATE PROCEDURE p() REPEAT SET a = 1; UNTIL CASE a WHEN 1 THEN 2 END END REPEAT",
		"CREATE PROCEDURE p() BEGIN FOR i IN 1..10 DO SELECT i; END FOR; FOR r IN (SELECT 1) DO IF a THEN SELECT 1; END IF; END FOR; END",
		"CREATE PROCEDURE p() BEGIN UPDATE t SET end = NOW(), begin = 1 WHERE t.end > end; SELECT CASE WHEN end > 1 THEN begin ELSE end END AS `case`; END",
		"CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = IF(1,2,3); REPLACE INTO t VALUES (1); SELECT 1 LIMIT 1 FOR UPDATE; END",
		"CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = IF(NEW.a, 1, 2)",
		"CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW FOLLOWS u IF NEW.a THEN SET NEW.b = 1; END IF",
		"CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW PRECEDES `u` BEGIN SET a = 1; END",
		"CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW IF NEW.a THEN SET NEW.b = 1; ELSE SET NEW.b = 2; END IF",
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS NOW() + INTERVAL 1 DAY COMMENT 'DO' DO BEGIN DELETE FROM t; DELETE FROM u; END",
		"CREATE EVENT e ON SCHEDULE AT NOW() DO DELETE FROM t",
		"ALTER DEFINER=a@b EVENT e DO BEGIN DELETE FROM t; END",
		"BEGIN NOT ATOMIC DECLARE a INT; SELECT 1; END",
		"CREATE PROCEDURE p() BEGIN BEGIN NOT ATOMIC SELECT 1; END; SELECT 2; END",
		"IF @a THEN SELECT 1; END IF",
		"l: LOOP SELECT 1; LEAVE l; END LOOP",
		"CREATE PROCEDURE p() BEGIN /* ; END */ SELECT 1; -- END;\n# END;\n END",
		"/*!50003 CREATE*/ /*!50020 DEFINER=`root`@`localhost`*/ /*!50003 PROCEDURE `p`()\nBEGIN\n SELECT 1;\nEND */",
		"/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`localhost`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY DO BEGIN SELECT 1; END */",
		"CREATE TABLE t (a INT, b INT AS (IF(a, 1, 2)), `begin` INT)",
		"CREATE VIEW v AS SELECT CASE a WHEN 1 THEN 2 END FROM t",
		"CREATE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW v AS SELECT 1",
		"ALTER PROCEDURE p COMMENT 'x'",
	}
}
