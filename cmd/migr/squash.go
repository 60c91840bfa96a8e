package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/gate"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/scratch"
)

func (a *app) squashCommand() *cobra.Command {
	var o revising
	var prune bool
	cmd := &cobra.Command{
		Use: "squash A:B", Short: "one revision that stands for several, proved equal to them",
		Long: `Writes one revision that replaces those from A to B (both included; :B begins at
the first). Its parts are generated from the schema before and after, and proved
on a scratch database: up gives what the old ones give, down gives what was before
them. Where they change rows, or hold what migr does not model, their statements
are taken over as they stand instead.

A database that has all of the old revisions counts as having the new one; one that
has none runs the new one; one in the middle goes on with the old files, which stay
until --prune deletes them (also later: squash --prune REV).`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("squash needs a range A:B")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.squash(cmd.Context(), unmark(args)[0], &o, prune)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.message, "message", "m", "", "what the revision does")
	f.StringVar(&o.revID, "rev-id", "", "the `id`, instead of a random one")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the file and write nothing")
	f.BoolVar(&prune, "prune", false, "delete the files of the revisions that are replaced")
	return cmd
}

type squashResult struct {
	Created  []output.Revision `json:"created"`
	Replaces []string          `json:"replaces"`
	Pruned   []string          `json:"pruned"` // files
	Verbatim bool              `json:"verbatim"`
	File     string            `json:"file,omitempty"` // with --dry-run: the text
}

func (a *app) squash(ctx context.Context, rng string, o *revising, prune bool) error {
	g, err := a.graph()
	if err != nil {
		return err
	}
	if !history.IsRange(rng) {
		r, err := g.ResolveOne(rng, nil)
		if err != nil {
			return err
		}
		if !prune || len(r.Replaces) == 0 {
			return &history.Error{Code: history.BadRange, Msg: fmt.Sprintf("%q is no range", rng), Hint: "write A:B, A: or :B"}
		}
		return a.pruneOld(ctx, r, &squashResult{Created: []output.Revision{}, Replaces: output.Strings(r.Replaces)})
	}
	sq, err := g.Squash(rng)
	if err != nil {
		return err
	}
	db, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	r, verbatim, err := a.squashed(ctx, db, g, sq, o)
	if err != nil {
		return err
	}
	res := &squashResult{Created: []output.Revision{}, Replaces: output.Strings(r.Replaces), Pruned: []string{}, Verbatim: verbatim}
	if o.dryRun {
		res.File = string(r.Format())
		return a.result(res, func() { _, _ = a.out.Write(r.Format()) })
	}
	path, err := a.saveRevision(r, r.Format())
	if err != nil {
		return err
	}
	again, err := a.graph()
	if err != nil { // it would leave a history that is not sound
		return errors.Join(err, os.Remove(a.abs(path)))
	}
	r = again.Get(r.ID)
	res.Created = a.objects(again, []*history.Revision{r})
	if prune {
		return a.pruneOld(ctx, r, res)
	}
	return a.result(res, func() {
		a.print("%s", r.Path)
		a.note("it replaces %s, whose files stay for databases in the middle of them; `migr squash --prune %s` deletes them", count(len(r.Replaces), "revision"), r.ID)
	})
}

// squashed makes the revision and proves it.
func (a *app) squashed(ctx context.Context, db *database, g *history.Graph, sq *history.Squashing, o *revising) (*history.Revision, bool, error) {
	id := history.ID(o.revID)
	if id == "" {
		var err error
		if id, err = history.NewID(a.rand); err != nil {
			return nil, false, err
		}
	}
	if err := g.FreeID(id); err != nil {
		return nil, false, err
	}
	r := sq.Revision(id)
	r.Created = a.now().UTC().Truncate(1e9)
	if r.Message = o.message; r.Message == "" {
		r.Message = fmt.Sprintf("squash %s to %s", sq.Revisions[0].ID, sq.Revisions[len(sq.Revisions)-1].ID)
	}
	after, err := a.buildRevisions(ctx, db, sq.After)
	if err != nil {
		return nil, false, err
	}
	defer a.discard(after.DB)
	before, err := a.buildRevisions(ctx, db, sq.Before)
	if err != nil {
		return nil, false, err
	}
	defer a.discard(before.DB)
	s := &squasher{a: a, db: db, sq: sq, before: before, after: after}
	if s.verbatim, err = s.mustBeVerbatim(); err != nil {
		return nil, false, err
	}
	var body *history.Body
	if s.verbatim {
		body, err = s.asTheyStand(ctx)
	} else {
		body, err = s.generated(ctx)
	}
	if err != nil {
		return nil, false, err
	}
	r.SetBody(body)
	if _, err := history.Parse("the squash", r.Format()); err != nil {
		return nil, false, fmt.Errorf("the revision would not be readable: %w", err)
	}
	return r, s.verbatim, nil
}

// A squasher fills a squash revision.
type squasher struct {
	a             *app
	db            *database
	sq            *history.Squashing
	before, after *built
	verbatim      bool
}

// mustBeVerbatim says if the schema alone does not tell what the revisions do.
func (s *squasher) mustBeVerbatim() (bool, error) {
	if len(s.before.catalog.Unknown)+len(s.after.catalog.Unknown) > 0 {
		return true, nil
	}
	family := s.db.dialect.Family
	for _, r := range s.sq.Revisions {
		if r.NoTx || r.Template {
			return true, nil
		}
		stmts, err := r.UpStmts(family)
		if err != nil {
			return false, err
		}
		for _, st := range stmts {
			if st.Batch != nil || !gate.SchemaOnly(family, st.Text) {
				return true, nil
			}
		}
	}
	return false, nil
}

// generated plans both ways from the two schemas and proves them.
func (s *squasher) generated(ctx context.Context) (*history.Body, error) {
	up, err := diff.Plan(s.db.engine, s.before.catalog, s.after.catalog, diff.Options{})
	if err != nil {
		return nil, err
	}
	down, err := diff.Plan(s.db.engine, s.after.catalog, s.before.catalog, diff.Options{})
	if err != nil {
		return nil, err
	}
	w := &way{from: s.before.catalog, to: s.after.catalog, up: up, down: down}
	compare := differences(s.db.engine)
	if err := s.before.Prove(ctx, "up", up.SQL(), s.after.catalog, compare); err != nil {
		return nil, err
	}
	if err := s.before.Prove(ctx, "down", down.SQL(), s.before.catalog, compare); err != nil {
		return nil, err
	}
	gen, err := s.a.compose(ctx, s.db, ways{w}, &revising{allow: gate.Codes()})
	if err != nil {
		return nil, err
	}
	return gen.bodies[0], nil
}

// asTheyStand puts the parts one after the other, and proves that too. The way back
// is there when all have one.
func (s *squasher) asTheyStand(ctx context.Context) (*history.Body, error) {
	var up, down strings.Builder
	body := &history.Body{}
	for _, r := range s.sq.Revisions {
		b, err := r.Body()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&up, "-- %s %s\n%s\n", r.ID, r.Message, strings.Trim(b.Up.Text, "\n"))
		if b.Irreversible != "" || b.Down == nil {
			body.Irreversible = fmt.Sprintf("revision %s had no way back: %s", r.ID, b.Irreversible)
		}
	}
	body.Up.Text = up.String()
	if body.Irreversible != "" {
		return body, s.proveAsTheyStand(ctx, true)
	}
	for _, r := range slices.Backward(s.sq.Revisions) {
		b, err := r.Body()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&down, "-- %s %s\n%s\n", r.ID, r.Message, strings.Trim(b.Down.Text, "\n"))
	}
	body.Down = &history.Part{Text: down.String()}
	return body, s.proveAsTheyStand(ctx, false)
}

// proveAsTheyStand runs the parts one after the other on the scratch database.
func (s *squasher) proveAsTheyStand(ctx context.Context, onlyUp bool) error {
	compare := differences(s.db.engine)
	run := func(way history.Direction, revs []*history.Revision) ([]string, error) {
		var texts []string
		for _, r := range revs {
			t, err := s.a.task(s.db.product, history.Step{Direction: way, Revision: r}, nil)
			if err != nil {
				return nil, err
			}
			for _, st := range t.Stmts {
				texts = append(texts, st.Text)
			}
		}
		return texts, nil
	}
	up, err := run(history.Up, s.sq.Revisions)
	if err != nil {
		return err
	}
	if err := s.before.Prove(ctx, "up", up, s.after.catalog, compare); err != nil || onlyUp {
		return err
	}
	back := slices.Clone(s.sq.Revisions)
	slices.Reverse(back)
	down, err := run(history.Down, back)
	if err != nil {
		return err
	}
	err = s.before.Prove(ctx, "down", down, s.before.catalog, compare)
	var differ *scratch.Difference
	if errors.As(err, &differ) && differ.Err == nil { // as it was with the old ones
		s.a.warn("the way back does not lead quite where it began, as it did not before: %s", strings.Join(differ.Found, "; "))
		return nil
	}
	return err
}

// pruneOld deletes the files of what a revision replaces, unless the database at
// hand is in the middle of them.
func (a *app) pruneOld(ctx context.Context, r *history.Revision, res *squashResult) error {
	res.Pruned = []string{}
	if a.cfg.HasURL() {
		rows, err := a.currentRows(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if i := slices.Index(r.Replaces, row); i >= 0 && i < len(r.Replaces)-1 {
				return &problem{
					exit: exitUnsafe, code: "unsafe", what: fmt.Sprintf("this database is at %s, in the middle of what %s replaces, and needs the old files", row, r.ID),
					hint: "nothing was deleted; `migr upgrade` brings it to their end",
				}
			}
		}
	}
	revs, err := history.LoadRevisions(dirFS(a.cfg.Dir), a.cfg.Rel(a.cfg.Dir))
	if err != nil {
		return err
	}
	for _, old := range revs {
		if !slices.Contains(r.Replaces, old.ID) {
			continue
		}
		if err := os.Remove(a.abs(old.Path)); err != nil {
			return err
		}
		res.Pruned = append(res.Pruned, old.Path)
	}
	return a.result(res, func() {
		if len(res.Created) > 0 {
			a.print("%s", r.Path)
		}
		a.note("%s deleted: %s", count(len(res.Pruned), "file"), joined(res.Pruned))
	})
}
