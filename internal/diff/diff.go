// Package diff compares two catalogs and plans the SQL that leads from one to
// the other. It knows order and dependence, and nothing of any kind of object:
// what a column or a trigger is, the engine's kinds tell.
package diff

import (
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// An Action says what a change does.
type Action string

// The actions of the contract.
const (
	Add    Action = "add"
	Drop   Action = "drop"
	Modify Action = "modify"
	Rename Action = "rename"
)

// A Change is one difference between two catalogs, and the SQL that mends it.
type Change struct {
	Action  Action
	Kind    string // as the contract lists them
	Key     catalog.Key
	Attrs   []string // of a modify: what differs
	SQL     []string
	Hazards []catalog.Hazard
}

// A Step is one planning unit: the statements that make, change or remove one
// object, in the place where they must run.
type Step struct {
	SQL []string
	// Changes that the step carries out. It has none when it only makes room
	// for another: a view dropped and rebuilt around a change of its table.
	Changes []*Change
	Hazards []catalog.Hazard
	// Rounds: the statement is repeated in small rounds, each a transaction of its
	// own, until it changes no row.
	Rounds bool
}

// A Result is a plan.
type Result struct {
	Changes []*Change // in the order of the steps
	Steps   []Step
}

// SQL returns the statements of all steps.
func (r *Result) SQL() []string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, s.SQL...)
	}
	return all
}

// Hazards returns the hazards of all steps.
func (r *Result) Hazards() []catalog.Hazard {
	var all []catalog.Hazard
	for _, s := range r.Steps {
		all = append(all, s.Hazards...)
	}
	return all
}

// Compare lists what differs: for each object on one side only, or on both and
// unequal, a Delta. Parts of a table that is on one side only are left out: they
// come and go with it.
func Compare(e *catalog.Engine, from, to *catalog.Catalog) []catalog.Delta {
	var deltas []catalog.Delta
	for _, f := range from.Objects {
		t := to.Get(f.Key)
		if t == nil {
			if !lonePart(f, from, to) {
				deltas = append(deltas, catalog.Delta{From: f})
			}
		} else if attrs := catalog.DiffAttrs(f, t); len(attrs) > 0 {
			deltas = append(deltas, catalog.Delta{From: f, To: t, Attrs: attrs})
		}
	}
	for _, t := range to.Objects {
		if from.Get(t.Key) == nil && !lonePart(t, to, from) {
			deltas = append(deltas, catalog.Delta{To: t})
		}
	}
	if e.Ordered {
		deltas = append(deltas, misplaced(from, to)...)
	}
	return deltas
}

// lonePart tells whether o belongs to a table (or view) that is here and not there.
func lonePart(o *catalog.Object, here, there *catalog.Catalog) bool {
	owner := Owner(here, o)
	return owner != nil && there.Get(owner.Key) == nil
}

// Owner returns the table or view that o is a part of, or nil.
func Owner(c *catalog.Catalog, o *catalog.Object) *catalog.Object {
	if o.Table == "" {
		return nil
	}
	for _, kind := range []string{"table", "view", "materialized_view"} {
		if t := c.Get(catalog.Key{Kind: kind, Schema: o.Schema, Name: o.Table}); t != nil {
			return t
		}
	}
	return nil
}

// misplaced finds, per table, the fewest columns that have to move so that those
// on both sides stand in the order of to.
func misplaced(from, to *catalog.Catalog) []catalog.Delta {
	var deltas []catalog.Delta
	for _, t := range to.Objects {
		if t.Kind != "table" || from.Get(t.Key) == nil {
			continue
		}
		var common []*catalog.Object
		for _, c := range to.Parts(t.Key, "column") {
			if f := from.Get(c.Key); f != nil {
				common = append(common, f)
			}
		}
		for i, stays := range longestRun(common) {
			if f := common[i]; !stays && f.Equal(to.Get(f.Key)) {
				deltas = append(deltas, catalog.Delta{From: f, To: to.Get(f.Key), Attrs: []string{"position"}})
			}
		}
	}
	return deltas
}

// longestRun marks a longest subsequence of objects whose Pos rises.
func longestRun(os []*catalog.Object) []bool {
	n := len(os)
	best, prev, end := make([]int, n), make([]int, n), -1
	for i := range os {
		best[i], prev[i] = 1, -1
		for j := range i {
			if os[j].Pos < os[i].Pos && best[j]+1 > best[i] {
				best[i], prev[i] = best[j]+1, j
			}
		}
		if end < 0 || best[i] > best[end] {
			end = i
		}
	}
	keep := make([]bool, n)
	for i := end; i >= 0; i = prev[i] {
		keep[i] = true
	}
	return keep
}

// kindTable finds kinds by name, with their rank.
type kindTable map[string]rankedKind

type rankedKind struct {
	*catalog.Kind
	rank int
}

func newKindTable(e *catalog.Engine) kindTable {
	t := make(kindTable, len(e.Kinds))
	for i := range e.Kinds {
		t[e.Kinds[i].Name] = rankedKind{&e.Kinds[i], i}
	}
	return t
}

func (t kindTable) report(kind string) string {
	if k := t[kind]; k.Kind != nil && k.Report != "" {
		return k.Report
	}
	return kind
}

func sortedKeys[V any](m map[catalog.Key]V) []catalog.Key {
	keys := make([]catalog.Key, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, catalog.Key.Compare)
	return keys
}
