package mysql

import (
	"context"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

func ident(name string) string { return sqltext.QuoteIdent(sqltext.MySQL, name) }

// scratch makes a database beside the live one, with its character set and collation.
func scratch(ctx context.Context, c *driver.Conn, name string) (*dburl.URL, func(context.Context) error, error) {
	rows, err := c.Strings(ctx, "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = database()")
	if err != nil {
		return nil, nil, err
	}
	if err := c.Exec(ctx, "CREATE DATABASE "+ident(name)+" CHARACTER SET "+rows[0][0]+" COLLATE "+rows[0][1]); err != nil {
		return nil, nil, err
	}
	drop := func(ctx context.Context) error {
		endSessions(ctx, c, name)
		return c.Exec(ctx, "DROP DATABASE IF EXISTS "+ident(name))
	}
	return c.URL.WithDatabase(name), drop, nil
}

// endSessions ends what still runs in a scratch database: a statement whose client
// has gone runs on, and DROP DATABASE would wait for its locks.
func endSessions(ctx context.Context, c *driver.Conn, name string) {
	rows, err := c.Strings(ctx, "SELECT id FROM information_schema.processlist WHERE db = ? AND id <> connection_id()", name)
	if err != nil {
		return // then the DROP waits
	}
	for _, r := range rows {
		_ = c.Exec(ctx, "KILL "+r[0]) // 1094: it has gone by itself
	}
}

// borrow lists what is in the database; wipe empties it, whose rights and
// character set stay as they are.
func borrow(ctx context.Context, c *driver.Conn) ([]string, driver.Cleaner, error) {
	rows, err := c.Strings(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = database()
		UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = database()
		UNION ALL SELECT event_name FROM information_schema.events WHERE event_schema = database() LIMIT 10`)
	var names []string
	for _, r := range rows {
		names = append(names, r[0])
	}
	clean := func(ctx context.Context, c *driver.Conn) error {
		_, err := wipe(ctx, c, nil)
		return err
	}
	return names, clean, err
}
