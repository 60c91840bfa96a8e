package postgres

import (
	"context"

	"github.com/migr-dev/migr/internal/driver"
)

// facts lists the settings of the session, the database's character set and
// collation, its extensions and those that it could have, and the names that are the
// server's (roles, tablespaces, who asks): a model may mean something else where they differ.
func facts(ctx context.Context, c *driver.Conn) ([][]string, error) {
	return c.Strings(ctx, `SELECT 'setting', name, setting FROM pg_settings WHERE name <> 'application_name'
		UNION ALL SELECT 'database', pg_encoding_to_char(encoding), (to_jsonb(d) - '{oid,datname,datdba,datfrozenxid,datminmxid,datacl,datlastsysoid,datconnlimit,datallowconn}'::text[])::text
			FROM pg_database d WHERE datname = current_database()
		UNION ALL SELECT 'extension', extname || ' ' || extversion, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
		UNION ALL SELECT 'available', name, default_version FROM pg_available_extensions
		UNION ALL SELECT 'schema', nspname, '' FROM pg_namespace WHERE nspname !~ '^pg_'
		UNION ALL SELECT 'user', current_user::text, session_user::text
		UNION ALL SELECT 'role', rolname, '' FROM pg_roles
		UNION ALL SELECT 'tablespace', spcname, '' FROM pg_tablespace
		ORDER BY 1, 2, 3`)
}
