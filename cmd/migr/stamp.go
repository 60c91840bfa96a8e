package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/history"
)

func (a *app) stampCommand() *cobra.Command {
	var purge, script bool
	var wait string
	cmd := &cobra.Command{
		Use: "stamp REV...", Short: "set the version without running anything",
		Long: `Writes into the version table that the database is at these revisions, and runs
none of them. --purge empties the table first, also of rows that no file knows.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("stamp needs a revision, head or base")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.setLockWait(wait); err != nil {
				return err
			}
			return a.stamp(cmd.Context(), unmark(args), purge, script)
		},
	}
	lockWaitFlag(cmd, &wait)
	cmd.Flags().BoolVar(&purge, "purge", false, "empty the version table first")
	cmd.Flags().BoolVar(&script, "sql", false, "print the script instead of running it; needs no connection")
	return cmd
}

func (a *app) stamp(ctx context.Context, targets []string, purge, script bool) error {
	g, err := a.graph()
	if err != nil {
		return err
	}
	if script {
		s, err := g.StampScript(purge, targets...)
		if err != nil {
			return err
		}
		return a.script(s, &running{})
	}
	if err := history.NoRange(targets...); err != nil {
		return err
	}
	db, s, err := a.session(ctx, false, "")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := s.Lock(ctx, a.cfg.LockWait); err != nil {
		return err
	}
	defer func() { _ = s.Unlock(context.WithoutCancel(ctx)) }()
	st, rows, err := a.rows(ctx, s)
	if err != nil {
		return err
	}
	plan, err := g.Stamp(rows, purge, targets...)
	if err != nil {
		return err
	}
	tasks, err := a.tasks(db.product, plan.Steps, nil)
	if err != nil {
		return err
	}
	if err := s.Prepare(ctx, st); err != nil {
		return err
	}
	done, err := s.Run(ctx, tasks, st.Rows)
	if err != nil {
		return err
	}
	return a.result(runResult(plan, doneSteps(done)), func() { a.note("stamped: the database is at %s", rowsText(plan.To)) })
}

func (a *app) editCommand() *cobra.Command {
	return &cobra.Command{
		Use: "edit REV", Short: "open a revision in $EDITOR", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := "head"
			if len(args) == 1 {
				target = unmark(args)[0]
			}
			g, err := a.graph()
			if err != nil {
				return err
			}
			r, err := a.resolve(cmd.Context(), g, target)
			if err != nil {
				return err
			}
			if err := a.openEditor(cmd.Context(), r.Path); err != nil {
				return err
			}
			g, err = a.graph() // what was written must still be a history
			if err != nil {
				return fmt.Errorf("the file was saved, and is not right: %w", err)
			}
			r, err = g.ResolveOne(string(r.ID), nil)
			if err != nil {
				return err
			}
			if _, err := r.Body(); err != nil {
				return fmt.Errorf("the file was saved, and is not right: %w", err)
			}
			return a.result(a.object(g, r), func() { a.print("%s", r.Path) })
		},
	}
}
