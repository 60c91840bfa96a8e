package mysql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// columnsOfTable reads the columns of one table; schema "" is the database at hand.
func columnsOfTable(ctx context.Context, q catalog.Querier, schema, table string) ([]*catalog.Object, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLLATION_NAME, COALESCE(GENERATION_EXPRESSION, ''), EXTRA
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = IF(? = '', DATABASE(), ?) AND TABLE_NAME = ?
		ORDER BY ORDINAL_POSITION`, schema, schema, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*catalog.Object
	for rows.Next() {
		var name, typ, nullable, generated, extra string
		var collation sql.NullString
		if err := rows.Scan(&name, &typ, &nullable, &collation, &generated, &extra); err != nil {
			return nil, err
		}
		o := &catalog.Object{
			Key:   catalog.Key{Kind: "column", Table: table, Name: name},
			Attrs: map[string]string{"type": typ, "collation": collation.String, "generated": generated},
		}
		if strings.Contains(extra, "STORED") || strings.Contains(extra, "PERSISTENT") {
			o.Attrs["stored"] = "yes"
		}
		if nullable == "NO" {
			o.Attrs["not_null"] = "yes"
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// typeWords are the server's other names for its types
// (https://dev.mysql.com/doc/refman/9.0/en/other-vendor-data-types.html).
var typeWords = map[string]string{
	"integer": "int", "int1": "tinyint", "int2": "smallint", "int3": "mediumint", "middleint": "mediumint", "int4": "int", "int8": "bigint",
	"bool": "tinyint", "boolean": "tinyint", "serial": "bigint", "dec": "decimal", "numeric": "decimal", "fixed": "decimal", "number": "decimal",
	"float4": "float", "float8": "double", "real": "double", "character": "char", "nchar": "char", "nvarchar": "varchar", "varchar2": "varchar",
	"geomcollection": "geometrycollection", "clob": "longtext", "raw": "varbinary",
}

// defineColumn gives a column the definition of a MODIFY, CHANGE, ADD or CREATE TABLE.
func defineColumn(was *catalog.Object, definition string) *catalog.Object {
	o := was.Clone()
	ts := sqltext.Tokens(sqltext.MySQL, definition)
	typ, next := typeText(ts)
	o.Attrs["type"], o.Attrs["not_null"], o.Attrs["generated"], o.Attrs["stored"] = typ, "", "", ""
	if strings.HasPrefix(typ, "json") && strings.HasPrefix(was.Attrs["type"], "longtext") { // MariaDB's name for it
		o.Attrs["type"] = was.Attrs["type"]
	}
	depth := 0
	for i := next; i < len(ts); i++ {
		at := func(words ...string) bool {
			for j, w := range words {
				if i+j >= len(ts) || !ts[i+j].Is(w) {
					return false
				}
			}
			return depth == 0
		}
		switch {
		case ts[i].Is("("):
			depth++
		case ts[i].Is(")"):
			depth--
		case at("NOT", "NULL"), at("PRIMARY", "KEY"):
			o.Attrs["not_null"] = "yes"
		case at("AS", "("):
			o.Attrs["generated"] = "yes"
			if was.Attrs["generated"] != "" {
				o.Attrs["generated"] = was.Attrs["generated"]
			}
		case at("STORED"), at("PERSISTENT"):
			o.Attrs["stored"] = "yes"
		case at("CHARSET"), at("CHARACTER", "SET"), at("COLLATE"):
			if at("CHARACTER") {
				i++
			}
			if i+1 < len(ts) {
				if name := strings.Trim(ts[i+1].Text, "'\"`"); charsetOf(name) != charsetOf(o.Attrs["collation"]) {
					o.Attrs["collation"] = name
				}
			}
		}
	}
	return o
}

// typeText reads the type at the beginning of a definition and writes it as
// information_schema does; next is the token behind it.
func typeText(ts []sqltext.Token) (typ string, next int) {
	if len(ts) == 0 {
		return "", 0
	}
	i := 0
	if ts[0].Is("NATIONAL") && len(ts) > 1 {
		i++
	}
	base := strings.ToLower(ts[i].Text)
	if name, is := typeWords[base]; is {
		base = name
	}
	for i++; i < len(ts) && (ts[i].Is("VARYING") || ts[i].Is("PRECISION") || ts[i].Is("VARCHAR") || ts[i].Is("VARBINARY")); i++ {
		switch {
		case ts[i].Is("VARYING"), base == "char" && ts[i].Is("VARCHAR"):
			base = "varchar"
		case base == "long": // LONG VARCHAR
			base = "mediumtext"
		}
	}
	var args []string
	if i < len(ts) && ts[i].Is("(") {
		for i++; i < len(ts) && !ts[i].Is(")"); i++ {
			if v, is := ts[i].Literal(sqltext.MySQL); is && ts[i].Kind == sqltext.String {
				args = append(args, quote(v))
			} else if !ts[i].Is(",") {
				args = append(args, ts[i].Text)
			}
		}
		i++
	}
	for ; i < len(ts) && (ts[i].Is("UNSIGNED") || ts[i].Is("SIGNED") || ts[i].Is("ZEROFILL")); i++ {
		if !ts[i].Is("SIGNED") && !strings.HasSuffix(base, " unsigned") {
			base += " unsigned"
		}
	}
	return sized(base, args), i
}

// sized puts a type and its size together: TEXT(n) is the smallest type that holds it,
// FLOAT(n) one of two, an integer's width means nothing.
func sized(base string, args []string) string {
	bare, unsigned := strings.CutSuffix(base, " unsigned")
	size := 0
	if len(args) == 1 {
		size = colType{args: args}.arg(0, 0)
	}
	switch {
	case intBits[bare] > 0:
		args = nil
	case bare == "float" && len(args) == 1:
		args = nil
		if size > 24 {
			bare = "double"
		}
	case (bare == "text" || bare == "blob") && size > 0:
		args = nil
		for _, n := range []string{"tiny", "", "medium", "long"} {
			if size <= lobBytes[n+bare] {
				bare = n + bare
				break
			}
		}
	case len(args) == 0 && bare == "decimal":
		args = []string{"10", "0"}
	case len(args) == 1 && bare == "decimal":
		args = append(args, "0")
	case len(args) == 0 && (bare == "char" || bare == "binary" || bare == "bit"):
		args = []string{"1"}
	}
	if len(args) > 0 {
		bare += "(" + strings.Join(args, ",") + ")"
	}
	if unsigned {
		bare += " unsigned"
	}
	return bare
}
