// Package hcl writes a catalog as an Atlas schema file, through Atlas's own
// schema model. What such a file cannot say, as ariga.io/atlas v1.2.0 reads it,
// is not written and is named instead.
package hcl

import (
	"fmt"
	"slices"
	"strings"

	"ariga.io/atlas/schemahcl"
	"ariga.io/atlas/sql/mysql"
	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqlite"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Marshal writes a catalog, read by the engine of that name, as HCL. home is the
// name of its home schema. lost names, one each, the objects and attributes that
// HCL cannot say.
func Marshal(engine, home string, c *catalog.Catalog) (text []byte, lost []string, err error) {
	d, ok := dialects()[engine]
	if !ok {
		return nil, nil, fmt.Errorf("HCL is not written for %s", engine)
	}
	w := &writer{dialect: d, home: home, c: c, realm: &schema.Realm{}, tables: map[catalog.Key]*schema.Table{}, done: map[catalog.Key]bool{}}
	w.schema("")
	for _, kinds := range [][]string{{"schema"}, {"enum"}, {"table"}, {"column"}, {"primary_key", "index", "unique", "check"}, {"foreign_key"}} {
		of := slices.DeleteFunc(slices.Clone(c.Objects), func(o *catalog.Object) bool { return !slices.Contains(kinds, o.Kind) })
		if kinds[0] == "primary_key" { // a server may list keys in one order today and in another tomorrow
			slices.SortStableFunc(of, func(a, b *catalog.Object) int { return a.Key.Compare(b.Key) })
		}
		for _, o := range of {
			w.object(o)
		}
	}
	for _, o := range c.Objects {
		w.rest(o)
	}
	text, err = d.marshal.MarshalSpec(w.realm)
	if err != nil {
		return nil, nil, fmt.Errorf("writing the schema as HCL: %w", err)
	}
	return text, w.lost, nil
}

// A dialect says how the objects of one engine become Atlas's.
type dialect struct {
	family  sqltext.Family
	marshal schemahcl.Marshaler
	// kinds make one object each. They return what of it HCL cannot say; an
	// object for which "" is among that is not written at all.
	kinds map[string]func(*writer, *catalog.Object) []string
}

func dialects() map[string]*dialect {
	return map[string]*dialect{
		"sqlite":   {sqltext.SQLite, sqlite.MarshalHCL, sqliteKinds()},
		"mysql":    {sqltext.MySQL, mysql.MarshalHCL, mysqlKinds()},
		"postgres": {sqltext.Postgres, postgres.MarshalHCL, postgresKinds()},
	}
}

type writer struct {
	*dialect
	home   string
	c      *catalog.Catalog
	realm  *schema.Realm
	tables map[catalog.Key]*schema.Table
	done   map[catalog.Key]bool // written, or named as lost
	lost   []string
}

// whole says that an object is not written at all.
const whole = ""

func (w *writer) object(o *catalog.Object) {
	write := w.kinds[o.Kind]
	if write == nil || w.done[o.Key] || o.Table != "" && w.table(o) == nil {
		return
	}
	w.done[o.Key] = true
	if strings.ContainsAny(o.Name+o.Table+o.Schema, "\"`") && o.Kind != "check" {
		w.lose(o, "its name has a quotation mark in it")
		return
	}
	for _, what := range write(w, o) {
		w.lose(o, what)
	}
}

// rest names what no kind wrote, unless it is a part of a table that is named.
func (w *writer) rest(o *catalog.Object) {
	if w.done[o.Key] {
		return
	}
	t := o.TableKey()
	if o.Table != "" && w.c.Get(t) != nil && w.tables[t] == nil {
		return
	}
	w.lose(o, whole)
}

func (w *writer) lose(o *catalog.Object, what string) {
	if what == whole {
		w.lost = append(w.lost, o.Key.String())
		return
	}
	w.lost = append(w.lost, o.Key.String()+": "+what)
}

// schema returns the schema of that name, "" being the home schema.
func (w *writer) schema(name string) *schema.Schema {
	if name == "" {
		name = w.home
	}
	if s, ok := w.realm.Schema(name); ok {
		return s
	}
	s := schema.New(name)
	w.realm.AddSchemas(s)
	return s
}

// table returns the table that a part belongs to, or nil if it is not written.
func (w *writer) table(o *catalog.Object) *schema.Table { return w.tables[o.TableKey()] }

// addTable makes a table unless it has an attribute that changes what it is.
func (w *writer) addTable(o *catalog.Object) *schema.Table {
	s := w.schema(o.Schema)
	t := schema.NewTable(o.Name)
	s.AddTables(t)
	w.tables[o.Key] = t
	return t
}

// others lists the attributes of an object that are set and not among the known.
func others(o *catalog.Object, known ...string) []string {
	var out []string
	for name, v := range o.Attrs {
		if v != "" && !slices.Contains(known, name) {
			out = append(out, name+" "+v)
		}
	}
	slices.Sort(out)
	return out
}

func (w *writer) comment(o *catalog.Object, attrs *[]schema.Attr) {
	if c := o.Attrs["comment"]; c != "" {
		*attrs = append(*attrs, &schema.Comment{Text: c})
	}
}

// foreignKey adds a key, unless its table or columns are not written.
func (w *writer) foreignKey(o *catalog.Object, name string, cols []string, ref catalog.Key, refCols []string, onUpdate, onDelete string) []string {
	t, r := w.table(o), w.tables[ref]
	from, ok := columns(t, cols)
	if r == nil || !ok {
		return []string{whole}
	}
	to, ok := columns(r, refCols)
	if !ok || len(from) != len(to) || len(to) == 0 {
		return []string{whole}
	}
	f := schema.NewForeignKey(name).SetTable(t).AddColumns(from...).SetRefTable(r).AddRefColumns(to...)
	f.OnUpdate, f.OnDelete = schema.ReferenceOption(onUpdate), schema.ReferenceOption(onDelete)
	t.AddForeignKeys(f)
	return nil
}

func columns(t *schema.Table, names []string) ([]*schema.Column, bool) {
	var out []*schema.Column
	for _, n := range names {
		c, ok := t.Column(n)
		if !ok {
			return nil, false
		}
		out = append(out, c)
	}
	return out, true
}
