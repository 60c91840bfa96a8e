package history

import (
	"cmp"
	"slices"
)

// A set holds revisions by their index in the graph.
type set []bool

// reach returns the given revisions and all that can be reached from them
// over the edges.
func (g *Graph) reach(from []int, edges ...[][]int) set {
	seen := make(set, len(g.revs))
	todo := make([]int, 0, len(from))
	for _, i := range from {
		if !seen[i] {
			seen[i] = true
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, e := range edges {
			for _, j := range e[i] {
				if !seen[j] {
					seen[j] = true
					todo = append(todo, j)
				}
			}
		}
	}
	return seen
}

// needed returns the revisions and all that must be applied before them.
func (g *Graph) needed(from []int) set { return g.reach(from, g.parents, g.deps) }

// dependent returns the revisions and all that need them.
func (g *Graph) dependent(from []int) set { return g.reach(from, g.children, g.dependents) }

// line returns the ancestors and descendants of a revision, and itself. What
// merely depends on it is on another line.
func (g *Graph) line(i int) set {
	s := g.reach([]int{i}, g.parents)
	for j, in := range g.reach([]int{i}, g.children) {
		s[j] = s[j] || in
	}
	return s
}

// in returns those of the revisions that are in the set.
func (s set) in(from []int) []int {
	var out []int
	for _, i := range from {
		if s[i] {
			out = append(out, i)
		}
	}
	return out
}

// members returns the set in the order in which its revisions are applied.
func (g *Graph) members(s set) []int {
	var out []int
	for _, i := range g.order {
		if s[i] {
			out = append(out, i)
		}
	}
	return out
}

// tips returns the members that no other member follows over the edges.
func (g *Graph) tips(s set, edges ...[][]int) []int {
	var out []int
	for _, i := range g.order {
		if s[i] && !followed(i, s, edges) {
			out = append(out, i)
		}
	}
	return out
}

func followed(i int, s set, edges [][][]int) bool {
	for _, e := range edges {
		if slices.ContainsFunc(e[i], func(j int) bool { return s[j] }) {
			return true
		}
	}
	return false
}

// all returns the set of all revisions.
func (g *Graph) all() set {
	s := make(set, len(g.revs))
	for i := range s {
		s[i] = true
	}
	return s
}

// ids names the revisions.
func (g *Graph) ids(from []int) []ID {
	out := make([]ID, len(from))
	for k, i := range from {
		out[k] = g.revs[i].ID
	}
	return out
}

// list returns the revisions.
func (g *Graph) list(from []int) []*Revision {
	out := make([]*Revision, len(from))
	for k, i := range from {
		out[k] = g.revs[i]
	}
	return out
}

// applyOrder sorts revisions into the order in which they are applied, and
// drops what stands twice.
func (g *Graph) applyOrder(from []int) []int {
	slices.SortFunc(from, func(a, b int) int { return cmp.Compare(g.place[a], g.place[b]) })
	return slices.Compact(from)
}
