package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
)

// wipe drops the schemas with all that is in them and makes them again, empty, with
// their owner, their rights and their comment, in one transaction.
func wipe(ctx context.Context, c *driver.Conn, schemas []string) ([]string, error) {
	if len(schemas) == 0 && c.Server.Home != "" {
		schemas = []string{c.Server.Home}
	}
	var text strings.Builder
	text.WriteString("BEGIN;\n")
	for _, name := range schemas {
		again, err := remake(ctx, c, name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, "DROP SCHEMA IF EXISTS %s CASCADE;\n%s", ident(name), again)
	}
	text.WriteString("COMMIT")
	if err := c.Exec(ctx, text.String()); err != nil {
		_ = c.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		return nil, err
	}
	return schemas, nil
}

// remake returns what makes a schema again as it is now, or as a new one would be.
func remake(ctx context.Context, c *driver.Conn, name string) (string, error) {
	rows, err := c.Strings(ctx, `SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', nspname, pg_get_userbyid(nspowner)) FROM pg_namespace WHERE nspname = $1
		UNION ALL SELECT format('COMMENT ON SCHEMA %I IS %L', nspname, obj_description(oid, 'pg_namespace')) FROM pg_namespace
			WHERE nspname = $1 AND obj_description(oid, 'pg_namespace') IS NOT NULL
		UNION ALL SELECT format('GRANT %s ON SCHEMA %I TO %s%s', a.privilege_type, nspname,
				CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
			FROM pg_namespace, aclexplode(nspacl) a WHERE nspname = $1 AND a.grantee <> nspowner`, name)
	if err != nil {
		return "", fmt.Errorf("reading the rights of schema %s: %w", name, err)
	}
	if len(rows) == 0 {
		return "CREATE SCHEMA " + ident(name) + ";\n", nil
	}
	var text strings.Builder
	for _, r := range rows {
		text.WriteString(r[0] + ";\n")
	}
	return text.String(), nil
}
