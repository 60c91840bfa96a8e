-- Pairs of schemas: "-- case NAME [PRODUCT]", then a, "-- to", then b. Each is
-- gone from nothing to a, to b, back to a and to nothing.

-- case table/strings
-- to
CREATE TABLE t (v varchar(20) NOT NULL DEFAULT 'it''s \\ "q"' COMMENT 'c''o\\mm\n"x" é', e enum('a','b''c','d,e','\\') DEFAULT 'b''c', s set('x','y') DEFAULT 'x,y') COMMENT 'tab''le\\ "x" é';

-- case table/options
CREATE TABLE t (id int PRIMARY KEY, b varchar(10)) ROW_FORMAT=DYNAMIC STATS_PERSISTENT=1 COMMENT='a';
-- to
CREATE TABLE t (id int PRIMARY KEY, b varchar(10)) ROW_FORMAT=COMPRESSED STATS_AUTO_RECALC=0;

-- case table/engine
CREATE TABLE t (id int PRIMARY KEY, b varchar(10), KEY (b)) ENGINE=InnoDB;
-- to
CREATE TABLE t (id int PRIMARY KEY, b varchar(10), KEY (b)) ENGINE=MyISAM MAX_ROWS=100 PACK_KEYS=1 CHECKSUM=1 AVG_ROW_LENGTH=20 DELAY_KEY_WRITE=1;

-- case table/memory
CREATE TABLE t (a int, b int, KEY a (a), KEY b (b) USING BTREE) ENGINE=MEMORY;
-- to
CREATE TABLE t (a int, b int, KEY a (a) USING BTREE, KEY b (b)) ENGINE=MEMORY;

-- case table/charset-keeps-columns
CREATE TABLE t (a varchar(10), b varchar(10) CHARACTER SET latin1, c text, n int) CHARSET utf8mb4;
-- to
CREATE TABLE t (a varchar(10), b varchar(10) CHARACTER SET latin1, c text CHARACTER SET utf8mb4, n int) CHARSET latin1;

-- case table/page-compressed [mariadb]
CREATE TABLE t (a int) PAGE_COMPRESSED=1;
-- to
CREATE TABLE t (a int, b int);

-- case table/compression [mysql]
CREATE TABLE t (a int);
-- to
CREATE TABLE t (a int) COMPRESSION='zlib';

-- case table/versioned-change [mariadb]
CREATE TABLE t (id int PRIMARY KEY, a int) WITH SYSTEM VERSIONING;
-- to
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) NOT NULL DEFAULT 'x', b int WITHOUT SYSTEM VERSIONING, KEY (a)) WITH SYSTEM VERSIONING COMMENT 'x';

-- case table/versioned-columns [mariadb]
-- to
CREATE TABLE t (id int, a int WITHOUT SYSTEM VERSIONING, rs timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE, re timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(rs, re)) WITH SYSTEM VERSIONING;

-- case table/versioned-columns-drop [mariadb]
CREATE TABLE t (id int);
-- to
CREATE TABLE t (id int, rs timestamp(6) GENERATED ALWAYS AS ROW START, re timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(rs, re)) WITH SYSTEM VERSIONING;

-- case table/versioned-partitions [mariadb]
CREATE TABLE t (id int) WITH SYSTEM VERSIONING;
-- to
CREATE TABLE t (id int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 MONTH (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION pn CURRENT);

-- case partition/range
CREATE TABLE t (id int NOT NULL, d date NOT NULL, PRIMARY KEY (id, d)) PARTITION BY RANGE (year(d)) (PARTITION p0 VALUES LESS THAN (2000) COMMENT 'x''y', PARTITION p1 VALUES LESS THAN (2010));
-- to
CREATE TABLE t (id int NOT NULL, d date NOT NULL, n int, PRIMARY KEY (id, d)) PARTITION BY RANGE (year(d)) (PARTITION p0 VALUES LESS THAN (2000) COMMENT 'x''y', PARTITION p1 VALUES LESS THAN (2010), PARTITION p2 VALUES LESS THAN (2020), PARTITION `p,3` VALUES LESS THAN MAXVALUE);

-- case partition/range-drop-and-add
CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
-- to
CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id) (PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30));

-- case partition/columns
CREATE TABLE t (d date NOT NULL, s varchar(10), KEY (d)) PARTITION BY RANGE COLUMNS (d, s) (PARTITION p0 VALUES LESS THAN ('2000-01-01', 'it''s'), PARTITION pm VALUES LESS THAN (MAXVALUE, MAXVALUE));
-- to
CREATE TABLE t (d date NOT NULL, s varchar(10), KEY (s)) PARTITION BY LIST COLUMNS (s) (PARTITION a VALUES IN ('a', 'b''q'), PARTITION b VALUES IN ('c', NULL));

-- case partition/hash-key
CREATE TABLE t (id int NOT NULL PRIMARY KEY, b int) PARTITION BY LINEAR HASH (id) PARTITIONS 4;
CREATE TABLE u (id int NOT NULL PRIMARY KEY) PARTITION BY KEY () PARTITIONS 3;
-- to
CREATE TABLE t (id int NOT NULL PRIMARY KEY, b int) PARTITION BY LINEAR KEY (id) (PARTITION x, PARTITION y);
CREATE TABLE u (id int NOT NULL, n int NOT NULL, PRIMARY KEY (id, n));

-- case partition/sub
CREATE TABLE t (id int, d date) PARTITION BY RANGE (year(d)) SUBPARTITION BY HASH (to_days(d)) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (1990), PARTITION p1 VALUES LESS THAN MAXVALUE);
-- to
CREATE TABLE t (id int, d date) PARTITION BY RANGE (year(d)) SUBPARTITION BY KEY (id) (PARTITION p0 VALUES LESS THAN (1990) (SUBPARTITION s0 COMMENT 'c', SUBPARTITION s1), PARTITION p1 VALUES LESS THAN MAXVALUE (SUBPARTITION s2, SUBPARTITION s3));

-- case partition/primary-key-with-it
CREATE TABLE t (id int NOT NULL PRIMARY KEY, d int NOT NULL);
-- to
CREATE TABLE t (id int NOT NULL, d int NOT NULL, PRIMARY KEY (id, d)) PARTITION BY HASH (d) PARTITIONS 2;

-- case column/all-replaced
CREATE TABLE t (a int, KEY (a));
-- to
CREATE TABLE t (b int PRIMARY KEY, c int INVISIBLE);

-- case column/order
CREATE TABLE t (a int, b int, c int, d int, e int);
-- to
CREATE TABLE t (e int, x int, a int, d varchar(5), y int, c int, b int, z int);

-- case column/order-drop
CREATE TABLE t (a int, b int, c int, d int);
-- to
CREATE TABLE t (d int, n int, c int);

-- case column/auto-increment
CREATE TABLE t (id int NOT NULL, n int);
-- to
CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, n int);

-- case column/auto-increment-new
CREATE TABLE t (n int NOT NULL PRIMARY KEY);
-- to
CREATE TABLE t (id bigint unsigned NOT NULL AUTO_INCREMENT, n int NOT NULL, PRIMARY KEY (id), UNIQUE KEY u (n));

-- case column/on-update
CREATE TABLE t (a datetime(3) DEFAULT CURRENT_TIMESTAMP(3), b timestamp NULL, c timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP);
-- to
CREATE TABLE t (a datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), b timestamp NOT NULL DEFAULT '2020-01-01 00:00:00', c timestamp NULL);

-- case column/defaults
CREATE TABLE t (a int, b varchar(36), c bit(3), d varbinary(5), e binary(4), f decimal(10,2), g date, h year, i double, j datetime, k varchar(9));
-- to
CREATE TABLE t (a int DEFAULT -5, b varchar(36) DEFAULT (uuid()), c bit(3) DEFAULT b'101', d varbinary(5) DEFAULT x'00ff27', e binary(4) DEFAULT 'a''', f decimal(10,2) DEFAULT 1.50, g date DEFAULT '2020-01-01', h year DEFAULT 2020, i double DEFAULT 1.5, j datetime DEFAULT (now() + interval 1 day), k varchar(9) DEFAULT (concat('a''\\', 'é')));

-- case column/generated
CREATE TABLE t (n int, v varchar(20), g int AS (n*2) VIRTUAL, s varchar(30) AS (concat(v,'x\\''y"é')) STORED COMMENT 'gen', x int);
-- to
CREATE TABLE t (n int, v varchar(20), g int AS (n*3) VIRTUAL, s varchar(40) AS (concat(v,'z')) STORED, x int AS (n+1) STORED);

-- case column/generated-indexed
CREATE TABLE t (n int, g int AS (n*2) VIRTUAL, KEY k (g));
-- to
CREATE TABLE t (n int, g int AS (n*2) STORED, KEY k (g));

-- case column/generated-dropped-with-base
CREATE TABLE t (n int, m int, g int AS (n*2) VIRTUAL, KEY k (g));
-- to
CREATE TABLE t (m int, g int AS (m*2) VIRTUAL, KEY k (g));

-- case column/invisible
CREATE TABLE t (a int, b int);
-- to
CREATE TABLE t (a int, b int INVISIBLE, c int INVISIBLE DEFAULT 5 COMMENT 'x');

-- case column/json-check
CREATE TABLE t (j json, k longtext);
-- to
CREATE TABLE t (j json NOT NULL, k json);

-- case column/json-longtext [mariadb]
CREATE TABLE t (k longtext CHECK (json_valid(k)), l json);
-- to
CREATE TABLE t (k json, l longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin);

-- case column/check-column [mariadb]
CREATE TABLE t (n int CHECK (n > 0), m int CHECK (m <> 5), CONSTRAINT mn CHECK (m > n));
-- to
CREATE TABLE t (n int CHECK (n > 1), m int, CONSTRAINT mn CHECK (m > n));

-- case column/compressed [mariadb]
CREATE TABLE t (x text COMPRESSED CHARACTER SET latin1, y varchar(500) COMPRESSED DEFAULT 'x');
-- to
CREATE TABLE t (x text CHARACTER SET latin1, y varchar(600) COMPRESSED DEFAULT 'x');

-- case column/explicit-nulls
CREATE TABLE t (a text, b blob, c geometry, d json, e point NOT NULL, f tinyint(1), g enum('x') CHARACTER SET latin1);
-- to
CREATE TABLE t (a text NOT NULL, b blob NOT NULL, c geometry, d json, e point NOT NULL, f tinyint(1) NOT NULL DEFAULT 0, g enum('x','y') CHARACTER SET latin1 NOT NULL);

-- case column/srid [mysql]
CREATE TABLE t (g geometry NOT NULL SRID 4326, SPATIAL KEY (g));
-- to
CREATE TABLE t (g geometry NOT NULL SRID 0, h point NOT NULL SRID 4326, SPATIAL KEY (h));

-- case column/type-under-foreign-key
CREATE TABLE p (id int NOT NULL PRIMARY KEY, v varchar(10) UNIQUE);
CREATE TABLE c (id int, p_id int, v varchar(10), CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE, CONSTRAINT g FOREIGN KEY (v) REFERENCES p (v));
CREATE VIEW w AS SELECT c.id, p.v FROM c JOIN p ON p.id = c.p_id;
-- to
CREATE TABLE p (id bigint NOT NULL PRIMARY KEY, v varchar(10) COLLATE utf8mb4_bin UNIQUE);
CREATE TABLE c (id int, p_id bigint NOT NULL, v varchar(10) COLLATE utf8mb4_bin, CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE, CONSTRAINT g FOREIGN KEY (v) REFERENCES p (v));
CREATE VIEW w AS SELECT c.id, p.v FROM c JOIN p ON p.id = c.p_id;

-- case column/not-null-under-foreign-key
CREATE TABLE p (id int NOT NULL PRIMARY KEY);
CREATE TABLE c (p_id int, n int, CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id));
-- to
CREATE TABLE p (id int NOT NULL PRIMARY KEY);
CREATE TABLE c (p_id int NOT NULL, n varchar(4), CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id));

-- case index/all
CREATE TABLE t (a int, b varchar(50), c text, KEY k1 (a), UNIQUE KEY u1 (b), FULLTEXT KEY f (c), KEY k3 (b(5)));
-- to
CREATE TABLE t (a int, b varchar(50), c text, KEY k1 (a DESC, b(7)), KEY u1 (b), FULLTEXT KEY f (b, c), UNIQUE KEY k3 (b(5)), KEY k4 (c(9)) COMMENT 'i''x');

-- case index/functional [mysql]
CREATE TABLE t (a int, b json, c varchar(20), KEY fe ((a + 1), (concat(c,'it''s \\ "é')) DESC), KEY iv (a) INVISIBLE, UNIQUE KEY uf ((a*2)));
-- to
CREATE TABLE t (a int, b json, c varchar(20), KEY fe ((a + 2)), KEY iv (a), KEY mv ((cast(b->'$.x' as unsigned array))), UNIQUE KEY uf ((a*2)) INVISIBLE);

-- case index/ignored [mariadb]
CREATE TABLE t (a int, KEY i (a) IGNORED, KEY j (a));
-- to
CREATE TABLE t (a int, KEY i (a), KEY j (a) IGNORED);

-- case index/parser [mysql]
CREATE TABLE t (a varchar(20), b varchar(20), FULLTEXT KEY n (a) WITH PARSER ngram, FULLTEXT KEY m (b));
-- to
CREATE TABLE t (a varchar(20), b varchar(20), FULLTEXT KEY n (a), FULLTEXT KEY m (b) WITH PARSER ngram);

-- case index/spatial-stays [mysql]
CREATE TABLE t (g geometry NOT NULL SRID 0, SPATIAL KEY (g));
-- to
CREATE TABLE t (g geometry NOT NULL SRID 4326, SPATIAL KEY (g));

-- case index/spatial
CREATE TABLE t (g geometry NOT NULL);
-- to
CREATE TABLE t (g geometry NOT NULL, SPATIAL KEY s (g));

-- case index/long-unique [mariadb]
CREATE TABLE t (a text, UNIQUE KEY u (a));
-- to
CREATE TABLE t (a text, b blob, UNIQUE KEY u (b));

-- case index/primary
CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int NOT NULL, PRIMARY KEY (a));
-- to
CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int NOT NULL, PRIMARY KEY (b, a), UNIQUE KEY u (c));

-- case index/primary-drop-auto-increment
CREATE TABLE t (a int NOT NULL AUTO_INCREMENT PRIMARY KEY, b int NOT NULL);
-- to
CREATE TABLE t (b int NOT NULL);

-- case index/referenced-key-changes
CREATE TABLE p (id int NOT NULL PRIMARY KEY, n int);
CREATE TABLE c (p_id int, CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id));
-- to
CREATE TABLE p (id int NOT NULL, n int NOT NULL PRIMARY KEY, UNIQUE KEY u (id));
CREATE TABLE c (p_id int, CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id));

-- case fk/composite-and-self
CREATE TABLE p (a int NOT NULL, b int NOT NULL, up int, PRIMARY KEY (a, b), UNIQUE KEY (b), CONSTRAINT s FOREIGN KEY (up) REFERENCES p (b) ON UPDATE CASCADE);
-- to
CREATE TABLE p (a int NOT NULL, b int NOT NULL, up int, PRIMARY KEY (a, b), UNIQUE KEY (b));
CREATE TABLE c (x int, y int, CONSTRAINT s FOREIGN KEY (x, y) REFERENCES p (a, b) ON DELETE SET NULL ON UPDATE NO ACTION);

-- case fk/circle
-- to
SET foreign_key_checks = 0;
CREATE TABLE a (id int PRIMARY KEY, b_id int, CONSTRAINT fa FOREIGN KEY (b_id) REFERENCES b (id));
CREATE TABLE b (id int PRIMARY KEY, a_id int, CONSTRAINT fb FOREIGN KEY (a_id) REFERENCES a (id));
SET foreign_key_checks = 1;

-- case fk/unnamed
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES p (id) ON DELETE RESTRICT);
-- to
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, FOREIGN KEY (b) REFERENCES p (id), KEY two (a, b));

-- case fk/generated-index-stays
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, FOREIGN KEY (a) REFERENCES p (id));
-- to
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, KEY a (a), UNIQUE KEY two (a, b), FOREIGN KEY (a) REFERENCES p (id));

-- case fk/generated-index-is-covered
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, FOREIGN KEY (a) REFERENCES p (id));
-- to
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, KEY two (a, b), FOREIGN KEY (a) REFERENCES p (id));

-- case fk/table-dropped
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id));
-- to
CREATE TABLE c (a int, KEY f (a));

-- case check/change
CREATE TABLE t (a int, b int, CONSTRAINT ck CHECK (a > 0), CONSTRAINT c2 CHECK (b <> 7), CHECK (a < 100));
-- to
CREATE TABLE t (a int, c varchar(9), CONSTRAINT ck CHECK (a > 1), CONSTRAINT c3 CHECK (c <> 'it''s \\ é'), CHECK (a < 200));

-- case check/enforced [mysql]
CREATE TABLE t (a int, CONSTRAINT ck CHECK (a > 0), CONSTRAINT c2 CHECK (a > 1) NOT ENFORCED);
-- to
CREATE TABLE t (a int, CONSTRAINT ck CHECK (a > 0) NOT ENFORCED, CONSTRAINT c2 CHECK (a > 1));

-- case view/options
CREATE TABLE t (id int, v varchar(10));
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v2 AS SELECT * FROM t WHERE id > 3 WITH LOCAL CHECK OPTION;
CREATE ALGORITHM=TEMPTABLE VIEW v1 AS SELECT v2.id FROM v2;
CREATE VIEW v0 (a, `b``c`) AS SELECT v1.id, _latin1'it''s \\ x' FROM v1 UNION ALL SELECT id, 'é' FROM v2;
-- to
CREATE TABLE t (id int, v varchar(10), w int);
CREATE VIEW v2 AS SELECT id, w FROM t WITH CASCADED CHECK OPTION;
CREATE VIEW v1 AS SELECT id FROM t;
CREATE VIEW v0 AS SELECT v1.id, v2.w FROM v1 JOIN v2 USING (id);

-- case view/function-and-subquery
CREATE TABLE t (a int, b varchar(3));
CREATE FUNCTION f1(a int) RETURNS int DETERMINISTIC RETURN a+1;
CREATE VIEW z AS SELECT f1(a) q, count(*) c, cast(a AS char) ca, (SELECT max(a) FROM t t2 WHERE t2.a=t.a) m FROM t GROUP BY a HAVING q > 1;
CREATE VIEW a AS SELECT q FROM z;
-- to
CREATE TABLE t (a int, b varchar(3));
CREATE FUNCTION f1(a int, b int) RETURNS int DETERMINISTIC RETURN a+b;
CREATE VIEW z AS SELECT f1(a, 2) q FROM t;
CREATE VIEW a AS SELECT q FROM z;

-- case view/becomes-table
CREATE TABLE t (a int);
CREATE VIEW x AS SELECT a FROM t;
-- to
CREATE TABLE x (a int);
CREATE VIEW t AS SELECT a FROM x;

-- case trigger/order
CREATE TABLE t (n int, v varchar(20));
DELIMITER //
CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1//
CREATE TRIGGER c BEFORE INSERT ON t FOR EACH ROW begin set new.v = 'a\'b\\c"d''é'; end//
CREATE TRIGGER z AFTER UPDATE ON t FOR EACH ROW SET @x = 'q'//
DELIMITER ;
-- to
CREATE TABLE t (n int, v varchar(20), w int);
DELIMITER //
CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 2//
CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW
  FOLLOWS b SET NEW.n = 3//
CREATE TRIGGER c BEFORE INSERT ON t FOR EACH ROW begin set new.v = 'a\'b\\c"d''é'; end//
CREATE TRIGGER first BEFORE INSERT ON t FOR EACH ROW PRECEDES b SET NEW.w = 0//
CREATE TRIGGER z AFTER DELETE ON t FOR EACH ROW begin set @x = 'q'; end//
DELIMITER ;

-- case trigger/moves
CREATE TABLE t (n int);
CREATE TABLE u (n int);
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
-- to
CREATE TABLE t (n int);
CREATE TABLE u (n int);
CREATE TRIGGER tr BEFORE INSERT ON u FOR EACH ROW SET NEW.n = 1;

-- case routine/all
DELIMITER //
CREATE PROCEDURE pr1(in a int, out b varchar(10) character set latin1, inout c decimal(10,2)) comment 'it''s \\ com' reads sql data sql security invoker
begin
  -- comment é
  declare x int; select 'a\'b\\c"d''é\n', "dq" into @a, @b; /* c */
end//
CREATE FUNCTION fn1(a varchar(10), `b``q` enum('x','y''z') ) RETURNS varchar(20) charset utf8mb4 collate utf8mb4_bin deterministic no sql return concat(a,'x1.y')//
CREATE FUNCTION `we``ird`() RETURNS json DETERMINISTIC RETURN NULL//
DELIMITER ;
-- to
DELIMITER //
CREATE PROCEDURE pr1(a int) select a//
CREATE FUNCTION pr1() RETURNS int DETERMINISTIC RETURN 1//
CREATE FUNCTION fn1(a varchar(10), `b``q` enum('x','y''z') ) RETURNS varchar(20) charset utf8mb4 collate utf8mb4_bin deterministic no sql comment 'new' return concat(a,'x1.y')//
DELIMITER ;

-- case routine/aggregate [mariadb]
-- to
DELIMITER //
CREATE AGGREGATE FUNCTION agg(x int) RETURNS int begin declare s int default 0; declare continue handler for not found return s; loop fetch group next row; set s = s + x; end loop; end//
DELIMITER ;

-- case routine/sql-mode
CREATE TABLE t (a int);
-- to
CREATE TABLE t (a int);
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES';
CREATE FUNCTION f() RETURNS varchar(20) DETERMINISTIC RETURN 'a' || 'b';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW."a" = 1;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 'a' || 'b';
SET sql_mode = DEFAULT;

-- case event/all
CREATE EVENT ev1 ON SCHEDULE EVERY 1 DAY DO SELECT 'it''s \\ é';
CREATE EVENT ev2 ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' ENDS '2031-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'c''o' DO begin select 1; end;
CREATE EVENT `ev``3` ON SCHEDULE AT '2030-01-01 00:00:00' DO SELECT 1;
-- to
CREATE EVENT ev1 ON SCHEDULE EVERY 2 DAY DO SELECT 'it''s \\ é';
CREATE EVENT ev2 ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' DO begin select 1; end;

-- case sequence/change [mariadb]
CREATE SEQUENCE s1;
CREATE SEQUENCE `s``2` START WITH 5 INCREMENT BY 2 MINVALUE 1 MAXVALUE 100 CACHE 10 CYCLE;
CREATE TABLE t (a int DEFAULT nextval(s1), b int DEFAULT (a + 1));
-- to
CREATE SEQUENCE s1 START WITH 10 NOCACHE;
CREATE SEQUENCE a MINVALUE -100 INCREMENT BY -1;
CREATE TABLE t (a int DEFAULT nextval(s1), b int DEFAULT nextval(a), c int);

-- case names/odd
CREATE TABLE `we``ird ta'ble` (`a b` int PRIMARY KEY, `c"d` varchar(10), `ключ` int, KEY `k``1` (`c"d`), CONSTRAINT `c``k` CHECK (`ключ` > 0));
CREATE VIEW `v``v` AS SELECT `a b`, `ключ` FROM `we``ird ta'ble`;
-- to
CREATE TABLE `we``ird ta'ble` (`a b` int PRIMARY KEY, `c"d` varchar(20), `ключ` bigint, KEY `k``1` (`ключ`), CONSTRAINT `c``k` CHECK (`ключ` > 1));
CREATE TABLE `select` (`from` int);

-- case names/home-like
CREATE TABLE t (t int, CONSTRAINT t CHECK (t > 0));
CREATE VIEW v AS SELECT t.t, 't.t' AS lit FROM t AS t;
-- to
CREATE TABLE t (t int, CONSTRAINT t CHECK (t > 0));
CREATE VIEW v AS SELECT x.t, 't.t' AS lit FROM t AS x JOIN t AS y USING (t);

-- case mixed/many-changes
CREATE TABLE p (id int NOT NULL PRIMARY KEY, code varchar(9), UNIQUE KEY (code));
CREATE TABLE t (id int NOT NULL AUTO_INCREMENT, p_id int, code varchar(9), n int, g int AS (n*2) VIRTUAL, v varchar(10), PRIMARY KEY (id), KEY p (p_id), KEY v (v), CONSTRAINT f1 FOREIGN KEY (p_id) REFERENCES p (id), CONSTRAINT f2 FOREIGN KEY (code) REFERENCES p (code), CONSTRAINT c1 CHECK (n > 0)) COMMENT='a';
CREATE VIEW w AS SELECT t.id, p.code, t.n FROM t JOIN p ON p.id = t.p_id;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = NEW.n + 1;
-- to
CREATE TABLE p (id bigint NOT NULL PRIMARY KEY, code varchar(19), extra int, UNIQUE KEY (code));
CREATE TABLE t (v varchar(20) NOT NULL DEFAULT '', id bigint NOT NULL AUTO_INCREMENT, pid bigint, code varchar(19), m int, g int AS (m*2) STORED, PRIMARY KEY (id, v), UNIQUE KEY v (v), KEY g (g), CONSTRAINT f1 FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE, CONSTRAINT f2 FOREIGN KEY (code) REFERENCES p (code), CONSTRAINT c1 CHECK (m > 1)) COMMENT='b';
CREATE VIEW w AS SELECT t.id, p.code, t.m, p.extra FROM t JOIN p ON p.id = t.pid;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.m = NEW.m + 1;
