package diff

import (
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// circlesOf returns the strongly connected groups of more than one node (Tarjan,
// with a stack of its own: a plan may be thousands of nodes deep).
func circlesOf(nodes []*node) [][]*node {
	s := &tarjan{index: map[*node]int{}, low: map[*node]int{}, on: map[*node]bool{}}
	for _, n := range nodes {
		if _, seen := s.index[n]; !seen {
			s.visit(n)
		}
	}
	return s.found
}

type tarjan struct {
	index, low map[*node]int
	on         map[*node]bool
	stack      []*node
	found      [][]*node
}

type frame struct {
	n    *node
	next []*node
}

func (s *tarjan) enter(n *node) frame {
	s.index[n] = len(s.index)
	s.low[n] = s.index[n]
	s.stack, s.on[n] = append(s.stack, n), true
	return frame{n, sortedNext(n)}
}

func sortedNext(n *node) []*node {
	next := make([]*node, 0, len(n.next))
	for m := range n.next {
		next = append(next, m)
	}
	slices.SortFunc(next, func(a, b *node) int { return a.id - b.id })
	return next
}

func (s *tarjan) visit(root *node) {
	work := []frame{s.enter(root)}
	for len(work) > 0 {
		f := &work[len(work)-1]
		if len(f.next) > 0 {
			m := f.next[0]
			f.next = f.next[1:]
			if _, seen := s.index[m]; !seen {
				work = append(work, s.enter(m))
			} else if s.on[m] {
				s.low[f.n] = min(s.low[f.n], s.index[m])
			}
			continue
		}
		n := f.n
		work = work[:len(work)-1]
		if len(work) > 0 {
			up := work[len(work)-1].n
			s.low[up] = min(s.low[up], s.low[n])
		}
		if s.low[n] == s.index[n] {
			s.leave(n)
		}
	}
}

func (s *tarjan) leave(root *node) {
	i := len(s.stack) - 1 // the group is at the end of a stack that may be deep
	for s.stack[i] != root {
		i--
	}
	group := slices.Clone(s.stack[i:])
	s.stack = s.stack[:i]
	for _, n := range group {
		s.on[n] = false
	}
	if len(group) > 1 {
		s.found = append(s.found, group)
	}
}

// takeOut gives parts that reach into their circle statements of their own:
// first those that stand free of columns (a foreign key between two new tables),
// then columns. It tells whether it found any.
func (p *planner) takeOut(circle []*node) bool {
	in := map[*node]bool{}
	for _, n := range circle {
		in[n] = true
	}
	for _, columns := range []bool{false, true} {
		taken := false
		for _, n := range circle {
			for _, o := range slices.Clone(n.parts) {
				if o.Table != "" && (o.Kind == "column") == columns && p.kinds[o.Kind].How != catalog.Merged && p.reaches(n, o, in) {
					p.takePart(n, o)
					taken = true
				}
			}
		}
		if taken {
			return true
		}
	}
	return false
}

// reaches tells whether a part depends on another node of the circle.
func (p *planner) reaches(n *node, o *catalog.Object, in map[*node]bool) bool {
	for _, d := range o.Deps {
		m := p.makes[d]
		if n.stage == dropping {
			m = p.drops[d]
		}
		for _, m := range []*node{m, p.alterOf(d)} {
			if m != nil && m != n && in[m] {
				return true
			}
		}
	}
	return false
}

func (p *planner) takePart(n *node, o *catalog.Object) {
	n.parts = slices.DeleteFunc(n.parts, func(x *catalog.Object) bool { return x == o })
	a := p.actions[o.Key]
	if a == nil {
		a = &action{from: p.from.Get(o.Key), to: p.to.Get(o.Key), delta: &catalog.Delta{}, quiet: true}
	}
	own := p.add(n.stage, a, o)
	if n.stage == dropping {
		p.drops[o.Key] = own
	} else {
		p.makes[o.Key] = own
	}
}

// cut breaks a circle at an edge between two objects that are not part of one
// table: the last resort, for functions that call one another.
func cut(circle []*node) {
	in := map[*node]bool{}
	for _, n := range circle {
		in[n] = true
	}
	slices.SortFunc(circle, func(a, b *node) int { return a.id - b.id })
	for _, n := range circle {
		for _, m := range sortedNext(n) {
			if must := n.next[m]; in[m] && !must {
				delete(n.next, m)
				return
			}
		}
	}
	for _, prefer := range []bool{true, false} {
		for _, n := range circle {
			for _, m := range sortedNext(n) {
				if in[m] && (n.stage == m.stage) == prefer {
					delete(n.next, m)
					return
				}
			}
		}
	}
}
