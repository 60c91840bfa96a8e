package diff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
)

// A maker makes random catalogs. Their names come from small pools, so that two of
// them have much in common, under changed definitions and kinds.
type maker struct {
	r       *rand.Rand
	objects []*catalog.Object
}

func (m *maker) chance(n int) bool { return m.r.IntN(n) == 0 }

func (m *maker) add(k catalog.Key, attr string, variants int, deps ...catalog.Key) *catalog.Object {
	o := &catalog.Object{Key: k, Attrs: map[string]string{attr: fmt.Sprint(m.r.IntN(variants))}, Deps: deps}
	m.objects = append(m.objects, o)
	return o
}

func (m *maker) pick(kind string) (catalog.Key, bool) {
	var of []catalog.Key
	for _, o := range m.objects {
		if o.Kind == kind {
			of = append(of, o.Key)
		}
	}
	if len(of) == 0 {
		return catalog.Key{}, false
	}
	return of[m.r.IntN(len(of))], true
}

func randomCatalog(seed uint64) *catalog.Catalog {
	m := &maker{r: rand.New(rand.NewPCG(seed, 1))}
	for i := range 3 {
		if !m.chance(3) {
			m.add(catalog.Key{Kind: "type", Name: fmt.Sprint("y", i)}, "def", 2)
		}
	}
	var views []string
	for i := range 6 {
		name := fmt.Sprint("r", i)
		switch m.r.IntN(4) {
		case 0:
		case 1:
			views = append(views, name)
		default:
			m.table(catalog.Key{Kind: "table", Name: name})
		}
	}
	m.functions()
	m.parts()
	for _, name := range views {
		m.view(catalog.Key{Kind: "view", Name: name})
	}
	for _, o := range m.objects { // a definition names what it uses
		if o.Kind != "table" && o.Kind != "column" {
			o.Attrs["def"] += fmt.Sprint(o.Deps)
		}
	}
	return catalog.New(1, m.objects, nil)
}

func (m *maker) table(k catalog.Key) {
	m.add(k, "engine", 4)
	at := m.r.Perm(4)
	for i, n := range at[:1+m.r.IntN(4)] {
		o := m.add(catalog.Key{Kind: "column", Table: k.Name, Name: fmt.Sprint("c", n)}, "type", 2)
		o.Pos = i + 1
	}
}

// functions may use types, the rows of tables and one another.
func (m *maker) functions() {
	for i := range 3 {
		if m.chance(4) {
			continue
		}
		o := m.add(catalog.Key{Kind: "function", Name: fmt.Sprint("f", i)}, "def", 2)
		for _, kind := range []string{"type", "table", "function"} {
			if d, ok := m.pick(kind); ok && m.chance(3) && d != o.Key {
				o.Deps = append(o.Deps, d)
			}
		}
	}
}

func (m *maker) parts() {
	for _, t := range slices.Clone(m.objects) {
		if t.Kind != "column" {
			continue
		}
		col, table := t.Key, t.Table
		if f, ok := m.pick("function"); ok && m.chance(3) {
			m.add(catalog.Key{Kind: "default", Table: table, Name: col.Name}, "def", 2, col, f)
		}
		if m.chance(4) {
			m.add(catalog.Key{Kind: "index", Table: table, Name: "i_" + table + fmt.Sprint(m.r.IntN(2)) + col.Name}, "def", 2, col)
		}
		if to, _ := m.pick("column"); m.chance(3) {
			deps := []catalog.Key{col, to, to.TableKey()}
			m.add(catalog.Key{Kind: "foreign_key", Table: table, Name: "fk_" + col.Name}, "def", 2, deps...)
		}
		if f, ok := m.pick("function"); ok && m.chance(6) {
			m.add(catalog.Key{Kind: "trigger", Table: table, Name: "tr_" + col.Name}, "def", 2, f)
		}
	}
}

func (m *maker) view(k catalog.Key) {
	o := m.add(k, "def", 3)
	for _, kind := range []string{"column", "column", "function", "view"} {
		if d, ok := m.pick(kind); ok && m.chance(2) && d != k && !slices.Contains(o.Deps, d) {
			o.Deps = append(o.Deps, d)
			if d.Kind == "column" && !slices.Contains(o.Deps, d.TableKey()) {
				o.Deps = append(o.Deps, d.TableKey())
			}
		}
	}
}

const rounds = 1500

// TestPlanLeadsThere: a plan from a to b, run on a, gives b; and nothing is refused on the way.
func TestPlanLeadsThere(t *testing.T) {
	t.Parallel()
	for seed := range uint64(rounds) {
		f, e := newFake()
		a, b := randomCatalog(seed), randomCatalog(seed+rounds)
		plan, err := diff.Plan(e, a, b, diff.Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		w := newWorld(a)
		if err := f.run(w, plan.SQL()); err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, strings.Join(plan.SQL(), "\n"))
			return
		}
		if left := diff.Compare(e, w.catalog(), b); len(left) > 0 {
			t.Fatalf("seed %d: %d differences are left, the first of %s\n%s", seed, len(left), names(left[0]), strings.Join(plan.SQL(), "\n"))
		}
	}
}

func names(d catalog.Delta) string {
	if d.To != nil {
		return d.To.String()
	}
	return d.From.String()
}

// TestNothingDiffersFromItself: what is read twice needs no statement.
func TestNothingDiffersFromItself(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		_, e := newFake()
		a, b := randomCatalog(seed), randomCatalog(seed)
		if d := diff.Compare(e, a, b); len(d) > 0 {
			t.Fatalf("seed %d: %s", seed, names(d[0]))
		}
		plan, err := diff.Plan(e, a, b, diff.Options{})
		if err != nil || len(plan.Steps) > 0 || len(plan.Changes) > 0 {
			t.Fatalf("seed %d: %v %v", seed, plan, err)
		}
	}
}

// TestPlanIsTheSame byte for byte, whatever the order of the objects and maps.
func TestPlanIsTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		_, e := newFake()
		var first string
		for i := range 4 {
			a, b := randomCatalog(seed), randomCatalog(seed+rounds)
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for _, c := range []*catalog.Catalog{a, b} {
				r.Shuffle(len(c.Objects), func(i, j int) { c.Objects[i], c.Objects[j] = c.Objects[j], c.Objects[i] })
				c.Sort()
			}
			plan, err := diff.Plan(e, a, b, diff.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(plan.SQL(), "\n")
			if i == 0 {
				first = got
			} else if got != first {
				t.Fatalf("seed %d:\n%s\n\n%s", seed, first, got)
			}
		}
	}
}

// TestEveryChangeIsTold: each difference is a change of the plan, once, with the SQL that mends it.
func TestEveryChangeIsTold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		_, e := newFake()
		a, b := randomCatalog(seed), randomCatalog(seed+rounds)
		plan, err := diff.Plan(e, a, b, diff.Options{})
		if err != nil {
			t.Fatal(err)
		}
		told := map[catalog.Key]int{}
		for _, c := range plan.Changes {
			if told[c.Key]++; len(c.SQL) == 0 {
				t.Errorf("seed %d: %s has no SQL", seed, c.Key)
			}
		}
		for _, d := range diff.Compare(e, a, b) {
			k := d.From
			if d.To != nil {
				k = d.To
			}
			if told[k.Key] != 1 {
				t.Fatalf("seed %d: %s is told %d times", seed, k.Key, told[k.Key])
			}
		}
	}
}
