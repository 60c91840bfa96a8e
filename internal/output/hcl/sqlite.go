package hcl

import (
	"regexp"
	"strings"
	"sync"

	"ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqlite"

	"github.com/migr-dev/migr/internal/catalog"
)

func sqliteKinds() map[string]func(*writer, *catalog.Object) []string {
	return map[string]func(*writer, *catalog.Object) []string{
		"table": sqliteTable, "column": sqliteColumn, "primary_key": sqliteKey, "index": sqliteIndex,
		"check": sqliteCheck, "foreign_key": sqliteForeignKey,
	}
}

func sqliteTable(w *writer, o *catalog.Object) []string {
	if len(others(o, "strict", "without_rowid")) > 0 {
		return []string{whole}
	}
	t := w.addTable(o)
	if o.Attrs["strict"] != "" {
		t.AddAttrs(&sqlite.Strict{})
	}
	if o.Attrs["without_rowid"] != "" {
		t.AddAttrs(&sqlite.WithoutRowID{})
	}
	return nil
}

var plainSQLite = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?i:int|integer|bigint|smallint|tinyint|real|double|float|text|blob|date|datetime|bool|boolean|json|uuid|varchar\(\d+\)|decimal\(\d+,\d+\)|numeric\(\d+,\d+\))$`)
})

func sqliteColumn(w *writer, o *catalog.Object) []string {
	typ := o.Attrs["type"]
	if typ == "" {
		return []string{"a column without a type", whole}
	}
	c := schema.NewColumn(o.Name).SetNull(o.Attrs["not_null"] == "")
	c.Type.Type, c.Type.Raw = &sqlite.UserDefinedType{T: typ}, typ
	if plainSQLite().MatchString(typ) {
		if t, err := sqlite.ParseType(strings.ToLower(typ)); err == nil {
			c.Type.Type = t
		}
	}
	setDefault(c, o.Attrs["default"])
	setGenerated(c, o, "stored")
	w.table(o).AddColumns(c)
	return others(o, "type", "not_null", "default", "generated", "stored")
}

var simpleString = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^'[^'\\]*'$`) })

// setDefault writes a plain string as one, and all else as an expression.
func setDefault(c *schema.Column, text string) {
	switch {
	case text == "":
	case simpleString().MatchString(text):
		c.Default = &schema.Literal{V: text}
	default:
		c.Default = &schema.RawExpr{X: text}
	}
}

func setGenerated(c *schema.Column, o *catalog.Object, stored string) {
	if x := o.Attrs["generated"]; x != "" {
		kind := "VIRTUAL"
		if o.Attrs[stored] != "" {
			kind = "STORED"
		}
		c.AddAttrs(&schema.GeneratedExpr{Expr: x, Type: kind})
	}
}

// noMore is a part of an index behind which nothing may stand.
func noMore(*reader, *schema.IndexPart) bool { return true }

func sqliteKey(w *writer, o *catalog.Object) []string {
	cols, plain := names(w.read("(" + o.Attrs["columns"] + ")").list())
	cs, ok := columns(w.table(o), cols)
	if !plain || !ok || len(others(o, "columns", "autoincrement", "rowid")) > 0 {
		return []string{whole}
	}
	if o.Attrs["autoincrement"] != "" {
		cs[0].AddAttrs(&sqlite.AutoIncrement{})
	}
	w.table(o).SetPrimaryKey(schema.NewPrimaryKey(cs...))
	return nil
}

func sqliteIndex(w *writer, o *catalog.Object) []string {
	ps, ok := w.parts(w.table(o), w.read("("+o.Attrs["columns"]+")").list(), noMore)
	if !ok || len(others(o, "columns", "unique", "where")) > 0 {
		return []string{whole}
	}
	i := schema.NewIndex(o.Name).SetUnique(o.Attrs["unique"] != "").AddParts(ps...)
	if x := o.Attrs["where"]; x != "" {
		i.AddAttrs(&sqlite.IndexPredicate{P: x})
	}
	w.table(o).AddIndexes(i)
	return nil
}

func sqliteCheck(w *writer, o *catalog.Object) []string {
	if len(others(o, "name", "expression")) > 0 {
		return []string{whole}
	}
	return addCheck(w, o, strings.Trim(o.Attrs["name"], "\""), o.Attrs["expression"])
}

// addCheck adds a check. One without a name cannot be said: Atlas wants a label.
func addCheck(w *writer, o *catalog.Object, name, expr string) []string {
	w.table(o).AddChecks(schema.NewCheck().SetName(name).SetExpr(expr))
	return nil
}

func sqliteForeignKey(w *writer, o *catalog.Object) []string {
	cols, a := names(w.read("(" + o.Attrs["columns"] + ")").list())
	refs, b := names(w.read("(" + o.Attrs["ref_columns"] + ")").list())
	to := w.read(o.Attrs["references"]).name()
	if !a || !b || len(to) != 1 || o.Attrs["name"] == "" || len(others(o, "name", "columns", "references", "ref_columns", "on_update", "on_delete")) > 0 {
		return []string{whole}
	}
	return w.foreignKey(o, o.Name, cols, catalog.Key{Kind: "table", Name: to[0]}, refs, o.Attrs["on_update"], o.Attrs["on_delete"])
}
