package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/rename"
	"github.com/migr-dev/migr/internal/source"
)

// A settling gathers what is said about renames, and what nobody could be asked.
type settling struct {
	rename.Settler
	a      *app
	flags  []*rename.Wish
	open   []rename.Candidate // nobody could be asked
	naming *naming
	in     *bufio.Reader
	refuse bool // what is open stops the command; else it is told and taken for no rename
}

// settling reads the flags against both schemas. have holds the old names, want the new.
func (a *app) settling(e *catalog.Engine, have, want *catalog.Catalog, o *naming, marks []source.Mark) (*settling, error) {
	s := &settling{a: a, naming: o, in: bufio.NewReader(a.in)}
	s.Engine, s.No, s.Decide = e, o.noRename, s.decide
	var err error
	if s.flags, err = flagged(e, have, want, o.rename); err != nil {
		return nil, err
	}
	s.Wishes = slices.Clone(s.flags)
	for _, m := range marks {
		s.Wishes = append(s.Wishes, &rename.Wish{From: m.From, To: func(o *catalog.Object) bool { return m.Is(o.Kind, o.Schema, o.Table, o.Name) }})
	}
	return s, nil
}

// settled is the error of what is open, and of flags that came to nothing.
func (s *settling) settled() error {
	if len(s.open) > 0 && s.refuse {
		return ambiguous(s.open)
	}
	for _, w := range s.flags {
		if !w.Used {
			return usagef("--rename %s=…: the models have that still, or the two are not parts of one table under this name or another; if that was renamed too, say so", w.From)
		}
	}
	for _, c := range s.open {
		for _, n := range c.Come {
			s.a.warn("%s %s may be %s under another name; as nobody says so it is dropped, and the other added", c.Gone.Kind, c.Path, n.Path())
		}
	}
	return nil
}

// flagged reads --rename OLD=NEW. A pair that is not among what is there before and
// after is an error, unless the rename has happened already.
func flagged(e *catalog.Engine, have, want *catalog.Catalog, texts []string) ([]*rename.Wish, error) {
	f := &flagReader{e: e, have: rename.Things(e, have), want: rename.Things(e, want), tables: map[string]string{}}
	var out []*rename.Wish
	for _, tables := range []bool{true, false} { // a column's new name may be written with its table's old one
		for _, text := range texts {
			w, t, err := f.read(text)
			if err != nil {
				return nil, err
			}
			if w == nil || (t.Kind == "table") != tables {
				continue
			}
			if tables {
				f.tables[w.From] = t.Path()
			}
			out = append(out, w)
		}
	}
	return out, nil
}

// A flagReader finds what the flags name.
type flagReader struct {
	e          *catalog.Engine
	have, want []*catalog.Object
	tables     map[string]string // those renamed by flags, by old path
}

// read reads one flag; nil for one that has happened.
func (f *flagReader) read(text string) (*rename.Wish, *catalog.Object, error) {
	err := usagef("--rename %s: write OLD=NEW, as in users=people or users.name=users.full_name", text)
	for i := range len(text) { // a value of an enum may hold an equals sign
		if text[i] != '=' || i == 0 || i == len(text)-1 {
			continue
		}
		from, to := text[:i], text[i+1:]
		olds := meant(f.have, from)
		if len(olds) == 0 && len(meant(f.have, to)) > 0 && len(meant(f.want, from)) == 0 {
			return nil, nil, nil // it has been renamed
		}
		if len(olds) == 0 {
			err = usagef("--rename %s: the database has nothing called %s", text, from)
			continue
		}
		err = usagef("--rename %s: the models have no %s %s", text, olds[0].Kind, to)
		if old, now := f.best(olds, to); old != nil {
			return &rename.Wish{From: old.Path(), To: func(o *catalog.Object) bool { return o.Key == now.Key }, Exact: true}, now, nil
		}
	}
	return nil, nil, err
}

// best pairs what has the old name with what has the new one: first what is not on
// both sides, as a table and its type may have one name.
func (f *flagReader) best(olds []*catalog.Object, to string) (old, now *catalog.Object) {
	there := func(os []*catalog.Object, k catalog.Key) bool {
		return slices.ContainsFunc(os, func(o *catalog.Object) bool { return o.Key == k })
	}
	for _, o := range olds {
		prefix := strings.TrimSuffix(o.Path(), o.Name)
		names := []string{to, prefix + to}
		for was, is := range f.tables {
			if rest, in := strings.CutPrefix(to, was+"."); in {
				names = append(names, is+"."+rest)
			}
			if was+"." == prefix {
				names = append(names, is+"."+to)
			}
		}
		for _, name := range names {
			for _, n := range meant(f.want, name) {
				if n.Kind != o.Kind {
					continue
				}
				if !there(f.want, o.Key) && !there(f.have, n.Key) {
					return o, n
				}
				if old == nil {
					old, now = o, n
				}
			}
		}
		if old == nil && o.Table != "" {
			if n := f.inNew(o.Kind, to); n != nil {
				return o, n
			}
		}
	}
	return old, now
}

// inNew is the only part of that kind and bare name in a table that is new, as its
// own new name is said elsewhere.
func (f *flagReader) inNew(kind, name string) *catalog.Object {
	var found []*catalog.Object
	for _, n := range f.want {
		if n.Kind == kind && n.Name == name && !slices.ContainsFunc(f.have, func(o *catalog.Object) bool { return o.Table == n.Table && o.Schema == n.Schema }) {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// meant lists the things that have that path; a routine's may be written without
// the types of its arguments.
func meant(os []*catalog.Object, path string) []*catalog.Object {
	var all []*catalog.Object
	for _, o := range os {
		p := o.Path()
		if bare, _, _ := strings.Cut(p, "("); p == path || bare == path && path != "" {
			all = append(all, o)
		}
	}
	return all
}

// decide settles a candidate: by an answer on a terminal, else it stays open.
func (s *settling) decide(c rename.Candidate) *catalog.Object {
	if s.refuse && s.a.inTTY && s.a.errTTY && !s.a.yes {
		return s.ask(c)
	}
	s.open = append(s.open, c)
	return nil
}

// ask asks on the terminal, once also where all is planned a second time; without an
// answer it is no rename.
func (s *settling) ask(c rename.Candidate) *catalog.Object {
	is, asked := s.naming.answers[c.Gone.Key]
	if !asked {
		n := s.answer(c)
		if n != nil {
			is = n.Key
		}
		if s.naming.answers == nil {
			s.naming.answers = map[catalog.Key]catalog.Key{}
		}
		s.naming.answers[c.Gone.Key] = is
	}
	if i := slices.IndexFunc(c.Come, func(o *catalog.Object) bool { return o.Key == is }); i >= 0 {
		return c.Come[i]
	}
	return nil
}

func (s *settling) answer(c rename.Candidate) *catalog.Object {
	for _, n := range c.Come {
		fmt.Fprintf(s.a.err, "Was %s %s renamed to %s? [y/n] ", kindText(c.Gone.Kind), c.Path, n.Path())
		_ = s.a.err.Flush()
		line, err := s.in.ReadString('\n')
		if err != nil {
			return nil
		}
		if answer := strings.ToLower(strings.TrimSpace(line)); answer == "y" || answer == "yes" {
			return n
		}
	}
	return nil
}

func kindText(kind string) string { return strings.ReplaceAll(kind, "_", " ") }

func ambiguous(open []rename.Candidate) error {
	p := &problem{exit: exitUnsafe, code: "unsafe", what: "something went and something like it came: was it renamed?", more: map[string]any{}}
	var list []map[string]string
	for _, c := range open {
		for _, n := range c.Come {
			lost := ", its data lost"
			if c.Gone.Kind == rename.EnumValue {
				lost = "; rows that hold it are in the way"
			}
			p.why = append(p.why, fmt.Sprintf("%s %s -> %s: renamed: --rename %s; dropped and added anew%s: --no-rename %s",
				kindText(c.Gone.Kind), c.Path, n.Path(), word(c.Path+"="+n.Path()), lost, word(c.Path)))
			list = append(list, map[string]string{"kind": c.Gone.Kind, "from": c.Path, "to": n.Path()})
		}
	}
	p.hint = "nothing was written; run it again with one of the flags for each, or write `-- migr:renamed from=OLD` beside it in the models"
	p.more["candidates"] = list
	return p
}

// word quotes what a shell would cut.
func word(s string) string {
	if strings.ContainsAny(s, " \t\n'\"\\$`()<>|&;*?[]#~!{}") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
