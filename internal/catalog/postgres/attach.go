package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// wasAttached tells whether a partition was made by itself and attached: from version
// 18 on its NOT NULL constraints then have names of its own, where PARTITION OF
// takes over those of the parent, which no statement can rename. Its indexes may have
// names of their own, too.
func wasAttached(c *catalog.Catalog, o *catalog.Object) bool {
	parent := parentOf(c, o)
	if parent == nil {
		return false
	}
	if len(c.Parts(o.Key, "attached_index")) > 0 {
		return true
	}
	if c.Version < 180000 {
		return false
	}
	for _, part := range inheritedParts(c, o.Key) {
		if part.Kind == "column" && part.Attrs["notnull"] != "" && part.Info["notnull_name"] != columnIn(c, parent.Key, part.Name).Info["notnull_name"] {
			return true
		}
	}
	return false
}

// parentOf is the table that a partition belongs to, or nil.
func parentOf(c *catalog.Catalog, o *catalog.Object) *catalog.Object {
	if o.Attrs["partition_of"] == "" {
		return nil
	}
	for _, d := range o.Deps {
		if d.Kind == "table" && qualified(d) == o.Attrs["partition_of"] {
			return c.Get(d)
		}
	}
	return nil
}

// columnIn is a column of a table, its own or one that it has from its parent.
func columnIn(c *catalog.Catalog, table catalog.Key, name string) *catalog.Object {
	like := &catalog.Object{Key: catalog.Key{Kind: "column", Schema: table.Schema, Table: table.Name, Name: name}}
	if o := c.Get(like.Key); o != nil {
		return o
	}
	if o := inheritedIn(c, like); o != nil {
		return o
	}
	return like
}

// createAttached makes a partition as a table with the columns and checks of its
// parent, and attaches it. Indexes, keys and triggers come with that.
func createAttached(p *catalog.Ctx, o *catalog.Object) []string {
	root := o
	for next := parentOf(p.To, root); next != nil; next = parentOf(p.To, root) {
		root = next
	}
	var lines, checks []string
	for _, c := range p.To.Parts(root.Key, "column") {
		own := columnIn(p.To, o.Key, c.Name).Clone()
		delete(own.Attrs, "identity") // a partition has its parent's
		lines = append(lines, columnDef(p, own))
	}
	for _, part := range inheritedParts(p.To, o.Key) {
		if part.Kind == "check" {
			checks = append(checks, constraintDef(part))
		}
	}
	alone := o.Clone()
	delete(alone.Attrs, "bound")
	b := &strings.Builder{}
	b.WriteString("CREATE " + either(o.Attrs["unlogged"] != "", "UNLOGGED ", "") + "TABLE " + qualified(o.Key) + " (\n  " + strings.Join(append(lines, checks...), ",\n  ") + "\n)")
	writeTableTail(b, alone)
	stmts := []string{b.String()}
	for _, index := range p.To.Parts(o.Key, "attached_index") {
		stmts = append(stmts, createAttachedIndex(p, o.Key, index)...)
	}
	stmts = append(append(stmts, attachPartition(o)), tableExtras(nil, o)...)
	stmts = withComment(stmts, "TABLE", qualified(o.Key), o)
	for _, part := range p.Inline {
		stmts = append(stmts, createConstraint(p, part)...)
	}
	return stmts
}
