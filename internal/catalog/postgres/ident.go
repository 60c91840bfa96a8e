package postgres

import "strings"

// ident writes a name, in quotes only where the server's quote_ident would.
func ident(s string) string {
	if plain(s) && !strings.Contains(reserved, " "+s+" ") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// reserved are the keywords of PostgreSQL 13 to 18 that are not unreserved
// (pg_get_keywords), each with a blank on both sides.
const reserved = " " +
	"all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char " +
	"character check coalesce collate collation column concurrently constraint create cross current_catalog current_date " +
	"current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do " +
	"else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike " +
	"in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists " +
	"json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left like " +
	"limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset " +
	"on only or order out outer overlaps overlay placing position precision primary real references returning right row " +
	"select session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to " +
	"trailing treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes " +
	"xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable "
