package diff

import "github.com/migr-dev/migr/internal/catalog"

// emit writes the SQL of each node and tells which changes it carries out.
func (p *planner) emit(nodes []*node) *Result {
	r := &Result{}
	byKey := map[catalog.Key]*Change{}
	for _, n := range nodes {
		s := Step{SQL: p.sql(n)}
		if len(s.SQL) == 0 && n.stage != altering { // written with another (a serial's sequence)
			continue
		}
		for _, d := range p.deltas(n) {
			c := byKey[keyOfDelta(d)]
			if c == nil {
				c = p.change(d)
				byKey[c.Key] = c
				r.Changes = append(r.Changes, c)
			}
			c.SQL = append(c.SQL, s.SQL...)
			s.Changes = append(s.Changes, c)
			if n.carriesLoss(d) {
				c.Hazards = append(c.Hazards, p.hazards(d, n)...)
				s.Hazards = append(s.Hazards, p.hazards(d, n)...)
			}
		}
		r.Steps = append(r.Steps, s)
	}
	return r
}

// carriesLoss picks, of the two nodes of a replaced object, the one that loses: its drop.
func (n *node) carriesLoss(d *catalog.Delta) bool {
	replaced := d.From != nil && d.To != nil && n.a.drop && n.a.create
	return !replaced || n.stage == dropping || n.a.implied
}

func (p *planner) sql(n *node) []string {
	k, ctx := p.kinds[n.obj.Kind], p.ctx
	switch n.stage {
	case making:
		ctx.Inline = n.parts
		return k.Create(&ctx, n.obj)
	case dropping:
		return k.Drop(&ctx, n.obj)
	case yielding:
		return n.a.before
	case restoring:
		return n.a.after
	case refilling:
		return k.Refill(&ctx, n.a.from, n.obj)
	default:
		return n.a.alter.SQL
	}
}

// deltas lists the differences that a node mends: none when it only makes room.
func (p *planner) deltas(n *node) []*catalog.Delta {
	if n.stage == yielding || n.stage == restoring || n.stage == refilling {
		return nil
	}
	if n.a.quiet {
		return p.folded(n)
	}
	d := n.a.delta
	var all []*catalog.Delta
	if d.From == nil && d.To == nil {
		return nil
	}
	if d.From == nil || d.To == nil || len(d.Attrs) > 0 {
		all = append(all, d)
	}
	if n.stage == altering || n.a.drop && n.a.create {
		for i := range d.Parts {
			all = append(all, &d.Parts[i])
		}
	}
	return append(all, p.folded(n)...)
}

// folded lists the differences of parts that have no statement of their own, as
// their table is made anew.
func (p *planner) folded(n *node) []*catalog.Delta {
	var all []*catalog.Delta
	for _, o := range n.parts {
		a := p.actions[o.Key]
		if a == nil || a.quiet || a == n.a || len(a.delta.Parts) > 0 {
			continue
		}
		if d := a.delta; d.From == nil && n.stage == making || d.To == nil && n.stage == dropping || len(d.Attrs) > 0 {
			all = append(all, d)
		}
	}
	return all
}

func keyOfDelta(d *catalog.Delta) catalog.Key {
	if d.To != nil {
		return d.To.Key
	}
	return d.From.Key
}

func (p *planner) change(d *catalog.Delta) *Change {
	c := &Change{Key: keyOfDelta(d), Attrs: d.Attrs, Action: Modify}
	c.Kind = p.kinds.report(c.Key.Kind)
	switch {
	case d.From == nil:
		c.Action = Add
	case d.To == nil:
		c.Action = Drop
	}
	return c
}

// hazards asks the kind what the change loses; a thing that holds data and is
// replaced loses it as if it were dropped, unless it is refilled.
func (p *planner) hazards(d *catalog.Delta, n *node) []catalog.Hazard {
	k := p.kinds[keyOfDelta(d).Kind]
	if k.Kind == nil || k.Hazards == nil {
		return nil
	}
	if a := p.actions[keyOfDelta(d)]; a != nil && a.with != nil && d.To == nil { // its data are kept by what it is within
		return nil
	}
	if d.From == nil && lonePart(d.To, p.to, p.from) { // its table is new: there are no rows yet
		return nil
	}
	if d.From != nil && d.To != nil && n.a.drop && n.a.create && d == n.a.delta && k.Refill == nil {
		return k.Hazards(&p.ctx, d.From, nil)
	}
	return k.Hazards(&p.ctx, d.From, d.To)
}
