package diff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// Options of planning.
type Options struct {
	Online bool // the least blocking form the server has
}

// Plan returns the statements that lead from one catalog to the other, in
// dependency order. Plan(to, from) is the way back. It is pure and its result is
// the same for the same input, byte for byte.
//
// What makes room (a view over a column whose type changes) is dropped before
// and rebuilt after, though it does not differ. Where the order is free, things
// are made and changed first and removed last, so that a plan that fails half
// way on a server without transactional DDL has lost as little as can be.
func Plan(e *catalog.Engine, from, to *catalog.Catalog, o Options) (*Result, error) {
	p := &planner{
		kinds: newKindTable(e), from: from, to: to,
		ctx:     catalog.Ctx{From: from, To: to, Online: o.Online, Free: !e.Ordered},
		actions: map[catalog.Key]*action{},
	}
	if err := p.decide(Compare(e, from, to)); err != nil {
		return nil, err
	}
	p.makeRoom()
	p.settle()
	p.build()
	return p.emit(p.order()), nil
}

// An action is what happens to one object.
type action struct {
	from, to *catalog.Object
	delta    *catalog.Delta
	alter    *catalog.Alteration
	drop     bool
	create   bool
	quiet    bool          // no difference: it only makes room
	implied  bool          // its drop happens in passing (SQLite's rebuild)
	itself   bool          // it cannot be altered, and is not only made anew for another's sake
	with     *catalog.Key  // it goes in passing with this, which its data are part of
	rebuild  []catalog.Key // what must be made anew around it
	before   []string
	after    []string             // of an object that yields
	yields   map[catalog.Key]bool // to the going of these
}

// kind is that of the object.
func (a *action) kind() string { return keyOf(cmp.Or(a.to, a.from)).Kind }

type planner struct {
	kinds    kindTable
	from, to *catalog.Catalog
	ctx      catalog.Ctx
	actions  map[catalog.Key]*action
	users    map[catalog.Key][]*catalog.Object // of from: who depends on a key
	paths    map[string][]catalog.Key          // of from: the tables by path; filled when first asked for

	nodes []*node
	drops map[catalog.Key]*node // by the key of each object that the node removes
	makes map[catalog.Key]*node
	alts  map[catalog.Key]*node
	// by the key of what is refilled, and of all within it on the side of to
	refills map[catalog.Key]*node
}

// decide turns differences into actions: merged parts join their table's.
func (p *planner) decide(deltas []catalog.Delta) error {
	merged := map[catalog.Key][]catalog.Delta{}
	for i := range deltas {
		d := &deltas[i]
		o := d.To
		if o == nil {
			o = d.From
		}
		k := p.kinds[o.Kind]
		switch {
		case k.Kind == nil:
			return fmt.Errorf("planning %s: the engine has no kind %q", o.Key, o.Kind)
		case k.How == catalog.Merged:
			merged[o.TableKey()] = append(merged[o.TableKey()], *d)
		default:
			p.actions[o.Key] = &action{from: d.From, to: d.To, delta: d, drop: d.To == nil, create: d.From == nil}
		}
	}
	for _, key := range sortedKeys(merged) {
		a := p.actions[key]
		if a == nil {
			f, t := p.from.Get(key), p.to.Get(key)
			a = &action{from: f, to: t, delta: &catalog.Delta{From: f, To: t}}
			p.actions[key] = a
		}
		a.delta.Parts = merged[key]
	}
	for _, key := range sortedKeys(p.actions) {
		p.alteration(p.actions[key])
	}
	return nil
}

// alteration asks the kind how an object that stays is changed.
func (p *planner) alteration(a *action) {
	if a.drop || a.create {
		return
	}
	k := p.kinds[a.to.Kind]
	alt := catalog.Alteration{Replace: true}
	if k.Alter != nil {
		alt = k.Alter(&p.ctx, a.delta)
	}
	a.rebuild = alt.Rebuild
	if alt.Replace {
		a.itself = true
		a.drop, a.create = true, true
		return
	}
	a.alter = &alt
}

// makeRoom extends the actions to what stands on a thing that goes or changes.
func (p *planner) makeRoom() {
	p.users = usersOf(p.from)
	var queue []catalog.Key
	for _, key := range sortedKeys(p.actions) {
		a := p.actions[key]
		if a.drop {
			queue = append(queue, key)
		}
		if a.alter != nil {
			for _, d := range a.alter.Detach {
				queue = append(queue, p.detach(d, a)...)
			}
		}
		for _, d := range a.rebuild {
			if o := p.from.Get(d); o != nil && p.rebuild(o, d) {
				queue = append(queue, d)
			}
		}
	}
	for len(queue) > 0 {
		key := queue[0]
		queue = queue[1:]
		if key.Table == "" {
			for _, part := range p.from.Parts(key, "") {
				if o := Owner(p.from, part); o != nil && o.Key == key {
					queue = append(queue, part.Key)
				}
			}
		}
		for _, u := range p.users[key] {
			if p.rebuild(u, key) {
				queue = append(queue, u.Key)
			}
		}
	}
	for _, a := range p.actions {
		if a.drop && !a.create {
			if in := p.within(a.from); p.goesWithin(in) {
				a.with = &in
			}
		}
		a.implied = a.with != nil || a.drop && a.create && p.dropsInPassing(a.from)
	}
}

// dropsInPassing tells whether the alteration of a table drops a part of it that
// comes back, and in time: nothing else that the part depends on goes or changes,
// which may be earlier (a trigger that names another table).
func (p *planner) dropsInPassing(o *catalog.Object) bool {
	owner := Owner(p.from, o)
	if owner == nil || !p.kinds[o.Kind].GoesWith {
		return false
	}
	if by := p.actions[owner.Key]; by == nil || by.alter == nil || !by.alter.DropsParts {
		return false
	}
	for _, d := range o.Deps {
		if p.kinds[d.Kind].Kind != nil && p.kinds[d.Kind].How == catalog.Merged {
			d = d.TableKey()
		}
		if a := p.actions[d]; d != owner.Key && a != nil && (a.drop || a.alter != nil) {
			return false
		}
	}
	return true
}

// detach rebuilds what depends on key around the alteration of another object.
func (p *planner) detach(key catalog.Key, by *action) []catalog.Key {
	var rebuilt []catalog.Key
	for _, u := range p.users[key] {
		k := p.kinds[u.Kind]
		if k.Kind == nil || k.Carried && key.Table != "" || k.How == catalog.Merged || u.Key == by.from.Key {
			continue
		}
		if p.rebuild(u, key) {
			rebuilt = append(rebuilt, u.Key)
		}
	}
	return rebuilt
}

// rebuild has u dropped and made again, unless it goes anyway or holds data that
// its table does not lose; it tells whether that is new.
func (p *planner) rebuild(u *catalog.Object, gone catalog.Key) bool {
	k := p.kinds[u.Kind]
	to := p.to.Get(u.Key)
	a := p.actions[u.Key]
	if k.Kind == nil || k.How == catalog.Merged || to == nil {
		return false
	}
	with := p.within(u) == gone && p.within(to) == gone && p.anew(gone)
	if a != nil && a.drop {
		if with {
			a.with = &gone
		}
		return false
	}
	if a == nil {
		a = &action{from: u, to: to, delta: &catalog.Delta{From: u, To: to}, quiet: true}
		p.actions[u.Key] = a
	}
	if with {
		a.with = &gone
	} else if owner := Owner(p.from, u); k.Yield != nil && gone != u.Key && (owner == nil || owner.Key != gone) {
		before, after := k.Yield(&p.ctx, u, to, gone)
		a.before, a.after = append(a.before, before...), append(a.after, after...)
		if len(before) > 0 {
			if a.yields == nil {
				a.yields = map[catalog.Key]bool{}
			}
			a.yields[gone] = true
		}
		return false
	}
	a.alter, a.drop, a.create = nil, true, true
	a.before, a.after, a.yields = nil, nil, nil // it goes with its table
	return true
}

// settle tells the kinds what is made anew, and asks again how things change where
// there is something that they may have counted on.
func (p *planner) settle() {
	p.ctx.Anew = p.anew
	some := false
	for key, a := range p.actions {
		some = some || a.drop && a.create && p.kinds[key.Kind].Refill != nil
	}
	for _, a := range p.actions {
		if k := p.kinds[a.kind()]; some && a.alter != nil && k.Alter != nil {
			a.alter.SQL = k.Alter(&p.ctx, a.delta).SQL
		}
	}
}

// anew tells whether an object is dropped and made again.
func (p *planner) anew(key catalog.Key) bool {
	a := p.actions[key]
	return a != nil && a.drop && a.create
}

// goesWithin tells whether what goes and is within an object needs no statement: that
// goes too, or cannot be altered and brings back what is within it.
func (p *planner) goesWithin(key catalog.Key) bool {
	a := p.actions[key]
	if a == nil || !a.drop || !a.create {
		return a != nil && a.drop
	}
	for a.with != nil {
		a = p.actions[*a.with]
	}
	return a.itself && p.kinds[key.Kind].Refill != nil
}

// within is what the data of an object are part of; the zero Key: nothing.
func (p *planner) within(o *catalog.Object) catalog.Key {
	if k := p.kinds[o.Kind]; k.Kind != nil && k.Within != nil {
		return k.Within(o)
	}
	return catalog.Key{}
}

// usersOf indexes who depends on what; parts depend on their table or view.
func usersOf(c *catalog.Catalog) map[catalog.Key][]*catalog.Object {
	users := map[catalog.Key][]*catalog.Object{}
	for _, o := range c.Objects {
		for _, d := range allDeps(c, o) {
			users[d] = append(users[d], o)
		}
	}
	return users
}

func allDeps(c *catalog.Catalog, o *catalog.Object) []catalog.Key {
	owner := Owner(c, o)
	if owner == nil || slices.Contains(o.Deps, owner.Key) {
		return o.Deps
	}
	return append(slices.Clone(o.Deps), owner.Key)
}
