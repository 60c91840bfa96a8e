package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

// A showing holds the flags of history.
type showing struct {
	rng     string
	current bool
	graph   bool
	format  string
}

func (a *app) historyCommand() *cobra.Command {
	var o showing
	cmd := &cobra.Command{
		Use: "history", Short: "the revisions, newest first", Args: cobra.NoArgs,
		Long: `Lists the revisions, newest first. --graph draws how they follow each other;
--format mermaid or dot writes a diagram for documents, with dependencies dotted.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.rng = strings.TrimPrefix(o.rng, numberMark)
			return a.history(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.rng, "rev-range", "r", "", "only the revisions of `A:B`")
	f.BoolVarP(&o.current, "indicate-current", "i", false, "mark what the database is at, and what is applied")
	f.BoolVar(&o.graph, "graph", false, "draw the lines of the history")
	f.StringVar(&o.format, "format", "text", "`text`, json, mermaid or dot")
	return cmd
}

func (a *app) history(ctx context.Context, o *showing) error {
	draw := map[string]func(io.Writer, []output.Node) error{"mermaid": output.HistoryMermaid, "dot": output.HistoryDot}[o.format]
	switch {
	case o.graph && draw == nil:
		draw = output.HistoryGraph
	case o.graph:
		return usagef("--graph and --format %s are two ways to draw", o.format)
	case o.format == "json":
		a.json = true
	case draw == nil && o.format != "text":
		return usagef("--format is one of text, json, mermaid, dot, and not %q", o.format)
	}
	g, err := a.graph()
	if err != nil {
		return err
	}
	var rows []history.ID
	known := map[string]output.Revision{}
	if o.current || strings.Contains(o.rng, "current") || relativeRange(o.rng) && a.cfg.HasURL() {
		if rows, err = a.known(ctx, g, known); err != nil {
			return err
		}
	}
	if o.rng != "" && !history.IsRange(o.rng) {
		return &history.Error{Code: history.BadRange, Msg: fmt.Sprintf("%q is no range", o.rng), Hint: "write A:B, A: or :B"}
	}
	revs, err := g.Range(o.rng, rows)
	if err != nil {
		return err
	}
	list := a.objects(g, revs)
	if o.current {
		for i := range list {
			list[i] = known[list[i].Revision]
		}
	}
	var drawErr error
	err = a.result(revisionList{list}, func() {
		if draw != nil {
			drawErr = draw(a.out, a.nodes(g, revs, list))
			return
		}
		for i, r := range revs {
			a.print("%s", a.line(g, r)+a.stateMark(list[i]))
			if a.verbose {
				a.details(g, r)
			}
		}
	})
	if err == nil {
		err = drawErr
	}
	return err
}

// stateMark is what the database says of a revision, at the end of its line.
func (a *app) stateMark(o output.Revision) string {
	switch {
	case o.Current:
		return " " + a.style().Green("(current)")
	case o.State != "" && o.State != statePending:
		return " " + a.style().Green("("+strings.ReplaceAll(o.State, "_", " ")+")")
	}
	return ""
}

// nodes are the revisions as they are drawn.
func (a *app) nodes(g *history.Graph, revs []*history.Revision, list []output.Revision) []output.Node {
	out := make([]output.Node, len(revs))
	for i, r := range revs {
		n := output.Node{
			ID: string(r.ID), Text: a.line(g, r) + a.stateMark(list[i]), Label: r.Message,
			Filled: list[i].State != "" && list[i].State != statePending,
		}
		for _, p := range g.Parents(r.ID) {
			n.Parents = append(n.Parents, string(p.ID))
		}
		for _, d := range g.Dependencies(r.ID) {
			n.DependsOn = append(n.DependsOn, string(d.ID))
		}
		if len(n.DependsOn) > 0 {
			n.Text += " " + a.style().Dim("(needs "+joined(n.DependsOn)+")")
		}
		out[i] = n
	}
	return out
}

// known asks the database for its rows and what it knows of each revision.
func (a *app) known(ctx context.Context, g *history.Graph, into map[string]output.Revision) ([]history.ID, error) {
	db, s, err := a.session(ctx, true, "")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	st, rows, err := a.rows(ctx, s)
	if err != nil {
		return nil, err
	}
	log, err := s.Log(ctx)
	if err != nil {
		return nil, err
	}
	list, err := a.states(g, st, rows, log)
	for _, o := range list {
		into[o.Revision] = o
	}
	return rows, err
}
