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
	drop := func(ctx context.Context) error { return c.Exec(ctx, "DROP DATABASE IF EXISTS "+ident(name)) }
	return c.URL.WithDatabase(name), drop, nil
}

func busy(ctx context.Context, c *driver.Conn) ([]string, error) {
	rows, err := c.Strings(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = database()
		UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = database()
		UNION ALL SELECT event_name FROM information_schema.events WHERE event_schema = database() LIMIT 10`)
	var names []string
	for _, r := range rows {
		names = append(names, r[0])
	}
	return names, err
}

// clean drops the database and makes it again, with its character set and collation.
func clean(ctx context.Context, c *driver.Conn) error {
	rows, err := c.Strings(ctx, "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = database()")
	if err != nil {
		return err
	}
	name := ident(c.Server.Database)
	for _, text := range []string{"DROP DATABASE " + name, "CREATE DATABASE " + name + " CHARACTER SET " + rows[0][0] + " COLLATE " + rows[0][1], "USE " + name} {
		if err := c.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
