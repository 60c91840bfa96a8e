package driver

import (
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/sqltext"
)

func TestReadDML(t *testing.T) {
	for _, c := range []struct {
		stmt, target, where, fails string
		limited                    bool
	}{
		{stmt: "UPDATE t SET a = 1 WHERE a = 0", target: "t", where: "a = 0"},
		{stmt: "update only s.t AS x set a = (SELECT b FROM u WHERE u.id = x.id), b = 2 where b IS NULL -- end", target: "only s.t AS x", where: "b IS NULL -- end"},
		{stmt: "DELETE FROM t WHERE id IN (SELECT id FROM u)", target: "t", where: "id IN (SELECT id FROM u)"},
		{stmt: "DELETE FROM t", target: "t"},
		{stmt: "DELETE FROM t LIMIT 5", limited: true},
		{stmt: "WITH x AS (SELECT id FROM t LIMIT 5) DELETE FROM t USING x WHERE t.id = x.id", limited: true},
		{stmt: "UPDATE t SET a = 1", fails: "needs a WHERE"},
		{stmt: "UPDATE t SET a = u.a FROM u WHERE u.id = t.id", fails: "FROM"},
		{stmt: "DELETE FROM t USING u WHERE u.id = t.id", fails: "USING"},
		{stmt: "UPDATE t, u SET t.a = 1 WHERE t.id = u.id", fails: ","},
		{stmt: "WITH x AS (SELECT 1) DELETE FROM t", fails: "WITH"},
	} {
		d, err := ReadDML(sqltext.Postgres, c.stmt)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v, want %q", c.stmt, err, c.fails)
			}
			continue
		}
		if err != nil || d.Target != c.target || d.Where != c.where || d.Limited != c.limited {
			t.Errorf("%s: %+v, %v", c.stmt, d, err)
		}
	}
}
