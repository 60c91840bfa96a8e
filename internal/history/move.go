package history

import "slices"

// A Move is a revision whose parents change.
type Move struct {
	Revision *Revision
	Parents  []ID
}

// Rebase plans to put the line of revisions that ends at, or goes through, the
// first one on top of another: what it has and the other does not. Where the other
// follows it, the one revision is taken out of its place and put there; where the
// line stands on the other already, the revision and what follows it are put there. line are the
// revisions that then stand elsewhere than before, oldest first.
func (g *Graph) Rebase(text, onto string) (moves []Move, line []*Revision, err error) {
	r, err := g.ResolveOne(text, nil)
	if err != nil {
		return nil, nil, err
	}
	to, err := g.ResolveOne(onto, nil)
	if err != nil {
		return nil, nil, err
	}
	i, j := g.index[r.ID], g.index[to.ID]
	if i == j {
		return nil, nil, errorf(SelfLoop, "revision %s cannot be put onto itself", r.ID).
			hint("`migr heads` lists the revisions to choose from")
	}
	below := g.needed([]int{j})
	if below[i] {
		return g.pullOut(i, j)
	}
	moving := g.minus(g.reach([]int{i}, g.parents), below)
	for _, k := range g.members(moving) {
		var inside []ID
		for _, p := range g.parents[k] {
			if moving[p] {
				inside = append(inside, g.revs[p].ID)
			}
		}
		switch {
		case len(inside) == 0:
			moves = append(moves, Move{g.revs[k], []ID{to.ID}})
		case len(inside) < len(g.parents[k]): // a merge with what is below to, which comes before it anyway
			moves = append(moves, Move{g.revs[k], inside})
		}
	}
	if len(moves) == 1 && slices.Equal(moves[0].Revision.Parents, moves[0].Parents) {
		// the line is there already: what is meant is the revision and what follows it
		if moving, moves = g.reach([]int{i}), []Move{{r, []ID{to.ID}}}; slices.Equal(r.Parents, moves[0].Parents) {
			return nil, nil, errorf(NotAncestor, "revision %s is on %s already", r.ID, to.ID).
				hint("there is nothing to do").candidates(r.ID, to.ID)
		}
	}
	return moves, g.list(g.members(g.minus(g.dependent(g.members(moving)), below))), nil
}

// pullOut plans to take i out of the line that leads to j, and to put it on top of that.
func (g *Graph) pullOut(i, j int) ([]Move, []*Revision, error) {
	r := g.revs[i]
	moves := g.bridge(i)
	moves = append(moves, Move{r, []ID{g.revs[j].ID}})
	return moves, []*Revision{r}, nil
}

// Remove plans to take a revision out of the graph: its children follow its parents.
func (g *Graph) Remove(id ID) []Move { return g.bridge(g.index[id]) }

// bridge gives the children of a revision its parents instead of it. A parent that
// another one of the child's follows anyway is left out.
func (g *Graph) bridge(i int) []Move {
	var moves []Move
	for _, k := range g.children[i] {
		var parents []int
		for _, p := range g.parents[k] {
			if p == i {
				parents = append(parents, g.parents[i]...)
			} else {
				parents = append(parents, p)
			}
		}
		parents = g.uniq(parents)
		var ids []ID
		for _, p := range parents {
			others := slices.DeleteFunc(slices.Clone(parents), func(o int) bool { return o == p })
			if !g.reach(others, g.parents)[p] {
				ids = append(ids, g.revs[p].ID)
			}
		}
		moves = append(moves, Move{g.revs[k], ids})
	}
	return moves
}

// Undo plans to undo one revision, which no other applied one may need.
func (g *Graph) Undo(rows []ID, id ID) (*Plan, error) {
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	p := newPlanner(g, st)
	i, ok := g.index[id]
	if !ok || !st.applied[i] {
		return p.done(), nil
	}
	above := g.members(both(g.dependent([]int{i}), st.applied))
	if len(above) > 1 {
		return nil, errorf(InvalidDowngradeTarget, "revision %s is applied, and so is what needs it: %s", id, join(g.ids(above[1:]))).
			hint("`migr downgrade %s` first", id).candidates(g.ids(above[1:])...)
	}
	p.down(i)
	return p.done(), nil
}

// Single plans one revision alone, up or down, where what it needs is applied, or
// what needs it is not. Up for one that counts as applied changes no row.
func (g *Graph) Single(rows []ID, id ID, d Direction) (*Plan, error) {
	if d == Down {
		return g.Undo(rows, id)
	}
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	i, ok := g.index[id]
	if !ok {
		return nil, g.notFound(string(id))
	}
	p := newPlanner(g, st)
	if st.applied[i] {
		p.add(UpStep(g.revs[i]))
		return p.done(), nil
	}
	lack := g.members(g.minus(g.needed([]int{i}), st.applied))
	if len(lack) > 1 {
		return nil, errorf(DBNotUpToDate, "revision %s needs what is not applied: %s", id, join(g.ids(lack[:len(lack)-1]))).
			hint("begin with %s", g.revs[lack[0]].ID).candidates(g.ids(lack[:len(lack)-1])...)
	}
	p.up(i)
	return p.done(), nil
}
