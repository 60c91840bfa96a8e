package diff_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A fake is an engine without a server: its statements are run by a world, which
// holds to the rules that real servers hold to.
type fake struct{ ops map[string]func(*world) error }

func (f *fake) op(text string, do func(*world) error) []string {
	f.ops[text] = do
	return []string{text}
}

func newFake() (*fake, *catalog.Engine) {
	f := &fake{ops: map[string]func(*world) error{}}
	own := func(k catalog.Kind) catalog.Kind {
		k.Create = func(p *catalog.Ctx, o *catalog.Object) []string {
			return f.op(text("create", o, p.Inline), func(w *world) error { return w.create(o, p.Inline) })
		}
		k.Drop = func(_ *catalog.Ctx, o *catalog.Object) []string {
			return f.op(text("drop", o, nil), func(w *world) error { return w.drop(o.Key) })
		}
		return k
	}
	table := own(catalog.Kind{Name: "table", Namespace: "relation"})
	table.Alter = f.alterTable
	function := own(catalog.Kind{Name: "function"})
	value := own(catalog.Kind{Name: "default", How: catalog.Inline, GoesWith: true})
	value.Yield = f.yield
	value.Alter = func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		return catalog.Alteration{SQL: f.op(text("alter", d.To, nil), func(w *world) error { return w.alter(d) })}
	}
	return f, &catalog.Engine{Name: "fake", Kinds: []catalog.Kind{
		own(catalog.Kind{Name: "type"}), function, table,
		{Name: "column", How: catalog.Merged},
		value,
		own(catalog.Kind{Name: "primary_key", How: catalog.Inline, Single: true, GoesWith: true}),
		own(catalog.Kind{Name: "foreign_key", How: catalog.Inline, GoesWith: true}),
		own(catalog.Kind{Name: "index", GoesWith: true, Carried: true, Namespace: "relation"}),
		own(catalog.Kind{Name: "view", Namespace: "relation"}),
		own(catalog.Kind{Name: "trigger", GoesWith: true}),
	}}
}

func text(verb string, o *catalog.Object, inline []*catalog.Object) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %v", verb, o.Key, o.Attrs)
	for _, i := range inline {
		fmt.Fprintf(&b, " + %s %v", i.Key, i.Attrs)
	}
	return b.String()
}

// alterTable: another engine means another table; a column whose type changes lets go
// of what stands on it.
func (f *fake) alterTable(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.Changed("engine") {
		return catalog.Alteration{Replace: true}
	}
	var a catalog.Alteration
	words := text("alter", d.To, nil)
	for _, p := range d.Parts {
		switch {
		case p.From == nil:
			words += " +" + text("", p.To, nil)
		case p.To == nil:
			words += " -" + p.From.Name
			a.Detach = append(a.Detach, p.From.Key)
		default:
			words += " ~" + text("", p.To, nil) + strings.Join(p.Attrs, ",")
			if p.Changed("type") {
				a.Detach = append(a.Detach, p.From.Key)
			}
		}
	}
	a.SQL = f.op(words, func(w *world) error { return w.alter(d) })
	return a
}

// yield: a default is data's, it is never dropped to make room; it lets go for a while.
func (f *fake) yield(_ *catalog.Ctx, from, to *catalog.Object, gone catalog.Key) (before, after []string) {
	before = f.op("loosen "+from.String()+" of "+gone.String(), func(w *world) error { return w.loosen(from.Key) })
	after = f.op("tighten "+text("", to, nil)+" on "+gone.String(), func(w *world) error { return w.tighten(to) })
	return before, after
}

// A world is a database that refuses what a server would refuse.
type world struct {
	objects map[catalog.Key]*catalog.Object
}

func newWorld(c *catalog.Catalog) *world {
	w := &world{objects: map[catalog.Key]*catalog.Object{}}
	for _, o := range c.Objects {
		w.objects[o.Key] = o
	}
	return w
}

var relations = []string{"table", "view", "index"}

func (w *world) taken(k catalog.Key) error {
	for other := range w.objects {
		same := other == k
		if slices.Contains(relations, k.Kind) && slices.Contains(relations, other.Kind) && other.Schema == k.Schema && other.Name == k.Name {
			same = true
		}
		if k.Kind == "primary_key" && other.Kind == k.Kind && other.TableKey() == k.TableKey() {
			same = true
		}
		if same {
			return fmt.Errorf("%s: there is %s", k, other)
		}
	}
	return nil
}

func (w *world) create(o *catalog.Object, inline []*catalog.Object) error {
	all := append([]*catalog.Object{o}, inline...)
	for _, x := range all {
		if err := w.taken(x.Key); err != nil {
			return err
		}
	}
	for _, x := range all {
		w.objects[x.Key] = x
	}
	for _, x := range all {
		if err := w.standing(x); err != nil {
			return err
		}
	}
	return nil
}

// standing makes sure that all that o depends on is there.
func (w *world) standing(o *catalog.Object) error {
	for _, d := range o.Deps {
		if w.objects[d] == nil {
			return fmt.Errorf("%s: %s is not there", o.Key, d)
		}
	}
	if o.Table != "" && w.objects[o.TableKey()] == nil {
		return fmt.Errorf("%s: its table is not there", o.Key)
	}
	return nil
}

func (w *world) drop(k catalog.Key) error {
	if w.objects[k] == nil {
		return fmt.Errorf("%s: it is not there", k)
	}
	delete(w.objects, k)
	if k.Kind == "table" {
		for other := range w.objects {
			if other.Table != "" && other.TableKey() == k {
				delete(w.objects, other)
			}
		}
	}
	return w.unbroken("dropping " + k.String())
}

// unbroken makes sure that nothing depends on what is not there.
func (w *world) unbroken(doing string) error {
	for _, o := range w.objects {
		if err := w.standing(o); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	return nil
}

func (w *world) alter(d *catalog.Delta) error {
	for _, p := range append([]catalog.Delta{*d}, d.Parts...) {
		if p.From != nil && w.objects[p.From.Key] == nil {
			return fmt.Errorf("altering %s: it is not there", p.From.Key)
		}
		if p.Changed("type") {
			for _, o := range w.objects {
				if o.Kind == "view" && slices.Contains(o.Deps, p.From.Key) {
					return fmt.Errorf("altering %s: %s stands on it", p.From.Key, o.Key)
				}
			}
		}
		if p.From != nil {
			delete(w.objects, p.From.Key)
		}
		if p.To != nil {
			w.objects[p.To.Key] = p.To
		}
	}
	return w.unbroken("altering " + d.To.String())
}

func (w *world) loosen(k catalog.Key) error {
	o := w.objects[k]
	if o == nil {
		return fmt.Errorf("loosening %s: it is not there", k)
	}
	free := o.Clone()
	free.Deps = slices.DeleteFunc(free.Deps, func(d catalog.Key) bool { return d.Kind == "function" })
	w.objects[k] = free
	return nil
}

func (w *world) tighten(o *catalog.Object) error {
	if w.objects[o.Key] == nil {
		return fmt.Errorf("tightening %s: it is not there", o.Key)
	}
	w.objects[o.Key] = o
	return w.standing(o)
}

// run runs statements one by one.
func (f *fake) run(w *world, stmts []string) error {
	for i, s := range stmts {
		if err := f.ops[s](w); err != nil {
			return fmt.Errorf("statement %d, %s: %w", i+1, s, err)
		}
	}
	return nil
}

// catalog is what stands there.
func (w *world) catalog() *catalog.Catalog {
	var all []*catalog.Object
	for _, o := range w.objects {
		all = append(all, o)
	}
	return catalog.New(1, all, nil)
}
