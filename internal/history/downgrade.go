package history

import "slices"

// Downgrade plans the way from the rows of the version table down to the
// target, which itself stays applied. What depends on a revision that is
// undone is undone too, on other lines also.
func (g *Graph) Downgrade(rows []ID, target string) (*Plan, error) {
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	to, branch, err := finder{g: g, st: st}.downward(parseTarget(target))
	if err != nil {
		return nil, err
	}
	undo, err := g.above(to, branch)
	if err != nil {
		return nil, err
	}
	undo = both(undo, st.applied)
	steps := g.members(undo)
	if len(steps) == 0 && to != base && !slices.Contains(st.rows, to) {
		return nil, g.notBelow(to, st.rows)
	}
	p := newPlanner(g, st)
	for _, i := range slices.Backward(steps) {
		p.down(i)
	}
	return p.done(), nil
}

// downward returns where a target of downgrade leads, which may be base, and
// the revision that says which way is meant where several lead there, or
// base for none.
func (f finder) downward(t target) (to, branch int, err error) {
	if branch, err = f.g.onBranch(t); err != nil {
		return base, base, err
	}
	if t.relative && t.symbol == "" {
		return f.downFromHere(t, branch)
	}
	found, err := f.absolute(t, branch)
	if err != nil {
		return base, base, err
	}
	if to, err = f.g.one(found); err != nil || !t.relative {
		return to, branch, err
	}
	to, err = f.g.walk(t, to, t.steps, f.g.lineOf(branch))
	return to, branch, err
}

// downFromHere goes down from the one row, or the one on the branch.
func (f finder) downFromHere(t target, branch int) (to, row int, err error) {
	if t.steps >= 0 {
		return base, base, errorf(RelativeOutOfRange, "%q leads nowhere down", t.text).
			hint("-N goes down from where the database is; `migr upgrade` goes up")
	}
	line := f.g.lineOf(branch)
	from := f.here(line)
	if len(from) == 0 && line != nil {
		from = line.in(f.g.tips(f.st.applied, f.g.children))
	}
	switch {
	case len(from) > 1:
		return base, base, f.g.ambiguousCurrent(t, from)
	case len(from) == 0:
		return base, base, outOfRange(t, 0)
	}
	to, err = f.g.walk(t, from[0], t.steps, line)
	return to, from[0], err
}

// above returns what has to go so that a revision, or base, is the end of the
// history. With a branch, only the way to it is meant.
func (g *Graph) above(to, branch int) (set, error) {
	roots := g.bases()
	if to != base {
		roots = g.children[to]
	}
	if branch != base && len(roots) > 1 {
		roots = g.reach([]int{branch}, g.parents).in(roots)
		if len(roots) == 0 {
			return nil, errorf(InvalidDowngradeTarget, "revision %s is not above %s", g.revs[branch].ID, g.revs[to].ID).
				hint("leave the branch out, or name one that begins after %s", g.revs[to].ID).
				candidates(g.ids(g.children[to])...)
		}
	}
	return g.dependent(roots), nil
}

func (g *Graph) notBelow(to int, rows []int) error {
	at := "no revision"
	if len(rows) > 0 {
		at = join(g.ids(rows))
	}
	return errorf(NotAncestor, "revision %s is not below where the database is, which is at %s", g.revs[to].ID, at).
		hint("`migr history --indicate-current` shows what is applied").candidates(g.ids(rows)...)
}
