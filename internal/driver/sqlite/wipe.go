package sqlite

import (
	"context"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// wipe drops all views and tables, and with them their indexes and triggers, in one
// transaction. Virtual tables go first: the tables behind them go along.
func wipe(ctx context.Context, c *driver.Conn, _ []string) (names []string, err error) {
	rows, err := c.Strings(ctx, `SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY type = 'table', sql NOT LIKE 'CREATE VIRTUAL%', name`)
	if err != nil {
		return nil, err
	}
	// off, so that dropping a parent does not delete its children's rows one by one
	if err := c.Exec(ctx, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = c.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	for _, r := range rows {
		if err := c.Exec(ctx, "DROP "+r[0]+" IF EXISTS "+sqltext.QuoteIdent(sqltext.SQLite, r[1])); err != nil {
			return nil, err
		}
		names = append(names, r[1])
	}
	return names, c.Exec(ctx, "COMMIT")
}
