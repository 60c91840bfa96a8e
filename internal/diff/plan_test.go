package diff_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
)

// schema reads lines "kind [table.]name attrs... < kind name, kind table.name".
func schema(t *testing.T, lines string) *catalog.Catalog {
	t.Helper()
	var all []*catalog.Object
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		head, deps, _ := strings.Cut(line, " < ")
		words := strings.Fields(head)
		o := &catalog.Object{Key: key(words[0] + " " + words[1]), Attrs: map[string]string{}, Pos: len(all) + 1}
		for _, w := range words[2:] {
			name, value, _ := strings.Cut(w, "=")
			o.Attrs[name] = value
		}
		for _, d := range strings.Split(deps, ", ") {
			if d != "" {
				o.Deps = append(o.Deps, key(d))
			}
		}
		all = append(all, o)
	}
	return catalog.New(1, all, nil)
}

func key(s string) catalog.Key {
	kind, name, _ := strings.Cut(s, " ")
	k := catalog.Key{Kind: kind, Name: name}
	if table, part, ok := strings.Cut(name, "."); ok {
		k.Table, k.Name = table, part
	}
	return k
}

// brief is a plan's statements without attributes.
func brief(t *testing.T, e *catalog.Engine, from, to *catalog.Catalog) []string {
	t.Helper()
	plan, err := diff.Plan(e, from, to, diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range plan.SQL() {
		var words []string
		for i := 0; i < len(s); i++ { // maps are printed as map[...]
			if n := strings.IndexByte(s[i:], ']'); strings.HasPrefix(s[i:], "map[") && n > 0 {
				i += n
				continue
			}
			words = append(words, s[i:i+1])
		}
		out = append(out, strings.Join(strings.Fields(strings.Join(words, "")), " "))
	}
	return out
}

var planCases = []struct {
	name, from, to string
	want           []string
}{
	{
		"foreign keys in a circle stand alone", ``,
		`table a
		 foreign_key a.fk < table b
		 table b
		 foreign_key b.fk < table a`,
		[]string{"create table a", "create table b", "create foreign_key a.fk", "create foreign_key b.fk"},
	}, {
		"a circle is taken apart before its tables go",
		`table a
		 foreign_key a.fk < table b
		 table b
		 foreign_key b.fk < table a`, ``,
		[]string{"drop foreign_key b.fk", "drop foreign_key a.fk", "drop table b", "drop table a"},
	}, {
		"inline, merged and own parts of a new table", ``,
		`table a
		 column a.c type=0
		 primary_key a.pk < column a.c
		 index a.i < column a.c`,
		[]string{"create table a + column a.c + primary_key a.pk", "create index a.i"},
	}, {
		"what goes with its table needs no statement",
		`table a
		 column a.c type=0
		 index a.i < column a.c
		 trigger a.t`, ``,
		[]string{"drop table a"},
	}, {
		"a replaced function takes its users along, and their users",
		`function f def=0
		 view v1 < function f
		 view v2 < view v1
		 view other`,
		`function f def=1
		 view v1 < function f
		 view v2 < view v1
		 view other`,
		[]string{"drop view v2", "drop view v1", "drop function f", "create function f", "create view v1", "create view v2"},
	}, {
		"a default lets go of a function that is replaced",
		`function f def=0
		 table a
		 column a.c type=0
		 default a.c < column a.c, function f`,
		`function f def=1
		 table a
		 column a.c type=0
		 default a.c < column a.c, function f`,
		[]string{"loosen default a.c of function f", "drop function f", "create function f", "tighten default a.c on function f"},
	}, {
		"a replaced table takes its parts along, and what refers to it",
		`table a engine=0
		 column a.c type=0
		 default a.c < column a.c
		 index a.i < column a.c
		 table b
		 foreign_key b.fk < table a
		 view v < column a.c`,
		`table a engine=1
		 column a.c type=0
		 default a.c < column a.c
		 index a.i < column a.c
		 table b
		 foreign_key b.fk < table a
		 view v < column a.c`,
		[]string{"drop view v", "drop foreign_key b.fk", "drop table a", "create table a + column a.c + default a.c", "create index a.i", "create foreign_key b.fk", "create view v"},
	}, {
		"an index is carried when its column changes, a view is not",
		`table a
		 column a.c type=0
		 index a.i < column a.c
		 view v < column a.c`,
		`table a
		 column a.c type=1
		 index a.i < column a.c
		 view v < column a.c`,
		[]string{"drop view v", "alter table a ~ column a.c type", "create view v"},
	}, {
		"the old owner of a name goes first",
		`view x`,
		`table x`,
		[]string{"drop view x", "create table x"},
	}, {
		"one primary key at a time",
		`table a
		 column a.c type=0
		 primary_key a.old < column a.c`,
		`table a
		 column a.c type=0
		 primary_key a.new < column a.c`,
		[]string{"drop primary_key a.old", "create primary_key a.new"},
	},
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, c := range planCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, e := newFake()
			from, to := schema(t, c.from), schema(t, c.to)
			if got := brief(t, e, from, to); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			plan, err := diff.Plan(e, from, to, diff.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(from)
			if err := f.run(w, plan.SQL()); err != nil {
				t.Fatal(err)
			}
			if left := diff.Compare(e, w.catalog(), to); len(left) > 0 {
				t.Errorf("left: %s", names(left[0]))
			}
		})
	}
}

// TestDropsParts: a change that drops its table in passing needs no drop of the parts
// that go with it, and they are made again.
func TestDropsParts(t *testing.T) {
	t.Parallel()
	_, e := newFake()
	for i := range e.Kinds {
		if e.Kinds[i].Name == "table" {
			e.Kinds[i].Alter = func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
				return catalog.Alteration{SQL: []string{"rebuild " + d.To.Name}, Detach: []catalog.Key{d.From.Key}, DropsParts: true}
			}
		}
	}
	got := brief(t, e, schema(t, "table a engine=0\nindex a.i\ntrigger a.t\nview v < table a"), schema(t, "table a engine=1\nindex a.i\ntrigger a.t\nview v < table a"))
	want := []string{"drop view v", "rebuild a", "create index a.i", "create trigger a.t", "create view v"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFunctionsThatCallOneAnother: a circle with nothing to take out is cut, and the plan is whole.
func TestFunctionsThatCallOneAnother(t *testing.T) {
	t.Parallel()
	_, e := newFake()
	got := brief(t, e, schema(t, ""), schema(t, "function f < function g\nfunction g < function f"))
	slices.Sort(got)
	if want := []string{"create function f", "create function g"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestMisplacedColumns: where their order counts, the fewest columns that have to move are named.
func TestMisplacedColumns(t *testing.T) {
	t.Parallel()
	_, e := newFake()
	e.Ordered = true
	deltas := diff.Compare(e, schema(t, "table t\ncolumn t.a\ncolumn t.b\ncolumn t.c\ncolumn t.d\ncolumn t.gone"),
		schema(t, "table t\ncolumn t.new\ncolumn t.d\ncolumn t.a\ncolumn t.b\ncolumn t.c"))
	var got []string
	for _, d := range deltas {
		got = append(got, names(d)+" "+strings.Join(d.Attrs, ","))
	}
	slices.Sort(got)
	want := []string{"column t.d position", "column t.gone ", "column t.new "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
