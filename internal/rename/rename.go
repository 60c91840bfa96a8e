// Package rename finds out what has another name on the two sides of a
// comparison: by what was said (a flag, a mark in the models), by itself where the
// definition is equal and nothing can be lost, and else as candidates to be asked
// about. It is pure; who carries the renames out reads the schema again and asks
// for the next ones, as a table must have its new name before its columns are looked at.
package rename

import (
	"slices"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
)

// EnumValue is the kind of a value of an enum, which is no object of a catalog.
const EnumValue = "enum_value"

// Attribute is the kind of an attribute of a composite type, which is none either.
const Attribute = "attribute"

// A Pair is one thing under two names.
type Pair struct {
	From, To *catalog.Object
	Path     string // the old name as the user knows it, before any rename
	// Guessed: nobody said so; the two are equal in all but the name.
	Guessed bool
	// Aside: a name for a moment, as the new one is not free yet: two things swap theirs.
	Aside bool
	There []string // the statements that give the new name: see Write
	Back  []string // those that give the old one: see Undo
}

// A Candidate is what went, and what it may have become.
type Candidate struct {
	Gone *catalog.Object
	Path string // its name as the user knows it
	Come []*catalog.Object
}

// A Wish is a rename that somebody said.
type Wish struct {
	From  string                     // the old name: a path, or the bare name beside what has the new one
	To    func(*catalog.Object) bool // tells the thing of the models that has the new name
	Exact bool                       // From is a path and no bare name
	Used  bool                       // it has been granted
}

// A Settler decides, round after round, what was renamed.
type Settler struct {
	Engine *catalog.Engine
	Wishes []*Wish
	No     []string // paths of what was not renamed, old or new
	// Decide is asked about each candidate, once; nil is no rename.
	Decide func(Candidate) *catalog.Object
	// Plain: nothing is guessed.
	Plain bool

	done   []*Pair
	denied map[catalog.Key]bool // gone things about which all is said
}

// phases are the kinds of each round, in order: what contains others, and what
// others are made of, comes first. Nil: all other kinds.
func phases() [][]string {
	return [][]string{
		{"schema"}, {"enum", "domain", "composite", "range"}, {Attribute}, {"table"}, {"column"}, {EnumValue}, nil,
	}
}

// asked tells whether renaming and making anew differ in data or meaning.
func asked(gone *catalog.Object) bool {
	switch gone.Kind {
	case "schema", "table", "column", EnumValue, Attribute:
		return true
	case "sequence": // its position; one that belongs to a column follows that
		return gone.Info["owner"] == ""
	}
	return false
}

// Next returns the renames to carry out now, all of one phase; none when all is
// settled. Of one table it gives one at a time where they are written as a whole.
func (s *Settler) Next(from, want *catalog.Catalog) []*Pair {
	gone, come := s.changes(from, want)
	for i, kinds := range phases() {
		in := func(o *catalog.Object) bool {
			if kinds == nil {
				return !slices.ContainsFunc(phases()[:i], func(k []string) bool { return slices.Contains(k, o.Kind) })
			}
			return slices.Contains(kinds, o.Kind)
		}
		r := &round{s: s, from: from, want: want, gone: keep(gone, in), come: keep(come, in)}
		r.said(in)
		r.swap(in)
		r.guess()
		r.ask()
		if len(r.pairs) > 0 {
			return r.pairs
		}
	}
	return nil
}

// Accept notes that a pair has been renamed.
func (s *Settler) Accept(p *Pair) { s.done = append(s.done, p) }

// Deny notes that a pair cannot be renamed after all.
func (s *Settler) Deny(p *Pair) { s.deny(p.From.Key) }

// Done lists the pairs that have been renamed, in order.
func (s *Settler) Done() []*Pair { return s.done }

func (s *Settler) deny(k catalog.Key) {
	if s.denied == nil {
		s.denied = map[catalog.Key]bool{}
	}
	s.denied[k] = true
}

// changes lists what went and what came, values of enums included.
func (s *Settler) changes(from, want *catalog.Catalog) (gone, come []*catalog.Object) {
	for _, d := range diff.Compare(s.Engine, from, want) {
		switch {
		case d.To == nil:
			gone = append(gone, d.From)
		case d.From == nil:
			come = append(come, d.To)
		default:
			g, c := valueChanges(s.Engine, d.From, d.To)
			gone, come = append(gone, g...), append(come, c...)
		}
	}
	return gone, come
}

// origin is the name that the thing had before the renames that have been carried out.
func (s *Settler) origin(k catalog.Key) string {
	for _, p := range slices.Backward(s.done) {
		f, t := p.From.Key, p.To.Key
		switch {
		case k == t:
			k = f
		case f.Kind == "schema" && k.Schema == t.Name:
			k.Schema = f.Name
		case f.Table == "" && k.Schema == t.Schema && (k.Table == t.Name || strings.HasPrefix(k.Table, t.Name+".")):
			k.Schema, k.Table = f.Schema, f.Name+strings.TrimPrefix(k.Table, t.Name)
		case f.Kind == "column" && k.Kind == EnumValue && k.Schema == t.Schema && k.Table == t.Table+"."+t.Name:
			k.Table = f.Table + "." + f.Name
		}
	}
	return k.Path()
}

// A round looks for pairs of one phase.
type round struct {
	s          *Settler
	from, want *catalog.Catalog
	gone, come []*catalog.Object
	pairs      []*Pair
}

func (r *round) pair(gone, come *catalog.Object, guessed bool) {
	r.pairs = append(r.pairs, &Pair{From: gone, To: come, Path: r.s.origin(gone.Key), Guessed: guessed})
}

// taken tells whether a thing is in a pair, or must wait: columns and values are
// renamed one at a time in each table, as the statement may be about the whole table.
func (r *round) taken(o *catalog.Object) bool {
	return slices.ContainsFunc(r.pairs, func(p *Pair) bool {
		if p.From.Key == o.Key || p.To.Key == o.Key {
			return true
		}
		return (o.Kind == "column" || isLabel(o.Kind)) && p.From.Schema == o.Schema && tableOf(p.From) == tableOf(o)
	})
}

// tableOf is the table (or enum type) that a column or value belongs to.
func tableOf(o *catalog.Object) string {
	if o.Kind == EnumValue && o.Info["table"] != "" {
		return o.Info["table"]
	}
	return o.Table
}

// said grants the wishes that can be granted now. What stands on neither side, or
// has its new name already, is left alone.
func (r *round) said(in func(*catalog.Object) bool) {
	for _, w := range r.s.Wishes {
		if w.Used {
			continue
		}
		t := first(Things(r.s.Engine, r.want), func(o *catalog.Object) bool { return in(o) && w.To(o) && !r.taken(o) })
		if t == nil || Find(r.s.Engine, r.from, t.Key) != nil {
			continue
		}
		f := first(Things(r.s.Engine, r.from), func(o *catalog.Object) bool {
			return r.grants(w, o, t) && !r.taken(o) && r.leaves(o, w)
		})
		if f == nil {
			continue
		}
		w.Used = true
		if isLabel(f.Kind) || r.s.renames(f.Kind) { // what cannot be renamed holds no data and is made anew
			r.pair(f, t, false)
		}
	}
}

// swap puts aside one of the things that take the names of one another, where all of
// that was said by flags. A mark cannot say it: it stays in the file, and would say
// the same once they have been swapped.
func (r *round) swap(in func(*catalog.Object) bool) {
	if len(r.pairs) > 0 {
		return
	}
	for _, w := range r.s.Wishes {
		f := r.wanted(w, in)
		if f == nil || !r.circle(w, f, in) {
			continue
		}
		r.putAside(f, false)
		return
	}
}

// wanted is what a wish of a flag is about that has not been granted, as its new name
// is another thing's; nil where it is no such wish.
func (r *round) wanted(w *Wish, in func(*catalog.Object) bool) *catalog.Object {
	if w.Used || !w.Exact {
		return nil
	}
	t := first(Things(r.s.Engine, r.want), func(o *catalog.Object) bool { return in(o) && w.To(o) })
	if t == nil || !isLabel(t.Kind) && !r.s.renames(t.Kind) {
		return nil
	}
	return first(Things(r.s.Engine, r.from), func(o *catalog.Object) bool { return r.grants(w, o, t) && o.Key != t.Key })
}

// circle tells whether what has the wished name goes elsewhere itself, and so on, until
// one takes the name of f.
func (r *round) circle(w *Wish, f *catalog.Object, in func(*catalog.Object) bool) bool {
	for range r.s.Wishes {
		if w.To(f) {
			return true
		}
		i := slices.IndexFunc(r.s.Wishes, func(o *Wish) bool {
			g := r.wanted(o, in)
			return o != w && g != nil && w.To(g)
		})
		if i < 0 {
			return false
		}
		w = r.s.Wishes[i]
	}
	return false
}

// leaves tells whether the old name is given up: what is wanted has it no more, or
// has something by it that is renamed too. Else the old one stays, and the other is new.
func (r *round) leaves(f *catalog.Object, w *Wish) bool {
	stays := Find(r.s.Engine, r.want, f.Key)
	return stays == nil || slices.ContainsFunc(r.s.Wishes, func(o *Wish) bool { return o != w && !o.Used && o.To(stays) })
}

func (r *round) grants(w *Wish, f, t *catalog.Object) bool {
	if f.Kind != t.Kind || f.Table != t.Table {
		return false
	}
	if named(r.s.origin(f.Key), w.From) {
		return f.Table == "" || f.Schema == t.Schema
	}
	return !w.Exact && f.Schema == t.Schema && named(f.Name, w.From)
}

// guess pairs what is equal in all but its name, where that is the only reading.
func (r *round) guess() {
	var waiting []*catalog.Object
	defer func() { r.giveWay(waiting) }()
	for _, g := range r.gone {
		if one := first(r.come, func(c *catalog.Object) bool { return r.same(g, c) }); one != nil && r.free(g) && !r.taken(one) {
			r.pair(g, one, true)
		}
		if asked(g) && !r.followed(g) || r.s.Plain || !r.free(g) {
			continue
		}
		matches := keep(r.come, func(c *catalog.Object) bool { return r.fits(g, c) })
		if len(matches) > 1 || asked(g) {
			matches = keep(matches, func(c *catalog.Object) bool { return r.follows(g, c) })
		}
		if len(matches) != 1 {
			continue
		}
		rivals := keep(r.gone, func(o *catalog.Object) bool { return r.fits(o, matches[0]) && !r.taken(o) })
		if len(rivals) == 1 || r.follows(g, matches[0]) {
			if r.named(matches[0]) {
				waiting = append(waiting, g)
				continue
			}
			r.pair(g, matches[0], true)
		}
	}
}

// named tells whether a new name is still that of another thing which gives it up: of
// the same namespace, as constraints of swapped tables are on PostgreSQL.
func (r *round) named(come *catalog.Object) bool {
	space := kindOf(r.s.Engine, come.Kind).Namespace
	return space != "" && come.Table != "" && slices.ContainsFunc(r.gone, func(o *catalog.Object) bool {
		k := kindOf(r.s.Engine, o.Kind)
		return k != nil && k.Namespace == space && o.Schema == come.Schema && o.Name == come.Name && r.free(o)
	})
}

// giveWay puts the first aside where all that is left waits for one another.
func (r *round) giveWay(waiting []*catalog.Object) {
	if len(r.pairs) > 0 || len(waiting) == 0 || strings.HasPrefix(waiting[0].Name, aside) {
		return
	}
	r.putAside(waiting[0], true)
}

// aside begins the name of what has none for a moment.
const aside = "_migr_aside_"

// putAside gives a thing a name that nothing has.
func (r *round) putAside(o *catalog.Object, guessed bool) {
	to := o.Clone()
	for n := 0; ; n++ {
		to.Name = aside + strconv.Itoa(n)
		if !slices.ContainsFunc(r.from.Objects, func(o *catalog.Object) bool { return o.Name == to.Name }) {
			break
		}
	}
	r.pair(o, to, guessed)
	r.pairs[0].Aside = true
}

// same tells whether the two names are one to the server.
func (r *round) same(g, c *catalog.Object) bool {
	return r.s.Engine.SameName != nil && g.Kind == c.Kind && g.Schema == c.Schema && g.Table == c.Table &&
		r.s.renames(g.Kind) && r.s.Engine.SameName(g.Kind, g.Name, c.Name)
}

// follows tells whether the new name is the old one with the name of something
// renamed in it: users_pkey of users.
func (r *round) follows(g, c *catalog.Object) bool {
	return slices.ContainsFunc(r.s.done, func(p *Pair) bool {
		for i := range g.Name {
			if rest, is := strings.CutPrefix(g.Name[i:], p.From.Name); is && g.Name[:i]+p.To.Name+rest == c.Name {
				return true
			}
		}
		return false
	})
}

func (r *round) followed(g *catalog.Object) bool {
	return slices.ContainsFunc(r.come, func(c *catalog.Object) bool { return g.Kind == c.Kind && g.Kind == "sequence" && r.follows(g, c) })
}

// ask asks about what is left.
func (r *round) ask() {
	for _, g := range r.gone {
		if !asked(g) || !r.free(g) {
			continue
		}
		c := Candidate{Gone: g, Path: r.s.origin(g.Key), Come: keep(r.come, func(n *catalog.Object) bool { return r.fits(g, n) })}
		if len(c.Come) == 0 {
			continue
		}
		r.s.deny(g.Key)
		if n := r.s.Decide(c); n != nil {
			r.pair(g, n, false)
		}
	}
}

// free tells whether nothing has been said about what went.
func (r *round) free(g *catalog.Object) bool {
	return !r.taken(g) && !r.s.denied[g.Key] && !slices.Contains(r.s.No, r.s.origin(g.Key))
}

// fits tells whether g may have become c.
func (r *round) fits(g, c *catalog.Object) bool {
	if g.Kind != c.Kind || g.Schema != c.Schema || g.Table != c.Table || r.taken(c) || slices.Contains(r.s.No, c.Path()) {
		return false
	}
	if isLabel(g.Kind) && g.Pos != c.Pos || g.Kind == EnumValue {
		return g.Pos == c.Pos
	}
	if g.Kind == Attribute {
		return r.s.Engine.RenameCandidate(g, c, r.from, r.want)
	}
	return r.s.renames(g.Kind) && r.s.Engine.RenameCandidate != nil && r.s.Engine.RenameCandidate(g, c, r.from, r.want)
}

// renames tells whether things of that kind can be renamed.
func (s *Settler) renames(kind string) bool {
	k := kindOf(s.Engine, kind)
	return k != nil && k.Rename != nil
}

func kindOf(e *catalog.Engine, name string) *catalog.Kind {
	for i := range e.Kinds {
		if e.Kinds[i].Name == name {
			return &e.Kinds[i]
		}
	}
	return nil
}

// named tells whether a name or path is meant by what somebody wrote: a routine's
// may be written without the types of its arguments.
func named(name, written string) bool {
	bare, _, _ := strings.Cut(name, "(")
	return written != "" && (name == written || bare == written)
}

func keep(os []*catalog.Object, ok func(*catalog.Object) bool) []*catalog.Object {
	var out []*catalog.Object
	for _, o := range os {
		if ok(o) {
			out = append(out, o)
		}
	}
	return out
}

func first(os []*catalog.Object, ok func(*catalog.Object) bool) *catalog.Object {
	if i := slices.IndexFunc(os, ok); i >= 0 {
		return os[i]
	}
	return nil
}
