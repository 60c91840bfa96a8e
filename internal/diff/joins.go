package diff

import (
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// connectJoins has what joins another object do so when that has the parts it shall
// have, and what leaves it leave while it has those it had.
func (p *planner) connectJoins() {
	for _, n := range p.nodes {
		joins := p.kinds[n.obj.Kind].Joins
		if joins == nil || n.stage != making && n.stage != altering {
			continue
		}
		var old []catalog.Key
		if n.stage == altering {
			old = joins(n.a.from)
		}
		now := joins(n.obj)
		for _, key := range now {
			if !slices.Contains(old, key) {
				p.eachChange(key, func(m *node) { edge(m, n) })
			}
		}
		for _, key := range old {
			if !slices.Contains(now, key) {
				p.eachChange(key, func(m *node) { edge(n, m) })
			}
		}
	}
}

// eachChange visits what changes of an object's parts: all that goes, and what comes or changes
// of those that are written into it.
func (p *planner) eachChange(key catalog.Key, do func(*node)) {
	for _, o := range p.from.Parts(key, "") {
		if n := p.drops[o.Key]; n != nil && n.obj == o {
			do(n)
		}
	}
	for _, o := range p.to.Parts(key, "") {
		if p.kinds[o.Kind].How != catalog.Inline {
			continue
		}
		for _, n := range []*node{p.makes[o.Key], p.alts[o.Key]} {
			if n != nil && n.obj == o {
				do(n)
			}
		}
	}
}
