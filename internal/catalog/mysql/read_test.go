package mysql_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/testdb"
)

// eventStart is the time at which an event was made.
var eventStart = regexp.MustCompile(` STARTS '[^']*'`)

// tableCharset is a table's own character set and collation.
var tableCharset = regexp.MustCompile(`DEFAULT CHARSET=(\w+) COLLATE=(\w+)`)

// manyTables writes n tables with keys, a check and a foreign key each.
func manyTables(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "CREATE TABLE t%d (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, parent bigint unsigned, name varchar(50) NOT NULL, "+
			"n int DEFAULT 5, at datetime DEFAULT CURRENT_TIMESTAMP, UNIQUE KEY u (name), KEY k (n, at), CONSTRAINT c%d CHECK (n > 0), "+
			"CONSTRAINT f%d FOREIGN KEY (parent) REFERENCES t%d (id));\n", i, i, i, i/2)
	}
	return b.String()
}

func TestNumberOfQueriesIsFixed(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		count := func(tables int) int {
			q := &counting{Querier: loaded(t, e, manyTables(tables)).db}
			c, err := engine.Read(t.Context(), q, catalog.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			// the table, 5 columns, primary key, unique, 2 indexes, check, foreign key
			if got := len(c.Objects); got != tables*12 {
				t.Errorf("%d tables gave %d objects", tables, got)
			}
			return q.n
		}
		if few, many := count(3), count(300); few != many {
			t.Errorf("3 tables take %d queries, 300 take %d", few, many)
		}
	})
}
