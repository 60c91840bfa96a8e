package history

import "slices"

// A squash revision stands for revisions whose files may be gone. As long as
// a database is in the middle of what it replaces, the old files are needed;
// such a database sees the graph without the squash.

// A squash knows which revisions stand for which in one view of the history.
type squash struct {
	given []*Revision // all revisions, live or not
	byID  map[ID]*Revision
	off   map[ID]bool // squash revisions that are not used in this view
	as    map[ID]ID   // what stands for a revision that is not live
}

// newSquash reads the replaces directives.
func newSquash(revs []*Revision, off map[ID]bool) (*squash, error) {
	s := &squash{given: revs, off: off, byID: make(map[ID]*Revision, len(revs)), as: map[ID]ID{}}
	for _, r := range revs {
		s.byID[r.ID] = r
		if len(r.Replaces) == 0 {
			continue
		}
		if slices.Contains(r.Replaces, r.ID) {
			return nil, onFile(errorf(SelfLoop, "revision %s replaces itself", r.ID).
				hint("take it out of the replaces line of %s", r.Path), r)
		}
		if off[r.ID] {
			s.as[r.ID] = r.Replaces[len(r.Replaces)-1]
			continue
		}
		for _, id := range r.Replaces {
			if other, taken := s.as[id]; taken && !off[id] {
				e := errorf(DuplicateRevision, "revision %s is replaced by %s and by %s", id, other, r.ID).
					hint("a revision can be in one squash only: remove one of them")
				return nil, onFile(e.candidates(other, r.ID), r)
			}
			s.as[id] = r.ID
		}
	}
	for id := range s.as {
		if s.current(id) == "" {
			return nil, errorf(Cycle, "revisions replace each other in a circle: %s", id).
				hint("correct the replaces lines").candidates(id)
		}
	}
	return s, nil
}

// live returns the revisions that are in the graph of this view.
func (s *squash) live(revs []*Revision) []*Revision {
	out := make([]*Revision, 0, len(revs))
	for _, r := range revs {
		if _, gone := s.as[r.ID]; !gone {
			out = append(out, r)
		}
	}
	return out
}

// current returns what stands for the id in this view: mostly itself. It is
// empty when revisions replace each other in a circle.
func (s *squash) current(id ID) ID {
	for range len(s.as) + 1 {
		next, ok := s.as[id]
		if !ok {
			return id
		}
		id = next
	}
	return ""
}

// tip says if being at id is the same as having the squash that replaces it.
func (s *squash) tip(id ID) bool {
	for {
		by, ok := s.as[id]
		if !ok {
			return true
		}
		if !s.off[id] { // else by is the tip of id, the other way round
			replaced := s.byID[by].Replaces
			if replaced[len(replaced)-1] != id {
				return false
			}
		}
		id = by
	}
}

// without returns the view in which the squash revisions are not used, so
// that a database at one of the replaced revisions can go on. It is an error
// when an old file is gone.
func (g *Graph) without(row ID) (*Graph, error) {
	off := map[ID]bool{}
	for id := range g.squash.off {
		off[id] = true
	}
	for id := row; ; {
		by, ok := g.squash.as[id]
		if !ok {
			break
		}
		off[by] = true
		for _, old := range g.squash.byID[by].Replaces {
			if g.squash.byID[old] == nil {
				return nil, g.halfSquashed(row, by, old)
			}
		}
		id = by
	}
	return newGraph(g.squash.given, off)
}

func (g *Graph) halfSquashed(row, by, old ID) error {
	e := errorf(MissingRevision, "the database is at %s, in the middle of what revision %s replaces, and the file of %s is gone",
		row, by, old).hint("restore the files that %s replaces, upgrade to its end, and remove them again", by)
	return e.candidates(row, by, old)
}

// Replaced returns the revision that stands for one that was squashed, or nil.
func (g *Graph) Replaced(id ID) *Revision {
	if _, ok := g.squash.as[id]; !ok {
		return nil
	}
	return g.Get(g.squash.current(id))
}

// A Squashing is a run of revisions that one can stand for.
type Squashing struct {
	Revisions     []*Revision // in the order in which they are applied; the last is the end of all
	Before, After []Step      // what builds the schema before and after them, from nothing
	parents       []ID
	depends       []string
	labels        []string
}

// Squash finds the revisions of a range A:B that one can stand for: only what
// follows B may follow any of them.
func (g *Graph) Squash(rng string) (*Squashing, error) {
	revs, err := g.Range(rng, nil)
	if err != nil {
		return nil, err
	}
	if len(revs) < 2 {
		return nil, errorf(BadRange, "%q is not a range of several revisions", rng).hint("name the first and the last, as in A:B; :B begins at base")
	}
	revs = slices.Clone(revs)
	slices.Reverse(revs)
	in := make(set, len(g.revs))
	for _, r := range revs {
		in[g.index[r.ID]] = true
	}
	tip := g.index[revs[len(revs)-1].ID]
	s := &Squashing{Revisions: revs}
	var parents, deps []int
	for _, r := range revs {
		i := g.index[r.ID]
		if i != tip && !slices.ContainsFunc(g.children[i], func(c int) bool { return in[c] }) {
			return nil, errorf(MultipleHeads, "%q has several ends: %s and %s", rng, r.ID, g.revs[tip].ID).
				hint("squash up to one revision").candidates(r.ID, g.revs[tip].ID)
		}
		for _, c := range g.children[i] {
			if i != tip && !in[c] {
				return nil, errorf(NotAHead, "revision %s, which is not in %q, follows %s, which is", g.revs[c].ID, rng, r.ID).
					hint("a squash can only be followed at its end: rebase that branch first, or squash a shorter range").candidates(g.revs[c].ID)
			}
		}
		parents = append(parents, outside(g.parents[i], in)...)
		deps = append(deps, outside(g.deps[i], in)...)
		s.labels = append(s.labels, r.Labels...)
	}
	s.parents = g.ids(g.uniq(parents))
	for _, d := range g.uniq(deps) {
		s.depends = append(s.depends, string(g.revs[d].ID))
	}
	if err := s.steps(g, append(parents, deps...), tip); err != nil {
		return nil, err
	}
	return s, nil
}

func outside(from []int, in set) []int {
	var out []int
	for _, i := range from {
		if !in[i] {
			out = append(out, i)
		}
	}
	return out
}

func (s *Squashing) steps(g *Graph, before []int, tip int) error {
	var names []string
	for _, i := range g.uniq(before) {
		names = append(names, string(g.revs[i].ID))
	}
	p, err := g.Upgrade(nil, names...)
	if err != nil {
		return err
	}
	s.Before = p.Steps
	if p, err = g.Upgrade(nil, string(g.revs[tip].ID)); err != nil {
		return err
	}
	s.After = p.Steps
	return nil
}

// Revision makes the revision that stands for all; it has no parts yet.
func (s *Squashing) Revision(id ID) *Revision {
	r := &Revision{ID: id, Parents: s.parents, DependsOn: s.depends, Labels: s.labels}
	for _, old := range s.Revisions {
		r.Replaces = append(r.Replaces, old.ID)
		r.NoTx = r.NoTx || old.NoTx
		r.Template = r.Template || old.Template
		r.Allow = append(r.Allow, old.Allow...)
		r.Ignore = append(r.Ignore, old.Ignore...)
	}
	return r
}

// FreeID returns nil when a new revision may have the id.
func (g *Graph) FreeID(id ID) error { return g.checkDraft(Draft{ID: id}) }
