package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

type entry = apply.Entry

func (a *app) removeCommand() *cobra.Command {
	var o running
	var force bool
	cmd := &cobra.Command{
		Use: "remove REV", Short: "take a revision out: its file and, where it is the applied head, its changes",
		Long: `Deletes the file of a revision; those that follow it then follow its parents.
Where the revision is applied and nothing above it is, its down part runs first.
A revision with applied ones above it is refused: downgrade first, or --force to
delete the file and leave what it did to the database.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("remove needs one revision")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.remove(cmd.Context(), unmark(args)[0], &o, force)
		},
	}
	cmd.Flags().StringArrayVar(&o.allow, "allow", nil, "allow what the down part loses, by `CODE`")
	cmd.Flags().BoolVar(&force, "force", false, "also a revision with applied ones above it, or with no database to ask")
	return cmd
}

type removeResult struct {
	Removed output.Revision `json:"removed"`
	Changed []string        `json:"changed"` // files of the children
	walkResult
}

func (a *app) remove(ctx context.Context, rev string, o *running, force bool) error {
	if err := o.check(); err != nil {
		return err
	}
	g, err := a.graph()
	if err != nil {
		return err
	}
	r, err := a.resolve(ctx, g, rev)
	if err != nil {
		return err
	}
	if err := removable(g, r); err != nil {
		return err
	}
	res := removeResult{Removed: a.object(g, r), walkResult: runResult(&history.Plan{}, nil)}
	if a.cfg.HasURL() {
		if err := a.undoFirst(ctx, g, r, o, force, &res); err != nil {
			return err
		}
	} else if !force {
		return &problem{
			exit: exitUnsafe, code: "unsafe", what: "it is not known whether the revision is applied: no database is configured",
			hint: "nothing was changed; name the database with --url, or say --force",
		}
	}
	if res.Changed, err = a.rewrite(g.Remove(r.ID), r); err != nil {
		return err
	}
	if err := os.Remove(a.abs(r.Path)); err != nil {
		return err
	}
	return a.result(res, func() {
		a.print("%s", r.Path)
		a.note("removed%s", map[bool]string{true: "; these follow its parents now: " + joined(res.Changed)}[len(res.Changed) > 0])
	})
}

// removable refuses a revision that others depend on by name.
func removable(g *history.Graph, r *history.Revision) error {
	var why []string
	for _, d := range g.Dependents(r.ID) {
		why = append(why, fmt.Sprintf("%s  %s", d.ID, d.Path))
	}
	if len(why) == 0 {
		return nil
	}
	return &problem{
		exit: exitHistory, code: string(history.MissingRevision), what: fmt.Sprintf("other revisions depend on %s", r.ID), why: why,
		hint: "nothing was changed; take it out of their depends-on lines first",
	}
}

// undoFirst runs the down part of the revision, if it is applied.
func (a *app) undoFirst(ctx context.Context, g *history.Graph, r *history.Revision, o *running, force bool, res *removeResult) error {
	if a.cfg.Protected && !a.yes {
		return &problem{exit: exitUnsafe, code: "unsafe", what: "this environment is protected: remove needs --yes as well", hint: "nothing was changed"}
	}
	if never, err := a.neverRan(ctx, g, r); err != nil || never {
		return err
	}
	w := &walker{
		g: g, o: o, down: true, plan: func(g *history.Graph, rows []history.ID) (*history.Plan, error) { return g.Undo(rows, r.ID) },
		tell: func(p *history.Plan, done []apply.Done) error {
			res.walkResult = runResult(p, doneSteps(done))
			return nil
		},
	}
	err := a.walk(ctx, w)
	var h *history.Error
	if errors.As(err, &h) && h.Code == history.InvalidDowngradeTarget {
		if force {
			a.warn("%s: its changes stay in the database", h.Msg)
			return nil
		}
		h.Hint += "; or --force, which deletes the file and leaves its changes in the database"
	}
	return err
}

// neverRan says if the revision came late: it counts as applied, and there is
// nothing to undo.
func (a *app) neverRan(ctx context.Context, g *history.Graph, r *history.Revision) (bool, error) {
	db, s, err := a.session(ctx, true, "")
	if err != nil {
		return false, err
	}
	defer db.Close()
	_, rows, err := a.rows(ctx, s)
	if err != nil {
		return false, err
	}
	if _, err := g.Applied(rows); err != nil {
		return false, nil // the walk tells it
	}
	late, err := a.late(ctx, g, s, rows)
	return slices.Contains(late, r), err
}

func joined(names []string) string { return strings.Join(names, ", ") }
