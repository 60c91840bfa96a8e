package mysql

import (
	"context"

	"github.com/migr-dev/migr/internal/driver"
)

// wipe drops all objects of the database: views, tables (with their triggers),
// MariaDB's sequences and packages, routines and events. The database stays, with its
// character set and its rights.
func wipe(ctx context.Context, c *driver.Conn, _ []string) ([]string, error) {
	rows, err := c.Strings(ctx, `SELECT CASE table_type WHEN 'VIEW' THEN 'VIEW' WHEN 'SEQUENCE' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, table_name AS name
			FROM information_schema.tables WHERE table_schema = database()
		UNION ALL SELECT DISTINCT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = database()
		UNION ALL SELECT 'EVENT', event_name FROM information_schema.events WHERE event_schema = database()`)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	if err := c.Exec(ctx, "SET foreign_key_checks = 0"); err != nil {
		return nil, err
	}
	defer func() { _ = c.Exec(context.WithoutCancel(ctx), "SET foreign_key_checks = 1") }()
	var names []string
	for _, kind := range []string{"EVENT", "VIEW", "TABLE", "SEQUENCE", "PROCEDURE", "FUNCTION", "PACKAGE BODY", "PACKAGE"} {
		for _, r := range rows {
			if r[0] != kind {
				continue
			}
			if err := c.Exec(ctx, "DROP "+kind+" IF EXISTS "+ident(r[1])); err != nil {
				return names, err
			}
			names = append(names, r[1])
		}
	}
	return names, nil
}
