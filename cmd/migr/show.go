package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/sqltext"
)

// object makes the revision object of the contract.
func (a *app) object(g *history.Graph, r *history.Revision) output.Revision {
	return output.Revision{
		Revision: string(r.ID), Revises: output.Strings(r.Parents), DependsOn: output.Strings(r.DependsOn), Labels: output.Strings(r.Labels),
		Message: r.Message, Created: output.Time(r.Created), Path: r.Path,
		IsHead: g.IsHead(r.ID), IsBase: r.IsBase(), IsBranchPoint: g.IsBranchPoint(r.ID), IsMerge: r.IsMerge(),
	}
}

func (a *app) objects(g *history.Graph, rs []*history.Revision) []output.Revision {
	out := make([]output.Revision, 0, len(rs))
	for _, r := range rs {
		out = append(out, a.object(g, r))
	}
	return out
}

type revisionList struct {
	Revisions []output.Revision `json:"revisions"`
}

func (a *app) headsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "heads", Short: "the newest revision of each branch", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			g, err := a.graph()
			if err != nil {
				return err
			}
			return a.list(g, g.Heads())
		},
	}
}

func (a *app) branchesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "branches", Short: "the revisions that more than one follows", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			g, err := a.graph()
			if err != nil {
				return err
			}
			points := g.BranchPoints()
			return a.result(revisionList{a.objects(g, points)}, func() {
				for _, r := range points {
					a.print("%s", a.line(g, r))
					for _, c := range g.Children(r.ID) {
						a.print("  -> %s", a.line(g, c))
					}
				}
			})
		},
	}
}

func (a *app) list(g *history.Graph, rs []*history.Revision) error {
	return a.result(revisionList{a.objects(g, rs)}, func() {
		for _, r := range rs {
			a.print("%s", a.line(g, r))
		}
	})
}

// line is a revision on one line, with what marks it.
func (a *app) line(g *history.Graph, r *history.Revision) string {
	s := a.style()
	var marks []string
	for _, m := range []struct {
		on   bool
		text string
	}{{g.IsHead(r.ID), "head"}, {r.IsBase(), "base"}, {g.IsBranchPoint(r.ID), "branch point"}, {r.IsMerge(), "merge"}} {
		if m.on {
			marks = append(marks, m.text)
		}
	}
	if len(r.Labels) > 0 {
		marks = append(marks, strings.Join(r.Labels, ", "))
	}
	line := s.Yellow(string(r.ID))
	if len(marks) > 0 {
		line += " (" + s.Cyan(strings.Join(marks, ", ")) + ")"
	}
	if r.Message != "" {
		line += " " + r.Message
	}
	return line
}

// relativeRange tells whether a range has an end that counts from the database.
func relativeRange(rng string) bool {
	for part := range strings.SplitSeq(rng, ":") {
		if strings.HasPrefix(part, "+") || strings.HasPrefix(part, "-") {
			return true
		}
	}
	return false
}

func (a *app) currentRows(ctx context.Context) ([]history.ID, error) {
	db, s, err := a.session(ctx, true, "")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	_, rows, err := a.rows(ctx, s)
	return rows, err
}

// details are the header lines below a revision.
func (a *app) details(g *history.Graph, r *history.Revision) {
	put := func(name, text string) {
		if text != "" {
			a.print("  %-12s%s", name, text)
		}
	}
	put("path", r.Path)
	if r.IsBase() {
		put("revises", "base")
	} else {
		put("revises", strings.Join(output.Strings(r.Parents), ", "))
	}
	var children []string
	for _, c := range g.Children(r.ID) {
		children = append(children, string(c.ID))
	}
	put("children", strings.Join(children, ", "))
	put("depends on", strings.Join(r.DependsOn, ", "))
	put("labels", strings.Join(r.Labels, ", "))
	put("replaces", strings.Join(output.Strings(r.Replaces), ", "))
	if !r.Created.IsZero() {
		put("created", output.Time(r.Created))
	}
	a.print("")
}

type showResult struct {
	output.Revision
	Up       []string `json:"up"`
	Down     []string `json:"down"`
	Children []string `json:"children"`
}

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show [REV]", Short: "one revision: header, place, statements", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := "head"
			if len(args) == 1 {
				target = unmark(args)[0]
			}
			return a.show(cmd.Context(), target)
		},
	}
	a.varFlag(cmd)
	return cmd
}

func (a *app) show(ctx context.Context, target string) error {
	g, err := a.graph()
	if err != nil {
		return err
	}
	r, err := a.resolve(ctx, g, target)
	if err != nil {
		return err
	}
	p, err := a.shownProduct()
	if err != nil {
		return err
	}
	up, err := r.UpStmts(p.dialect.Family, a.vars)
	if err != nil {
		return err
	}
	down, err := r.DownStmts(p.dialect.Family, a.vars)
	if err != nil {
		return err
	}
	res := showResult{Revision: a.object(g, r), Up: stmtTexts(up), Down: stmtTexts(down), Children: []string{}}
	for _, c := range g.Children(r.ID) {
		res.Children = append(res.Children, string(c.ID))
	}
	body, err := r.Body()
	if err != nil {
		return err
	}
	return a.result(res, func() {
		s := a.style()
		a.print("%s", a.line(g, r))
		a.details(g, r)
		a.print("%s", s.Bold("up"))
		a.statements(p, res.Up)
		a.print("%s", s.Bold("down"))
		if body.Irreversible != "" {
			a.print("  irreversible: %s", body.Irreversible)
		}
		a.statements(p, res.Down)
	})
}

// shownProduct is the product of the URL; where none is given, one whose SQL is
// read most widely, as a revision can be looked at without a database.
func (a *app) shownProduct() (*product, error) {
	if a.cfg.HasURL() {
		return a.offline()
	}
	for _, p := range products() {
		if p.dialect.Family == a.familyOf() {
			return p, nil
		}
	}
	return a.offline()
}

func stmtTexts(stmts []history.Stmt) []string {
	out := make([]string, 0, len(stmts))
	for _, s := range stmts {
		out = append(out, s.Text)
	}
	return out
}

func (a *app) statements(p *product, stmts []string) {
	for _, s := range stmts {
		a.print("  %s", strings.ReplaceAll(sqltext.Terminate(p.dialect.Family, s), "\n", "\n  "))
	}
}

// resolve finds the one revision that a target names; the database is asked only
// where the target counts from it.
func (a *app) resolve(ctx context.Context, g *history.Graph, target string) (*history.Revision, error) {
	var rows []history.ID
	if strings.HasPrefix(target, "+") || strings.HasPrefix(target, "-") || strings.Contains(target, "current") {
		var err error
		if rows, err = a.currentRows(ctx); err != nil {
			return nil, err
		}
	}
	return g.ResolveOne(target, rows)
}

func (a *app) sqlCommand() *cobra.Command {
	var down bool
	cmd := &cobra.Command{
		Use: "sql [REV|A:B]", Aliases: []string{"sqlmigrate"}, Short: "the statements of a revision as they would be sent", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := "head"
			if len(args) == 1 {
				target = unmark(args)[0]
			}
			return a.sql(cmd.Context(), target, down)
		},
	}
	cmd.Flags().BoolVar(&down, "down", false, "the way back")
	a.varFlag(cmd)
	return cmd
}

type sqlResult struct {
	Steps []stepResult `json:"steps"`
}

func (a *app) sql(ctx context.Context, target string, down bool) error {
	g, err := a.graph()
	if err != nil {
		return err
	}
	p, err := a.offline()
	if err != nil {
		return err
	}
	var revs []*history.Revision
	if history.IsRange(target) {
		var rows []history.ID
		if strings.Contains(target, "current") || relativeRange(target) && a.cfg.HasURL() {
			if rows, err = a.currentRows(ctx); err != nil {
				return err
			}
		}
		if revs, err = g.Range(target, rows); err != nil {
			return err
		}
	} else {
		r, err := a.resolve(ctx, g, target)
		if err != nil {
			return err
		}
		revs = []*history.Revision{r}
	}
	direction := history.Down
	if !down { // a range is newest first
		slices.Reverse(revs)
		direction = history.Up
	}
	res := sqlResult{Steps: []stepResult{}}
	for _, r := range revs {
		t, err := a.task(p, history.Step{Direction: direction, Revision: r}, nil)
		if err != nil {
			return err
		}
		step := stepResult{Direction: t.Direction, Revision: t.Revision, Statements: len(t.Stmts), SQL: []string{}}
		for _, s := range t.Stmts {
			step.SQL = append(step.SQL, s.Text)
		}
		res.Steps = append(res.Steps, step)
	}
	return a.result(res, func() {
		for _, st := range res.Steps {
			if len(res.Steps) > 1 {
				a.print("-- %s %s", st.Direction, st.Revision)
			}
			for _, s := range st.SQL {
				fmt.Fprintln(a.out, sqltext.Terminate(p.dialect.Family, s))
			}
		}
	})
}
