package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

// The outcomes of the statement at which a half-done revision stands.
const (
	outcomeFailed  = "failed"
	outcomeDone    = "done"     // it was carried out when migr was stopped
	outcomeNot     = "not_done" // it was not, or can be run again
	outcomeUnknown = "unknown"
	outcomeRunning = "running" // somebody has the lock, or the server is at it still
)

// partial tells how far a half-done revision is.
func (a *app) partial(ctx context.Context, g *history.Graph, s *apply.Session, e apply.Entry) *output.Partial {
	p := &output.Partial{Direction: e.Direction, Statements: e.Statements, Done: e.Done, Error: e.Err}
	t, behind := a.halfTask(g, e), e.Done
	switch {
	case e.State == "failed":
		p.At, p.Outcome = e.Started, outcomeFailed
	case e.Started > e.Done:
		p.At, p.Outcome = e.Done+1, outcomeUnknown
	}
	if t != nil && p.At > 0 && p.At <= len(t.Stmts) && sameAt(*t, e, p.At) {
		stmt := t.Stmts[p.At-1]
		p.Path, p.Line, p.Column, p.SQL = t.Path, stmt.Line, stmt.Col, stmt.Text
	}
	if p.Outcome == outcomeUnknown {
		if p.Outcome = a.outcome(ctx, s, t, e, p.SQL != ""); p.Outcome == outcomeDone {
			behind++
		}
	}
	if t != nil && behind < len(t.Stmts) {
		p.Gone = goneText(s.Plan.Carried(*t, behind))
	}
	return p
}

// outcome looks what became of the statement that was begun; placed: it is in the file.
func (a *app) outcome(ctx context.Context, s *apply.Session, t *apply.Task, e apply.Entry, placed bool) string {
	if h, _ := s.Holder(ctx); h != nil {
		return outcomeRunning
	}
	if !placed {
		return outcomeUnknown
	}
	var locked *apply.LockedError
	switch o, err := s.Outcome(ctx, t, e); {
	case errors.As(err, &locked): // it runs on in the server; the one who began it has gone
		return outcomeRunning
	case err == nil && o == driver.Happened:
		return outcomeDone
	case err == nil && o == driver.Again:
		return outcomeNot
	}
	return outcomeUnknown
}

// halfTask is the task of a half-done revision; nil where its file is not there or
// cannot be read.
func (a *app) halfTask(g *history.Graph, e apply.Entry) *apply.Task {
	r := g.Get(history.ID(e.Revision))
	if r == nil {
		return nil
	}
	p, err := a.offline()
	if err != nil {
		return nil
	}
	t, err := a.task(p, history.Step{Direction: history.Direction(e.Direction), Revision: r}, nil)
	if err != nil {
		return nil
	}
	return &t
}

// sameAt tells whether statement n of the file is the one that was begun.
func sameAt(t apply.Task, e apply.Entry, n int) bool {
	have := strings.Fields(e.Hashes)
	return n > len(have) || n <= len(t.Stmts) && apply.StatementHash(t.Stmts[n-1].Text) == have[n-1]
}

func (a *app) partialText(p *output.Partial) {
	line := func(format string, args ...any) { a.print("          "+format, args...) }
	line("%s: %d of %d statements are done", p.Direction, p.Done, p.Statements)
	if p.At > 0 {
		partialAt(p, line)
	}
	again := map[string]string{"up": "upgrade", "down": "downgrade"}[p.Direction]
	switch {
	case p.Outcome == outcomeUnknown:
		line("look at what is there; `migr repair` tells the ways on")
	case p.Outcome == outcomeRunning:
	case p.Gone != "":
		line("%s", p.Gone)
		line("run %s again: it tells how to go on with `migr repair --resume`", again)
	case p.Outcome == outcomeFailed:
		line("mend it in the file and run %s again: it goes on there", again)
	case p.Outcome == outcomeDone:
		line("run %s again: it goes on behind it", again)
	case p.Outcome == outcomeNot:
		line("run %s again: it goes on with it", again)
	}
}

// partialAt tells of the statement at which it stands.
func partialAt(p *output.Partial, line func(string, ...any)) {
	switch p.Outcome {
	case outcomeFailed:
		line("statement %d failed: %s", p.At, firstLine(p.Error))
		if p.At > p.Done+1 {
			line("%s rolled back with it", spanText(p.Done+1, p.At-1))
		}
	case outcomeDone:
		line("statement %d had been carried out when migr was stopped", p.At)
	case outcomeNot:
		line("statement %d was not carried out, or can be run again", p.At)
	case outcomeRunning:
		line("statement %d is under way: wait for its end; `migr lock status` tells who has the lock, where somebody has", p.At)
	default:
		line("statement %d was begun; it is not known whether it was carried out", p.At)
	}
	if p.SQL != "" {
		line("%s:%d:%d: %s", p.Path, p.Line, p.Column, firstLine(p.SQL))
	}
	if p.At < p.Statements {
		line("%s not run", spanText(p.At+1, p.Statements))
	}
}

// spanText is the beginning of a sentence about some statements.
func spanText(from, to int) string {
	if from == to {
		return fmt.Sprintf("statement %d was", from)
	}
	return fmt.Sprintf("statements %d to %d were", from, to)
}
