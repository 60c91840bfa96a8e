package catalog

import "testing"

// TestShare: what is the same is held once, and what differs in anything that is
// compared, planned with or printed is left.
func TestShare(t *testing.T) {
	column := func(name string, pos int, kind, info string, deps ...Key) *Object {
		return &Object{
			Key: Key{Kind: "column", Table: "t", Name: name}, Pos: pos,
			Attrs: map[string]string{"type": kind}, Info: map[string]string{"is": info}, Deps: deps,
		}
	}
	from := New(1, []*Object{column("same", 1, "int", ""), column("type", 2, "int", ""), column("pos", 3, "int", ""), column("info", 4, "int", ""), column("dep", 5, "int", "")}, nil)
	c := New(1, []*Object{column("same", 1, "int", ""), column("type", 2, "text", ""), column("pos", 6, "int", ""), column("info", 4, "int", "x"), column("dep", 5, "int", "", Key{Kind: "type", Name: "y"}), column("more", 7, "int", "")}, nil)
	own := map[string]*Object{}
	for _, o := range c.Objects {
		own[o.Name] = o
	}
	c.Share(from)
	for _, o := range c.Objects {
		if shared := o != own[o.Name]; shared != (o.Name == "same") {
			t.Errorf("%s: shared is %v", o.Name, shared)
		}
		if c.Get(o.Key) != o {
			t.Errorf("%s: the index knows another object", o.Name)
		}
	}
	if parts := c.Parts(Key{Name: "t"}, "column"); len(parts) != 6 || parts[0] != from.Get(parts[0].Key) {
		t.Errorf("parts are not those of the catalog: %v", parts)
	}
}
