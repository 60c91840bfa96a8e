package history

// Len returns the number of revisions.
func (g *Graph) Len() int { return len(g.revs) }

// All returns all revisions in an order in which they may be applied.
func (g *Graph) All() []*Revision { return g.list(g.order) }

// Get returns the revision with exactly this id, or nil.
func (g *Graph) Get(id ID) *Revision {
	if i, ok := g.index[id]; ok {
		return g.revs[i]
	}
	return nil
}

// Label returns the revision that carries the label, or nil.
func (g *Graph) Label(label string) *Revision {
	if i, ok := g.labels[label]; ok {
		return g.revs[i]
	}
	return nil
}

// Heads returns the revisions that no other revises.
func (g *Graph) Heads() []*Revision { return g.list(g.heads()) }

// EffectiveHeads returns the heads that no other revision depends on: a
// database with all revisions has exactly these rows.
func (g *Graph) EffectiveHeads() []*Revision { return g.list(g.effectiveHeads()) }

func (g *Graph) heads() []int          { return g.tips(g.all(), g.children) }
func (g *Graph) effectiveHeads() []int { return g.tips(g.all(), g.children, g.dependents) }

// Bases returns the revisions that revise no other.
func (g *Graph) Bases() []*Revision { return g.list(g.bases()) }

func (g *Graph) bases() []int {
	var out []int
	for _, i := range g.order {
		if len(g.parents[i]) == 0 {
			out = append(out, i)
		}
	}
	return out
}

// EffectiveBases returns the bases that depend on nothing either.
func (g *Graph) EffectiveBases() []*Revision {
	var out []*Revision
	for _, i := range g.bases() {
		if len(g.deps[i]) == 0 {
			out = append(out, g.revs[i])
		}
	}
	return out
}

// Children returns the revisions that revise id.
func (g *Graph) Children(id ID) []*Revision { return g.beside(id, g.children) }

// Parents returns the revisions that id revises.
func (g *Graph) Parents(id ID) []*Revision { return g.beside(id, g.parents) }

// Dependencies returns the revisions that id depends on.
func (g *Graph) Dependencies(id ID) []*Revision { return g.beside(id, g.deps) }

// Dependents returns the revisions that depend on id.
func (g *Graph) Dependents(id ID) []*Revision { return g.beside(id, g.dependents) }

func (g *Graph) beside(id ID, edges [][]int) []*Revision {
	i, ok := g.index[id]
	if !ok {
		return nil
	}
	return g.list(g.applyOrder(append([]int(nil), edges[i]...)))
}

// EffectiveParents returns the parents of id and what it depends on, without
// what the parents need anyway.
func (g *Graph) EffectiveParents(id ID) []*Revision {
	i, ok := g.index[id]
	if !ok {
		return nil
	}
	out := append([]int(nil), g.parents[i]...)
	inherited := g.needed(out)
	for _, d := range g.deps[i] {
		if !inherited[d] {
			out = append(out, d)
		}
	}
	return g.list(g.applyOrder(out))
}

// IsHead says if no revision revises id.
func (g *Graph) IsHead(id ID) bool {
	i, ok := g.index[id]
	return ok && len(g.children[i]) == 0
}

// IsBranchPoint says if several revisions revise id.
func (g *Graph) IsBranchPoint(id ID) bool {
	i, ok := g.index[id]
	return ok && len(g.children[i]) > 1
}

// BranchPoints returns the revisions that several revise.
func (g *Graph) BranchPoints() []*Revision {
	var out []*Revision
	for _, i := range g.order {
		if len(g.children[i]) > 1 {
			out = append(out, g.revs[i])
		}
	}
	return out
}

// Labels returns the labels of the line that id stands on: its own and those
// of its ancestors.
func (g *Graph) Labels(id ID) []string {
	i, ok := g.index[id]
	if !ok {
		return nil
	}
	var out []string
	for _, a := range g.members(g.reach([]int{i}, g.parents)) {
		out = append(out, g.revs[a].Labels...)
	}
	return out
}

// Names returns all ids and labels, for completion.
func (g *Graph) Names() []string {
	var out []string
	for _, i := range g.order {
		out = append(out, string(g.revs[i].ID))
		out = append(out, g.revs[i].Labels...)
	}
	return out
}
