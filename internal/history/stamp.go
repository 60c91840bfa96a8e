package history

import "slices"

// Stamp plans a change of the rows without running a revision: afterwards the
// database counts as being at the targets. A row on the line of a target, or
// that depends on it or it on, gives way to it; other rows stay. With purge
// the rows there are do not count, and may be unknown.
func (g *Graph) Stamp(rows []ID, purge bool, targets ...string) (*Plan, error) {
	if purge {
		return g.purge(rows, targets)
	}
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	return g.stamp(st, targets)
}

// purge stamps as if there were no rows, and removes those that there are.
func (g *Graph) purge(rows []ID, targets []string) (*Plan, error) {
	g, st, err := g.at(nil)
	if err != nil {
		return nil, err
	}
	plan, err := g.stamp(st, targets)
	if err != nil {
		return nil, err
	}
	rows = slices.Compact(slices.Sorted(slices.Values(rows)))
	plan.From = append([]ID{}, rows...)
	if len(rows) > 0 {
		plan.Steps = slices.Insert(plan.Steps, 0, Step{Direction: Stamp, Delete: rows})
	}
	return plan, nil
}

func (g *Graph) stamp(st *state, targets []string) (*Plan, error) {
	p := newPlanner(g, st)
	var to []int
	for _, text := range targets {
		found, below, err := finder{g: g, st: st}.destination(parseTarget(text))
		if err != nil {
			return nil, err
		}
		to = append(to, found...)
		if len(found) == 0 {
			p.unstamp(below)
		}
	}
	to = g.uniq(to)
	if err := g.overlappingStamps(to); err != nil {
		return nil, err
	}
	for _, i := range to {
		p.stamp(i)
	}
	return p.done(), nil
}

// destination returns the revisions that a target of stamp names. When it is
// base there are none, and the set says whose rows go.
func (f finder) destination(t target) ([]int, set, error) {
	branch, err := f.g.onBranch(t)
	if err != nil {
		return nil, nil, err
	}
	var found []int
	switch {
	case t.relative && t.symbol == "" && t.steps < 0:
		to, row, err := f.downFromHere(t, branch)
		if err != nil {
			return nil, nil, err
		}
		if branch = row; to != base {
			found = []int{to}
		}
	default:
		if found, err = f.upward(t); err != nil {
			return nil, nil, err
		}
	}
	if branch == base {
		return found, f.g.all(), nil
	}
	return found, f.g.related(branch), nil
}

// related returns what a revision needs and what needs it.
func (g *Graph) related(i int) set {
	s := g.needed([]int{i})
	for j, in := range g.dependent([]int{i}) {
		s[j] = s[j] || in
	}
	return s
}

// uniq drops repeated revisions and keeps the order.
func (g *Graph) uniq(from []int) []int {
	seen := make(set, len(g.revs))
	var out []int
	for _, i := range from {
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	return out
}

// overlappingStamps refuses targets of which one contains another: the table
// could not be upgraded from there.
func (g *Graph) overlappingStamps(to []int) error {
	var above []int
	for _, i := range to {
		above = append(above, g.parents[i]...)
		above = append(above, g.deps[i]...)
	}
	if over := g.needed(above).in(to); over != nil {
		return errorf(Overlap, "revision %s is already contained in another of %s", join(g.ids(over)), join(g.ids(to))).
			hint("leave out %s", join(g.ids(over))).candidates(g.ids(to)...)
	}
	return nil
}

// stamp adds the step that gives i a row, in place of all related to it.
func (p *planner) stamp(i int) {
	s := Step{Direction: Stamp, Revision: p.g.revs[i]}
	related := p.g.related(i)
	related[i] = false
	for _, row := range p.sorted() {
		if related[row] {
			p.remove(&s, row)
		}
	}
	p.insert(&s, i)
	p.addStamp(s)
}

// unstamp adds the step that removes the rows in the set.
func (p *planner) unstamp(below set) {
	s := Step{Direction: Stamp}
	for _, row := range p.sorted() {
		if below[row] {
			p.remove(&s, row)
		}
	}
	p.addStamp(s)
}

// addStamp ends a step that may turn out to change nothing.
func (p *planner) addStamp(s Step) {
	if len(s.Insert)+len(s.Delete) > 0 {
		p.plan.Steps = append(p.plan.Steps, s)
	}
}

// sorted returns the revisions that have a row, in apply order.
func (p *planner) sorted() []int {
	var out []int
	for i := range p.rows {
		out = append(out, i)
	}
	return p.g.applyOrder(out)
}
