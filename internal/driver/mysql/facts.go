package mysql

import (
	"context"

	"github.com/migr-dev/migr/internal/driver"
)

// facts lists the variables that decide what DDL makes, or how it is shown: modes,
// character sets (that of the database among them), engines, what plugins there are, and
// who asks: a definer is told apart from that.
func facts(ctx context.Context, c *driver.Conn) ([][]string, error) {
	rows, err := c.Strings(ctx, `SHOW SESSION VARIABLES WHERE variable_name REGEXP
		'^(version|sql_|old|character_set_|collation_|default_|innodb_(default|file|strict|large|page|checksum|compression|encrypt)|lower_case|explicit_defaults|storage_engine|time_zone|system_time_zone|event_scheduler|show_|alter_|div_precision|lc_|wsrep_on|foreign_key|check_constraint|system_versioning|table_type)'`)
	if err != nil {
		return nil, err
	}
	plugins, err := c.Strings(ctx, "SELECT plugin_name, plugin_version, plugin_status FROM information_schema.plugins UNION ALL SELECT 'user', CURRENT_USER(), '' ORDER BY 1, 2")
	return append(rows, plugins...), err
}
