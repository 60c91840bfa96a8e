package main

import (
	"fmt"
	"slices"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/history"
)

func ofLocked(e *apply.LockedError) *problem {
	p := &problem{exit: exitLocked, code: "locked", what: e.Error(), hint: "wait for it to end, or raise lock_wait", more: map[string]any{}}
	if e.Holder != nil {
		p.more["holder"] = holderJSON(e.Holder)
	}
	switch {
	case e.Table:
		p.hint += "; the lease of a migr that was killed runs out by itself, `migr lock release` ends it at once"
	case e.Holder != nil:
		p.hint += "; if it is no more, `migr lock release` tells how to end its session"
	}
	return p
}

// lostConnection asks each product whether the error is a connection that broke.
func lostConnection(err error) bool {
	return slices.ContainsFunc(products(), func(p *product) bool { return p.dialect.CauseOf(err) == driver.Lost })
}

// ofLostConnection tells of one that broke while no revision was under way.
func ofLostConnection(err error) *problem {
	return &problem{exit: exitFailed, code: "connect", what: "the connection to the database was lost", why: []string{err.Error()}, hint: "run the command again; `migr status` tells the state"}
}

// ofLost tells what is known of a revision after the connection broke.
func ofLost(e *apply.LostError) *problem {
	p := &problem{
		exit: exitFailed, code: "connect", what: fmt.Sprintf("revision %s, %s: the connection to the database was lost", e.Task.Revision, e.Task.Direction),
		why: []string{e.Err.Error()}, more: map[string]any{"revision": e.Task.Revision}, hint: "run the command again",
	}
	switch {
	case e.Known && e.Atomic:
		p.why = append(p.why, "the database was asked over a new connection: "+untouched(e.Task))
	case e.Known:
		p.why = append(p.why, "the database was asked over a new connection: "+unrecorded(e.Task))
		p.hint = "`migr status` tells which statements are done; run the command again: it goes on there"
	case e.Atomic && e.Committing:
		p.why = append(p.why, "COMMIT was sent, and the database could not be reached again: whether the revision is applied is not known; it is either wholly applied or not at all")
		p.hint = "`migr status` tells which, once the database can be reached"
	case e.Atomic:
		p.why = append(p.why, "COMMIT was not sent, the server rolls back: "+untouched(e.Task))
	default:
		p.why = append(p.why, "the log of the database tells which of its statements are done")
		p.hint = "`migr status` tells the state; run the command again: it goes on there, or says what is not known"
	}
	return p
}

// lostStatement tells of a statement whose end was not seen.
func lostStatement(e *apply.StatementError, p *problem) *problem {
	if e.Lost {
		p.what = fmt.Sprintf("revision %s, %s: the connection was lost at statement %d of %d", e.Task.Revision, e.Task.Direction, e.N, len(e.Task.Stmts))
	}
	p.more["lost"] = e.Lost
	if e.Atomic {
		p.code = "connect"
		p.why = append(p.why, "COMMIT was not sent, the server rolls back: "+untouched(e.Task))
		p.hint = "run the command again"
		return p
	}
	p.exit, p.code = exitPartial, "partial"
	p.why = append(p.why, fmt.Sprintf("%s; whether %d was carried out was not seen; the rest was not run", doneText(e.Done), e.N))
	p.hint = "run the same command again: it looks what became of the statement and goes on, or says that this cannot be told"
	return p
}

// untouched says how a revision stands of which a transaction was rolled back: the one that
// was to be undone is applied still.
func untouched(t *apply.Task) string {
	if t.Direction == string(history.Down) {
		return "the revision is applied as before"
	}
	return "the revision is not applied, nothing of it is left"
}

// unrecorded says of a revision with statements outside of transactions what the database
// has not heard of.
func unrecorded(t *apply.Task) string {
	if t.Direction == string(history.Down) {
		return "its way back is not recorded as done"
	}
	return "the revision is not recorded as applied"
}
