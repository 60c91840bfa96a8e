package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/history"
)

// late finds the revisions that came into the history below what is applied, and
// so count as applied and never ran.
func (a *app) late(ctx context.Context, g *history.Graph, s *apply.Session, rows []history.ID) ([]*history.Revision, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ran, err := s.Ran(ctx)
	if err != nil {
		return nil, err
	}
	full := sync.OnceValues(func() (map[string]apply.Entry, error) { // the headers are asked for only where one is suspicious
		log, err := s.Log(ctx)
		return lastUps(log), err
	})
	return g.Late(rows, records(ran, func(id string) string {
		ups, err := full()
		if err != nil {
			return ""
		}
		return ups[id].Header
	}))
}

// records makes of the log what the graph asks of it: per revision its last entry.
func records(log []apply.Entry, header func(id string) string) map[history.ID]history.Record {
	out := make(map[history.ID]history.Record, len(log))
	for _, e := range log {
		id := history.ID(e.Revision)
		switch e.Direction {
		case "up":
			out[id] = history.Record{Needs: func() ([]history.ID, bool) { return needs(header(e.Revision)) }}
		case "stamp":
			out[id] = history.Record{Stamped: true}
		default:
			delete(out, id)
		}
	}
	return out
}

// needs reads what a revision followed and depended on from its kept header.
func needs(header string) ([]history.ID, bool) {
	if header == "" {
		return nil, false
	}
	r, err := history.Restore("", header, "")
	if err != nil {
		return nil, false
	}
	all := slices.Clone(r.Parents)
	for _, d := range r.DependsOn {
		all = append(all, history.ID(d))
	}
	return all, true
}

// lateProblem says what came late and the ways out.
func lateProblem(g *history.Graph, late []*history.Revision, command string) error {
	p := &problem{exit: exitHistory, code: "late_revision", more: map[string]any{}}
	var ids []history.ID
	for _, r := range late {
		ids = append(ids, r.ID)
		p.why = append(p.why, fmt.Sprintf("%s  %s  %s", r.ID, r.Path, r.Message))
	}
	p.what = fmt.Sprintf("%s came into the history below what is applied here, and never ran on this database", count(len(late), "revision"))
	p.more["candidates"] = ids
	head := "HEAD"
	if heads := g.Heads(); len(heads) == 1 {
		head = string(heads[0].ID)
	}
	first := ids[0]
	p.hint = fmt.Sprintf("nothing was run; `migr rebase %s --onto %s` puts it on top, `migr upgrade --allow-out-of-order` runs it where it stands, "+
		"`migr repair --mark-applied %s` says that its changes are there already", first, head, first)
	if command == "downgrade" {
		p.hint = fmt.Sprintf("nothing was run: its way back would undo what never happened; `migr repair --mark-applied %s` says that its changes are there, `migr rebase %s --onto %s` takes it out of the way", first, first, head)
	}
	return p
}

// outOfOrder adds the late revisions to a plan, or refuses.
func (w *walker) outOfOrder(ctx context.Context, rows []history.ID) error {
	if w.sure {
		return nil // repair runs one revision, which the person named
	}
	late, err := w.a.late(ctx, w.g, w.s, rows)
	if err != nil || len(late) == 0 {
		return err
	}
	if w.down {
		var undone []*history.Revision
		for _, s := range w.steps.Steps {
			if slices.ContainsFunc(late, func(r *history.Revision) bool { return s.Revision == r }) {
				undone = append(undone, s.Revision)
			}
		}
		if len(undone) == 0 {
			return nil
		}
		return lateProblem(w.g, undone, "downgrade")
	}
	if !w.o.outOfOrder {
		return lateProblem(w.g, late, "upgrade")
	}
	var steps []history.Step
	for _, r := range late {
		steps = append(steps, history.UpStep(r))
	}
	w.steps.Steps = append(steps, w.steps.Steps...)
	return nil
}

// ended leaves the entries of what was carried out.
func ended(log []apply.Entry) []apply.Entry {
	return slices.DeleteFunc(slices.Clone(log), func(e apply.Entry) bool { return e.State != "done" })
}
