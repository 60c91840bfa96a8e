package sqlite

import (
	"context"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// check finds a view or a trigger that names what is not there. SQLite (3.53) takes
// it when it is made, and refuses it when it is used and when a table is renamed.
func check(ctx context.Context, c *driver.Conn) (kind, name string, err error) {
	objects, err := c.Strings(ctx, "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY rowid")
	if err != nil || len(objects) == 0 {
		return "", "", err
	}
	if err := resolve(ctx, c); err != nil {
		for _, o := range objects {
			if strings.Contains(err.Error(), "error in "+o[0]+" "+o[1]+":") {
				return o[0], o[1], err
			}
		}
		return "", "", err
	}
	for _, o := range objects {
		if err := c.Exec(ctx, use(o)); err != nil && !elsewhere(err) {
			return o[0], o[1], err
		}
	}
	return "", "", nil
}

// resolve has SQLite look up all names in all views and triggers, as it does
// whenever something is renamed; nothing remains of it.
func resolve(ctx context.Context, c *driver.Conn) error {
	if err := c.Exec(ctx, "SAVEPOINT migr_check"); err != nil {
		return err
	}
	err := c.Exec(ctx, "CREATE TABLE main._migr_check (a)")
	if err == nil {
		err = c.Exec(ctx, "ALTER TABLE main._migr_check RENAME COLUMN a TO b")
	}
	if e := c.Exec(context.WithoutCancel(ctx), "ROLLBACK TO migr_check; RELEASE migr_check"); err == nil {
		err = e
	}
	return err
}

// use is a statement that SQLite has to compile the view or the trigger for: the
// columns that a view has, and those that a trigger's INSERT names, are looked at
// only then.
func use(o []string) string {
	quote := func(name string) string { return "main." + sqltext.QuoteIdent(sqltext.SQLite, name) }
	if o[0] == "view" {
		return "EXPLAIN SELECT 1 FROM " + quote(o[1])
	}
	for _, w := range sqltext.Words(sqltext.SQLite, o[3], 8) {
		switch strings.ToUpper(w) {
		case "INSERT":
			return "EXPLAIN INSERT INTO " + quote(o[2]) + " DEFAULT VALUES"
		case "DELETE":
			return "EXPLAIN DELETE FROM " + quote(o[2])
		case "UPDATE": // it needs the name of a column
			return "EXPLAIN UPDATE " + quote(o[2]) + " SET rowid = rowid"
		}
	}
	return "EXPLAIN SELECT 1"
}

// elsewhere tells whether a statement may well compile in the program that the
// schema is for: with its own functions, collations and modules.
func elsewhere(err error) bool {
	for _, s := range []string{"no such function", "no such collation", "no such module", "no such column: rowid", "INSTEAD OF"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}
