package diff_test

import (
	"slices"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
)

// partitioned is an engine whose tables are within one another and cannot be altered.
func partitioned() *catalog.Engine {
	say := func(verb string) func(*catalog.Ctx, *catalog.Object) []string {
		return func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{verb + " " + o.Name} }
	}
	within := func(o *catalog.Object) catalog.Key {
		if o.Attrs["in"] == "" {
			return catalog.Key{}
		}
		return catalog.Key{Kind: "table", Name: o.Attrs["in"]}
	}
	return &catalog.Engine{Name: "partitioned", Kinds: []catalog.Kind{
		{
			Name: "table", Namespace: "relation", Create: say("create"), Drop: say("drop"), Within: within,
			Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
				return catalog.Alteration{Replace: d.Changed("key"), SQL: []string{"alter " + d.To.Name}}
			},
			Joins: func(o *catalog.Object) []catalog.Key { return []catalog.Key{within(o)} },
			Yield: func(*catalog.Ctx, *catalog.Object, *catalog.Object, catalog.Key) (before, after []string) {
				return nil, nil
			},
			Refill: func(_ *catalog.Ctx, _, to *catalog.Object) []string { return []string{"refill " + to.Name} },
			Hazards: func(_ *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
				if to != nil {
					return nil
				}
				return []catalog.Hazard{{Code: "drop-table", Object: from.Name}}
			},
		},
		{Name: "trigger", GoesWith: true, Create: say("create"), Drop: say("drop")},
	}}
}

func tableIn(name, key, in string) *catalog.Object {
	o := &catalog.Object{Key: catalog.Key{Kind: "table", Name: name}, Attrs: map[string]string{"key": key, "in": in}}
	if in != "" {
		o.Deps = []catalog.Key{{Kind: "table", Name: in}}
	}
	return o
}

// TestRefill: what cannot be altered and keeps its data is dropped with all within it, made
// anew with that, filled, and only then gets what looks at rows. What leaves it leaves before.
func TestRefill(t *testing.T) {
	t.Parallel()
	trigger := &catalog.Object{Key: catalog.Key{Kind: "trigger", Table: "r", Name: "tr"}}
	from := catalog.New(1, []*catalog.Object{
		tableIn("r", "1", ""), tableIn("a", "", "r"), tableIn("aa", "", "a"), tableIn("gone", "", "r"), tableIn("leaves", "", "r"), tableIn("joins", "", ""), trigger,
	}, nil)
	for _, tt := range []struct {
		to   string // the new key
		want []string
		lost int
	}{
		{"2", []string{"alter leaves", "drop r", "create r", "create a", "create aa", "alter joins", "refill r", "create tr"}, 0},
		{"1", []string{"alter joins", "alter leaves", "drop gone"}, 1},
	} {
		to := catalog.New(1, []*catalog.Object{
			tableIn("r", tt.to, ""), tableIn("a", "", "r"), tableIn("aa", "", "a"), tableIn("leaves", "", ""), tableIn("joins", "", "r"), trigger,
		}, nil)
		plan, err := diff.Plan(partitioned(), from, to, diff.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.SQL(); !slices.Equal(got, tt.want) {
			t.Errorf("key %s: got %q, want %q", tt.to, got, tt.want)
		}
		if lost := len(plan.Hazards()); lost != tt.lost {
			t.Errorf("key %s: %d hazards, want %d", tt.to, lost, tt.lost)
		}
	}
}
