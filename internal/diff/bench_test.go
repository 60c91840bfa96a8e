package diff_test

import (
	"fmt"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
)

// large is a schema of n tables: six columns with a default and a key each, an
// index, a foreign key to the table before, a sequence of its own, and a view for
// every tenth. typ is the type of one column.
func large(n int, typ string) *catalog.Catalog {
	c := &catalog.Catalog{}
	add := func(kind, table, name string, deps ...catalog.Key) catalog.Key {
		k := catalog.Key{Kind: kind, Schema: "s", Table: table, Name: name}
		c.Objects = append(c.Objects, &catalog.Object{Key: k, Attrs: map[string]string{"type": "int"}, Deps: deps, Pos: len(c.Objects)})
		return k
	}
	for i := range n {
		t := fmt.Sprintf("t%05d", i)
		table := add("table", "", t)
		var columns []catalog.Key
		for j := range 6 {
			columns = append(columns, add("column", t, fmt.Sprintf("c%d", j)))
		}
		if typ != "" {
			c.Objects[len(c.Objects)-1].Attrs["type"] = typ
		}
		add("default", t, "c5", columns[5])
		key := add("primary_key", t, t+"_pk", columns[0])
		add("index", t, t+"_c1", columns[1])
		if i > 0 {
			before := fmt.Sprintf("t%05d", i-1)
			add("foreign_key", t, t+"_fk", columns[2], catalog.Key{Kind: "table", Schema: "s", Name: before},
				catalog.Key{Kind: "primary_key", Schema: "s", Table: before, Name: before + "_pk"})
		}
		if i%10 == 0 {
			add("view", "", "v_"+t, table, columns[5])
		}
		add("sequence", "", t+"_seq", key)
		c.Objects[len(c.Objects)-1].Info = map[string]string{"owner": "s." + t}
	}
	c.Sort()
	return c
}

// withSequences is the fake engine and one kind more.
func withSequences() *catalog.Engine {
	_, e := newFake()
	say := func(verb string) func(*catalog.Ctx, *catalog.Object) []string {
		return func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{verb + " " + o.Key.String()} }
	}
	e.Kinds = append(e.Kinds, catalog.Kind{Name: "sequence", GoesWith: true, Create: say("create"), Drop: say("drop")})
	return e
}

// plan plans both ways, as a revision does.
func plan(b *testing.B, from, to *catalog.Catalog) {
	b.Helper()
	e := withSequences()
	for b.Loop() {
		for _, way := range [][2]*catalog.Catalog{{from, to}, {to, from}} {
			if _, err := diff.Plan(e, way[0], way[1], diff.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The two sizes of each tell whether the work grows with the number of tables or
// with its square: at most some twelve times from one to the next.
func sizes(b *testing.B, f func(b *testing.B, n int)) {
	for _, n := range []int{500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { f(b, n) })
	}
}

func BenchmarkPlanNewTables(b *testing.B) {
	sizes(b, func(b *testing.B, n int) { plan(b, large(0, ""), large(n, "")) })
}

func BenchmarkPlanChangedTables(b *testing.B) {
	sizes(b, func(b *testing.B, n int) { plan(b, large(n, ""), large(n, "bigint")) })
}

func BenchmarkCompareEqual(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		e := withSequences()
		from, to := large(n, ""), large(n, "")
		for b.Loop() {
			if d := diff.Compare(e, from, to); len(d) > 0 {
				b.Fatal(d[0])
			}
		}
	})
}
