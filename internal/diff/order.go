package diff

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// A stage ranks nodes where no dependency speaks.
type stage int

const (
	making    stage = iota
	refilling       // brings the data of what was made anew back
	altering
	yielding // takes a dependence away, to make room
	restoring
	dropping
)

// A node is one unit of the plan: an object made, changed or removed, with the
// parts that go along in the same statement.
type node struct {
	stage stage
	a     *action
	obj   *catalog.Object   // the object it is named for
	parts []*catalog.Object // of a table: written into its CREATE, or gone with its DROP
	next  map[*node]bool    // what must come later; false: rather than must
	wait  int
	id    int // in the order of creation
}

// build makes the nodes and the edges between them; parts that would close a
// circle are taken out of their table's statement, and what circle is left is cut.
func (p *planner) build() {
	p.drops, p.makes, p.alts = map[catalog.Key]*node{}, map[catalog.Key]*node{}, map[catalog.Key]*node{}
	p.refills = map[catalog.Key]*node{}
	for _, key := range sortedKeys(p.actions) {
		p.nodesOf(p.actions[key])
	}
	for _, key := range sortedKeys(p.actions) {
		p.fold(p.actions[key])
	}
	p.gather()
	for {
		p.connect()
		circles := circlesOf(p.nodes)
		taken := false
		for _, c := range circles {
			taken = p.takeOut(c) || taken
		}
		if !taken {
			break
		}
	}
	for circles := circlesOf(p.nodes); len(circles) > 0; circles = circlesOf(p.nodes) {
		for _, c := range circles {
			cut(c)
		}
	}
}

func (p *planner) add(s stage, a *action, o *catalog.Object) *node {
	n := &node{stage: s, a: a, obj: o, id: len(p.nodes)}
	p.nodes = append(p.nodes, n)
	return n
}

// nodesOf makes the nodes of one action, but for parts that go with their table.
func (p *planner) nodesOf(a *action) {
	if a.drop && !a.implied && !p.goesAlong(a.from) {
		p.drops[a.from.Key] = p.add(dropping, a, a.from)
	}
	if a.create && !p.writtenInto(a.to) {
		p.makes[a.to.Key] = p.add(making, a, a.to)
	}
	if a.alter != nil {
		p.alts[a.to.Key] = p.add(altering, a, a.to)
	}
	if k := p.kinds[a.kind()]; a.drop && a.create && a.with == nil && k.Refill != nil {
		p.refills[a.to.Key] = p.add(refilling, a, a.to)
	}
	if len(a.before) > 0 {
		p.drops[a.from.Key] = p.add(yielding, a, a.from)
	}
	if len(a.after) > 0 {
		p.makes[a.to.Key] = p.add(restoring, a, a.to)
	}
}

// fold gives a table that is made or removed its parts, in either catalog.
func (p *planner) fold(a *action) {
	if n := p.makes[keyOf(a.to)]; n != nil && n.stage == making && a.create {
		for _, o := range p.to.Parts(a.to.Key, "") {
			if p.writtenInto(o) {
				n.parts = append(n.parts, o)
				p.makes[o.Key] = n
			} else if p.makes[o.Key] == nil { // an index of a new table
				p.makes[o.Key] = p.add(making, &action{to: o, delta: &catalog.Delta{To: o}, create: true}, o)
			}
		}
		slices.SortStableFunc(n.parts, p.byKind)
	}
	if n := p.drops[keyOf(a.from)]; n != nil && n.stage == dropping && a.drop {
		p.foldParts(n, a.from)
	}
}

// foldParts notes what goes with a table in the node that removes it.
func (p *planner) foldParts(n *node, table *catalog.Object) {
	for _, o := range p.from.Parts(table.Key, "") {
		if p.goesAlong(o) {
			n.parts = append(n.parts, o)
			p.drops[o.Key] = n
		} else if p.drops[o.Key] == nil {
			p.drops[o.Key] = p.add(dropping, &action{from: o, delta: &catalog.Delta{}, drop: true, quiet: true}, o)
		}
	}
}

// gather gives what goes in passing with another to the node that removes that,
// and finds whose data are part of what is refilled.
func (p *planner) gather() {
	for _, key := range sortedKeys(p.actions) {
		a := p.actions[key]
		if a.drop && key.Table == "" && p.drops[key] == nil { // a sequence goes with the table that owns it
			for _, owner := range p.ownersOf(a.from) {
				p.drops[key] = cmp.Or(p.drops[key], p.drops[owner])
			}
		}
		if a.with == nil {
			continue
		}
		top := a
		for top.with != nil {
			top = p.actions[*top.with]
		}
		if n := p.drops[top.from.Key]; n != nil {
			n.parts = append(n.parts, a.from)
			p.drops[key] = n
			p.foldParts(n, a.from)
		}
	}
	if len(p.refills) == 0 {
		return
	}
	for _, o := range p.to.Objects {
		for up := o; up != nil; up = p.to.Get(p.within(up)) {
			if n := p.refills[up.Key]; n != nil {
				p.refills[o.Key] = n
			}
		}
	}
}

// refillOf is the node that brings back the data of an object, or of the table
// that it belongs to.
func (p *planner) refillOf(key catalog.Key) *node {
	if n := p.refills[key]; n != nil || key.Table == "" {
		return n
	}
	return p.refills[key.TableKey()]
}

// connectRefill has data come back into what is whole, before anything that looks at
// them: an index, a key, a trigger, a materialized view.
func (p *planner) connectRefill(n *node, o *catalog.Object) {
	if n.stage == refilling || len(p.refills) == 0 {
		return
	}
	if own := p.refillOf(o.Key); own != nil && p.kinds[o.Kind].Yield != nil {
		edge(n, own)
		return
	}
	for _, d := range allDeps(p.to, o) {
		edge(p.refillOf(d), n)
	}
}

func keyOf(o *catalog.Object) catalog.Key {
	if o == nil {
		return catalog.Key{}
	}
	return o.Key
}

func (p *planner) byKind(a, b *catalog.Object) int {
	return cmp.Or(cmp.Compare(p.kinds[a.Kind].rank, p.kinds[b.Kind].rank), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Name, b.Name))
}

// writtenInto tells whether o, which is made, is written into the CREATE of a
// table that is made too.
func (p *planner) writtenInto(o *catalog.Object) bool {
	owner := Owner(p.to, o)
	if owner == nil || p.kinds[o.Kind].How == catalog.Own {
		return false
	}
	a := p.actions[owner.Key]
	return a != nil && a.create
}

// goesAlong tells whether o, which is removed, needs no statement as its owner goes.
func (p *planner) goesAlong(o *catalog.Object) bool {
	k := p.kinds[o.Kind]
	if !k.GoesWith && k.How == catalog.Own {
		return false
	}
	for _, owner := range p.ownersOf(o) {
		if a := p.actions[owner]; a != nil && a.drop {
			return true
		}
	}
	return false
}

func (p *planner) ownersOf(o *catalog.Object) []catalog.Key {
	if t := Owner(p.from, o); t != nil {
		return []catalog.Key{t.Key}
	}
	path := o.Info["owner"]
	if path == "" {
		return nil
	}
	var keys []catalog.Key
	for _, d := range o.Deps {
		if d.Path() == path {
			keys = append(keys, d)
		}
	}
	if p.paths == nil {
		p.paths = map[string][]catalog.Key{}
		for _, u := range p.from.Objects {
			if u.Kind == "table" {
				p.paths[u.Path()] = append(p.paths[u.Path()], u.Key)
			}
		}
	}
	return append(keys, p.paths[path]...)
}

// connect draws the edges anew.
func (p *planner) connect() {
	for _, n := range p.nodes {
		n.next = map[*node]bool{}
	}
	names := map[string]*node{}
	for _, n := range p.nodes {
		if n.stage == dropping {
			for _, name := range p.taken(n) {
				names[name] = n
			}
		}
	}
	p.connectSlots()
	p.connectJoins()
	for _, n := range p.nodes {
		for _, o := range append([]*catalog.Object{n.obj}, n.parts...) {
			p.connectObject(n, o)
		}
		if n.stage == making {
			for _, name := range p.taken(n) {
				edge(names[name], n)
			}
		}
	}
}

// connectSlots has what holds a place leave it before others change theirs, and
// those before new ones come.
func (p *planner) connectSlots() {
	type slot struct{ drops, alters, makes []*node }
	slots := map[string]*slot{}
	for _, n := range p.nodes {
		of := p.kinds[n.obj.Kind].Slot
		if of == nil {
			continue
		}
		group, place := of(n.obj)
		if slots[group] == nil {
			slots[group] = &slot{}
		}
		switch s := slots[group]; n.stage {
		case dropping, yielding:
			s.drops = append(s.drops, n)
		case making, restoring:
			s.makes = append(s.makes, n)
		default:
			if g, before := of(n.a.from); g != group || before != place {
				s.alters = append(s.alters, n)
			}
		}
	}
	delete(slots, "")
	all := func(before, after []*node) {
		for _, b := range before {
			for _, a := range after {
				edge(b, a)
			}
		}
	}
	for _, s := range slots {
		all(s.drops, s.alters)
		all(s.drops, s.makes)
		all(s.alters, s.makes)
	}
}

func (p *planner) connectObject(n *node, o *catalog.Object) {
	switch n.stage {
	case making, restoring:
		if n.obj == o {
			p.connectRefill(n, o)
		}
		for _, d := range allDeps(p.to, o) {
			edge(p.makes[d], n)
			edge(p.alterOf(d), n)
		}
		edge(p.drops[o.Key], n)
		edge(p.alts[o.Key], n)
	case dropping, yielding:
		for _, d := range allDeps(p.from, o) {
			edge(n, p.drops[d])
			edge(n, p.alterOf(d))
		}
		edge(n, p.alts[o.Key])
	case altering:
		if own := p.refillOf(o.Key); own != nil {
			edge(n, own)
		}
		p.connectAltered(n, o)
	}
}

// connectAltered places a change after what it newly needs and before the end of what it needed.
func (p *planner) connectAltered(n *node, o *catalog.Object) {
	tos, froms := []*catalog.Object{o}, []*catalog.Object{n.a.from}
	for _, d := range n.a.delta.Parts {
		if d.To != nil {
			tos = append(tos, d.To)
		}
		if d.From != nil {
			froms = append(froms, d.From)
		}
	}
	for _, t := range tos {
		for _, d := range allDeps(p.to, t) {
			edge(p.makes[d], n)
			edge(p.alterOf(d), n)
		}
	}
	for _, f := range froms {
		t := p.to.Get(f.Key)
		for _, d := range allDeps(p.from, f) {
			if !n.a.yields[d] { // else it depends on d no longer when d goes
				edge(n, p.drops[d])
			}
			if m := p.alterOf(d); t != nil && m != nil && m != n && !slices.Contains(allDeps(p.to, t), d) { // it leaves d before d changes
				if _, must := n.next[m]; !must {
					n.next[m] = false
				}
			}
		}
	}
}

// alterOf finds the node that alters the object, or the table it is merged into.
func (p *planner) alterOf(key catalog.Key) *node {
	if n := p.alts[key]; n != nil {
		return n
	}
	if p.kinds[key.Kind].Kind != nil && p.kinds[key.Kind].How == catalog.Merged {
		return p.alts[key.TableKey()]
	}
	return nil
}

// taken lists the names that a node's objects occupy in their namespaces.
func (p *planner) taken(n *node) []string {
	var names []string
	for _, o := range append([]*catalog.Object{n.obj}, n.parts...) {
		if ns := p.kinds[o.Kind].Namespace; ns != "" {
			names = append(names, ns+"\x00"+o.Schema+"\x00"+o.Name)
		}
		if p.kinds[o.Kind].Single {
			names = append(names, o.Kind+"\x00"+o.Schema+"\x00"+o.Table+"\x00")
		}
	}
	return names
}

func edge(before, after *node) {
	if before != nil && after != nil && before != after {
		before.next[after] = true
	}
}

// order returns the nodes so that each comes after what it waits for.
func (p *planner) order() []*node {
	for _, n := range p.nodes {
		n.wait = 0
	}
	for _, n := range p.nodes {
		for m := range n.next {
			m.wait++
		}
	}
	ready := &nodeHeap{less: p.less}
	for _, n := range p.nodes {
		if n.wait == 0 {
			heap.Push(ready, n)
		}
	}
	var out []*node
	for ready.Len() > 0 {
		n := heap.Pop(ready).(*node)
		out = append(out, n)
		for m := range n.next {
			if m.wait--; m.wait == 0 {
				heap.Push(ready, m)
			}
		}
	}
	return out
}

// less orders nodes that are free to go: makes first, drops last and in the
// reverse order of making; a part stands with its table.
func (p *planner) less(a, b *node) bool {
	if a.stage != b.stage {
		return a.stage < b.stage
	}
	c := cmp.Or(cmp.Compare(p.ownerRank(a.obj), p.ownerRank(b.obj)), cmp.Compare(a.obj.Schema, b.obj.Schema),
		cmp.Compare(cmp.Or(a.obj.Table, a.obj.Name), cmp.Or(b.obj.Table, b.obj.Name)),
		cmp.Compare(p.kinds[a.obj.Kind].rank, p.kinds[b.obj.Kind].rank), cmp.Compare(a.obj.Pos, b.obj.Pos),
		cmp.Compare(a.obj.Name, b.obj.Name), cmp.Compare(a.id, b.id))
	if a.stage == dropping {
		return c > 0
	}
	return c < 0
}

func (p *planner) ownerRank(o *catalog.Object) int {
	if o.Table == "" {
		return p.kinds[o.Kind].rank
	}
	for _, c := range []*catalog.Catalog{p.to, p.from} {
		if t := Owner(c, o); t != nil {
			return p.kinds[t.Kind].rank
		}
	}
	return p.kinds[o.Kind].rank
}

type nodeHeap struct {
	nodes []*node
	less  func(a, b *node) bool
}

func (h *nodeHeap) Len() int           { return len(h.nodes) }
func (h *nodeHeap) Less(i, j int) bool { return h.less(h.nodes[i], h.nodes[j]) }
func (h *nodeHeap) Swap(i, j int)      { h.nodes[i], h.nodes[j] = h.nodes[j], h.nodes[i] }
func (h *nodeHeap) Push(n any)         { h.nodes = append(h.nodes, n.(*node)) }
func (h *nodeHeap) Pop() any {
	n := h.nodes[len(h.nodes)-1]
	h.nodes = h.nodes[:len(h.nodes)-1]
	return n
}
