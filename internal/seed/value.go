package seed

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// value returns an expression for the n-th row of a column.
func (s *seeder) value(c *catalog.Object, n int) (string, bool) {
	typ := c.Attrs["type"]
	if l := s.labels(typ); len(l) > 0 {
		return sqltext.QuoteLiteral(s.f, l[n%len(l)]), true
	}
	base, size, list := split(typ)
	if strings.HasSuffix(typ, "[]") {
		return "'{}'", true
	}
	if base == "enum" || base == "set" {
		if len(list) == 0 {
			return "", false
		}
		return list[n%len(list)], true
	}
	if make, ok := values()[base]; ok {
		return make(n, size), true
	}
	if s.f == sqltext.SQLite { // any type name goes there
		return strconv.Itoa(n), true
	}
	for _, o := range s.c.Objects {
		if o.Kind == "domain" && o.Name == typ {
			return s.value(&catalog.Object{Attrs: map[string]string{"type": o.Attrs["type"]}}, n)
		}
	}
	return "", false
}

// split takes a type apart: character varying(10), decimal(10,2) unsigned, enum('a','b').
func split(typ string) (base string, size int, list []string) {
	base, rest, ok := strings.Cut(strings.ToLower(typ), "(")
	base = strings.TrimSpace(base)
	if !ok {
		return strings.TrimSuffix(strings.TrimSuffix(base, " zerofill"), " unsigned"), 0, nil
	}
	inside, after, _ := strings.Cut(rest, ")")
	size, _ = strconv.Atoi(strings.TrimSpace(strings.Split(inside, ",")[0]))
	if base == "enum" || base == "set" {
		for _, t := range sqltext.Tokens(sqltext.MySQL, typ[len(base)+1:]) {
			if t.Kind == sqltext.String {
				list = append(list, t.Text)
			}
		}
	}
	if after = strings.TrimSpace(after); strings.HasPrefix(after, "with") || strings.HasPrefix(after, "varying") {
		base += " " + after
	}
	return base, size, list
}

type maker func(n, size int) string

// values makes values by type, of all engines.
func values() map[string]maker {
	number := func(n, _ int) string { return strconv.Itoa(n) }
	text := func(n, size int) string {
		v := "s" + strconv.Itoa(n)
		if size > 0 && len(v) > size {
			v = strconv.Itoa(n % 10)
		}
		return "'" + v + "'"
	}
	fixed := func(format string) maker { return func(n, _ int) string { return fmt.Sprintf(format, n%9+1) } }
	all := map[string]maker{
		"boolean": func(n, _ int) string { return [...]string{"false", "true"}[n%2] },
		"uuid":    fixed("'00000000-0000-4000-8000-00000000000%d'"), "json": fixed(`'{"n": %d}'`), "jsonb": fixed(`'{"n": %d}'`),
		"date": fixed("'2026-01-0%d'"), "time": fixed("'10:0%d:00'"), "time without time zone": fixed("'10:0%d:00'"), "time with time zone": fixed("'10:0%d:00+00'"),
		"interval": fixed("'%d days'"), "bytea": fixed(`'\x0%d'`), "inet": fixed("'10.0.0.%d'"), "cidr": fixed("'10.0.0.%d/32'"),
		"macaddr": fixed("'08:00:2b:01:02:0%d'"), "xml": fixed("'<n>%d</n>'"), "tsvector": fixed("'w%d'"), "tsquery": fixed("'w%d'"),
		"point": fixed("'(%d,1)'"), "money": fixed("'%d'"), "year": fixed("200%d"), "hstore": fixed(`'n=>%d'`), "ltree": fixed("'a%d'"), "oid": number,
		"bit": func(n, size int) string { return "b'" + strings.Repeat("0", max(size, 1)-1) + strconv.Itoa(n%2) + "'" },
	}
	for _, t := range []string{"timestamp", "timestamp without time zone", "timestamp with time zone", "datetime"} {
		all[t] = fixed("'2026-01-0%d 10:00:00'")
	}
	for _, t := range []string{"smallint", "integer", "int", "bigint", "tinyint", "mediumint", "numeric", "decimal", "real", "double precision", "double", "float"} {
		all[t] = number
	}
	for _, t := range []string{"text", "character varying", "varchar", "character", "char", "bpchar", "citext", "name", "tinytext", "mediumtext", "longtext", "blob", "tinyblob", "mediumblob", "longblob", "binary", "varbinary", "nvarchar", "clob"} {
		all[t] = text
	}
	for _, t := range []string{"int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange"} {
		all[t] = func(int, int) string { return "'empty'" }
	}
	return all
}
