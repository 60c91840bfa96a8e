package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
)

// A renaming is one thing under another name, and how it gets it.
type renaming struct {
	from, to *catalog.Object
	there    []string // the statements that give the new name
	back     []string // and the old one
}

// A candidate is what went, and what it may have become.
type candidate struct {
	gone *catalog.Object
	come []*catalog.Object
}

// candidates pairs what went with what came, of one kind and of one table.
func candidates(e *catalog.Engine, have, want *catalog.Catalog) []candidate {
	if e.RenameCandidate == nil {
		return nil
	}
	var gone, come []*catalog.Object
	for _, d := range diff.Compare(e, have, want) {
		switch {
		case d.To == nil:
			gone = append(gone, d.From)
		case d.From == nil:
			come = append(come, d.To)
		}
	}
	var all []candidate
	for _, g := range gone {
		c := candidate{gone: g}
		for _, n := range come {
			if n.Kind == g.Kind && n.Schema == g.Schema && n.Table == g.Table && (g.Kind == "column" || g.Kind == "table") && e.RenameCandidate(g, n, have, want) {
				c.come = append(c.come, n)
			}
		}
		if len(c.come) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// renames settles the candidates: by flag, by an answer on a terminal, else by
// refusing with both readings.
func (a *app) renames(e *catalog.Engine, have, want *catalog.Catalog, o *revising) ([]renaming, error) {
	cs := candidates(e, have, want)
	out, err := flagged(have, want, o)
	if err != nil {
		return nil, err
	}
	var open []candidate
	for _, c := range cs {
		taken := func(k catalog.Key) bool {
			return slices.ContainsFunc(out, func(r renaming) bool { return r.from.Key == k || r.to.Key == k })
		}
		c.come = slices.DeleteFunc(c.come, func(n *catalog.Object) bool { return taken(n.Key) || slices.Contains(o.noRename, n.Path()) })
		if taken(c.gone.Key) || slices.Contains(o.noRename, c.gone.Path()) || len(c.come) == 0 {
			continue
		}
		if a.inTTY && a.errTTY && !a.yes {
			if n := a.askRename(c); n != nil {
				out = append(out, renaming{from: c.gone, to: n})
			}
			continue
		}
		open = append(open, c)
	}
	if len(open) > 0 {
		return nil, ambiguous(open)
	}
	return out, nil
}

// flagged reads --rename OLD=NEW. A pair that is not among what went and what came
// is an error, unless the rename has happened already.
func flagged(have, want *catalog.Catalog, o *revising) ([]renaming, error) {
	var out []renaming
	for _, text := range o.rename {
		from, to, ok := strings.Cut(text, "=")
		if !ok || from == "" || to == "" {
			return nil, usagef("--rename %s: write OLD=NEW, as in users=people or users.name=users.full_name", text)
		}
		f := find(have, from)
		if f == nil && find(want, from) == nil && find(have, to) != nil {
			continue // it has been renamed
		}
		if f == nil {
			return nil, usagef("--rename %s: the database has no table or column %s", text, from)
		}
		if f.Table != "" && !strings.Contains(to, ".") {
			to = strings.TrimSuffix(f.Path(), f.Name) + to
		}
		t := find(want, to)
		if t == nil || t.Kind != f.Kind || t.Table != f.Table {
			return nil, usagef("--rename %s: the models have no such %s %s", text, f.Kind, to)
		}
		out = append(out, renaming{from: f, to: t})
	}
	return out, nil
}

// find looks a table or column up by its path.
func find(c *catalog.Catalog, path string) *catalog.Object {
	for _, o := range c.Objects {
		if (o.Kind == "table" || o.Kind == "column") && o.Path() == path {
			return o
		}
	}
	return nil
}

func ambiguous(open []candidate) error {
	p := &problem{exit: exitUnsafe, code: "unsafe", what: "something went and something like it came: was it renamed?", more: map[string]any{}}
	var list []map[string]string
	for _, c := range open {
		for _, n := range c.come {
			p.why = append(p.why, fmt.Sprintf("%s %s -> %s: renamed: --rename %s=%s; dropped and added anew, its data lost: --no-rename %s",
				c.gone.Kind, c.gone.Path(), n.Path(), c.gone.Path(), n.Path(), c.gone.Path()))
			list = append(list, map[string]string{"kind": c.gone.Kind, "from": c.gone.Path(), "to": n.Path()})
		}
	}
	p.hint = "nothing was written; run it again with one of the flags for each"
	p.more["candidates"] = list
	return p
}

// askRename asks on the terminal; without an answer it is no rename.
func (a *app) askRename(c candidate) *catalog.Object {
	for _, n := range c.come {
		fmt.Fprintf(a.err, "Was %s %s renamed to %s? [y/n] ", c.gone.Kind, c.gone.Path(), n.Path())
		_ = a.err.Flush()
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil {
			return nil
		}
		if answer := strings.ToLower(strings.TrimSpace(line)); answer == "y" || answer == "yes" {
			return n
		}
	}
	return nil
}
