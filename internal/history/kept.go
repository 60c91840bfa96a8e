package history

// Kept is what a database keeps of a revision, so that the revision can be
// undone when its file is gone: the text of a revision file with an empty up
// part that ends where the down part begins. The allow directives given stand
// in its header besides those of the file.
func (r *Revision) Kept(allow ...Directive) (string, error) {
	b, err := r.Body()
	if err != nil {
		return "", err
	}
	k := &Revision{
		ID: r.ID, Parents: r.Parents, DependsOn: r.DependsOn, Labels: r.Labels, Message: r.Message, Created: r.Created,
		NoTx: r.NoTx, Replaces: r.Replaces, Template: r.Template, Allow: append(r.Allow[:len(r.Allow):len(r.Allow)], allow...), Ignore: r.Ignore,
	}
	body := &Body{Irreversible: b.Irreversible}
	if b.Down != nil {
		body.Down = &Part{}
	}
	k.SetBody(body)
	return string(k.Format()), nil
}

// Restore makes a revision of what a database kept of it and of its down part.
// path is what errors name instead of a file. The error is a *BadFile.
func Restore(path, kept, down string) (*Revision, error) {
	return Parse(path, []byte(kept+down))
}

// A Record is what the log of a database says of a revision that counts as applied.
type Record struct {
	Stamped bool // it counts as applied by word, and with it all that it needs
	// Needs returns what the revision needed when it ran, and false where that is not known.
	Needs func() ([]ID, bool)
}

// Late returns the revisions that count as applied because an applied one needs
// them, and that never ran: they came into the history after what needs them. The
// log may begin anywhere (a database that another tool has brought so far): what
// was there before its first entries is not late.
func (g *Graph) Late(rows []ID, log map[ID]Record) ([]*Revision, error) {
	if len(log) == 0 {
		return nil, nil
	}
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	ran := make(set, len(g.revs))
	for i, r := range g.revs {
		_, ran[i] = log[r.ID]
		for _, old := range r.Replaces {
			if _, ok := log[old]; ok {
				ran[i] = true
			}
		}
	}
	unknown := g.members(g.minus(st.applied, ran))
	if len(unknown) == 0 {
		return nil, nil
	}
	before := g.needed(g.before(unknown, ran, log))
	above := make(set, len(g.revs)) // something that ran needs it
	for j, in := range g.needed(g.members(both(ran, st.applied))) {
		above[j] = in
	}
	var late []*Revision
	for _, i := range unknown {
		if above[i] && !before[i] {
			late = append(late, g.revs[i])
		}
	}
	return late, nil
}

// before returns the revisions that were applied when the log began: what those
// needed that it tells of, and what was stamped.
func (g *Graph) before(unknown []int, ran set, log map[ID]Record) []int {
	var out []int
	for i, r := range g.revs {
		if rec, ok := log[r.ID]; ok && rec.Stamped {
			out = append(out, i)
		}
	}
	seen := make(set, len(g.revs))
	for _, u := range unknown {
		for _, edges := range [][]int{g.children[u], g.dependents[u]} {
			for _, i := range edges {
				if ran[i] && !seen[i] {
					seen[i] = true
					out = append(out, g.neededThen(i, ran, log)...)
				}
			}
		}
	}
	return out
}

// neededThen returns what a revision needed when it ran, as far as the log does
// not tell of it.
func (g *Graph) neededThen(i int, ran set, log map[ID]Record) []int {
	rec, ok := log[g.revs[i].ID]
	if !ok { // a squash whose parts ran
		return nil
	}
	var needs []ID
	if rec.Needs != nil {
		needs, ok = rec.Needs()
	}
	if rec.Needs == nil || !ok {
		return append(append([]int{}, g.parents[i]...), g.deps[i]...)
	}
	var out []int
	for _, id := range needs {
		j, known := g.index[g.squash.current(id)]
		if !known {
			j, known = g.labels[string(id)]
		}
		if known && !ran[j] {
			out = append(out, j)
		}
	}
	return out
}

// UpStep is the step that runs a late revision: the rows do not change.
func UpStep(r *Revision) Step { return Step{Direction: Up, Revision: r} }
