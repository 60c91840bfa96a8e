package history

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomRevisions makes a history with forks, merges, several bases, labels
// and dependencies between lines.
func randomRevisions(rnd *rand.Rand, n int) []*Revision {
	revs := make([]*Revision, n)
	pick := func(i int) ID { return revs[max(0, i-1-rnd.IntN(min(i, 8)))].ID }
	for i := range revs {
		r := &Revision{ID: ID(fmt.Sprintf("%08x_%d", rnd.Uint32(), i)), Path: fmt.Sprintf("%05d.sql", rnd.IntN(n))}
		if i > 0 && rnd.IntN(12) > 0 {
			r.Parents = []ID{pick(i)}
			if rnd.IntN(6) == 0 {
				r.Parents = append(r.Parents, pick(i))
			}
			slices.Sort(r.Parents)
			r.Parents = slices.Compact(r.Parents)
		}
		if i > 0 && rnd.IntN(5) == 0 {
			r.DependsOn = []string{string(pick(i))}
		}
		if rnd.IntN(10) == 0 {
			r.Labels = []string{fmt.Sprintf("label%d", i)}
		}
		revs[i] = r
	}
	return revs
}

// maximal is the rows rule, said as plainly as can be: what is applied and
// needed by nothing that is applied.
func maximal(g *Graph, applied set) []ID {
	var out []ID
	for i := range g.revs {
		above := g.dependent([]int{i})
		above[i] = false
		if applied[i] && !slices.Contains(both(above, applied), true) {
			out = append(out, g.revs[i].ID)
		}
	}
	slices.Sort(out)
	return out
}

// checkPlan plays a plan and checks its order and the rows after every step.
func checkPlan(t *testing.T, g *Graph, p *Plan) {
	t.Helper()
	checkOrder(t, g, p)
	_, st, err := g.at(p.From)
	if err != nil {
		t.Fatal(err)
	}
	for n, rows := range rowsTrace(t, p) {
		s := p.Steps[n]
		st.applied[g.index[s.Revision.ID]] = s.Direction == Up
		if want := maximal(g, st.applied); !slices.Equal(rows, want) {
			t.Fatalf("rows after step %d are %v, want %v", n+1, rows, want)
		}
	}
}

func TestRandomUpAndDown(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		revs := randomRevisions(rnd, 1+rnd.IntN(25))
		g, err := NewGraph(revs...)
		if err != nil {
			t.Fatal(err)
		}
		part, err := g.Upgrade(nil, string(revs[rnd.IntN(len(revs))].ID))
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, g, part)
		up, err := g.Upgrade(part.To, "heads")
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, g, up)
		if pending, err := g.Pending(up.To); err != nil || len(pending) > 0 {
			t.Fatalf("seed %d: pending %v, %v", seed, pending, err)
		}
		if want := idsOf(g.EffectiveHeads()); len(want) != len(up.To) {
			t.Fatalf("seed %d: rows %v, heads %v", seed, up.To, want)
		}
		again, err := g.Upgrade(up.To, "heads")
		if err != nil || len(again.Steps) > 0 {
			t.Fatalf("seed %d: upgrading again runs %v, %v", seed, again.Steps, err)
		}
		down, err := g.Downgrade(up.To, "base")
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, g, down)
		if len(down.To) > 0 || len(down.Steps) != len(revs) {
			t.Fatalf("seed %d: after base rows %v, %d steps", seed, down.To, len(down.Steps))
		}
	}
}

// What an upgrade ran, a downgrade of the same revisions undoes: the rows are
// those of before.
func TestRandomIdentity(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		revs := randomRevisions(rnd, 1+rnd.IntN(25))
		g, err := NewGraph(revs...)
		if err != nil {
			t.Fatal(err)
		}
		target := revs[rnd.IntN(len(revs))].ID
		before, err := g.Upgrade(nil, string(revs[rnd.IntN(len(revs))].ID))
		if err != nil {
			t.Fatal(err)
		}
		up, err := g.Upgrade(before.To, string(target))
		if err != nil {
			t.Fatal(err)
		}
		_, st, err := g.at(up.To)
		if err != nil {
			t.Fatal(err)
		}
		p := newPlanner(g, st)
		for _, s := range slices.Backward(up.Steps) {
			p.down(g.index[s.Revision.ID])
		}
		if down := p.done(); !slices.Equal(down.To, before.To) {
			t.Fatalf("seed %d: rows %v became %v", seed, before.To, down.To)
		}
	}
}

// A downgrade leaves its target applied, undoes what follows it and no more.
func TestRandomDowngrade(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		revs := randomRevisions(rnd, 1+rnd.IntN(25))
		g, err := NewGraph(revs...)
		if err != nil {
			t.Fatal(err)
		}
		target := revs[rnd.IntN(len(revs))].ID
		down, err := g.Downgrade(idsOf(g.EffectiveHeads()), string(target))
		var e *Error
		if errors.As(err, &e) && e.Code == NotAncestor && len(g.Children(target)) == 0 {
			continue // a head that others depend on is no row
		}
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, g, down)
		left, err := g.Applied(down.To)
		if err != nil || !slices.Contains(idsOf(left), target) {
			t.Fatalf("seed %d: %s is gone: %v %v", seed, target, idsOf(left), err)
		}
		for _, c := range g.Children(target) {
			if slices.Contains(left, c) {
				t.Fatalf("seed %d: %s is still there", seed, c.ID)
			}
		}
	}
}

// Redundant rows, as old tables may have them for dependencies, go with the
// first step.
func TestNeedlessRows(t *testing.T) {
	g := graph(t, "a", "b<a", "c", "d<c~b", "e<d")
	up, err := g.Upgrade([]ID{"b", "d"}, "e")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(up.From, up.Steps[0].Delete, up.Steps[0].Insert, up.To); got != "[b d] [d b] [e] [e]" {
		t.Error(got)
	}
}

// All errors of random targets are *Errors with a message.
func TestRandomTargets(t *testing.T) {
	words := []string{
		"head", "heads", "base", "current", "", "label1", "label", "x", "@", "+1", "-1", "+0", "+99", "-99999999999999999999",
		"@head", "@heads", "@base", ":", "+", "-", "é",
	}
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		revs := randomRevisions(rnd, 1+rnd.IntN(12))
		g, err := NewGraph(revs...)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range revs {
			words = append(words[:21], string(r.ID), string(r.ID[:1+rnd.IntN(8)]))
		}
		text := ""
		for range 1 + rnd.IntN(3) {
			text += words[rnd.IntN(len(words))]
		}
		tryTarget(t, g, revs[rnd.IntN(len(revs))].ID, text)
	}
}

// tryTarget hands the text to everything that takes one.
func tryTarget(t *testing.T, g *Graph, row ID, text string) {
	t.Helper()
	rows := []ID{row}
	check := func(err error) {
		t.Helper()
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Msg == "" || e.Code == "") {
			t.Fatalf("target %q: %#v", text, err)
		}
	}
	up, err := g.Upgrade(rows, text)
	check(err)
	if err == nil {
		checkPlan(t, g, up)
	}
	down, err := g.Downgrade(rows, text)
	check(err)
	if err == nil {
		checkPlan(t, g, down)
	}
	st, err := g.Stamp(rows, false, text)
	check(err)
	if err == nil {
		rowsTrace(t, st)
		_, _, err = g.at(st.To)
		if err != nil {
			t.Fatalf("stamp %q leads to rows that are refused: %v", text, err)
		}
	}
	for _, err := range []error{
		second(g.Resolve(text, nil)), second(g.Resolve(text, rows)), second(g.ResolveOne(text, rows)),
		second(g.Range(text, rows)), second(g.BranchBases(text)), second(g.UpgradeScript(text)), second(g.DowngradeScript(text)),
		second(g.StampScript(false, text)), second(g.NewRevision(Draft{ID: "new", Heads: []string{text}, DependsOn: []string{text}})),
	} {
		check(err)
	}
}

func second[T any](_ T, err error) error { return err }

func FuzzTarget(f *testing.F) {
	for _, v := range readVectors(f) {
		for _, text := range v.Target {
			f.Add(text)
		}
	}
	g := graph(f, "base1[b_1]", "a1a<base1", "a1b<base1", "b1a<a1a", "b1b<a1b~a3", "base2[b_2]", "a2<base2", "b2<a2",
		"c2<b2~a3", "d2<c2", "base3[b_3]", "a3<base3", "b3<a3", "merge1<b3,d2")
	f.Fuzz(func(t *testing.T, text string) { tryTarget(t, g, "c2", text) })
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
