package history

import "slices"

// A state is what the rows of a version table say about the graph.
type state struct {
	rows    []int        // the revisions that have a row
	named   map[int][]ID // the rows as they stand in the table
	applied set
}

// at reads the rows, and returns with them the view of the graph they are to
// be seen in.
func (g *Graph) at(rows []ID) (*Graph, *state, error) {
	for _, row := range rows {
		if g.squash.tip(row) {
			continue
		}
		view, err := g.without(row)
		if err != nil {
			return nil, nil, err
		}
		g = view
	}
	st := &state{named: map[int][]ID{}}
	var unknown []ID
	for _, row := range rows {
		i, ok := g.index[g.squash.current(row)]
		if !ok || !g.squash.tip(row) {
			unknown = append(unknown, row)
			continue
		}
		if !slices.Contains(st.named[i], row) {
			st.named[i] = append(st.named[i], row)
		}
		st.rows = append(st.rows, i)
	}
	if unknown != nil {
		return nil, nil, unknownRows(unknown)
	}
	st.rows = g.applyOrder(st.rows)
	if err := g.overlapping(st.rows); err != nil {
		return nil, nil, err.hint("run `migr stamp --purge REV` with the revision that the database is at")
	}
	st.applied = g.needed(st.rows)
	return g, st, nil
}

func unknownRows(rows []ID) error {
	e := errorf(NotFound, "the database is at revision %s, which is in no file", join(rows)).
		hint("restore the missing file, or get the version of the files that has it; " +
			"if the database is known to be at another revision, run `migr stamp --purge REV`")
	e.Candidates, e.Rows = rows, rows
	return e
}

// overlapping refuses revisions of which one is an ancestor of another. A row
// that another merely depends on is harmless, and old tables have such rows.
func (g *Graph) overlapping(revs []int) *Error {
	if len(revs) < 2 {
		return nil
	}
	var above []int
	for _, i := range revs {
		above = append(above, g.parents[i]...)
	}
	if over := g.reach(above, g.parents).in(revs); over != nil {
		return errorf(Overlap, "revision %s is already contained in another of %s",
			join(g.ids(over)), join(g.ids(revs))).candidates(g.ids(revs)...)
	}
	return nil
}

// Applied returns the revisions that the rows of the version table say are
// applied, in an order in which they may have been.
func (g *Graph) Applied(rows []ID) ([]*Revision, error) {
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	return g.list(g.members(st.applied)), nil
}

// Pending returns the revisions that are not applied, in the order in which
// `upgrade heads` runs them.
func (g *Graph) Pending(rows []ID) ([]*Revision, error) {
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	return g.list(g.members(g.minus(g.all(), st.applied))), nil
}

func (g *Graph) minus(a, b set) set {
	out := make(set, len(a))
	for i := range a {
		out[i] = a[i] && !b[i]
	}
	return out
}

// Current returns the revisions that the database is at: its rows, and the
// ends of lines that are applied because a row depends on them.
func (g *Graph) Current(rows []ID) ([]*Revision, error) {
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	return g.list(g.tips(st.applied, g.children)), nil
}

// AtHeads says if all revisions are applied.
func (g *Graph) AtHeads(rows []ID) (bool, error) {
	pending, err := g.Pending(rows)
	return err == nil && len(pending) == 0, err
}

// AutogenReady returns nil when all revisions are applied, and else an *Error
// with the code DBNotUpToDate that names what is pending.
func (g *Graph) AutogenReady(rows []ID) error {
	pending, err := g.Pending(rows)
	if err != nil {
		return err
	}
	if len(pending) == 0 {
		return nil
	}
	ids := idsOf(pending)
	return errorf(DBNotUpToDate, "the database is not up to date; pending: %s", join(ids)).
		hint("run `migr upgrade heads` first").candidates(ids...)
}

func idsOf(revs []*Revision) []ID {
	out := make([]ID, len(revs))
	for i, r := range revs {
		out[i] = r.ID
	}
	return out
}
