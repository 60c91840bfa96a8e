package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/sqltext"
)

func (a *app) diffCommand() *cobra.Command {
	var from, to string
	var down, online bool
	var names naming
	cmd := &cobra.Command{
		Use: "diff", Short: "the SQL from one state of the schema to another", Args: cobra.NoArgs,
		Long: `Prints the SQL that leads from one state to another, by default from the live
database to the models. A state is live, models, head, a revision, empty, a
database URL, a file, or any model source.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.cfg.Online = a.cfg.Online || online
			return a.diff(cmd.Context(), from, to, down, &names)
		},
	}
	cmd.Flags().StringVar(&from, "from", "live", "the `state` to begin at")
	cmd.Flags().StringVar(&to, "to", "models", "the `state` to arrive at")
	cmd.Flags().BoolVar(&down, "down", false, "print the way back as well")
	cmd.Flags().BoolVar(&online, "online", false, "the least blocking form that the server has")
	names.flags(cmd)
	return cmd
}

type diffResult struct {
	Changes []output.Change `json:"changes"`
	Up      []string        `json:"up"`
	Down    []string        `json:"down"`
}

func (a *app) diff(ctx context.Context, from, to string, down bool, names *naming) error {
	a.specs = []string{from, to}
	db, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	have, want, done, err := a.pair(ctx, db, from, to)
	defer done()
	if err != nil {
		return err
	}
	a.tellUnknown(have.catalog, want.catalog)
	s, err := a.settling(db.engine, have.catalog, want.catalog, names, want.marks)
	if err != nil {
		return err
	}
	w, err := a.ways(ctx, db, have.catalog, want.catalog, a.scope(db), want.DB, s)
	if err != nil {
		return err
	}
	res := diffResult{Changes: []output.Change{}, Up: []string{}, Down: []string{}}
	if w != nil {
		res = diffResult{Changes: w.changes(), Up: nonNil(w.upSQL()), Down: nonNil(w.downSQL())}
	}
	return a.result(res, func() {
		if len(res.Up) == 0 {
			a.note("no differences")
			return
		}
		a.script2(db.product, res.Up)
		if down {
			a.print("\n-- and back")
			a.script2(db.product, res.Down)
		}
	})
}

// script2 prints statements for the product's own client.
func (a *app) script2(p *product, stmts []string) {
	for _, s := range stmts {
		fmt.Fprintln(a.out, sqltext.Terminate(p.dialect.Family, s))
	}
}
