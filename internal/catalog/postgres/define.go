package postgres

import (
	"context"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// columns reads the columns of one table; schema "" is found by the search_path.
func columns(ctx context.Context, q catalog.Querier, schema, table string) ([]*catalog.Object, error) {
	name := ident(table)
	if schema != "" {
		name = ident(schema) + "." + name
	}
	rows, err := q.QueryContext(ctx, `
		SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated::text,
			coalesce((SELECT string_agg(e.enumlabel, E'\n' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid), '')
		FROM pg_attribute a
		WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*catalog.Object
	for rows.Next() {
		var column, typ, generated, labels string
		var notNull bool
		if err := rows.Scan(&column, &typ, &notNull, &generated, &labels); err != nil {
			return nil, err
		}
		o := &catalog.Object{
			Key:   catalog.Key{Kind: "column", Schema: schema, Table: table, Name: column},
			Attrs: map[string]string{"type": typ, "generated": generated}, Info: map[string]string{"labels": labels},
		}
		if notNull {
			o.Attrs["notnull"] = "yes"
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// define gives a column the type that a statement says, in the words of format_type.
func define(was *catalog.Object, definition string) *catalog.Object {
	o := was.Clone()
	typ := typeName(definition)
	if old := o.Attrs["type"]; typ != old && lastName(typ) == lastName(old) {
		typ = old // written with its schema and without
	}
	o.Attrs["type"] = typ
	return o
}

func lastName(typ string) string { return typ[strings.LastIndexByte(typ, '.')+1:] }

// typeWords are the server's other names for its own types, and what format_type makes
// of them (https://www.postgresql.org/docs/18/datatype.html, table 8.1).
var typeWords = map[string]string{
	"int": "integer", "int4": "integer", "int2": "smallint", "int8": "bigint",
	"serial": "integer", "serial4": "integer", "smallserial": "smallint", "serial2": "smallint", "bigserial": "bigint", "serial8": "bigint",
	"float": "double precision", "float8": "double precision", "float4": "real", "decimal": "numeric", "dec": "numeric", "bool": "boolean",
	"varchar": "character varying", "char varying": "character varying", "char": "character", "bpchar": "character", "varbit": "bit varying",
	"timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone",
	"timetz": "time with time zone", "time": "time without time zone",
}

// typeName reads the type at the beginning of a definition.
func typeName(definition string) string {
	var words, mods []string
	dims, qualified := "", false
	ts := sqltext.Tokens(sqltext.Postgres, definition)
	for i := 0; i < len(ts) && !endsType(ts[i]); i++ {
		switch t := ts[i]; {
		case t.Is("("):
			for i++; i < len(ts) && !ts[i].Is(")"); i++ {
				if !ts[i].Is(",") {
					mods = append(mods, ts[i].Text)
				}
			}
		case t.Is("["):
			dims = "[]"
			for ; i < len(ts) && !ts[i].Is("]"); i++ {
			}
		case t.Is("ARRAY"):
			dims = "[]"
		case t.Is("."):
			qualified = true
		case qualified && len(words) > 0:
			words[len(words)-1] += "." + ident(t.Ident(sqltext.Postgres))
			qualified = false
		default:
			words = append(words, typeWord(t))
		}
	}
	base := strings.TrimPrefix(strings.Join(words, " "), "pg_catalog.")
	if name, is := typeWords[base]; is {
		base = name
	}
	return withMods(base, mods) + dims
}

func typeWord(t sqltext.Token) string {
	if t.Kind == sqltext.Word { // of several words: double precision
		return strings.ToLower(t.Text)
	}
	return ident(t.Ident(sqltext.Postgres))
}

// withMods puts the modifiers where format_type has them: timestamp(3) with time zone.
func withMods(base string, mods []string) string {
	switch {
	case len(mods) == 0 && (base == "character" || base == "bit"):
		mods = []string{"1"}
	case len(mods) == 1 && base == "numeric":
		mods = append(mods, "0")
	case len(mods) == 1 && base == "double precision": // float(n)
		if atoi(mods[0]) < 25 {
			return "real"
		}
		return base
	}
	if len(mods) == 0 {
		return base
	}
	with := "(" + strings.Join(mods, ",") + ")"
	for _, zone := range []string{" with time zone", " without time zone"} {
		if before, is := strings.CutSuffix(base, zone); is {
			return before + with + zone
		}
	}
	return base + with
}

// endsType tells whether a token is what may follow a type.
func endsType(t sqltext.Token) bool {
	switch t.Upper() {
	case "COLLATE", "USING", "NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "GENERATED", "CONSTRAINT", "STORAGE", "COMPRESSION", "OPTIONS":
		return true
	}
	return t.Is(",") || t.Is(")") || t.Is(";")
}
