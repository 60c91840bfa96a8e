package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A builder makes the objects of a catalog from what was parsed. It knows every
// table, since SQLite resolves names without regard to case.
type builder struct {
	tables   map[string]*tableDef // by folded name
	views    map[string]string    // the names of views, by folded name
	viewRefs map[string][]string  // what each view names, folded
	counts   map[catalog.Key]int
}

func newBuilder() *builder {
	return &builder{
		tables: map[string]*tableDef{}, views: map[string]string{},
		viewRefs: map[string][]string{}, counts: map[catalog.Key]int{},
	}
}

// table makes a table and its parts. notNull are the folded names of the
// columns that the server holds to be NOT NULL.
func (b *builder) table(def *tableDef, notNull map[string]bool) []*catalog.Object {
	t := &catalog.Object{
		Key: catalog.Key{Kind: "table", Name: def.name},
		Attrs: attrs("virtual", def.module, "strict", yes(def.strict),
			"without_rowid", yes(def.withoutRowid)),
		Info: map[string]string{"name": def.nameTok.text, "options": reflow(def.options)},
	}
	objects := []*catalog.Object{t}
	names := def.names()
	for i, c := range def.columns {
		o := columnObject(def, c, names)
		o.Pos = i + 1
		if notNull[fold(c.name)] {
			o.Attrs["not_null"] = "yes"
		}
		objects = append(objects, o)
	}
	for i, c := range def.constraints {
		o := b.constraint(def, c, names)
		o.Pos = i + 1
		if b.counts[o.Key]++; b.counts[o.Key] > 1 {
			if c.name == "" && c.kind == "unique" {
				continue // SQLite makes one index of two equal constraints
			}
			o.Name = fmt.Sprintf("%s#%d", o.Name, b.counts[o.Key])
		}
		objects = append(objects, o)
	}
	return objects
}

// names maps the folded names of a table's columns to the names as declared.
func (d *tableDef) names() map[string]string {
	m := make(map[string]string, len(d.columns))
	for _, c := range d.columns {
		m[fold(c.name)] = c.name
	}
	return m
}

func (d *tableDef) column(name string) *columnDef {
	for _, c := range d.columns {
		if fold(c.name) == fold(name) {
			return c
		}
	}
	return nil
}

func columnObject(def *tableDef, c *columnDef, names map[string]string) *catalog.Object {
	o := &catalog.Object{
		Key: catalog.Key{Kind: "column", Table: def.name, Name: c.name},
		Attrs: attrs("type", typeText(c.typ), "not_null", yes(c.notNull), "not_null_name", c.nnName,
			"not_null_conflict", c.nnOn, "default", canonicalDefault(c.def), "collate", collation(c.collate)),
		Info: map[string]string{"sql": reflow(c.toks)},
	}
	if c.generated != nil {
		o.Attrs["generated"] = canonical(c.generated, names)
		o.Attrs["stored"] = yes(c.stored)
	}
	return o
}

func (b *builder) constraint(def *tableDef, c *constraintDef, names map[string]string) *catalog.Object {
	o := &catalog.Object{
		Key:   catalog.Key{Kind: c.kind, Table: def.name, Name: c.name},
		Attrs: attrs("name", c.name, "conflict", c.conflict),
		Info:  map[string]string{"inline": c.column, "sql": reflow(c.toks)},
	}
	switch c.kind {
	case "primary_key":
		o.Name = "primary_key"
		alias := def.rowidAlias(c)
		o.Attrs["rowid"], o.Attrs["autoincrement"] = yes(alias), yes(c.autoinc)
		if o.Attrs["columns"] = keyText(def, c.keys); alias {
			o.Attrs["columns"] = ident(def.realName(c.keys[0].name))
		}
	case "unique":
		o.Attrs["columns"] = keyText(def, c.keys)
	case "check":
		o.Attrs["expression"] = canonical(c.expr, names)
	case "foreign_key":
		b.foreignKey(def, c, o)
	}
	if o.Name == "" {
		o.Name = contentName(o)
	}
	return o
}

// rowidAlias tells whether a primary key is another name of the rowid. DESC
// written at the column prevents it, DESC in a table's constraint does not
// (https://www.sqlite.org/lang_createtable.html, section 5).
func (d *tableDef) rowidAlias(c *constraintDef) bool {
	if d.withoutRowid || len(c.keys) != 1 || c.column != "" && c.keys[0].desc {
		return false
	}
	col := d.column(c.keys[0].name)
	return col != nil && typeText(col.typ) == "INTEGER"
}

func (d *tableDef) realName(name string) string {
	if c := d.column(name); c != nil {
		return c.name
	}
	return name
}

// foreignKey fills in what a foreign key refers to, by the real names.
func (b *builder) foreignKey(def *tableDef, c *constraintDef, o *catalog.Object) {
	ref, cols := c.ref, slices.Clone(c.refCols)
	if parent := b.tables[fold(ref)]; parent != nil {
		ref = parent.name
		// SQLite looks for the parent when rows come, not now; parents first
		// reads better, and drops them last where foreign keys are enforced
		if ref != def.name {
			o.Deps = []catalog.Key{{Kind: "table", Name: ref}}
		}
		for i := range cols {
			cols[i] = parent.realName(cols[i])
		}
	}
	maps.Copy(o.Attrs, c.actions)
	o.Attrs["columns"] = keyText(def, c.keys)
	o.Attrs["references"], o.Attrs["ref_columns"] = ident(ref), idents(cols)
	o.Attrs["deferred"] = yes(c.deferred)
	o.Info["references"] = reflow(c.refToks)
}

// contentName names a constraint that has no name by what it says. It is never
// printed in SQL.
func contentName(o *catalog.Object) string {
	cols := strings.ReplaceAll(o.Attrs["columns"], ", ", ",")
	switch o.Kind {
	case "check":
		return "check(" + o.Attrs["expression"] + ")"
	case "foreign_key":
		name := "foreign_key(" + cols + ")→" + o.Attrs["references"]
		if o.Attrs["ref_columns"] != "" {
			name += "(" + strings.ReplaceAll(o.Attrs["ref_columns"], ", ", ",") + ")"
		}
		return name
	}
	return o.Kind + "(" + cols + ")"
}

// keyText writes the columns of a key, without what they have by default.
func keyText(def *tableDef, keys []keyColumn) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = ident(def.realName(k.name))
		own := ""
		if c := def.column(k.name); c != nil {
			own = collation(c.collate)
		}
		if k.collate != "" && collation(k.collate) != own {
			parts[i] += " COLLATE " + strings.ToUpper(k.collate)
		}
		if k.desc {
			parts[i] += " DESC"
		}
	}
	return strings.Join(parts, ", ")
}

// typeText is a type as it is compared: in upper case, since SQLite does not
// keep the case of the usual ones (3.37), and with single blanks.
func typeText(toks []token) string {
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && (t.sort == word || t.sort == quoted || t.sort == str) {
			b.WriteByte(' ')
		}
		b.WriteString(strings.ToUpper(t.name()))
	}
	return b.String()
}

// canonicalDefault keeps quotes as they are: "dq" is a string in a DEFAULT.
func canonicalDefault(toks []token) string {
	kept := slices.Clone(toks)
	for i := range kept {
		if kept[i].sort == quoted {
			kept[i].sort = str
		}
	}
	return canonical(kept, nil)
}

func collation(name string) string {
	if name = strings.ToUpper(name); name == "BINARY" {
		return ""
	}
	return name
}

// attrs makes a map of names and values, leaving out what is empty.
func attrs(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}
