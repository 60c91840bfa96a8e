package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// columnsOfTable reads the columns of one table.
func columnsOfTable(ctx context.Context, q catalog.Querier, _, table string) ([]*catalog.Object, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, type, "notnull", dflt_value, hidden FROM pragma_table_xinfo(?)`, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*catalog.Object
	for rows.Next() {
		var name, typ string
		var notNull, hidden int
		var def sql.NullString
		if err := rows.Scan(&name, &typ, &notNull, &def, &hidden); err != nil {
			return nil, err
		}
		o := &catalog.Object{
			Key:   catalog.Key{Kind: "column", Table: table, Name: name},
			Attrs: map[string]string{"type": strings.ToUpper(typ), "default": def.String},
		}
		if notNull != 0 {
			o.Attrs["not_null"] = "yes"
		}
		if hidden > 1 {
			o.Attrs["generated"] = "yes"
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// defineColumn gives a column the definition that it has in a CREATE TABLE.
func defineColumn(was *catalog.Object, definition string) *catalog.Object {
	o := was.Clone()
	clear(o.Attrs)
	toks := lex(definition)
	i := 0
	for depth := 0; i < len(toks) && (depth > 0 || !endsType(toks[i])); i++ {
		switch {
		case toks[i].is("("):
			depth++
		case toks[i].is(")"):
			depth--
		}
	}
	o.Attrs["type"] = strings.ToUpper(reflow(toks[:i]))
	for depth := 0; i < len(toks); i++ {
		switch t := toks[i]; {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case depth > 0:
		case t.is("NOT"):
			o.Attrs["not_null"] = "yes"
		case t.is("DEFAULT") && i+1 < len(toks):
			o.Attrs["default"] = reflow(toks[i+1 : i+2])
		case t.is("AS"):
			o.Attrs["generated"] = "yes"
		}
	}
	return o
}

// endsType tells whether a token is what may follow a column's type.
func endsType(t token) bool {
	for _, w := range []string{"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"} {
		if t.is(w) {
			return true
		}
	}
	return false
}
