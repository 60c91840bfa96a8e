package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// parts are the changes of the table's parts. Where MySQL renames a column, the checks
// and functional keys that name it must be dropped and added though they are equal.
func (a *altering) parts() []catalog.Delta {
	if a.f.renameFollows || len(a.names) == 0 {
		return a.d.Parts
	}
	parts := slices.Clone(a.d.Parts)
	for _, o := range a.p.From.Parts(a.d.From.Key, "") {
		text := o.Attrs["clause"] + strings.Join(expressionsOf(o), "")
		known := slices.ContainsFunc(parts, func(d catalog.Delta) bool { return d.From != nil && d.From.Key == o.Key })
		if o.Kind == "column" || known || renameIn(text, a.names) == text {
			continue
		}
		key := o.Key
		key.Table = a.d.To.Name
		if to := a.p.To.Get(key); to != nil {
			parts = append(parts, catalog.Delta{From: o, To: to})
		}
	}
	return parts
}

// expressionsOf lists the expressions that are columns of a key.
func expressionsOf(o *catalog.Object) []string {
	if !strings.Contains(o.Attrs["columns"], "((") && !strings.HasPrefix(o.Attrs["columns"], "(") {
		return nil
	}
	return []string{o.Attrs["columns"]}
}

// key handles an index, a unique key or the primary key.
func (a *altering) key(d *catalog.Delta) {
	from, to := d.From, d.To
	if from != nil && to != nil {
		if from.Name != to.Name {
			a.clauses = append(a.clauses, "RENAME INDEX "+ident(from.Name)+" TO "+ident(to.Name))
		}
		if attrs := a.keyAttrs(from, to); len(attrs) == 0 {
			return
		} else if slices.Equal(attrs, []string{"hidden"}) {
			a.clauses = append(a.clauses, a.visibility(to))
			return
		}
	}
	switch {
	case from == nil:
	case to != nil && from.Attrs["parser"] != to.Attrs["parser"]:
		// MySQL 9.7 takes keys that differ in the parser alone for the same key
		a.first = append(a.first, dropKey(from))
	default:
		a.drops = append(a.drops, dropKey(from))
	}
	if to != nil {
		a.addKey(to)
	}
}

func (a *altering) addKey(o *catalog.Object) {
	add := "ADD " + indexDef(a.f, o)
	if o.Attrs["type"] == "FULLTEXT" && a.hasText {
		a.fullText = append(a.fullText, add)
		return
	}
	a.hasText = a.hasText || o.Attrs["type"] == "FULLTEXT"
	a.adds = append(a.adds, add)
}

// inOrder sorts parts as they stand in the table that is to be.
func inOrder(parts []catalog.Delta) []catalog.Delta {
	parts = slices.Clone(parts)
	place := func(d catalog.Delta) int {
		if d.To == nil {
			return 0
		}
		return d.To.Pos
	}
	slices.SortStableFunc(parts, func(x, y catalog.Delta) int { return place(x) - place(y) })
	return parts
}

// spatialKeys takes the spatial keys off columns whose SRID changes, before it
// changes (MySQL, error 3644), and puts back those that are to stay.
func (a *altering) spatialKeys() {
	for _, o := range a.p.From.Parts(a.d.From.Key, "index") {
		if o.Attrs["type"] != "SPATIAL" || !a.sridChanges(o) {
			continue
		}
		drop := dropKey(o)
		a.drops = slices.DeleteFunc(a.drops, func(s string) bool { return s == drop })
		a.first = append(a.first, drop)
		if to := a.p.To.Get(catalog.Key{Kind: "index", Table: a.d.To.Name, Name: o.Name}); to != nil && o.Equal(to) {
			a.adds = append(a.adds, "ADD "+indexDef(a.f, to))
		}
	}
}

func (a *altering) sridChanges(index *catalog.Object) bool {
	names := columnsOf(index)
	return slices.ContainsFunc(a.d.Parts, func(d catalog.Delta) bool {
		return d.From != nil && d.To != nil && d.From.Kind == "column" && slices.Contains(names, d.From.Name) && d.Changed("srid")
	})
}

// keepGenerated makes an index explicit that may be one the server has made for a
// foreign key: such an index vanishes when a key is added that begins with the
// same columns, and nothing in the metadata tells it from another.
func (a *altering) keepGenerated() {
	for _, o := range a.p.From.Parts(a.d.From.Key, "index") {
		to := a.p.To.Get(catalog.Key{Kind: "index", Table: a.d.To.Name, Name: o.Name})
		if to == nil || !o.Equal(to) || !plainIndex(o) {
			continue
		}
		for _, d := range a.d.Parts {
			added := d.To != nil && d.To.Kind != "column" && d.To.Kind != "check" && (d.From == nil || d.Changed("columns"))
			if added && strings.HasPrefix(d.To.Attrs["columns"]+",", o.Attrs["columns"]+",") {
				a.drops = append(a.drops, dropKey(o))
				a.adds = append(a.adds, "ADD "+indexDef(a.f, to))
				break
			}
		}
	}
}

// rebuiltKeys drops and adds the keys of a column that is dropped and added with
// another type: MySQL (9.7) takes the length of the old one for a prefix of the new
// one (error 1089).
func (a *altering) rebuiltKeys() {
	for _, o := range a.p.From.Parts(a.d.From.Key, "") {
		key := o.Key
		key.Table = a.d.To.Name
		to := a.p.To.Get(key)
		if o.Kind == "column" || o.Kind == "check" || o.Attrs["columns"] == "" || to == nil || !o.Equal(to) {
			continue
		}
		for _, name := range columnsOf(o) {
			old := a.p.From.Get(catalog.Key{Kind: "column", Table: a.d.From.Name, Name: name})
			c := a.p.To.Get(catalog.Key{Kind: "column", Table: a.d.To.Name, Name: name})
			if old != nil && c != nil && a.rebuilt(old, c) && old.Attrs["type"] != c.Attrs["type"] {
				a.drops = append(a.drops, dropKey(o))
				a.addKey(to)
				break
			}
		}
	}
}

// plainIndex tells whether an index looks like one that the server makes.
func plainIndex(o *catalog.Object) bool {
	return o.Kind == "index" && len(o.Attrs) == 1 && !strings.ContainsAny(o.Attrs["columns"], "( ")
}

// keyAttrs lists what differs once columns have their new names, which a key follows,
// unless it is on an expression and the product is MySQL.
func (a *altering) keyAttrs(from, to *catalog.Object) []string {
	renamed := from.Clone()
	if !a.f.renameFollows && len(expressionsOf(from)) > 0 && renameIn(from.Attrs["columns"], a.names) != from.Attrs["columns"] {
		return []string{"columns"}
	}
	renamed.Attrs["columns"] = renameIn(from.Attrs["columns"], a.names)
	return catalog.DiffAttrs(renamed, to)
}

func (a *altering) visibility(o *catalog.Object) string {
	word := a.f.hiddenIndex
	if o.Attrs["hidden"] == "" {
		word = a.f.shownIndex
	}
	return "ALTER INDEX " + ident(o.Name) + " " + word
}

func dropKey(o *catalog.Object) string {
	if o.Kind == "primary_key" {
		return "DROP PRIMARY KEY"
	}
	return "DROP KEY " + ident(o.Name)
}

func (a *altering) check(d *catalog.Delta) {
	if d.From != nil && d.To != nil && a.f.renameFollows && renameIn(d.From.Attrs["clause"], a.names) == d.To.Attrs["clause"] {
		return
	}
	if d.From != nil && d.To != nil && slices.Equal(d.Attrs, []string{"not_enforced"}) {
		word := " ENFORCED"
		if d.To.Attrs["not_enforced"] != "" {
			word = " NOT ENFORCED"
		}
		a.clauses = append(a.clauses, "ALTER CHECK "+ident(d.To.Name)+word)
		return
	}
	if d.From != nil {
		a.drops = append(a.drops, "DROP CONSTRAINT "+ident(d.From.Name))
	}
	if d.To != nil {
		a.adds = append(a.adds, "ADD "+checkDef(d.To))
	}
}
