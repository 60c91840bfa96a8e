package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/scratch"
)

// renamed carries the renames out on scratch databases and reads what the server
// makes of them: the texts of views, checks and indexes follow by themselves.
// It returns the live schema after the renames, and the models' before them.
func (a *app) renamed(ctx context.Context, db *database, w *way, have *catalog.Catalog, want *built) (from, to *catalog.Catalog, err error) {
	// columns first: their table still has the name that the flag gives
	slices.SortStableFunc(w.renames, func(x, y renaming) int { return strings.Compare(x.from.Kind, y.from.Kind) })
	for i := range w.renames {
		if err := w.renames[i].write(db.engine, have, want.catalog); err != nil {
			return nil, nil, err
		}
	}
	copied, err := a.copyOf(ctx, db, have, want.scope, w.renames)
	if err != nil {
		return nil, nil, err
	}
	defer a.discard(copied.DB)
	from = copied.catalog
	if after := followers(db.engine, from, want.catalog, w.renames); len(after) > 0 {
		for i := range after {
			if err := after[i].write(db.engine, from, want.catalog); err != nil {
				return nil, nil, err
			}
			if _, err := copied.Run(ctx, after[i].there); err != nil {
				return nil, nil, err
			}
		}
		if from, err = copied.Read(ctx); err != nil {
			return nil, nil, err
		}
		w.renames = append(w.renames, after...)
	}
	w.order()
	if _, err := want.Run(ctx, w.back); err != nil {
		return nil, nil, err
	}
	if to, err = want.Read(ctx); err != nil {
		return nil, nil, err
	}
	_, err = want.Run(ctx, w.there)
	return from, to, err
}

// copyOf builds the live schema on a scratch database and renames there.
func (a *app) copyOf(ctx context.Context, db *database, have *catalog.Catalog, s catalog.Scope, rs []renaming) (*built, error) {
	build, err := diff.Plan(db.engine, catalog.New(have.Version, nil, nil), have, diff.Options{})
	if err != nil {
		return nil, err
	}
	return a.build(ctx, db, s, func(sc *scratch.DB) error {
		if _, err := sc.Run(ctx, build.SQL()); err != nil {
			return fmt.Errorf("building a copy of the live schema: %w", err)
		}
		for _, r := range rs {
			if _, err := sc.Run(ctx, r.there); err != nil {
				return fmt.Errorf("renaming %s on a copy of the live schema: %w", r.from.Key, err)
			}
		}
		return nil
	})
}

// write fills in the statements.
func (r *renaming) write(e *catalog.Engine, from, to *catalog.Catalog) error {
	for _, k := range e.Kinds {
		if k.Name != r.from.Kind {
			continue
		}
		if k.Rename == nil {
			return usagef("a %s cannot be renamed on %s", k.Name, e.Name)
		}
		r.there = k.Rename(&catalog.Ctx{From: from, To: to}, r.from, r.to.Key)
		r.back = k.Rename(&catalog.Ctx{From: to, To: from}, r.to, r.from.Key)
	}
	return nil
}

// order lines the statements up. The way back is in reverse, but for columns and
// tables: a column is renamed while its table has the name that it has there.
func (w *way) order() {
	tables := 0
	w.there, w.back = nil, nil
	for _, r := range w.renames {
		w.there = append(w.there, r.there...)
		at := tables
		if r.from.Kind != "table" {
			at = 0
		}
		w.back = slices.Insert(w.back, at, r.back...)
		if r.from.Kind != "table" {
			tables += len(r.back)
		}
	}
}

// followers are the indexes, constraints and sequences that differ in nothing but a
// name made of the old name of their table or column.
func followers(e *catalog.Engine, from, want *catalog.Catalog, rs []renaming) []renaming {
	var gone, come []*catalog.Object
	for _, d := range diff.Compare(e, from, want) {
		switch {
		case d.To == nil && follows(e, d.From.Kind):
			gone = append(gone, d.From)
		case d.From == nil && follows(e, d.To.Kind):
			come = append(come, d.To)
		}
	}
	var out []renaming
	for _, r := range rs {
		for _, g := range gone {
			i := slices.IndexFunc(come, func(c *catalog.Object) bool {
				return c.Kind == g.Kind && c.Schema == g.Schema && c.Table == g.Table && c.Equal(g) &&
					strings.Replace(g.Name, r.from.Name, r.to.Name, 1) == c.Name
			})
			if i >= 0 && !slices.ContainsFunc(out, func(o renaming) bool { return o.from == g }) {
				out = append(out, renaming{from: g, to: come[i]})
				come = slices.Delete(come, i, i+1)
			}
		}
	}
	return out
}

func follows(e *catalog.Engine, kind string) bool {
	return kind != "table" && kind != "column" && slices.ContainsFunc(e.Kinds, func(k catalog.Kind) bool { return k.Name == kind && k.Rename != nil })
}

func renameChanges(rs []renaming) []output.Change {
	var out []output.Change
	for _, r := range rs {
		out = append(out, output.Change{Action: string(diff.Rename), Kind: r.from.Kind, From: r.from.Path(), Object: r.to.Path(), SQL: nonNil(r.there), Hazards: []string{}})
	}
	return out
}
