package sqlite

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// tableRefs lists, folded, the names that stand where SQL names a table: after
// FROM, JOIN, INTO, UPDATE, IN and the commas of a FROM list. SQLite keeps no
// record of what a view or a trigger uses.
func tableRefs(toks []token) []string {
	s := &refScanner{froms: []bool{false}}
	for i := range toks {
		s.step(toks, i)
	}
	slices.Sort(s.refs)
	return slices.Compact(s.refs)
}

// A refScanner walks over a statement: want says that a table may come next,
// froms for each open parenthesis whether it is in a FROM list.
type refScanner struct {
	refs  []string
	froms []bool
	want  bool
}

func (s *refScanner) step(toks []token, i int) {
	t, last := toks[i], len(s.froms)-1
	switch {
	case t.is("("):
		s.froms = append(s.froms, s.want)
	case t.is(")"):
		if last > 0 {
			s.froms = s.froms[:last]
		}
		s.want = false
	case t.is(","):
		s.want = s.froms[last]
	case t.is("FROM"):
		// not the FROM of IS DISTINCT FROM
		s.want = i == 0 || !toks[i-1].is("DISTINCT")
		s.froms[last] = s.froms[last] || s.want
	case t.is("JOIN"), t.is("INTO"), t.is("UPDATE"), t.is("IN"):
		s.want = true
	case s.want && (t.is("OR") || i > 0 && toks[i-1].is("OR")): // UPDATE OR REPLACE t
	case t.sort == word && endsFrom[fold(t.text)]:
		s.froms[last], s.want = false, false
	case s.want && t.sort != op && t.sort != number && t.sort != blob:
		if i+1 < len(toks) && toks[i+1].is(".") {
			return // a schema: the table is still to come
		}
		s.refs = append(s.refs, fold(t.name()))
		s.want = false
	case !t.is("."):
		s.want = false
	}
}

// endsFrom are the words after which commas part no tables.
var endsFrom = map[string]bool{
	"select": true, "where": true, "group": true, "order": true, "having": true,
	"limit": true, "window": true, "union": true, "except": true, "intersect": true, "values": true, "set": true,
	"returning": true, "on": true, "of": true, "begin": true, "default": true,
}

// deps lists the tables and views that a text names, and the columns that it
// names of those tables and of the tables under those views.
func (b *builder) deps(refs []string, toks []token) []catalog.Key {
	var keys []catalog.Key
	words := map[string]bool{}
	for _, t := range toks {
		if t.sort == word || t.sort == quoted {
			words[fold(t.name())] = true
		}
	}
	for _, ref := range b.reached(refs) {
		named := slices.Contains(refs, ref)
		if name, ok := b.views[ref]; ok && named {
			keys = append(keys, catalog.Key{Kind: "view", Name: name})
		}
		def := b.tables[ref]
		if def == nil {
			continue
		}
		if named {
			keys = append(keys, catalog.Key{Kind: "table", Name: def.name})
		}
		for _, c := range def.columns {
			if words[fold(c.name)] {
				keys = append(keys, catalog.Key{Kind: "column", Table: def.name, Name: c.name})
			}
		}
	}
	return keys
}

// reached adds to names what the views among them name, and so on.
func (b *builder) reached(names []string) []string {
	all := slices.Clone(names)
	for i := 0; i < len(all); i++ {
		for _, name := range b.viewRefs[all[i]] {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// index makes an index of its definition.
func (b *builder) index(def *indexDef) *catalog.Object {
	o := &catalog.Object{
		Key:   catalog.Key{Kind: "index", Table: def.table, Name: def.name},
		Attrs: map[string]string{"unique": yes(def.unique)},
		Info:  map[string]string{"sql": reflow(def.toks)},
	}
	var names map[string]string
	if t := b.tables[fold(def.table)]; t != nil {
		o.Table, names = t.name, t.names()
	}
	for i, part := range splitCommas(def.columns) {
		if i > 0 {
			o.Attrs["columns"] += ", "
		}
		o.Attrs["columns"] += indexColumn(part, names)
	}
	o.Attrs["where"] = canonical(def.where, names)
	o.Deps = b.deps([]string{fold(def.table)}, append(slices.Clone(def.columns), def.where...))
	return o
}

// indexColumn writes one column or expression of an index.
func indexColumn(toks []token, names map[string]string) string {
	if n := len(toks); n > 1 && toks[n-1].is("ASC") {
		toks = toks[:n-1]
	}
	toks = slices.Clone(toks)
	for i := 1; i < len(toks); i++ {
		if toks[i-1].is("COLLATE") {
			toks[i].text = strings.ToUpper(toks[i].name())
			toks[i].sort = str
		}
	}
	return canonical(toks, names)
}

// view makes a view of its definition and the text that was stored.
func (b *builder) view(def *codeDef, src string) *catalog.Object {
	return &catalog.Object{
		Key:   catalog.Key{Kind: "view", Name: def.name},
		Attrs: map[string]string{"definition": canonical(def.rest, nil)},
		Info:  map[string]string{"sql": stored(def, src)},
		Deps:  b.deps(without(tableRefs(def.rest), fold(def.name)), def.rest),
	}
}

// trigger makes a trigger of its definition and the text that was stored.
func (b *builder) trigger(def *codeDef, src string) *catalog.Object {
	on := b.views[fold(def.on)]
	if t := b.tables[fold(def.on)]; t != nil {
		on = t.name
	}
	return &catalog.Object{
		Key:   catalog.Key{Kind: "trigger", Table: on, Name: def.name},
		Attrs: map[string]string{"definition": canonical(def.rest, nil)},
		Info:  map[string]string{"sql": stored(def, src)},
		Deps:  b.deps(append(without(tableRefs(def.rest), fold(def.on)), fold(def.on)), def.rest),
	}
}

// stored is the text as the user wrote it, from the first token to the last.
func stored(def *codeDef, src string) string {
	return src[def.toks[0].start:def.toks[len(def.toks)-1].end]
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return n == name })
}
