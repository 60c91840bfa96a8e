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

// A stage is the scratch database on which renames are carried out: the one that
// holds the wanted schema already, or one that is made when there is a rename.
type stage struct {
	*scratch.DB
	made *built // to be discarded
}

// set has the stage hold the schema before the renames.
func (a *app) set(ctx context.Context, db *database, st *stage, have *catalog.Catalog, scope catalog.Scope) (err error) {
	if st.DB != nil {
		return lead(ctx, st.DB, have)
	}
	build, err := diff.Plan(db.engine, catalog.New(have.Version, nil, nil), have, diff.Options{})
	if err != nil {
		return err
	}
	st.made, err = a.build(ctx, db, scope, func(sc *scratch.DB) error {
		_, err := sc.Run(ctx, build.SQL())
		return err
	})
	if err == nil {
		st.DB = st.made.DB
	}
	return err
}

// lead brings a scratch database, which holds no rows, to a schema: by what differs
// or, where that cannot be done in steps (two tables with one name for a check, on
// MySQL), by way of an empty one.
func lead(ctx context.Context, site *scratch.DB, to *catalog.Catalog) error {
	err := walkThrough(ctx, site, to)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return walkThrough(ctx, site, catalog.New(to.Version, nil, nil), to)
}

// walkThrough plans and runs the way through schemas, one after another.
func walkThrough(ctx context.Context, site *scratch.DB, schemas ...*catalog.Catalog) error {
	for _, to := range schemas {
		now, err := site.Read(ctx)
		if err != nil {
			return err
		}
		plan, err := diff.Plan(site.Engine, now, to, diff.Options{})
		if err != nil {
			return err
		}
		if _, err = site.Run(ctx, plan.SQL()); err != nil {
			return err
		}
	}
	return nil
}

// forth carries the renames out on the stage and reads what the server makes of
// them, round after round: the texts of views, checks and indexes follow by
// themselves. It returns the live schema after the renames; the stage holds the
// wanted schema then.
func (a *app) forth(ctx context.Context, db *database, st *stage, s *settling, have, want *catalog.Catalog, scope catalog.Scope) (*catalog.Catalog, []round, error) {
	var rounds []round
	from, set := have, false
	for {
		pairs := s.Next(from, want)
		if len(pairs) == 0 {
			if err := s.settled(); err != nil || !set {
				return from, rounds, err
			}
			if err := lead(ctx, st.DB, want); err != nil {
				return nil, nil, fmt.Errorf("bringing the scratch database to the models: %w", err)
			}
			return from, rounds, nil
		}
		if !set {
			err := a.set(ctx, db, st, have, scope)
			if err != nil && !s.Plain && !slices.ContainsFunc(pairs, func(p *rename.Pair) bool { return !p.Guessed }) {
				s.Plain = true // nobody asked for these
				if st.DB == nil {
					continue
				}
				if err = lead(ctx, st.DB, want); err == nil {
					continue
				}
			}
			if err != nil {
				return nil, nil, fmt.Errorf("building a copy of the schema for the renames: %w", err)
			}
			set = true
		}
		done, err := s.carryOut(ctx, st.DB, pairs, from, want)
		if err != nil {
			return nil, nil, err
		}
		rounds = append(rounds, round{done, from})
		if from, err = st.Read(ctx); err != nil {
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

// undo carries the renames out backwards on the stage, which holds the wanted schema,
// and brings it back there. It returns the wanted schema before the renames.
func (w *way) undo(ctx context.Context, st *stage, want *catalog.Catalog) (*catalog.Catalog, error) {
	to := want
	for _, r := range slices.Backward(w.rounds) {
		for _, p := range r.pairs {
			if err := p.Undo(w.engine, to, r.before); err != nil {
				return nil, err
			}
			if _, err := st.Run(ctx, p.Back); err != nil {
				return nil, fmt.Errorf("giving %s its old name on the scratch database: %w", p.To.Key, err)
			}
			w.back = append(w.back, p.Back...)
		}
		var err error
		if to, err = st.Read(ctx); err != nil {
			return nil, err
		}
	}
	if st.made != nil {
		return to, nil
	}
	// by the renames where these do it, as what is made anew stands in another place;
	// by a plan where they are more than that (MySQL takes a trigger away that would fire)
	_, failed := st.Run(ctx, w.there)
	if err := lead(ctx, st.DB, want); err != nil {
		return nil, fmt.Errorf("bringing the scratch database back to the models: %w", errors.Join(failed, err))
	}
	return to, nil
}

// changes lists all that the way there does: first the renames.
func (ws ways) changes() []output.Change {
	out := []output.Change{}
	if len(ws) == 0 {
		return out
	}
	w := ws[0]
	aside := map[string][]string{}
	for _, r := range w.rounds {
		for _, p := range r.pairs {
			if p.Aside {
				aside[p.Path] = p.There
				continue
			}
			kind := p.From.Kind
			for _, k := range w.engine.Kinds {
				if k.Name == kind && k.Report != "" {
					kind = k.Report
				}
			}
			switch kind {
			case rename.EnumValue:
				kind = "enum"
			case rename.Attribute:
				kind = "type"
			}
			out = append(out, output.Change{Action: string(diff.Rename), Kind: kind, From: p.Path, Object: p.To.Path(), SQL: append(nonNil(aside[p.Path]), p.There...), Hazards: []string{}})
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
