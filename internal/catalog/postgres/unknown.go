package postgres

import "github.com/migr-dev/migr/internal/catalog"

// readUnknown names what is in the database and has no kind here, so that it
// is told and not passed over. Rights (GRANT) and owners are never read.
func (r *reader) readUnknown() error {
	return r.each(`SELECT u.kind, u.nsp, u.name, u.class, u.oid FROM (
		SELECT 'foreign table' AS kind, relnamespace::int8 AS nsp, relname::text AS name, 1259::int8 AS class, oid::int8 AS oid
			FROM pg_class WHERE relkind = 'f' AND relnamespace IN ({schemas})
		UNION ALL SELECT 'foreign data wrapper', 0, fdwname::text, 2328, oid::int8 FROM pg_foreign_data_wrapper WHERE oid >= 16384
		UNION ALL SELECT 'foreign server', 0, srvname::text, 1417, oid::int8 FROM pg_foreign_server WHERE oid >= 16384
		UNION ALL SELECT 'language', 0, lanname::text, 2612, oid::int8 FROM pg_language WHERE oid >= 16384
		UNION ALL SELECT 'access method', 0, amname::text, 2601, oid::int8 FROM pg_am WHERE oid >= 16384
		UNION ALL SELECT 'subscription', 0, subname::text, 6100, oid::int8 FROM pg_subscription
			WHERE subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
		UNION ALL SELECT 'transform', 0, format_type(trftype, NULL), 3576, oid::int8 FROM pg_transform WHERE oid >= 16384
		UNION ALL SELECT 'conversion', connamespace::int8, conname::text, 2607, oid::int8 FROM pg_conversion WHERE connamespace IN ({schemas})
		UNION ALL SELECT 'operator class', opcnamespace::int8, opcname::text, 2616, oid::int8 FROM pg_opclass WHERE opcnamespace IN ({schemas})
		UNION ALL SELECT 'operator family', opfnamespace::int8, opfname::text, 2753, oid::int8 FROM pg_opfamily WHERE opfnamespace IN ({schemas})
		UNION ALL SELECT 'text search parser', prsnamespace::int8, prsname::text, 3601, oid::int8 FROM pg_ts_parser WHERE prsnamespace IN ({schemas})
		UNION ALL SELECT 'text search template', tmplnamespace::int8, tmplname::text, 3764, oid::int8 FROM pg_ts_template WHERE tmplnamespace IN ({schemas})
		) u ORDER BY u.kind, u.name`, func(w row) {
		k := catalog.Key{Kind: w.s("kind"), Schema: r.schemas[w.i("nsp")], Name: w.s("name")}
		if r.members[ref{class: w.i("class"), oid: w.i("oid")}] || r.scope.Exclude != nil && r.scope.Exclude(k) {
			return
		}
		r.unknown = append(r.unknown, k)
	})
}
