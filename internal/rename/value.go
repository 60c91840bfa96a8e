package rename

import (
	"fmt"
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// isLabel tells whether things of a kind are none of the catalog's own.
func isLabel(kind string) bool { return kind == EnumValue || kind == Attribute }

// Things lists the objects of a catalog and, as objects of the kinds EnumValue and
// Attribute, the values of its enums and the attributes of its composite types.
func Things(e *catalog.Engine, c *catalog.Catalog) []*catalog.Object {
	all := slices.Clone(c.Objects)
	for _, o := range c.Objects {
		all = append(all, values(e, o)...)
	}
	return all
}

// Find returns the thing of that key, or nil.
func Find(e *catalog.Engine, c *catalog.Catalog, k catalog.Key) *catalog.Object {
	if !isLabel(k.Kind) {
		return c.Get(k)
	}
	return first(Things(e, c), func(o *catalog.Object) bool { return o.Key == k })
}

// values are the values of an enum type, or of a column that lists its own: their
// Table is the path of that within the schema.
func values(e *catalog.Engine, o *catalog.Object) []*catalog.Object {
	if e.Labels == nil {
		return nil
	}
	labels := e.Labels(o)
	out := make([]*catalog.Object, len(labels))
	for i, l := range labels {
		v := &catalog.Object{Key: catalog.Key{Kind: EnumValue, Schema: o.Schema, Table: o.Name, Name: l}}
		if o.Kind == "composite" {
			v.Kind = Attribute
		}
		if o.Table != "" {
			v.Table, v.Info = o.Table+"."+o.Name, map[string]string{"table": o.Table}
		}
		out[i] = v
	}
	return out
}

// valueChanges lists the values that went and came. Their Pos is how many of those
// that stay stand before: a value that was renamed keeps its place among them.
func valueChanges(e *catalog.Engine, from, to *catalog.Object) (gone, come []*catalog.Object) {
	old, now := values(e, from), values(e, to)
	return placed(old, now), placed(now, old)
}

func placed(of, others []*catalog.Object) []*catalog.Object {
	var out []*catalog.Object
	before := 0
	for _, v := range of {
		if slices.ContainsFunc(others, func(o *catalog.Object) bool { return o.Name == v.Name }) {
			before++
			continue
		}
		v.Pos = before
		out = append(out, v)
	}
	return out
}

// Write fills in There: from is the schema as it is before, want what is wanted.
func (p *Pair) Write(e *catalog.Engine, from, want *catalog.Catalog) (err error) {
	p.There, err = statements(e, &catalog.Ctx{From: from, To: want}, p.From, p.To)
	return err
}

// Undo fills in Back: want is the schema in which the thing has its new name, and
// before that to which this leads back.
func (p *Pair) Undo(e *catalog.Engine, want, before *catalog.Catalog) (err error) {
	to := p.To
	if o := want.Get(to.Key); o != nil {
		to = o
	}
	p.Back, err = statements(e, &catalog.Ctx{From: want, To: before}, to, p.From)
	return err
}

func statements(e *catalog.Engine, p *catalog.Ctx, from, to *catalog.Object) ([]string, error) {
	if isLabel(from.Kind) {
		owner := first(p.From.Objects, func(o *catalog.Object) bool {
			return slices.ContainsFunc(values(e, o), func(v *catalog.Object) bool { return v.Key == from.Key })
		})
		if owner == nil {
			return nil, fmt.Errorf("renaming the value %s: there is no type that has it", from.Path())
		}
		return e.RenameLabel(p, owner, from.Name, to.Name), nil
	}
	k := kindOf(e, from.Kind)
	if k == nil || k.Rename == nil {
		return nil, fmt.Errorf("renaming %s: a %s cannot be renamed on %s", from.Path(), from.Kind, e.Name)
	}
	return k.Rename(p, from, to.Key), nil
}
