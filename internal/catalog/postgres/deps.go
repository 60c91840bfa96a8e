package postgres

import (
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// OIDs of the system catalogs, which are the same on every server.
const (
	pgClass        = 1259
	pgType         = 1247
	pgProc         = 1255
	pgNamespace    = 2615
	pgConstraint   = 2606
	pgAttrdef      = 2604
	pgRewrite      = 2618
	pgTrigger      = 2620
	pgPolicy       = 3256
	pgExtension    = 3079
	pgCollation    = 3456
	pgStatisticExt = 3381
	pgTSConfig     = 3602
	pgTSDict       = 3600
	pgCast         = 2605
	pgOperator     = 2617
	pgOpclass      = 2616
	pgOpfamily     = 2753
	pgEventTrigger = 3466
	pgPublication  = 6104
	pgPublished    = 6106 // pg_publication_rel: a table in a publication
)

// A ref is a row of a system catalog, as pg_depend names it.
type ref struct {
	class, oid int64
	sub        int64 // column number, 0 for the whole
}

// A dependency is a row of pg_depend.
type dependency struct{ from, to ref }

// readComments reads all comments at once: obj_description for every row costs
// more than the rest of the reading.
func (r *reader) readComments() error {
	return r.each(`SELECT classoid::int8 AS class, objoid::int8 AS oid, objsubid AS sub, description
		FROM pg_description WHERE objoid >= 16384`, func(w row) {
		r.comments[ref{w.i("class"), w.i("oid"), w.i("sub")}] = w.s("description")
	})
}

// readDepends reads what depends on what, and what belongs to an extension.
// OIDs below 16384 are the server's own objects; the triggers that carry a foreign key
// out are its own, too, and four for each.
func (r *reader) readDepends() error {
	return r.each(`SELECT classid::int8 AS class, objid::int8 AS oid, objsubid AS sub,
		refclassid::int8 AS refclass, refobjid::int8 AS refoid, refobjsubid AS refsub, deptype
		FROM pg_depend WHERE objid >= 16384 AND refobjid >= 16384 AND refclassid <> 2615
		AND NOT (classid = 2620 AND refclassid = 2606 AND deptype = 'i')`, func(w row) {
		from := ref{w.i("class"), w.i("oid"), w.i("sub")}
		to := ref{w.i("refclass"), w.i("refoid"), w.i("refsub")}
		if w.s("deptype") == "e" {
			r.members[from] = true
		}
		if w.s("deptype") == "i" && (from.class == pgProc || from.class == pgCast || from.class == pgType) {
			r.made[from] = to // a range's constructors, an array or row type: they are part of what they depend on
		}
		r.depends = append(r.depends, dependency{from, to})
	})
}

// key finds the object that a catalog row is, or belongs to.
func (r *reader) key(at ref) (catalog.Key, bool) {
	if k, there := r.keys[at]; there {
		return k, true
	}
	if at.sub != 0 {
		at.sub = 0
		k, there := r.keys[at]
		return k, there
	}
	return catalog.Key{}, false
}

// resolve turns the rows of pg_depend into dependencies between objects. What
// belongs to an extension stands for the extension.
func (r *reader) resolve() {
	for _, d := range r.depends { // members first: others refer to them
		whole := ref{class: d.from.class, oid: d.from.oid}
		if !r.members[whole] || d.to.class != pgExtension {
			continue
		}
		if k, there := r.keys[d.to]; there {
			r.keys[whole] = k
		}
	}
	for from := range r.made {
		to := r.made[from]
		for next, there := r.made[to]; there; next, there = r.made[to] {
			to = next
		}
		if k, there := r.keys[to]; there {
			r.keys[from] = k
		}
	}
	objects := make(map[catalog.Key]*catalog.Object, len(r.objects))
	for _, o := range r.objects {
		objects[o.Key] = o
	}
	for _, d := range r.depends {
		from, there := r.key(d.from)
		if !there {
			continue
		}
		to, there := r.key(d.to)
		if !there || from == to || from.Kind == "sequence" && to.Kind == "column" { // OWNED BY is an object of its own
			continue
		}
		o := objects[from]
		if o == nil && from.Kind == "inherited_column" && (to.Table != from.Table || to.Schema != from.Schema) { // a partition's bounds may name a label of its column's enum
			o = objects[from.TableKey()]
		}
		if o == nil || o.Table != "" && to.Table == "" && to.Name == o.Table && to.Schema == o.Schema {
			continue // a part need not name its own table
		}
		own := to.Kind == "inherited_column" && o.Key == to.TableKey() // of an index that the partition has from its table
		if !own {
			o.Deps = append(o.Deps, to)
		}
		if to.Kind == "inherited_column" { // which is seldom an object
			above := r.ancestors(to)
			if own {
				above = above[1:]
			}
			o.Deps = append(o.Deps, above...)
		}
	}
	for _, o := range r.objects {
		if o.Kind == "inherited_column" {
			o.Deps = append(o.Deps, r.ancestors(o.Key)[1:]...)
		}
		slices.SortFunc(o.Deps, catalog.Key.Compare)
		o.Deps = slices.Compact(o.Deps)
	}
}
