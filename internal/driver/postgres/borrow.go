package postgres

import (
	"context"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
)

// borrow takes a database that the user keeps for scratch. It may have schemas
// and extensions, which the user was perhaps lent by somebody with more rights,
// and nothing else.
func borrow(ctx context.Context, c *driver.Conn) ([]string, driver.Cleaner, error) {
	all, err := contents(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	var holds []string
	given := map[thing]bool{}
	for _, t := range all {
		given[t] = true
		if t.kind != "schema" && t.kind != "extension" {
			holds = append(holds, t.kind+" "+t.name)
		}
	}
	clean := func(ctx context.Context, c *driver.Conn) error {
		now, err := contents(ctx, c)
		if err != nil {
			return err
		}
		var text strings.Builder
		for _, t := range now {
			if !given[t] {
				text.WriteString("DROP " + t.kind + " IF EXISTS " + t.name + " CASCADE;\n")
			}
		}
		if text.Len() == 0 {
			return nil
		}
		return c.Exec(ctx, "RESET ALL; SET client_min_messages = warning;\n"+text.String())
	}
	return holds[:min(len(holds), 10)], clean, nil
}

// A thing is an object as DROP names it.
type thing struct{ kind, name string }

// contents lists what was made in the database, in an order in which DROP ... IF
// EXISTS ... CASCADE takes all of it away; what belongs to an extension and the
// parts of tables go along. Objects that every database is born with have OIDs
// below 16384 (FirstNormalObjectId).
func contents(ctx context.Context, c *driver.Conn) ([]thing, error) {
	rows, err := c.Strings(ctx, `SELECT CASE i.type WHEN 'statistics object' THEN 'statistics' WHEN 'composite type' THEN 'type'
			WHEN 'foreign-data wrapper' THEN 'foreign data wrapper' ELSE i.type END, i.identity
		FROM (
			SELECT 1 AS place, 'pg_event_trigger'::regclass AS class, oid FROM pg_event_trigger
			UNION ALL SELECT 2, 'pg_publication'::regclass, oid FROM pg_publication
			UNION ALL SELECT 3, 'pg_extension'::regclass, oid FROM pg_extension
			UNION ALL SELECT 4, 'pg_namespace'::regclass, oid FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
			UNION ALL SELECT 5, 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
			UNION ALL SELECT 6 + (relkind = 'S')::int, 'pg_class'::regclass, oid FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
				AND relnamespace IN (SELECT n.oid FROM pg_namespace n WHERE n.nspname !~ '^pg_')
			UNION ALL SELECT 8, 'pg_proc'::regclass, oid FROM pg_proc
			UNION ALL SELECT 9, 'pg_cast'::regclass, oid FROM pg_cast
			UNION ALL SELECT 9, 'pg_operator'::regclass, oid FROM pg_operator
			UNION ALL SELECT 9, 'pg_opclass'::regclass, oid FROM pg_opclass
			UNION ALL SELECT 9, 'pg_opfamily'::regclass, oid FROM pg_opfamily
			UNION ALL SELECT 9, 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext
			UNION ALL SELECT 9, 'pg_ts_config'::regclass, oid FROM pg_ts_config
			UNION ALL SELECT 9, 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
			UNION ALL SELECT 9, 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
			UNION ALL SELECT 9, 'pg_ts_template'::regclass, oid FROM pg_ts_template
			UNION ALL SELECT 9, 'pg_conversion'::regclass, oid FROM pg_conversion
			UNION ALL SELECT 10, 'pg_type'::regclass, oid FROM pg_type WHERE typtype IN ('e', 'd', 'r')
			UNION ALL SELECT 11, 'pg_collation'::regclass, oid FROM pg_collation
			UNION ALL SELECT 11, 'pg_language'::regclass, oid FROM pg_language
		) o, pg_identify_object(o.class, o.oid, 0) i
		WHERE o.oid >= 16384 AND (o.class = 'pg_extension'::regclass OR NOT EXISTS (
			SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e'))
		ORDER BY o.place, o.oid`)
	var all []thing
	for _, r := range rows {
		all = append(all, thing{r[0], r[1]})
	}
	return all, err
}
