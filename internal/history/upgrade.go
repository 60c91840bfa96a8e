package history

// Upgrade plans the way from the rows of the version table up to the targets.
// Nothing is planned that the targets do not need; no steps means that there
// is nothing to do.
func (g *Graph) Upgrade(rows []ID, targets ...string) (*Plan, error) {
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	to, err := g.upgradeTargets(st, targets)
	if err != nil {
		return nil, err
	}
	p := newPlanner(g, st)
	for _, i := range g.members(g.minus(g.needed(to), st.applied)) {
		p.up(i)
	}
	return p.done(), nil
}

func (g *Graph) upgradeTargets(st *state, targets []string) ([]int, error) {
	var to []int
	for _, text := range targets {
		found, err := finder{g: g, st: st}.upward(parseTarget(text))
		if err != nil {
			return nil, err
		}
		to = append(to, found...)
	}
	return g.applyOrder(to), nil
}

// upward returns the revisions that a target of upgrade names.
func (f finder) upward(t target) ([]int, error) {
	branch, err := f.g.onBranch(t)
	if err != nil {
		return nil, err
	}
	if !t.relative {
		return f.absolute(t, branch)
	}
	if t.symbol == "" && t.steps <= 0 {
		return nil, errorf(RelativeOutOfRange, "%q leads nowhere up", t.text).
			hint("+N goes up from where the database is; `migr downgrade` goes down")
	}
	from, err := f.start(t, branch)
	if err != nil {
		return nil, err
	}
	to, err := f.g.walk(t, from, t.steps, f.g.lineOf(branch))
	if err != nil || to == base {
		return nil, err
	}
	return []int{to}, nil
}

// start returns where a relative target counts from.
func (f finder) start(t target, branch int) (int, error) {
	if t.symbol == "" {
		return f.startHere(t, branch)
	}
	found, err := f.absolute(t, branch)
	if err != nil {
		return base, err
	}
	return f.g.one(found)
}

// startHere returns where "+N" counts from: the row on the line, or where
// the applied part of the line ends, or base.
func (f finder) startHere(t target, branch int) (int, error) {
	line := f.g.lineOf(branch)
	from := f.here(line)
	if len(from) == 0 && line != nil && f.st != nil {
		from = line.in(f.g.tips(both(line, f.st.applied), f.g.children))
	}
	if len(from) > 1 {
		return base, f.g.ambiguousCurrent(t, from)
	}
	return f.g.one(from)
}

// both returns the intersection of two sets.
func both(a, b set) set {
	out := make(set, len(a))
	for i := range a {
		out[i] = a[i] && b[i]
	}
	return out
}
