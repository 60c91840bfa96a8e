package history

// A Draft says where a new revision is to stand.
type Draft struct {
	ID        ID
	Heads     []string // the revisions it is to follow: none means head, "base" a new beginning
	Splice    bool     // they need not be heads
	DependsOn []string // ids, prefixes or labels
	Labels    []string
}

// NewRevision returns a revision that stands where the draft says, with
// nothing but its place filled in. It is not in the graph.
func (g *Graph) NewRevision(d Draft) (*Revision, error) {
	if err := g.checkDraft(d); err != nil {
		return nil, err
	}
	parents, err := g.draftParents(d)
	if err != nil {
		return nil, err
	}
	r := &Revision{ID: d.ID, Parents: g.ids(parents), Labels: d.Labels}
	for _, text := range d.DependsOn {
		name, err := g.dependency(text)
		if err != nil {
			return nil, err
		}
		r.DependsOn = append(r.DependsOn, name)
	}
	return r, nil
}

// checkDraft refuses ids and labels that may not be, or are there already.
func (g *Graph) checkDraft(d Draft) error {
	if err := ValidID(d.ID); err != nil {
		return err
	}
	if old := g.squash.byID[d.ID]; old != nil {
		e := errorf(DuplicateRevision, "revision %s is there already", d.ID).hint("choose another id")
		return onFile(e.candidates(d.ID), old)
	}
	if other, taken := g.labels[string(d.ID)]; taken {
		return errorf(DuplicateLabel, "%s is a label of revision %s", d.ID, g.revs[other].ID).
			hint("choose another id").candidates(g.revs[other].ID)
	}
	for _, l := range d.Labels {
		if err := ValidID(ID(l)); err != nil {
			return err
		}
		other, taken := g.labels[l]
		if !taken {
			other, taken = g.index[ID(l)]
		}
		if taken {
			return duplicateLabel(l, &Revision{ID: d.ID}, g.revs[other])
		}
	}
	return nil
}

// draftParents resolves the heads of a draft.
func (g *Graph) draftParents(d Draft) ([]int, error) {
	heads := d.Heads
	if len(heads) == 0 {
		heads = []string{"head"}
	}
	var out []int
	for _, text := range heads {
		found, err := g.Resolve(text, nil)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			out = append(out, g.index[r.ID])
		}
	}
	if unique := g.uniq(out); len(unique) < len(out) {
		return nil, errorf(DuplicateHeads, "a revision is named twice: %s", join(g.ids(out))).
			hint("name each once").candidates(g.ids(unique)...)
	}
	for _, i := range out {
		if len(g.children[i]) > 0 && !d.Splice {
			return nil, errorf(NotAHead, "revision %s is not a head", g.revs[i].ID).
				hint("add --splice to begin a branch there").candidates(g.ids(g.heads())...)
		}
	}
	if err := g.overlapping(out); err != nil {
		return nil, err.hint("name only the later of them")
	}
	return out, nil
}

// dependency returns the id or the label that is meant: a label stays one.
func (g *Graph) dependency(text string) (string, error) {
	if _, ok := g.labels[text]; ok {
		return text, nil
	}
	r, err := g.ResolveOne(text, nil)
	if err != nil {
		return "", err
	}
	return string(r.ID), nil
}
