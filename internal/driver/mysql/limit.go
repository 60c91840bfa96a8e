package mysql

import (
	"strconv"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// limit puts a LIMIT at the end, which UPDATE and DELETE of one table have.
func limit(stmt string, n int) (limited, count string, err error) {
	d, err := driver.ReadDML(sqltext.MySQL, stmt)
	if err != nil || d.Limited {
		return stmt, "", err
	}
	return stmt + "\nLIMIT " + strconv.Itoa(n), d.Count(), nil
}
