package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

func (a *app) statusCommand() *cobra.Command {
	var exit bool
	cmd := &cobra.Command{
		Use: "status", Aliases: []string{"showmigrations"}, Short: "every revision and what the database knows of it", Args: cobra.NoArgs,
		Long: `Lists every revision, oldest first: applied (when, how long), pending, partial,
missing file, changed file. With --exit-code it exits 2 when anything is not
applied as it stands, 3 when a revision is partly applied.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), exit) },
	}
	cmd.Flags().BoolVar(&exit, "exit-code", false, "exit 2 when anything is pending, missing or changed")
	return cmd
}

// The states of a revision.
const (
	stateApplied = "applied"
	statePending = "pending"
	statePartial = "partial"
	stateMissing = "missing_file"
	stateChanged = "changed_file"
)

func (a *app) status(ctx context.Context, exit bool) error {
	g, err := a.graphKept(ctx)
	if err != nil {
		return err
	}
	db, s, err := a.session(ctx, true, "")
	if err != nil {
		return err
	}
	defer db.Close()
	st, rows, err := a.rows(ctx, s)
	if err != nil {
		return err
	}
	log, err := s.Log(ctx)
	if err != nil {
		return err
	}
	list, err := a.states(g, st, rows, log)
	if err != nil {
		return err
	}
	for i := range list {
		for _, e := range st.Partial {
			if e.Revision == list[i].Revision {
				list[i].Partial = a.partial(ctx, g, s, e)
			}
		}
	}
	if err := a.result(revisionList{list}, func() { a.statusText(list) }); err != nil {
		return err
	}
	return statusExit(list, exit)
}

func statusExit(list []output.Revision, exit bool) error {
	worst := 0
	for _, r := range list {
		switch r.State {
		case stateApplied:
		case statePartial:
			worst = exitPartial
		default:
			worst = max(worst, exitNo)
		}
	}
	if worst == exitPartial {
		return &exitOnly{exitPartial}
	}
	if exit && worst != 0 {
		return errNo
	}
	return nil
}

// states works out the state of each revision, oldest first, and of rows
// whose file is missing.
func (a *app) states(g *history.Graph, st apply.State, rows []history.ID, log []apply.Entry) ([]output.Revision, error) {
	g, _, err := withKept(g, log, rows)
	if err != nil {
		return nil, err
	}
	known := slices.DeleteFunc(slices.Clone(rows), func(id history.ID) bool { return g.Get(id) == nil && g.Replaced(id) == nil })
	applied, err := g.Applied(known)
	if err != nil {
		return nil, err
	}
	ups := lastUps(log)
	late, err := g.Late(known, records(ended(log), func(id string) string { return ups[id].Header }))
	if err != nil {
		return nil, err
	}
	is := map[history.ID]bool{}
	for _, r := range applied {
		is[r.ID] = !slices.Contains(late, r)
	}
	partial := map[string]apply.Entry{}
	for _, e := range st.Partial {
		partial[e.Revision] = e
	}
	list := []output.Revision{}
	for _, r := range g.All() {
		o := a.object(g, r)
		o.State, o.AppliedAt = statePending, appliedAt(apply.Entry{})
		o.Current = slices.Contains(rows, r.ID)
		o.Late = slices.Contains(late, r)
		switch {
		case is[r.ID] && isKept(r):
			o.Path, o.State = "", stateMissing
			o.AppliedAt, o.AppliedBy = appliedAt(ups[o.Revision]), ups[o.Revision].By
		case is[r.ID]:
			o.State = stateApplied
			if err := fromLog(&o, r, ups[string(r.ID)]); err != nil {
				return nil, err
			}
		}
		if _, ok := partial[o.Revision]; ok {
			o.State = statePartial
		}
		list = append(list, o)
	}
	return append(list, missing(g, rows, ups)...), nil
}

func appliedAt(e apply.Entry) *string {
	at := output.Time(e.AppliedAt)
	return &at
}

func fromLog(o *output.Revision, r *history.Revision, e apply.Entry) error {
	if e.Revision == "" { // applied by another tool, or stamped
		return nil
	}
	o.AppliedAt = appliedAt(e)
	ms := e.Duration.Milliseconds()
	o.DurationMS, o.AppliedBy = &ms, e.By
	sum, err := r.Checksum()
	if err != nil {
		return err
	}
	if e.Checksum != "" && e.Checksum != sum {
		o.State = stateChanged
	}
	return nil
}

// missing lists what the database has and no file tells.
func missing(g *history.Graph, rows []history.ID, ups map[string]apply.Entry) []output.Revision {
	var list []output.Revision
	seen := map[string]bool{}
	add := func(id string) {
		if g.Get(history.ID(id)) != nil || g.Replaced(history.ID(id)) != nil || seen[id] {
			return
		}
		seen[id] = true
		e := ups[id]
		list = append(list, output.Revision{
			Revision: id, Revises: []string{}, DependsOn: []string{}, Labels: []string{},
			Message: e.Message, State: stateMissing, AppliedAt: appliedAt(e), AppliedBy: e.By, Current: slices.Contains(rows, history.ID(id)),
		})
	}
	for _, id := range rows {
		add(string(id))
	}
	return list
}

func (a *app) statusText(list []output.Revision) {
	s := a.style()
	paint := map[string]func(string) string{stateApplied: s.Green, statePending: s.Yellow, statePartial: s.Red, stateMissing: s.Red, stateChanged: s.Red}
	width, pending := 8, 0
	for _, r := range list {
		width = max(width, len(r.Revision))
		if r.State == statePending {
			pending++
		}
	}
	for _, r := range list {
		state := fmt.Sprintf("%-8s", strings.ReplaceAll(r.State, "_", " "))
		line := paint[r.State](state) + "  " + s.Yellow(fmt.Sprintf("%-*s", width, r.Revision)) + "  " + r.Message
		if at := *r.AppliedAt; at != "" {
			line += s.Dim("  " + at)
			if r.DurationMS != nil {
				line += s.Dim(fmt.Sprintf(", %d ms", *r.DurationMS))
			}
		}
		if r.Late {
			line += s.Red("  <- came late: what follows it is applied, and it never ran")
		}
		if r.Current {
			line += s.Green("  <- current")
		}
		a.print("%s", line)
		if r.Partial != nil {
			a.partialText(r.Partial)
		}
	}
	a.note("%s, %d pending", count(len(list), "revision"), pending)
}

func (a *app) currentCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "current", Short: "the revision(s) that the database is at", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.current(cmd.Context(), check) },
	}
	cmd.Flags().BoolVar(&check, "check-heads", false, "exit 2 when the database is not at head")
	return cmd
}

type currentResult struct {
	Revisions []string `json:"revisions"`
	Heads     []string `json:"heads"`
	IsHead    bool     `json:"is_head"`
}

func (a *app) current(ctx context.Context, check bool) error {
	g, err := a.graph()
	if err != nil {
		return err
	}
	rows, err := a.currentRows(ctx)
	if err != nil {
		return err
	}
	at, err := g.Current(rows)
	if err != nil {
		return err
	}
	isHead, err := g.AtHeads(rows)
	if err != nil {
		return err
	}
	res := currentResult{Revisions: []string{}, Heads: []string{}, IsHead: isHead}
	for _, r := range at {
		res.Revisions = append(res.Revisions, string(r.ID))
	}
	for _, r := range g.Heads() {
		res.Heads = append(res.Heads, string(r.ID))
	}
	if err := a.result(res, func() {
		for _, r := range at {
			a.print("%s", a.line(g, r))
		}
		if len(at) == 0 {
			a.note("the database is at base: no revision is applied")
		}
	}); err != nil {
		return err
	}
	if check && !isHead {
		return errNo
	}
	return nil
}

// An exitOnly has been told already; only the exit code is left.
type exitOnly struct{ code int }

func (e *exitOnly) Error() string { return fmt.Sprintf("exit %d", e.code) }
