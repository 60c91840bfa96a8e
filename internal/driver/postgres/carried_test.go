package postgres

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
		{"SET search_path = s; SET LOCAL a.b = 1; SET TRANSACTION READ ONLY; RESET ALL; x", "1 4", ""},
		{"SELECT pg_catalog.set_config('search_path', '', false); x", "1", ""},
		{"SELECT set_config('a.b', max(id)::text, false) FROM t; x", "", "what set_config() set 1"},
		{"CREATE TEMP TABLE T AS SELECT 1; CREATE TEMPORARY TABLE u (a int) ON COMMIT DROP; CREATE OR REPLACE TEMP VIEW v AS SELECT 1; x", "", "the temporary table t 1, the temporary view v 3"},
		{"CREATE TABLE pg_temp.t (a int); DROP TABLE IF EXISTS t; x", "", ""},
		{"CREATE TABLE temporary (a int); INSERT INTO temporary VALUES (1); x", "", ""},
		{"SELECT 1 INTO TEMP t; x", "", "a temporary table 1"},
		{"DO $$ BEGIN CREATE TEMP TABLE t (a int); END $$; x", "", "a temporary table 1"},
		{"PREPARE p AS SELECT 1; x", "", "the prepared statement p 1"},
		{"PREPARE p AS SELECT 1; DEALLOCATE p; x", "", ""},
		{"DECLARE c CURSOR WITH HOLD FOR SELECT 1; x", "", "a cursor 1"},
		{"SELECT pg_advisory_lock(1); SELECT pg_advisory_xact_lock(2); x", "", "an advisory lock 1"},
		{"INSERT INTO t DEFAULT VALUES; VACUUM; INSERT INTO u VALUES (currval('t_id_seq'))", "", "what currval() and lastval() tell 1"},
		{"CREATE TABLE u (a int); INSERT INTO u VALUES (lastval())", "", ""},
		{"SET a.b = 1; CREATE TEMP TABLE t (a int); DISCARD ALL; x", "", ""},
	} {
		stmts := strings.Split(c.stmts, "; ")
		if strings.HasPrefix(c.stmts, "DO") {
			stmts = []string{strings.TrimSuffix(c.stmts, "; x"), "x"}
		}
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
