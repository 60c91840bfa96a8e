package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/history"
)

func (a *app) downgradeCommand() *cobra.Command {
	var o running
	cmd := &cobra.Command{
		Use: "downgrade REV", Short: "run revisions back to a target: -1, a revision, base",
		Long: `Runs the down parts, in reverse order, of all revisions above the target, which
must be named: -1 for one step, a revision (which stays), or base.
A:B with --sql prints the script from A down to B, offline.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("downgrade needs one target: -1, a revision, or base")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.downgrade(cmd.Context(), unmark(args)[0], &o)
		},
	}
	o.flags(a, cmd)
	return cmd
}

// downCommand is downgrade under the names whose default is one step.
func (a *app) downCommand() *cobra.Command {
	var o running
	cmd := &cobra.Command{
		Use: "down [REV]", Aliases: []string{"rollback"}, Short: "downgrade; one step where no target is named", Hidden: true,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := "-1"
			if len(args) == 1 {
				target = unmark(args)[0]
			}
			return a.downgrade(cmd.Context(), target, &o)
		},
	}
	o.flags(a, cmd)
	return cmd
}

func (a *app) downgrade(ctx context.Context, target string, o *running) error {
	if err := o.settle(a); err != nil {
		return err
	}
	g, err := a.graphKept(ctx)
	if err != nil {
		return err
	}
	if o.sql {
		s, err := g.DowngradeScript(target)
		if err != nil {
			return err
		}
		return a.script(s, o)
	}
	if err := history.NoRange(target); err != nil {
		return err
	}
	if a.cfg.Protected && !a.yes && !o.dryRun {
		return &problem{exit: exitUnsafe, code: "unsafe", what: "this environment is protected: downgrade needs --yes as well", hint: "nothing was run"}
	}
	return a.walk(ctx, &walker{g: g, o: o, down: true, plan: func(g *history.Graph, rows []history.ID) (*history.Plan, error) { return g.Downgrade(rows, target) }})
}
