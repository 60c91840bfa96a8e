package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/rename"
	"github.com/migr-dev/migr/internal/scratch"
)

// A round is the renames that were carried out together, and the schema before them.
type round struct {
	pairs  []*rename.Pair
	before *catalog.Catalog
}

// forth carries the renames out on a copy of the live schema and reads what the
// server makes of them, round after round: the texts of views, checks and indexes
// follow by themselves. It returns the live schema after the renames.
func (a *app) forth(ctx context.Context, db *database, s *settling, have, want *catalog.Catalog, scope catalog.Scope) (*catalog.Catalog, []round, error) {
	var rounds []round
	var site *built
	defer func() {
		if site != nil {
			a.discard(site.DB)
		}
	}()
	from := have
	for {
		pairs := s.Next(from, want)
		if len(pairs) == 0 {
			return from, rounds, s.settled()
		}
		if site == nil {
			var err error
			if site, err = a.copyOf(ctx, db, have, scope); err != nil {
				if !s.Plain && !slices.ContainsFunc(pairs, func(p *rename.Pair) bool { return !p.Guessed }) {
					s.Plain = true // nobody asked for these
					continue
				}
				return nil, nil, fmt.Errorf("building a copy of the schema for the renames: %w", err)
			}
		}
		done, err := s.carryOut(ctx, site.DB, pairs, from, want)
		if err != nil {
			return nil, nil, err
		}
		rounds = append(rounds, round{done, from})
		if from, err = site.Read(ctx); err != nil {
			return nil, nil, err
		}
	}
}

// carryOut renames; what was guessed and cannot be renamed is made anew instead.
func (s *settling) carryOut(ctx context.Context, site *scratch.DB, pairs []*rename.Pair, from, want *catalog.Catalog) ([]*rename.Pair, error) {
	var done []*rename.Pair
	for _, p := range pairs {
		err := p.Write(s.Engine, from, want)
		if err == nil {
			_, err = site.Run(ctx, p.There)
		}
		switch {
		case err == nil:
			s.Accept(p)
			done = append(done, p)
		case p.Guessed && ctx.Err() == nil:
			s.Deny(p)
		default:
			return nil, fmt.Errorf("renaming %s on a copy of the schema: %w", p.From.Key, err)
		}
	}
	return done, nil
}

// undo carries the renames out backwards on a database that holds the wanted
// schema, and leaves it as it was. It returns the wanted schema before the renames.
func (w *way) undo(ctx context.Context, site *scratch.DB, want *catalog.Catalog) (*catalog.Catalog, error) {
	to := want
	for _, r := range slices.Backward(w.rounds) {
		for _, p := range r.pairs {
			if err := p.Undo(w.engine, to, r.before); err != nil {
				return nil, err
			}
			if _, err := site.Run(ctx, p.Back); err != nil {
				return nil, fmt.Errorf("giving %s its old name on the scratch database: %w", p.To.Key, err)
			}
			w.back = append(w.back, p.Back...)
		}
		var err error
		if to, err = site.Read(ctx); err != nil {
			return nil, err
		}
	}
	return to, w.restore(ctx, site, want)
}

// restore brings a scratch database, which holds no rows, back to the wanted schema:
// by the renames, and by a plan where these are more than that (MySQL takes a trigger
// away that would fire, and brings back what is the same on both sides).
func (w *way) restore(ctx context.Context, site *scratch.DB, want *catalog.Catalog) error {
	_, failed := site.Run(ctx, w.there)
	now, err := site.Read(ctx)
	if err != nil {
		return err
	}
	plan, err := diff.Plan(w.engine, now, want, diff.Options{})
	if err != nil {
		return err
	}
	if _, err := site.Run(ctx, plan.SQL()); err != nil {
		return fmt.Errorf("bringing the scratch database back to the models: %w", errors.Join(failed, err))
	}
	return nil
}

// copyOf builds a schema on a scratch database.
func (a *app) copyOf(ctx context.Context, db *database, c *catalog.Catalog, s catalog.Scope) (*built, error) {
	build, err := diff.Plan(db.engine, catalog.New(c.Version, nil, nil), c, diff.Options{})
	if err != nil {
		return nil, err
	}
	return a.build(ctx, db, s, func(sc *scratch.DB) error {
		_, err := sc.Run(ctx, build.SQL())
		return err
	})
}

// changes lists all that the way there does: first the renames.
func (ws ways) changes() []output.Change {
	out := []output.Change{}
	if len(ws) == 0 {
		return out
	}
	w := ws[0]
	for _, r := range w.rounds {
		for _, p := range r.pairs {
			kind := p.From.Kind
			for _, k := range w.engine.Kinds {
				if k.Name == kind && k.Report != "" {
					kind = k.Report
				}
			}
			if kind == rename.EnumValue {
				kind = "enum"
			}
			out = append(out, output.Change{Action: string(diff.Rename), Kind: kind, From: p.Path, Object: p.To.Path(), SQL: nonNil(p.There), Hazards: []string{}})
		}
	}
	return append(out, output.Changes(ws.whole().Changes)...)
}

// guessed tells whether something was renamed that nobody asked for.
func (ws ways) guessed() bool {
	return len(ws) > 0 && slices.ContainsFunc(ws[0].rounds, func(r round) bool {
		return slices.ContainsFunc(r.pairs, func(p *rename.Pair) bool { return p.Guessed })
	})
}
