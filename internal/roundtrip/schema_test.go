// Package roundtrip holds property tests: random schemas, led to one another and
// back on every engine, and judged by the server's own dump.
//
// A schema is a list of nodes. A node is a statement, or a line in the CREATE of
// its table, and knows which nodes it needs: so that any part of a schema can be
// left out, by a mutation or by the shrinker, with all that stands on it. The
// grammar of each engine makes nodes; what the server does not take is left out
// of the schema, so a grammar may be bold.
package roundtrip

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A node is one thing of a schema.
type node struct {
	id    string   // KIND:[TABLE.]NAME
	kind  string   // a name of the grammar
	name  string   // as the server knows it
	table string   // the id of the table that it is written in; "" for a statement of its own
	of    string   // the id of the table that it belongs to otherwise: an index's
	needs []string // ids of what must be there before
	sql   string   // of a table: what stands before its parentheses
	tail  string   // of a table: what stands behind them
	class string   // of a column: its sort of values; of a table or view: what the grammar wants to know
	cols  []column // of a view: what it gives
	after []string // further statements, behind all tables' own: a comment
}

// A column is what a table or a view gives to queries.
type column struct{ id, name, class string }

type schema []node

func (s schema) index(id string) int {
	return slices.IndexFunc(s, func(n node) bool { return n.id == id })
}

// without leaves out nodes, their parts and all that needs them.
func (s schema) without(ids ...string) schema {
	gone := map[string]bool{}
	for _, id := range ids {
		gone[id] = true
	}
	var left schema
	for _, n := range s { // needs come first
		if gone[n.id] || gone[n.table] || gone[n.of] || slices.ContainsFunc(n.needs, func(id string) bool { return gone[id] }) {
			gone[n.id] = true
			continue
		}
		left = append(left, n)
	}
	return left
}

// A statement is the text of one node and of the parts that are written in it.
type statement struct {
	id, sql string
}

// statements writes the schema.
func (s schema) statements() []statement {
	parts := map[string][]string{}
	for _, column := range []bool{true, false} {
		for _, n := range s {
			if n.table != "" && (n.kind == "column") == column {
				parts[n.table] = append(parts[n.table], n.sql)
			}
		}
	}
	var all, later []statement
	for _, n := range s {
		switch {
		case n.table != "":
		case len(parts[n.id]) > 0:
			all = append(all, statement{n.id, n.sql + " (\n  " + strings.Join(parts[n.id], ",\n  ") + "\n)" + n.tail})
		case n.kind == "table":
			all = append(all, statement{n.id, n.sql + " ()" + n.tail})
		default:
			all = append(all, statement{n.id, n.sql})
		}
		for _, text := range n.after {
			later = append(later, statement{n.id, text})
		}
	}
	return append(all, later...)
}

// String is the schema as a file of SQL.
func (s schema) String() string {
	var b strings.Builder
	for _, st := range s.statements() {
		b.WriteString(st.sql + ";\n")
	}
	return b.String()
}

// A grammar makes the things of one product.
type grammar struct {
	family sqltext.Family
	kinds  []kind
	names  []string // for tables and their like
	fields []string // for columns
}

// A kind is one sort of node.
type kind struct {
	name   string
	weight int
	// make writes n, whose name and place are set; false: there is not what it takes.
	make func(g *gen, n *node) bool
	// part: it is one of a table, which is chosen before it is made.
	part bool
}

// A gen is a schema being made.
type gen struct {
	*grammar
	r     *rand.Rand
	s     schema // what is there already
	table int    // the table of the part that is made
}

// q writes a name as SQL.
func (g *gen) q(name string) string { return sqltext.QuoteIdent(g.family, name) }

// one picks one of some texts.
func (g *gen) one(texts ...string) string { return texts[g.r.IntN(len(texts))] }

// maybe is one of the texts, or mostly none.
func (g *gen) maybe(texts ...string) string {
	if g.r.IntN(3) > 0 {
		return ""
	}
	return g.one(texts...)
}

func (g *gen) chance(n int) bool { return g.r.IntN(n) == 0 }

func (g *gen) int(n int) int { return g.r.IntN(n) }

// pick returns some node of those kinds that is there already.
func (g *gen) pick(kinds ...string) (node, bool) {
	var of []node
	for _, n := range g.s {
		if slices.Contains(kinds, n.kind) {
			of = append(of, n)
		}
	}
	if len(of) == 0 {
		return node{}, false
	}
	return of[g.r.IntN(len(of))], true
}

// columns are those of a table, of one of the classes when any is given.
func (g *gen) columns(id string, classes ...string) []column {
	var all []column
	for _, n := range g.s {
		if n.id == id {
			all = append(all, n.cols...)
		}
		if n.table == id && n.kind == "column" {
			all = append(all, column{n.id, n.name, n.class})
		}
	}
	return slices.DeleteFunc(all, func(c column) bool { return len(classes) > 0 && !slices.Contains(classes, c.class) })
}

// some picks up to n of the columns.
func (g *gen) some(cs []column, n int) []column {
	cs = slices.Clone(cs)
	g.r.Shuffle(len(cs), func(i, j int) { cs[i], cs[j] = cs[j], cs[i] })
	return cs[:min(len(cs), 1+g.r.IntN(n))]
}

// list writes columns with commas between, and notes that n needs them.
func (g *gen) list(n *node, cs []column, write func(c column) string) string {
	var out []string
	for _, c := range cs {
		n.need(c)
		out = append(out, write(c))
	}
	return strings.Join(out, ", ")
}

// need notes that the node uses a column.
func (n *node) need(c column) {
	if c.id != "" && !slices.Contains(n.needs, c.id) {
		n.needs = append(n.needs, c.id)
	}
}

// col picks a column of one of the classes, quotes it and notes that n needs it.
func (g *gen) col(n *node, table string, classes ...string) (string, bool) {
	cs := g.columns(table, classes...)
	if len(cs) == 0 {
		return "", false
	}
	c := cs[g.r.IntN(len(cs))]
	n.need(c)
	return g.q(c.name), true
}

// owner is the table of the part that is made.
func (g *gen) owner() node { return g.s[g.table] }

func (g *grammar) kind(name string) *kind {
	i := slices.IndexFunc(g.kinds, func(k kind) bool { return k.name == name })
	return &g.kinds[i]
}

// random makes a schema of about n nodes.
func (g *grammar) random(r *rand.Rand, n int) schema {
	s := schema{}
	for range n {
		s = g.add(r, s)
	}
	return s
}

func (g *grammar) anyKind(r *rand.Rand) *kind {
	sum := 0
	for _, k := range g.kinds {
		sum += k.weight
	}
	at := r.IntN(sum)
	for i := range g.kinds {
		if at -= g.kinds[i].weight; at < 0 {
			return &g.kinds[i]
		}
	}
	return nil
}

// add adds one thing at the end; a table with some columns.
func (g *grammar) add(r *rand.Rand, s schema) schema {
	k := g.anyKind(r)
	s = g.addKind(r, s, k)
	if k.name == "table" {
		for range 1 + r.IntN(4) {
			s = g.addKind(r, s, g.kind("column"))
		}
	}
	return s
}

func (g *grammar) addKind(r *rand.Rand, s schema, k *kind) schema {
	n := node{kind: k.name}
	b := &gen{grammar: g, r: r, s: s}
	if k.part {
		var at []int
		for i, t := range s {
			if t.kind == "table" {
				at = append(at, i)
			}
		}
		if len(at) == 0 {
			return s
		}
		b.table = at[len(at)-1] // a table that was made just now is given most
		if !b.chance(3) || k.name != "column" {
			b.table = at[r.IntN(len(at))]
		}
		n.table = s[b.table].id
	}
	pool := g.names
	if k.part {
		pool = g.fields
	}
	n.name = pool[r.IntN(len(pool))]
	if k.name != "table" && k.name != "column" {
		n.name = k.name[:min(len(k.name), 3)] + fmt.Sprint(r.IntN(3)) + "_" + n.name
	}
	n.id = k.name + ":" + n.name
	if k.part {
		n.id = k.name + ":" + s[b.table].name + "." + n.name
	}
	if s.index(n.id) >= 0 || !k.make(b, &n) {
		return s
	}
	return append(slices.Clip(s), n)
}

// again makes node i anew, from what stands before it.
func (g *grammar) again(r *rand.Rand, s schema, i int) (node, bool) {
	old := s[i]
	n := node{id: old.id, kind: old.kind, name: old.name, table: old.table}
	b := &gen{grammar: g, r: r, s: s[:i:i]}
	owner := old.table
	if owner == "" {
		owner = old.of
	}
	if owner != "" {
		b.table = s.index(owner)
	}
	ok := g.kind(n.kind).make(b, &n)
	return n, ok
}

// mutate changes a schema by some steps: adding, changing, dropping and moving.
func (g *grammar) mutate(r *rand.Rand, s schema, steps int) schema {
	s = slices.Clone(s)
	for range steps {
		switch r.IntN(6) {
		case 0, 1:
			s = g.add(r, s)
		case 2:
			s = g.move(r, s)
		default:
			if len(s) == 0 {
				continue
			}
			i := r.IntN(len(s))
			if r.IntN(3) > 0 {
				if n, ok := g.again(r, s, i); ok {
					s[i] = n
					continue
				}
			}
			s = g.drop(r, s, i)
		}
	}
	return s
}

// drop takes node i away. What needs it goes too, or is made anew without it.
func (g *grammar) drop(r *rand.Rand, s schema, i int) schema {
	left := s.without(s[i].id)
	if r.IntN(2) == 0 {
		return left
	}
	for _, n := range s[i+1:] {
		if n.table == s[i].id || n.of == s[i].id || left.index(n.id) >= 0 {
			continue
		}
		if n.table != "" && left.index(n.table) < 0 || n.of != "" && left.index(n.of) < 0 {
			continue
		}
		tried := append(slices.Clip(left), n)
		if again, ok := g.again(r, tried, len(left)); ok {
			left = append(left, again)
		}
	}
	return left
}

// move puts a node where it may stand as well: the order of columns changes.
func (g *grammar) move(r *rand.Rand, s schema) schema {
	if len(s) < 2 {
		return s
	}
	i := r.IntN(len(s))
	n := s[i]
	rest := slices.Delete(slices.Clone(s), i, i+1)
	low := 0
	for j, o := range rest {
		if o.id == n.table || o.id == n.of || slices.Contains(n.needs, o.id) {
			low = j + 1
		}
	}
	high := len(rest)
	for j := len(rest) - 1; j >= 0; j-- {
		if rest[j].table == n.id || rest[j].of == n.id || slices.Contains(rest[j].needs, n.id) {
			high = j
		}
	}
	if low > high {
		return s
	}
	return slices.Insert(rest, low+r.IntN(high-low+1), n)
}
