package mysql

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/catalog"
)

// The three kinds of key have the same attributes: columns (with prefix lengths,
// DESC and, on MySQL, expressions), type (FULLTEXT, SPATIAL, VECTOR), using (only where it
// is not the engine's own way), parser, hidden, comment.
var (
	primaryKind = catalog.Kind{Name: "primary_key", How: catalog.Merged, Hazards: uniqueHazards}
	uniqueKind  = catalog.Kind{Name: "unique", How: catalog.Merged, Rename: renameIndex, Hazards: uniqueHazards}
	indexKind   = catalog.Kind{Name: "index", How: catalog.Merged, Rename: renameIndex}
)

// renameIndex: MySQL 5.7, MariaDB 10.5.2.
func renameIndex(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	return []string{"ALTER TABLE " + ident(o.Table) + " RENAME INDEX " + ident(o.Name) + " TO " + ident(to.Name)}
}

const primary = "PRIMARY"

func (r *reader) readIndexes() error {
	query := "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE, INDEX_COMMENT, " +
		r.f.indexExtra + ", SEQ_IN_INDEX FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {home}"
	found := map[catalog.Key]*catalog.Object{}
	var order []*catalog.Object
	pos := map[string]int{}
	columns := map[*catalog.Object]map[int]string{}
	err := r.each(query, func(w row) error {
		t := r.tables[w.s(0)]
		if t == nil {
			return nil
		}
		// Indexes come in the order of the table on MariaDB; that of the columns is said.
		k := catalog.Key{Table: t.Name, Name: w.s(1)}
		o := found[k]
		if o == nil {
			o = newObject(indexKindOf(w.s(1), w.s(2)), t.Name, w.s(1))
			r.indexAttrs(o, t, w)
			found[k], order, columns[o] = o, append(order, o), map[int]string{}
		}
		seq, err := strconv.Atoi(w.s(10))
		columns[o][seq] = r.indexColumn(w)
		return err
	})
	if !r.f.keysInOrder {
		slices.SortFunc(order, func(a, b *catalog.Object) int {
			return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name))
		})
	}
	for _, o := range order {
		pos[o.Table]++
		o.Pos = pos[o.Table]
		var list []string
		for i := 1; i <= len(columns[o]); i++ {
			list = append(list, columns[o][i])
		}
		o.Attrs["columns"] = strings.Join(list, ",")
		r.add(o)
		if o.Attrs["type"] == "FULLTEXT" && !r.f.quotedDefaults {
			r.fullTextParser(o)
		}
	}
	return err
}

// rank puts the primary key first, as the server does.
func rank(o *catalog.Object) int {
	if o.Kind == "primary_key" {
		return 0
	}
	return 1
}

func indexKindOf(name, nonUnique string) string {
	switch {
	case name == primary:
		return "primary_key"
	case nonUnique == "0":
		return "unique"
	default:
		return "index"
	}
}

func (r *reader) indexAttrs(o, t *catalog.Object, w row) {
	switch kind := w.s(6); kind {
	case "FULLTEXT", "SPATIAL", "VECTOR":
		o.Attrs["type"] = kind
	default:
		if kind != ownIndexType(t.Attrs["engine"]) {
			put(o, "using", kind)
		}
	}
	put(o, "comment", w.s(7))
	flag(o, "hidden", w.s(8) == "YES")
}

// ownIndexType is what an engine makes when nothing is said.
func ownIndexType(engine string) string {
	if strings.EqualFold(engine, "MEMORY") {
		return "HASH"
	}
	return "BTREE"
}

func (r *reader) indexColumn(w row) string {
	if expr := w.s(9); expr != "" {
		return "(" + r.expression(expr) + ")" + direction(w.s(4))
	}
	col := ident(w.s(3))
	if w[5].Valid && w.s(6) != "SPATIAL" { // a spatial key reports 32, which cannot be written
		col += "(" + w.s(5) + ")"
	}
	return col + direction(w.s(4))
}

func direction(collation string) string {
	if collation == "D" {
		return " DESC"
	}
	return ""
}

var withParser = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("WITH PARSER `((?:[^`]|``)+)`") })

// fullTextParser asks for the parser of a full-text index, which MySQL's
// information_schema does not tell (MariaDB has no parser of its own but the
// built-in one).
func (r *reader) fullTextParser(o *catalog.Object) {
	r.want("TABLE", catalog.Key{Kind: "table", Name: o.Table}, func(text string) error {
		for _, l := range strings.Split(text, "\n") {
			if m := withParser().FindStringSubmatch(l); m != nil && strings.Contains(l, "KEY "+ident(o.Name)+" ") {
				o.Attrs["parser"] = strings.ReplaceAll(m[1], "``", "`")
			}
		}
		return nil
	})
}

// indexDef writes a key as it stands in CREATE TABLE and behind ADD.
func indexDef(f *flavour, o *catalog.Object) string {
	a := o.Attrs
	var b strings.Builder
	switch {
	case o.Kind == "primary_key":
		b.WriteString("PRIMARY KEY")
	case o.Kind == "unique":
		b.WriteString("UNIQUE KEY " + ident(o.Name))
	case a["type"] != "":
		b.WriteString(a["type"] + " KEY " + ident(o.Name))
	default:
		b.WriteString("KEY " + ident(o.Name))
	}
	b.WriteString(" (" + a["columns"] + ")")
	if u := a["using"]; u != "" {
		b.WriteString(" USING " + u)
	}
	if p := a["parser"]; p != "" {
		b.WriteString(" WITH PARSER " + ident(p))
	}
	if c := a["comment"]; c != "" {
		b.WriteString(" COMMENT " + quote(c))
	}
	if a["hidden"] != "" {
		b.WriteString(" " + f.hiddenIndex)
	}
	return b.String()
}

// columnsOf lists the plain columns of a key, in order; an expression ends it.
func columnsOf(o *catalog.Object) []string {
	var names []string
	depth := 0
	for _, t := range tokens(o.Attrs["columns"]) {
		switch {
		case t.raw == "(":
			depth++
		case t.raw == ")":
			depth--
		case depth == 0 && t.kind == quoted:
			names = append(names, t.val)
		}
	}
	return names
}
