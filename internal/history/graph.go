package history

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
)

// A Graph is the revisions of a folder and how they follow each other. It
// does not change once it is made.
type Graph struct {
	revs   []*Revision
	index  map[ID]int
	labels map[string]int
	names  []name // ids and labels that a prefix may stand for, sorted

	parents, children [][]int // revises
	deps, dependents  [][]int // depends-on
	order             []int   // revisions as they are applied
	place             []int   // of each revision in order

	squash *squash
}

// A name is an id or a label and the revision it names.
type name struct {
	text string
	rev  int
}

// prefixLen is the length an id or label must exceed to be found by a prefix.
const prefixLen = 3

// NewGraph makes the graph of the revisions. The error is an *Error that says
// what keeps them from being one history.
func NewGraph(revs ...*Revision) (*Graph, error) { return newGraph(revs, nil) }

// With returns the graph with more revisions in it, such as those of which
// only the database has kept something.
func (g *Graph) With(more ...*Revision) (*Graph, error) {
	return newGraph(append(slices.Clone(g.squash.given), more...), g.squash.off)
}

// newGraph makes the graph in which the squash revisions of off are left out
// and what they replace is in.
func newGraph(revs []*Revision, off map[ID]bool) (*Graph, error) {
	if err := checkIDs(revs); err != nil {
		return nil, err
	}
	sq, err := newSquash(revs, off)
	if err != nil {
		return nil, err
	}
	g := &Graph{squash: sq, revs: sq.live(revs)}
	// What migr wrote first comes first, where the graph leaves the choice.
	slices.SortStableFunc(g.revs, func(a, b *Revision) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Path, b.Path))
	})
	g.index = make(map[ID]int, len(g.revs))
	for i, r := range g.revs {
		g.index[r.ID] = i
	}
	if err := g.nameLabels(); err != nil {
		return nil, err
	}
	if err := g.link(); err != nil {
		return nil, err
	}
	if err := g.sort(); err != nil {
		return nil, err
	}
	return g, nil
}

// checkIDs refuses ids that may not be, and ids that stand twice.
func checkIDs(revs []*Revision) error {
	seen := make(map[ID]*Revision, len(revs))
	for _, r := range revs {
		if err := ValidID(r.ID); err != nil {
			return err
		}
		if first := seen[r.ID]; first != nil {
			e := errorf(DuplicateRevision, "revision %s stands in two files: %s and %s", r.ID, first.Path, r.Path).
				hint("remove one of them, or give the one that is not applied anywhere a new id").candidates(r.ID)
			e.Paths = []string{first.Path, r.Path}
			return e
		}
		seen[r.ID] = r
	}
	return nil
}

// nameLabels fills labels and names.
func (g *Graph) nameLabels() error {
	g.labels = map[string]int{}
	for i, r := range g.revs {
		if len(r.ID) > prefixLen {
			g.names = append(g.names, name{string(r.ID), i})
		}
		for _, l := range r.Labels {
			if err := ValidID(ID(l)); err != nil {
				return err
			}
			other, taken := g.labels[l]
			if !taken {
				other, taken = g.index[ID(l)]
			}
			if taken {
				return duplicateLabel(l, r, g.revs[other])
			}
			g.labels[l] = i
			if len(l) > prefixLen {
				g.names = append(g.names, name{l, i})
			}
		}
	}
	slices.SortFunc(g.names, func(a, b name) int { return strings.Compare(a.text, b.text) })
	return nil
}

func duplicateLabel(label string, a, b *Revision) error {
	e := errorf(DuplicateLabel, "label %s of revision %s already names revision %s", label, a.ID, b.ID).
		hint("choose another label").candidates(a.ID, b.ID)
	e.Paths = []string{a.Path, b.Path}
	return e
}

// link fills the edges.
func (g *Graph) link() error {
	n := len(g.revs)
	g.parents, g.children = make([][]int, n), make([][]int, n)
	g.deps, g.dependents = make([][]int, n), make([][]int, n)
	for i, r := range g.revs {
		for _, p := range r.Parents {
			j, ok := g.index[g.squash.current(p)]
			if !ok {
				return missing(r, "revises", string(p))
			}
			if j == i && p == r.ID {
				return onFile(errorf(SelfLoop, "revision %s revises itself", r.ID).
					hint("name the revision before it in the revises line of %s, or none for the first", r.Path), r)
			}
			connect(g.parents, g.children, i, j)
		}
		for _, d := range r.DependsOn {
			j, ok := g.labels[d]
			if !ok {
				j, ok = g.index[g.squash.current(ID(d))]
			}
			if !ok {
				return missing(r, "depends on", d)
			}
			if j == i {
				return onFile(errorf(DependencySelfLoop, "revision %s depends on itself", r.ID).
					hint("take it out of the depends-on line of %s", r.Path), r)
			}
			connect(g.deps, g.dependents, i, j)
		}
	}
	return nil
}

// connect adds an edge once. An edge to itself comes from a squash whose own
// parts refer to each other, and is none.
func connect(to, from [][]int, i, j int) {
	if i == j || slices.Contains(to[i], j) {
		return
	}
	to[i] = append(to[i], j)
	from[j] = append(from[j], i)
}

func missing(r *Revision, what, id string) error {
	e := errorf(MissingRevision, "revision %s %s %s, which is in no file", r.ID, what, id).
		hint("restore the file of %s, or change the line in %s", id, r.Path)
	return onFile(e.candidates(ID(id)), r)
}

func onFile(e *Error, r *Revision) *Error {
	e.Paths = []string{r.Path}
	return e
}

// sort fills order and place, or says which revisions go in a circle.
func (g *Graph) sort() error {
	if order := topological(g.parents, g.children); len(order) < len(g.revs) {
		return g.circle(Cycle, "revise", order, g.parents)
	}
	g.order = topological(g.parents, g.children, g.deps, g.dependents)
	if len(g.order) < len(g.revs) {
		return g.circle(DependencyCycle, "depend on", g.order, g.parents, g.deps)
	}
	g.place = make([]int, len(g.revs))
	for p, i := range g.order {
		g.place[i] = p
	}
	return nil
}

// topological orders by pairs of edges (to those before, to those after): the
// lowest index that may come comes next. What is in or behind a circle is
// left out.
func topological(pairs ...[][]int) []int {
	n := len(pairs[0])
	waits := make([]int, n)
	ready := &queue{}
	for i := range n {
		for p := 0; p < len(pairs); p += 2 {
			waits[i] += len(pairs[p][i])
		}
		if waits[i] == 0 {
			*ready = append(*ready, i) // in order: already a heap
		}
	}
	order := make([]int, 0, n)
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		order = append(order, i)
		for p := 1; p < len(pairs); p += 2 {
			for _, j := range pairs[p][i] {
				if waits[j]--; waits[j] == 0 {
					heap.Push(ready, j)
				}
			}
		}
	}
	return order
}

// A queue is a heap of indexes.
type queue []int

func (q queue) Len() int           { return len(q) }
func (q queue) Less(a, b int) bool { return q[a] < q[b] }
func (q queue) Swap(a, b int)      { q[a], q[b] = q[b], q[a] }
func (q *queue) Push(x any)        { *q = append(*q, x.(int)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// circle finds one circle among the revisions that could not be ordered: each
// of them has a revision before it that could not be ordered either.
func (g *Graph) circle(code Code, verb string, ordered []int, edges ...[][]int) error {
	stuck := g.all()
	for _, i := range ordered {
		stuck[i] = false
	}
	before := func(i int) int {
		for _, e := range edges {
			for _, j := range e[i] {
				if stuck[j] {
					return j
				}
			}
		}
		return i
	}
	at := slices.Index(stuck, true)
	for range g.revs { // after so many steps one is on a circle
		at = before(at)
	}
	round := []int{at}
	for i := before(at); i != at; i = before(i) {
		round = append(round, i)
	}
	e := errorf(code, "revisions %s each other in a circle: %s", verb, join(g.ids(append(round, at)))).
		hint("change one of these files so that the circle is broken").candidates(g.ids(round)...)
	for _, r := range g.list(round) {
		e.Paths = append(e.Paths, r.Path)
	}
	return e
}
