package postgres

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// What a child table or partition has only from its parent is no object of its
// own: it comes and goes with the parent's. It is noted in the table's Info for
// the day on which the table leaves its parent (and keeps all this as its own)
// or joins one (and must have it beforehand).

const (
	inheritedMark = "inherited "
	localMark     = "declared " // a column or check that the child declares, too: it stays when the parent's goes
)

// parents are the tables that a table inherits from or is a partition of.
func parents(o *catalog.Object) []catalog.Key {
	names := splitList(o.Attrs["inherits"])
	var keys []catalog.Key
	for _, d := range o.Deps {
		if d.Kind == "table" && (slices.Contains(names, qualified(d)) || o.Attrs["partition_of"] == qualified(d)) {
			keys = append(keys, d)
		}
	}
	return keys
}

// inherits notes a part that a table has from its parent.
func inherits(table, part *catalog.Object) {
	text, err := json.Marshal(part.Attrs)
	if err == nil {
		table.Info[inheritedMark+part.Kind+" "+part.Name] = string(text)
		if part.Info["local"] != "" {
			table.Info[localMark+part.Kind+" "+part.Name] = "yes"
		}
	}
}

// inheritedIn returns the part of that kind and name which its table has from a
// parent in that catalog, or nil.
func inheritedIn(c *catalog.Catalog, part *catalog.Object) *catalog.Object {
	t := c.Get(part.TableKey())
	if t == nil {
		return nil
	}
	text := t.Info[inheritedMark+part.Kind+" "+part.Name]
	if text == "" {
		return nil
	}
	o := &catalog.Object{Key: part.Key, Attrs: map[string]string{}, Info: map[string]string{}}
	if json.Unmarshal([]byte(text), &o.Attrs) != nil {
		return nil
	}
	if o.Info["notnull_name"] = o.Attrs["notnull_name"]; o.Attrs["notnull_name"] == "" {
		o.Info["notnull_name"] = notNullName(part.Table, part.Name)
	}
	if v := o.Attrs["options"]; v != "" {
		o.Info["options"] = v
	}
	return o
}

// inheritedNotNull notes how the NOT NULL constraint of an inherited column is
// named (version 18), where the server would name a table's own otherwise.
func (t *relation) inheritedNotNull(column, name string) {
	mark := inheritedMark + "column " + column
	attrs := map[string]string{}
	if t.obj.Info[mark] == "" || name == notNullName(t.key.Name, column) || json.Unmarshal([]byte(t.obj.Info[mark]), &attrs) != nil {
		return
	}
	attrs["notnull_name"] = name
	if text, err := json.Marshal(attrs); err == nil {
		t.obj.Info[mark] = string(text)
	}
}

// inheritedParts lists what a table has from its parents, in a fixed order.
func inheritedParts(c *catalog.Catalog, table catalog.Key) []*catalog.Object {
	t := c.Get(table)
	if t == nil {
		return nil
	}
	var names []string
	for name := range t.Info {
		if strings.HasPrefix(name, inheritedMark) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var parts []*catalog.Object
	for _, n := range names {
		kind, name, _ := strings.Cut(strings.TrimPrefix(n, inheritedMark), " ")
		parts = append(parts, inheritedIn(c, &catalog.Object{Key: catalog.Key{Kind: kind, Schema: table.Schema, Table: table.Name, Name: name}}))
	}
	return parts
}

// left removes what a table that has left its parent still has and shall not have.
func left(p *catalog.Ctx, table catalog.Key) []string {
	var stmts, columns []string
	for _, o := range inheritedParts(p.From, table) {
		if p.To.Get(o.Key) != nil || inheritedIn(p.To, o) != nil {
			continue
		}
		switch o.Kind {
		case "column":
			columns = append(columns, dropColumn(p, o)...)
		case "index":
			stmts = append(stmts, dropIndex(p, o)...)
		default:
			stmts = append(stmts, dropConstraint(p, o)...)
		}
	}
	return append(stmts, columns...)
}

// joining adds what a table must have before it can join its parent: the server
// makes the indexes and keys itself, but no columns and checks.
func joining(p *catalog.Ctx, table catalog.Key) []string {
	var stmts []string
	for _, kind := range []string{"column", "check"} {
		for _, o := range inheritedParts(p.To, table) {
			if o.Kind != kind || p.From.Get(o.Key) != nil {
				continue
			}
			if had := inheritedIn(p.From, o); had != nil {
				if kind == "column" {
					stmts = append(stmts, become(p, had, o)...)
				}
				continue
			}
			if kind == "column" {
				stmts = append(stmts, createColumn(p, o)...)
			} else {
				stmts = append(stmts, createConstraint(p, o)...)
			}
		}
	}
	for _, index := range p.To.Parts(table, "attached_index") {
		stmts = append(stmts, createAttachedIndex(p, table, index)...)
	}
	return stmts
}

// become changes a column that stays through a change of parents.
func become(p *catalog.Ctx, from, to *catalog.Object) []string {
	return alterColumn(p, &catalog.Delta{From: from, To: to, Attrs: catalog.DiffAttrs(from, to)}).SQL
}

// stays tells whether a constraint or index is there in the other catalog, from
// the other side of a change of parents.
func stays(p *catalog.Ctx, c *catalog.Catalog, o *catalog.Object) bool {
	if anew(p, o.TableKey()) {
		return false
	}
	other := inheritedIn(c, o)
	return other != nil && other.Attrs["def"] == o.Attrs["def"] && other.Attrs["where"] == o.Attrs["where"]
}

// ancestors are what an inherited column comes from: its table, and the column
// of each table above.
func (r *reader) ancestors(column catalog.Key) []catalog.Key {
	keys := []catalog.Key{column.TableKey()}
	above := r.origin[column]
	for len(above) > 0 {
		k := above[0]
		above = above[1:]
		keys = append(keys, k)
		k.Kind = "inherited_column"
		above = append(above, r.origin[k]...)
	}
	return keys
}

// declared lists the columns and checks that a child table declares though it inherits them.
func declared(c *catalog.Catalog, table *catalog.Object) []*catalog.Object {
	return slices.DeleteFunc(inheritedParts(c, table.Key), func(o *catalog.Object) bool {
		return table.Info[localMark+o.Kind+" "+o.Name] == ""
	})
}

// dropInherited removes a column or check that other tables have from this one, what being
// its DROP. A child keeps what it declared itself, and shall lose what it no longer has; the
// others lose it with their parent, but for what is to be their own.
func dropInherited(p *catalog.Ctx, o *catalog.Object, what string) []string {
	table := tableOf(o.Key)
	heirs := children(p, o.TableKey())
	apart := slices.ContainsFunc(heirs, func(h *catalog.Object) bool { return differs(p, h, o) })
	stmts := []string{"ALTER TABLE " + either(apart, "ONLY ", "") + table + " " + what}
	if !apart {
		return stmts
	}
	for _, h := range heirs {
		own := &catalog.Object{Key: o.Key}
		own.Schema, own.Table = h.Schema, h.Name
		if p.To.Get(own.Key) == nil && inheritedIn(p.To, own) == nil && inheritedIn(p.From, own) != nil {
			stmts = append(stmts, dropInherited(p, own, what)...)
		}
	}
	return stmts
}

// differs tells whether a part that goes from a table's parent does otherwise in the
// table, or in one that inherits from that.
func differs(p *catalog.Ctx, table, part *catalog.Object) bool {
	own := part.Key
	own.Schema, own.Table = table.Schema, table.Name
	if table.Info[localMark+part.Kind+" "+part.Name] != "" || p.To.Get(own) != nil {
		return true
	}
	return slices.ContainsFunc(children(p, table.Key), func(h *catalog.Object) bool { return differs(p, h, part) })
}

// children are the tables of From that inherit from a table, no partitions, before and after.
func children(p *catalog.Ctx, table catalog.Key) []*catalog.Object {
	var all []*catalog.Object
	for _, o := range p.From.Objects {
		if o.Kind != "table" || o.Attrs["inherits"] == "" || !slices.Contains(parents(o), table) {
			continue
		}
		if to := p.To.Get(o.Key); to != nil && slices.Contains(parents(to), table) && !anew(p, o.Key) {
			all = append(all, o)
		}
	}
	return all
}
