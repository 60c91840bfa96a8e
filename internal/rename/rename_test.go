package rename_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/rename"
)

// engine renames all kinds but triggers; columns have an attribute type, enums have
// their values in labels.
func engine() *catalog.Engine {
	name := func(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
		return []string{o.Key.String() + " to " + to.Name}
	}
	return &catalog.Engine{
		Name: "fake",
		Kinds: []catalog.Kind{
			{Name: "schema", Rename: name},
			{Name: "enum", Rename: name},
			{Name: "sequence", Rename: name},
			{Name: "table", Rename: name},
			{Name: "column", Rename: name},
			{Name: "index", Rename: name},
			{Name: "trigger"},
		},
		RenameCandidate: func(gone, come *catalog.Object, _, _ *catalog.Catalog) bool { return gone.Equal(come) },
		SameName:        func(kind, a, b string) bool { return kind == "column" && strings.EqualFold(a, b) },
		Labels: func(o *catalog.Object) []string {
			if o.Kind != "enum" {
				return nil
			}
			return strings.Fields(o.Attrs["labels"])
		},
		RenameLabel: func(_ *catalog.Ctx, o *catalog.Object, from, to string) []string {
			return []string{o.Name + ": " + from + " to " + to}
		},
	}
}

// schema reads "kind path attribute" lines: a path is [schema/][table.]name.
func schema(text string) *catalog.Catalog {
	var all []*catalog.Object
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		f := strings.Fields(line)
		o := &catalog.Object{Key: catalog.Key{Kind: f[0]}, Attrs: map[string]string{"labels": strings.Join(f[2:], " ")}, Info: map[string]string{}}
		if s, rest, ok := strings.Cut(f[1], "/"); ok {
			o.Schema, f[1] = s, rest
		}
		o.Name = f[1]
		if table, rest, ok := strings.Cut(f[1], "."); ok {
			o.Table, o.Name = table, rest
		}
		all = append(all, o)
	}
	return catalog.New(1, all, nil)
}

// apply gives an object its new name, as a server would.
func apply(c *catalog.Catalog, p *rename.Pair) *catalog.Catalog {
	var all []*catalog.Object
	for _, o := range c.Objects {
		o = o.Clone()
		switch {
		case p.From.Kind == rename.EnumValue && o.Kind == "enum" && o.Name == p.From.Table:
			labels := strings.Fields(o.Attrs["labels"])
			labels[slices.Index(labels, p.From.Name)] = p.To.Name
			o.Attrs["labels"] = strings.Join(labels, " ")
		case o.Key == p.From.Key:
			o.Name = p.To.Name
		case p.From.Kind == "table" && o.Table == p.From.Name && o.Schema == p.From.Schema:
			o.Table = p.To.Name
		case p.From.Kind == "schema" && o.Schema == p.From.Name:
			o.Schema = p.To.Name
		}
		all = append(all, o)
	}
	return catalog.New(1, all, nil)
}

// wish is "old path=new path".
func wish(text string, exact bool) *rename.Wish {
	from, to, _ := strings.Cut(text, "=")
	return &rename.Wish{From: from, To: func(o *catalog.Object) bool { return o.Path() == to }, Exact: exact}
}

func TestSettler(t *testing.T) {
	for _, tt := range []struct {
		name       string
		have, want string
		wishes     []string // a leading * is a mark: the old name is bare
		no         []string
		answer     bool
		done       string // "old path>new name", "?" before what was asked
		asked      string
	}{
		{name: "nothing", have: "table t", want: "table t"},
		{name: "an index by itself", have: "table t\nindex t.i x", want: "table t\nindex t.j x", done: "t.i>j"},
		{name: "an index that differs", have: "table t\nindex t.i x", want: "table t\nindex t.j y"},
		{name: "of another table", have: "table t\ntable u\nindex t.i x", want: "table t\ntable u\nindex u.j x"},
		{name: "which of two", have: "table t\nindex t.i x", want: "table t\nindex t.j x\nindex t.k x"},
		{name: "two of one", have: "table t\nindex t.i x\nindex t.h x", want: "table t\nindex t.j x"},
		{name: "what cannot be renamed", have: "table t\ntrigger t.i x", want: "table t\ntrigger t.j x"},
		{name: "a column is asked about", have: "table t\ncolumn t.a int", want: "table t\ncolumn t.b int", asked: "t.a"},
		{name: "and answered", have: "table t\ncolumn t.a int", want: "table t\ncolumn t.b int", answer: true, asked: "t.a", done: "t.a>b"},
		{name: "no-rename", have: "table t\ncolumn t.a int", want: "table t\ncolumn t.b int", no: []string{"t.a"}, answer: true},
		{name: "no-rename of the new", have: "table t\nindex t.i x", want: "table t\nindex t.j x", no: []string{"t.j"}},
		{name: "case only", have: "table t\ncolumn t.A int", want: "table t\ncolumn t.a text", done: "t.A>a"},
		{name: "a sequence has a place", have: "sequence s x", want: "sequence r x", asked: "s"},
		{name: "what follows a name", have: "table t\nsequence t_id\nsequence u_id", want: "table x\nsequence x_id\nsequence v_id", wishes: []string{"t=x"}, done: "t>x t_id>x_id", asked: "u_id"},
		{
			name: "table, then column, then index", have: "table t\ncolumn t.a int\nindex t.t_i x", want: "table u\ncolumn u.b int\nindex u.u_i x",
			wishes: []string{"t=u", "t.a=u.b"}, done: "t>u t.a>b t.t_i>u_i",
		},
		{name: "a schema first", have: "schema a\ntable a/t\ncolumn a/t.x int", want: "schema b\ntable b/t\ncolumn b/t.y int", wishes: []string{"a=b", "a.t.x=b.t.y"}, done: "a>b a.t.x>y"},
		{name: "a chain", have: "table t\ncolumn t.a int\ncolumn t.b int", want: "table t\ncolumn t.b int\ncolumn t.c int", wishes: []string{"t.a=t.b", "t.b=t.c"}, done: "t.b>c t.a>b"},
		{name: "a mark", have: "table t\ncolumn t.a int", want: "table t\ncolumn t.b text", wishes: []string{"*a=t.b"}, done: "t.a>b"},
		{name: "a stale mark", have: "table t\ncolumn t.b int", want: "table t\ncolumn t.b int", wishes: []string{"*a=t.b"}},
		{name: "a mark of what stays", have: "table t\ncolumn t.a int", want: "table t\ncolumn t.a int\ncolumn t.b int", wishes: []string{"*a=t.b"}},
		{name: "a value is asked about", have: "enum e sad ok", want: "enum e blue ok", asked: "e.sad"},
		{name: "in its place only", have: "enum e sad ok", want: "enum e ok blue"},
		{name: "a value by a wish", have: "enum e sad ok x", want: "enum f sad good y", wishes: []string{"e=f", "e.ok=f.good"}, done: "e>f e.ok>good", asked: "e.x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked, done []string
			s := &rename.Settler{Engine: engine(), No: tt.no, Decide: func(c rename.Candidate) *catalog.Object {
				asked = append(asked, c.Path)
				if tt.answer {
					return c.Come[0]
				}
				return nil
			}}
			for _, w := range tt.wishes {
				bare, mark := strings.CutPrefix(w, "*")
				s.Wishes = append(s.Wishes, wish(bare, !mark))
			}
			have, want := schema(tt.have), schema(tt.want)
			for n := 0; ; n++ {
				pairs := s.Next(have, want)
				if len(pairs) == 0 || n > 9 {
					break
				}
				for _, p := range pairs {
					if err := p.Write(s.Engine, have, want); err != nil || len(p.There) != 1 {
						t.Fatal(err, p.There)
					}
					s.Accept(p)
					have = apply(have, p)
					done = append(done, p.Path+">"+p.To.Name)
				}
			}
			if got := strings.Join(done, " "); got != tt.done {
				t.Errorf("renamed %q, want %q", got, tt.done)
			}
			if got := strings.Join(asked, " "); got != tt.asked {
				t.Errorf("asked %q, want %q", got, tt.asked)
			}
		})
	}
}
