package mysql

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCarried(t *testing.T) {
	for _, c := range []struct {
		stmts       string // the last one is still to come
		again, gone string
	}{
		{"SET sql_mode = 'ANSI_QUOTES'; SET NAMES utf8mb4; CREATE TABLE t (a int); x", "1 2", ""},
		{"/*!40101 SET @OLD=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */; SET sql_mode = @OLD; x", "1 2", ""},
		{"SET sql_mode = CONCAT(@@sql_mode, ',ANSI'); SET foreign_key_checks = OFF, @n = -1; x", "1 2", ""},
		{"SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET ROLE admin; x", "1 2", ""},
		{"SET GLOBAL a = 1; SET @@global.b = 2; SET TRANSACTION READ ONLY; SET PASSWORD = 'x'; x", "", ""},
		{"SET GLOBAL a = 1, b = 2; SET PERSIST a = 1, SESSION b = 2, c = 3; SET SESSION a = 1, @@global.b = 1; SET global_connection_memory_tracking = ON, a = 2; x", "4", "the setting b 2, the setting c 2"},
		{"SET @@sql_mode = DEFAULT; SET @p = PASSWORD('x'); x", "1", "the variable @p 2"},
		{"SET STATEMENT max_statement_time = 1 FOR SELECT 1; x", "", ""},
		{"SET @n = (SELECT max(id) FROM t), @m = 1; x", "", "the variable @n 1, the variable @m 1"},
		{"SET @n = NOW(); SET @k = CURRENT_TIMESTAMP; SET @i = @@last_insert_id; SET @r = RAND(); x", "", "the variable @n 1, the variable @k 2, the variable @i 3, the variable @r 4"},
		{"SET @n = UUID(); SET @m = @n; SET @n = 5; x", "3", "the variable @m 2"},
		{"SET sql_mode = (SELECT m FROM modes); SET sql_mode = ''; x", "2", ""},
		{"SELECT a, b INTO @a, @b FROM t; x", "", "the variable @a 1, the variable @b 1"},
		{"SELECT @n := max(id) FROM t; CALL p(1, @out); x", "", "the variable @n 1, the variable @out 2"},
		{"SET @n = 1; INSERT INTO t VALUES (@n); x", "1", ""},
		{"SET @n = 1; UPDATE t SET a = (@n := @n + 1); x", "1", "the variable @n 2"},
		{"CREATE TEMPORARY TABLE IF NOT EXISTS T (a int); CREATE TEMPORARY TABLE u (a int); DROP TABLE t; x", "", "the temporary table u 2"},
		{"CREATE TABLE t (a int); CREATE PROCEDURE p() SELECT 1 INTO @n; x", "", ""},
		{"PREPARE s FROM 'SELECT 1'; PREPARE r FROM 'SELECT 2'; DEALLOCATE PREPARE s; DROP PREPARE r; x", "", ""},
		{"PREPARE s FROM 'SELECT 1'; x", "", "the prepared statement s 1"},
		{"DO GET_LOCK('a', 1); x", "", "the lock of GET_LOCK() 1"},
		{"INSERT INTO t VALUES (1); CREATE TABLE u (a int); INSERT INTO u VALUES (LAST_INSERT_ID())", "", "what LAST_INSERT_ID() or LASTVAL tells 1"},
		{"CREATE TABLE u (a int); INSERT INTO u VALUES (LAST_INSERT_ID())", "", ""},
		{"INSERT INTO t VALUES (1); UPDATE u SET a = LAST_INSERT_ID(a + 1)", "", ""},
	} {
		stmts := strings.Split(c.stmts, "; ")
		got := carried(stmts, len(stmts)-1)
		var again, gone []string
		for _, s := range got.Again {
			again = append(again, fmt.Sprint(slices.Index(stmts, s)+1))
		}
		for _, g := range got.Gone {
			gone = append(gone, fmt.Sprintf("%s %d", g.What, g.Statement))
		}
		if a, g := strings.Join(again, " "), strings.Join(gone, ", "); a != c.again || g != c.gone {
			t.Errorf("%s:\nagain %q, want %q\ngone %q, want %q", c.stmts, a, c.again, g, c.gone)
		}
	}
}
