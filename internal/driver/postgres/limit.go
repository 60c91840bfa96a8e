package postgres

import (
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// limit finds the rows by ctid. The condition stands outside as well: partitions
// number their rows each for itself, and a row may have been changed meanwhile.
func limit(stmt string, n int) (limited, count string, err error) {
	d, err := driver.ReadDML(sqltext.Postgres, stmt)
	if err != nil || d.Limited {
		return stmt, "", err
	}
	return d.ByRow("ctid", n, func(sub string) string { return "ctid = ANY (ARRAY(" + sub + "))" }), d.Count(), nil
}
