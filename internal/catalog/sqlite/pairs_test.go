package sqlite_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
)

// TestPairs leads schemas of different cases to one another: what they share in
// names makes for changes that no case alone has. Each pair is tried with empty
// tables, and with a row in each table, when only the row itself may stop it.
func TestPairs(t *testing.T) {
	var all []string
	for _, c := range cases {
		all = append(all, c.a, c.b)
	}
	const step = 41 // of the pairs: all of them take a minute
	for i := 0; i < len(all)*len(all); i += step {
		a, b := all[i/len(all)], all[i%len(all)]
		to := built(t, b)
		migrate(t, built(t, a), to)
		c := built(t, a)
		fill(c, read(t, c))
		if err := run(c, plan(t, read(t, c), read(t, to)).SQL()); err != nil && !rowsStop(err) {
			t.Errorf("from %s\nto   %s\nwith rows: %v", a, b, err)
		}
	}
}

// fill puts a row into each table that takes one.
func fill(c *sql.Conn, cat *catalog.Catalog) {
	for _, o := range cat.Objects {
		if o.Kind == "table" {
			c.ExecContext(context.Background(), `INSERT INTO "`+strings.ReplaceAll(o.Name, `"`, `""`)+`" DEFAULT VALUES`)
		}
	}
}

// rowsStop tells whether a statement failed for what the rows hold.
func rowsStop(err error) bool {
	for _, s := range []string{"constraint failed", "cannot store", "a foreign key is violated"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}
