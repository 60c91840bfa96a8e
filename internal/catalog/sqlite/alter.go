package sqlite

import (
	"maps"
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// A change is how a table's parts differ.
type change struct {
	from, to *catalog.Object
	renamed  []rename
	added    []*catalog.Object // columns that come
	dropped  []*catalog.Object // columns that go
	cons     []*catalog.Object // constraints that come
	other    bool              // anything else differs
}

// alterTable changes a table by ALTER TABLE where that can do it, and else
// builds it anew. The forms that SQLite learnt in 3.53 and later (ALTER COLUMN,
// ADD CONSTRAINT) are not used: scripts are also run by older shells.
func alterTable(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.From.Attrs["virtual"] != d.To.Attrs["virtual"] {
		return catalog.Alteration{Replace: true}
	}
	c := compare(p, d)
	if sql, detach, ok := c.plain(p); ok {
		return catalog.Alteration{SQL: sql, Detach: detach}
	}
	return catalog.Alteration{SQL: c.rebuild(p), Detach: []catalog.Key{d.From.Key}, DropsParts: allStay(p, d.From)}
}

// allStay tells whether every index and trigger of the table is there afterwards
// too. If so they may go in passing; one that goes for good gets its own DROP, so
// that the change is told and its name is known to be free.
func allStay(p *catalog.Ctx, table *catalog.Object) bool {
	for _, o := range p.From.Parts(table.Key, "") {
		if !merged(o) && p.To.Get(o.Key) == nil {
			return false
		}
	}
	return true
}

// compare tells how the parts differ once columns have their new names. A column
// whose name differs in case only is the same column.
func compare(p *catalog.Ctx, d *catalog.Delta) *change {
	c := &change{from: d.From, to: d.To, renamed: renames(p, d), other: len(d.Attrs) > 0}
	old := map[string]*catalog.Object{}
	for _, o := range p.From.Parts(d.From.Key, "") {
		if !merged(o) {
			continue
		}
		o = c.withNewNames(o)
		old[partID(o)] = o
	}
	for _, o := range p.To.Parts(d.To.Key, "") {
		if !merged(o) {
			continue
		}
		was := old[partID(o)]
		delete(old, partID(o))
		switch {
		case was != nil:
			c.other = c.other || !was.Equal(o)
		case o.Kind == "column":
			c.added = append(c.added, o)
		default:
			c.cons = append(c.cons, o)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		if o := old[id]; o.Kind == "column" {
			c.dropped = append(c.dropped, o)
		} else {
			c.other = true
		}
	}
	return c
}

func merged(o *catalog.Object) bool { return o.Kind != "index" && o.Kind != "trigger" }

func partID(o *catalog.Object) string {
	if o.Kind == "column" {
		return "column " + fold(o.Name)
	}
	return o.Kind + " " + o.Name
}

// A rename is a column's old name and its new one.
type rename struct{ from, to string }

// renames finds the columns that have another name.
func renames(p *catalog.Ctx, d *catalog.Delta) []rename {
	var all []rename
	seen := map[string]bool{}
	add := func(from, to string) {
		if from != to && !seen[to] {
			seen[to] = true
			all = append(all, rename{from, to})
		}
	}
	for _, part := range d.Parts {
		if part.From != nil && part.To != nil && part.From.Kind == "column" {
			add(part.From.Name, part.To.Name)
		}
	}
	old := map[string]string{}
	for _, f := range p.From.Parts(d.From.Key, "column") {
		old[fold(f.Name)] = f.Name
	}
	for _, o := range p.To.Parts(d.To.Key, "column") {
		if was, ok := old[fold(o.Name)]; ok && !slices.ContainsFunc(all, func(r rename) bool { return r.from == was }) {
			add(was, o.Name)
		}
	}
	return all
}

// withNewNames is a part of the old table after the columns were renamed, which
// SQLite carries into every constraint and expression (3.25).
func (c *change) withNewNames(o *catalog.Object) *catalog.Object {
	if len(c.renamed) == 0 {
		return o
	}
	names := map[string]string{}
	for _, r := range c.renamed {
		names[fold(r.from)] = r.to
	}
	o = o.Clone()
	if to, ok := names[fold(o.Name)]; ok && o.Kind == "column" {
		o.Name = to
	}
	for _, a := range []string{"generated", "expression", "columns"} {
		if o.Attrs[a] != "" {
			o.Attrs[a] = renameIn(o.Attrs[a], names)
		}
	}
	if o.Kind == "foreign_key" && unquoted(o.Attrs["references"]) == fold(c.from.Name) {
		o.Attrs["ref_columns"] = renameIn(o.Attrs["ref_columns"], names)
	}
	if o.Kind != "column" && o.Kind != "primary_key" && o.Attrs["name"] == "" {
		o.Name = contentName(o)
	}
	return o
}

// unquoted is the folded name that a text of one identifier writes.
func unquoted(text string) string {
	if toks := lex(text); len(toks) > 0 {
		return fold(toks[0].name())
	}
	return ""
}

func renameIn(text string, names map[string]string) string {
	return canonical(lex(text), names)
}
