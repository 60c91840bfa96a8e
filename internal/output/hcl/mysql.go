package hcl

import (
	"regexp"
	"strconv"
	"sync"

	"ariga.io/atlas/sql/mysql"
	"ariga.io/atlas/sql/schema"

	"github.com/migr-dev/migr/internal/catalog"
)

func mysqlKinds() map[string]func(*writer, *catalog.Object) []string {
	return map[string]func(*writer, *catalog.Object) []string{
		"table": mysqlTable, "column": mysqlColumn, "primary_key": mysqlKey, "index": mysqlIndex, "unique": mysqlIndex,
		"check": mysqlCheck, "foreign_key": mysqlForeignKey,
	}
}

func mysqlTable(w *writer, o *catalog.Object) []string {
	if o.Attrs["versioned"] != "" {
		return []string{whole}
	}
	t := w.addTable(o)
	w.comment(o, &t.Attrs)
	if c := o.Attrs["collation"]; c != "" {
		t.SetCollation(c)
	}
	if e := o.Attrs["engine"]; e != "" && e != "InnoDB" {
		t.AddAttrs(&mysql.Engine{V: e})
	}
	return others(o, "comment", "collation", "engine")
}

var plainMySQL = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(bigint|int|smallint|tinyint|mediumint|bigint unsigned|int unsigned|smallint unsigned|varchar\(\d+\)|char\(\d+\)|text|mediumtext|longtext|json|date|decimal\(\d+,\d+\))$`)
})

func mysqlColumn(w *writer, o *catalog.Object) []string {
	t, typ := w.table(o), o.Attrs["type"]
	known := []string{"type", "not_null", "default", "generated", "stored", "comment", "collation", "on_update", "auto_increment"}
	c := schema.NewColumn(o.Name).SetNull(o.Attrs["not_null"] == "")
	c.Type.Raw = typ
	switch r := w.read(typ); {
	case r.words("enum"), r.words("set"):
		var values []string
		for _, v := range r.list() {
			s, ok := v.at(0).Literal(v.f)
			if !ok {
				return []string{whole}
			}
			values = append(values, s)
		}
		c.Type.Type = &schema.EnumType{T: "enum", Values: values}
		if typ[0] == 's' {
			c.Type.Type = &mysql.SetType{Values: values}
		}
	case typ == "longtext" && o.Attrs["check"] == "json_valid(`"+o.Name+"`)": // MariaDB's JSON
		c.Type.Type = &schema.JSONType{T: "json"}
		known = append(known, "check")
	case plainMySQL().MatchString(typ):
		parsed, err := mysql.ParseType(typ)
		if err != nil {
			return []string{whole}
		}
		c.Type.Type = parsed
	default:
		c.Type.Type = &schema.SpatialType{T: typ} // is written as sql("…")
	}
	setDefault(c, o.Attrs["default"])
	setGenerated(c, o, "stored")
	mysqlColumnAttrs(w, o, t, c)
	t.AddColumns(c)
	return others(o, known...)
}

func mysqlColumnAttrs(w *writer, o *catalog.Object, t *schema.Table, c *schema.Column) {
	w.comment(o, &c.Attrs)
	var own schema.Collation
	for _, a := range t.Attrs {
		if x, ok := a.(*schema.Collation); ok {
			own = *x
		}
	}
	if _, json := c.Type.Type.(*schema.JSONType); !json && o.Attrs["collation"] != "" && o.Attrs["collation"] != own.V {
		c.SetCollation(o.Attrs["collation"])
	}
	if x := o.Attrs["on_update"]; x != "" {
		c.AddAttrs(&mysql.OnUpdate{A: x})
	}
	if o.Attrs["auto_increment"] != "" {
		c.AddAttrs(&mysql.AutoIncrement{})
	}
}

// prefix is the length behind a column, as in `name`(3).
func prefix(r *reader, p *schema.IndexPart) bool {
	if p.C != nil && r.at(r.i).Is("(") {
		list := r.list()
		n, err := strconv.Atoi(list[0].text)
		if len(list) != 1 || err != nil {
			return false
		}
		p.AddAttrs(&mysql.SubPart{Len: n})
	}
	return true
}

func mysqlKey(w *writer, o *catalog.Object) []string {
	ps, ok := w.parts(w.table(o), w.read("("+o.Attrs["columns"]+")").list(), prefix)
	if !ok || len(others(o, "columns")) > 0 {
		return []string{whole}
	}
	w.table(o).SetPrimaryKey(schema.NewIndex("PRIMARY").AddParts(ps...))
	return nil
}

func mysqlIndex(w *writer, o *catalog.Object) []string {
	ps, ok := w.parts(w.table(o), w.read("("+o.Attrs["columns"]+")").list(), prefix)
	if !ok || len(others(o, "columns", "type", "comment", "parser")) > 0 {
		return []string{whole}
	}
	i := schema.NewIndex(o.Name).SetUnique(o.Kind == "unique").AddParts(ps...)
	w.comment(o, &i.Attrs)
	if t := o.Attrs["type"]; t != "" {
		i.AddAttrs(&mysql.IndexType{T: t})
	}
	if p := o.Attrs["parser"]; p != "" {
		i.AddAttrs(&mysql.IndexParser{P: p})
	}
	w.table(o).AddIndexes(i)
	return nil
}

func mysqlCheck(w *writer, o *catalog.Object) []string {
	if len(others(o, "clause")) > 0 {
		return []string{whole}
	}
	return addCheck(w, o, o.Name, o.Attrs["clause"])
}

func mysqlForeignKey(w *writer, o *catalog.Object) []string {
	cols, a := names(w.read("(" + o.Attrs["columns"] + ")").list())
	refs, b := names(w.read("(" + o.Attrs["ref_columns"] + ")").list())
	to := w.read(o.Attrs["references"]).name()
	if !a || !b || len(to) != 1 || len(others(o, "columns", "references", "ref_columns", "on_update", "on_delete")) > 0 {
		return []string{whole}
	}
	return w.foreignKey(o, o.Name, cols, catalog.Key{Kind: "table", Name: to[0]}, refs, o.Attrs["on_update"], o.Attrs["on_delete"])
}
