package history

import "slices"

// A Direction is what a step does.
type Direction string

// The directions.
const (
	Up    Direction = "up"
	Down  Direction = "down"
	Stamp Direction = "stamp" // only the rows change
)

// A Step is one revision to run, and what becomes of the version table with
// it.
type Step struct {
	Direction Direction
	Revision  *Revision // nil for a stamp that only removes rows
	Insert    []ID
	Delete    []ID
}

// A RowOp changes one row of the version table. From is empty for an insert,
// To for a delete; with both the row is updated.
type RowOp struct{ From, To ID }

// RowOps returns the changes to the version table, as few as possible.
func (s Step) RowOps() []RowOp {
	var out []RowOp
	for i := range max(len(s.Insert), len(s.Delete)) {
		var op RowOp
		if i < len(s.Delete) {
			op.From = s.Delete[i]
		}
		if i < len(s.Insert) {
			op.To = s.Insert[i]
		}
		out = append(out, op)
	}
	return out
}

// A Plan is steps in the order in which they run, and the rows of the version
// table before and after them, sorted.
type Plan struct {
	From, To []ID
	Steps    []Step
}

// A planner makes steps and keeps the rows: always the revisions of the
// applied ones that no other applied one needs.
type planner struct {
	g       *Graph
	rows    map[int][]ID // as they stand in the table
	extra   []int        // rows that another makes needless; gone with the first step
	applied set
	users   []int // how many applied revisions need each directly
	plan    *Plan
}

func newPlanner(g *Graph, st *state) *planner {
	p := &planner{
		g: g, applied: slices.Clone(st.applied), users: make([]int, len(g.revs)),
		rows: make(map[int][]ID, len(st.named)), plan: &Plan{Steps: []Step{}},
	}
	for i, in := range p.applied {
		if in {
			p.count(i, 1)
		}
	}
	for i, ids := range st.named {
		p.rows[i] = ids
	}
	for _, i := range st.rows {
		if p.users[i] > 0 {
			p.extra = append(p.extra, i)
		}
	}
	p.plan.From = p.ids()
	return p
}

// count notes that a revision was applied, or undone.
func (p *planner) count(i, by int) {
	for _, j := range p.g.parents[i] {
		p.users[j] += by
	}
	for _, j := range p.g.deps[i] {
		p.users[j] += by
	}
}

// below calls f for each revision that i needs directly, once.
func (p *planner) below(i int, f func(int)) {
	for _, j := range p.g.parents[i] {
		f(j)
	}
	for _, j := range p.g.deps[i] {
		if !slices.Contains(p.g.parents[i], j) {
			f(j)
		}
	}
}

// up adds the step that applies i. Everything it needs must be applied.
func (p *planner) up(i int) {
	s := Step{Direction: Up, Revision: p.g.revs[i]}
	p.applied[i] = true
	p.count(i, 1)
	p.below(i, func(j int) { p.remove(&s, j) })
	p.insert(&s, i)
	p.add(s)
}

// down adds the step that undoes i. Nothing that is applied may need it.
func (p *planner) down(i int) {
	s := Step{Direction: Down, Revision: p.g.revs[i]}
	p.applied[i] = false
	p.count(i, -1)
	p.remove(&s, i)
	p.below(i, func(j int) {
		if p.users[j] == 0 {
			p.insert(&s, j)
		}
	})
	p.add(s)
}

// insert gives i a row, if it has none.
func (p *planner) insert(s *Step, i int) {
	if len(p.rows[i]) == 0 {
		p.rows[i] = []ID{p.g.revs[i].ID}
		s.Insert = append(s.Insert, p.g.revs[i].ID)
	}
}

// remove takes the rows of i away.
func (p *planner) remove(s *Step, i int) {
	s.Delete = append(s.Delete, p.rows[i]...)
	delete(p.rows, i)
}

// add ends a step. The first one also removes the rows that were needless.
func (p *planner) add(s Step) {
	for _, i := range p.extra {
		if p.users[i] > 0 {
			p.remove(&s, i)
		}
	}
	p.extra = nil
	p.plan.Steps = append(p.plan.Steps, s)
}

func (p *planner) ids() []ID {
	out := []ID{}
	for _, ids := range p.rows {
		out = append(out, ids...)
	}
	slices.Sort(out)
	return out
}

func (p *planner) done() *Plan {
	p.plan.To = p.ids()
	return p.plan
}
