package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/gate"
	"github.com/migr-dev/migr/internal/history"
)

// keep puts into an upgrade's task what is needed to undo it without its file.
// What down may take away because up had added it must be allowed then too,
// though the up part is gone.
func (a *app) keep(p *product, t *apply.Task, r *history.Revision, up []history.Stmt) error {
	body, err := r.Body()
	if err != nil {
		return err
	}
	if body.Down == nil {
		t.Header, err = r.Kept()
		return err
	}
	t.Down = body.Down.Text
	down, err := r.DownStmts(p.dialect.Family, a.vars)
	if err != nil { // it need not be right to go up; who wants to go down will be told
		t.Header, err = r.Kept()
		return err
	}
	if t.Down, err = r.DownText(p.dialect.Family, a.vars); err != nil {
		return err
	}
	alone := slices.DeleteFunc(gate.Check(p.dialect.Family, down, nil, r.Allow, nil), func(f gate.Finding) bool { return f.Allowed })
	if len(alone) == 0 {
		t.Header, err = r.Kept()
		return err
	}
	lost := map[string]bool{}
	for _, f := range gate.Check(p.dialect.Family, down, up, r.Allow, nil) {
		lost[f.Code] = lost[f.Code] || !f.Allowed
	}
	var allow []history.Directive
	for _, f := range alone {
		if !lost[f.Code] {
			lost[f.Code] = true // once
			allow = append(allow, history.Directive{Code: f.Code, Reason: "its own up part had added that"})
		}
	}
	t.Header, err = r.Kept(allow...)
	return err
}

// restored makes revisions without files from what the database kept: those
// named, and what they follow, as far as there is no file.
func restored(g map[history.ID]bool, log []apply.Entry, ids []history.ID) ([]*history.Revision, error) {
	ups := lastUps(log)
	var out []*history.Revision
	for todo := slices.Clone(ids); len(todo) > 0; todo = todo[1:] {
		id := todo[0]
		e, ok := ups[string(id)]
		if g[id] || !ok || e.Header == "" {
			continue
		}
		r, err := history.Restore("the log of the database, revision "+e.Revision, e.Header, e.Down)
		if err != nil {
			return nil, fmt.Errorf("reading what the database kept of revision %s: %w", id, err)
		}
		g[id] = true
		out = append(out, r)
		todo = append(todo, r.Parents...)
		for _, d := range r.DependsOn {
			todo = append(todo, history.ID(d))
		}
	}
	return out, nil
}

// withKept adds to the graph the revisions of the rows that have no file, where the database kept them.
func withKept(g *history.Graph, log []apply.Entry, rows []history.ID) (*history.Graph, []*history.Revision, error) {
	have := map[history.ID]bool{}
	for _, r := range g.All() {
		have[r.ID] = true
		for _, old := range r.Replaces {
			have[old] = true
		}
	}
	revs, err := restored(have, log, rows)
	if err != nil || len(revs) == 0 {
		return g, nil, err
	}
	whole, err := g.With(revs...)
	return whole, revs, err
}

// graphKept reads the revision files, and where one that others follow is gone,
// what the database kept of it.
func (a *app) graphKept(ctx context.Context) (*history.Graph, error) {
	g, err := a.graph()
	var h *history.Error
	if !errors.As(err, &h) || h.Code != history.MissingRevision || !a.cfg.HasURL() {
		return g, err
	}
	revs, e := history.LoadRevisions(dirFS(a.cfg.Dir), a.cfg.Rel(a.cfg.Dir))
	if e != nil {
		return nil, e
	}
	db, s, e := a.session(ctx, true, "")
	if e != nil {
		return nil, err
	}
	defer db.Close()
	log, e := s.Log(ctx)
	if e != nil {
		return nil, err
	}
	have := map[history.ID]bool{}
	var all []history.ID
	for _, r := range revs {
		have[r.ID] = true
		for _, old := range r.Replaces {
			have[old] = true
		}
		all = append(all, r.Parents...)
		for _, d := range r.DependsOn {
			all = append(all, history.ID(d))
		}
	}
	kept, e := restored(have, log, all)
	if e != nil {
		return nil, e
	}
	if len(kept) == 0 {
		return nil, err
	}
	return history.NewGraph(append(revs, kept...)...)
}

// showKept shows the down parts that have no file, before they run.
func (a *app) showKept(steps []history.Step) error {
	for _, s := range steps {
		if s.Revision == nil || s.Direction != history.Down || !isKept(s.Revision) {
			continue
		}
		b, err := s.Revision.Body()
		if err != nil {
			return err
		}
		if b.Down == nil {
			continue
		}
		a.note("revision %s has no file; this is its down part as the database kept it:", s.Revision.ID)
		for line := range strings.Lines(strings.TrimSpace(b.Down.Text)) {
			a.note("  %s", strings.TrimRight(line, "\n"))
		}
	}
	return nil
}

// isKept says if the revision is one that only the database knows.
func isKept(r *history.Revision) bool { return strings.HasPrefix(r.Path, "the log of the database") }
