package postgres

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// An index of a partition that belongs to one of its table comes and goes with that and
// is no object. Its name is one where it is not what the server chooses: where a partition
// or an index is attached, the server takes an index that is there already and is alike,
// so those of other names are made beforehand.

const attachedMark = "attached " // in a partition's Info: the index that belongs to one of its table

// attachedTo asks what index another belongs to, and of what the server makes its name.
func attachedTo(index string) string {
	return `(SELECT pc.relname FROM pg_inherits h JOIN pg_class pc ON pc.oid = h.inhparent WHERE h.inhrelid = ` + index + `.oid) AS attachedto,
		CASE WHEN ` + index + `.relispartition THEN (SELECT string_agg(a.attname, '_' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = ` + index + `.oid AND a.attnum > 0) END AS indexed`
}

// indexLabels are the ends of the names that the server gives to indexes.
var indexLabels = map[string]string{"index": "idx", "primary_key": "pkey", "unique": "key", "exclude": "excl"}

// attached notes the index of a partition, and its name where that is its own.
func (r *reader) attached(table *relation, part *catalog.Object, w row) {
	to := w.s("attachedto")
	if to == "" {
		return
	}
	table.obj.Info[attachedMark+to] = part.Name
	columns := either(part.Kind == "primary_key", "", w.s("indexed"))
	// A number behind it is the server's too: the name was taken, if only by an index that
	// this one was made beside and that is gone since.
	if strings.TrimRight(part.Name, "0123456789") == strings.TrimRight(objectName(part.Table, columns, indexLabels[part.Kind]), "0123456789") {
		return
	}
	key := part.Key
	key.Kind, key.Name = "attached_index", to
	r.objects = append(r.objects, &catalog.Object{Key: key, Attrs: map[string]string{"name": part.Name}, Info: map[string]string{"kind": part.Kind}})
}

var attachedIndexKind = catalog.Kind{
	Name: "attached_index", Report: "index", GoesWith: true, Carried: true,
	Create: renameAttached, Drop: renameAttached,
	Alter: func(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		return catalog.Alteration{SQL: renameAttached(p, d.To)}
	},
}

// renameAttached gives an index that stays with its table's the name it shall have.
func renameAttached(p *catalog.Ctx, o *catalog.Object) []string {
	from, to := p.From.Get(o.TableKey()), p.To.Get(o.TableKey())
	if from == nil || to == nil || anew(p, o.TableKey()) || from.Attrs["partition_of"] != to.Attrs["partition_of"] || anewIndex(p, to, o.Name) {
		return nil
	}
	old, now := from.Info[attachedMark+o.Name], to.Info[attachedMark+o.Name]
	if old == "" || now == "" || old == now {
		return nil
	}
	return []string{"ALTER INDEX " + dotted(o.Schema, old) + " RENAME TO " + ident(now)}
}

// anewIndex tells whether the index that one of a partition belongs to, in the end, is made anew.
func anewIndex(p *catalog.Ctx, partition *catalog.Object, index string) bool {
	table := parentOf(p.To, partition)
	for up := table; up != nil; up = parentOf(p.To, up) {
		above := ""
		for mark, name := range up.Info {
			if to, is := strings.CutPrefix(mark, attachedMark); is && name == index {
				above = to
			}
		}
		if above == "" {
			table = up
			break
		}
		index = above
	}
	return table != nil && slices.ContainsFunc(p.To.Parts(table.Key, ""), func(o *catalog.Object) bool {
		return o.Name == index && indexLabels[o.Kind] != "" && (p.From.Get(o.Key) == nil || p.Anew != nil && p.Anew(o.Key))
	})
}

// createAttachedIndex makes the index of a partition that is not yet attached.
func createAttachedIndex(p *catalog.Ctx, partition catalog.Key, o *catalog.Object) []string {
	part := &catalog.Object{Key: catalog.Key{Kind: o.Info["kind"], Schema: partition.Schema, Table: partition.Name, Name: o.Attrs["name"]}}
	if had := p.From.Get(part.Key); had != nil && !anew(p, partition) {
		return nil // which stays
	}
	part = inheritedIn(p.To, part)
	switch {
	case part == nil:
		return nil
	case part.Kind == "index":
		return []string{"CREATE " + either(part.Attrs["unique"] != "", "UNIQUE ", "") + "INDEX " + ident(part.Name) + " ON " + tableOf(part.Key) + " " + indexBody(part)}
	}
	return []string{"ALTER TABLE " + tableOf(part.Key) + " ADD " + constraintDef(part)}
}

// ownNamed makes the indexes of partitions that shall belong to the new index o and have
// names of their own, those of partitions' partitions first.
func ownNamed(p *catalog.Ctx, o *catalog.Object) []string {
	if t := p.To.Get(o.TableKey()); t == nil || t.Attrs["partition_key"] == "" || anew(p, t.Key) {
		return nil
	}
	var stmts []string
	for _, x := range p.To.Objects {
		if x.Kind != "table" || withinTable(x) != o.TableKey() || p.From.Get(x.Key) == nil || anew(p, x.Key) || p.From.Get(x.Key).Attrs["partition_of"] != x.Attrs["partition_of"] {
			continue
		}
		name := x.Info[attachedMark+o.Name]
		below := &catalog.Object{Key: o.Key}
		below.Schema, below.Table, below.Name = x.Schema, x.Name, name
		stmts = append(stmts, ownNamed(p, below)...)
		own := p.To.Get(catalog.Key{Kind: "attached_index", Schema: x.Schema, Table: x.Name, Name: o.Name})
		if own != nil {
			stmts = append(stmts, createAttachedIndex(p, x.Key, own)...)
		}
	}
	return stmts
}

// wentAlong tells whether an index or key of a partition belonged to one of its table that
// goes, and goes with that: freed makes it again.
func wentAlong(p *catalog.Ctx, o *catalog.Object) bool {
	return indexLabels[o.Kind] != "" && sameParent(p, o.TableKey()) && inheritedIn(p.From, o) != nil
}

// sameParent tells whether a table is a partition of the same table before and after, all along.
func sameParent(p *catalog.Ctx, table catalog.Key) bool {
	from, to := p.From.Get(table), p.To.Get(table)
	return from != nil && to != nil && !anew(p, table) && to.Attrs["partition_of"] != "" && from.Attrs["partition_of"] == to.Attrs["partition_of"]
}

// freed makes the indexes of partitions again that have gone with one of their table and
// are to be there without it.
func freed(p *catalog.Ctx, o *catalog.Object) []string {
	if t := p.From.Get(o.TableKey()); t == nil || t.Attrs["partition_key"] == "" {
		return nil
	}
	var stmts []string
	for _, x := range p.From.Objects {
		if x.Kind != "table" || withinTable(x) != o.TableKey() || !sameParent(p, x.Key) || x.Info[attachedMark+o.Name] == "" {
			continue
		}
		below := &catalog.Object{Key: catalog.Key{Kind: o.Kind, Schema: x.Schema, Table: x.Name, Name: x.Info[attachedMark+o.Name]}}
		switch own := p.To.Get(below.Key); {
		case own == nil:
		case own.Kind == "index":
			stmts = append(stmts, indexSQL(p, own)...)
		default:
			stmts = append(stmts, constraintSQL(p, own)...)
		}
		stmts = append(stmts, freed(p, below)...)
	}
	return stmts
}
