package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/history"
)

// A repairing holds the flags of repair: one of them.
type repairing struct {
	resume                         bool
	assumeDone                     int
	applied, pending, acceptChange string
	allow                          []string
}

func (a *app) repairCommand() *cobra.Command {
	var o repairing
	cmd := &cobra.Command{
		Use: "repair", Short: "end a half-done revision, or correct what is recorded", Args: cobra.NoArgs,
		Long: `Without flags it tells what is to be repaired, and how, and changes nothing.

--resume goes on after the last statement that is known to be done, also where
upgrade does not: with one whose end was not seen, or without what ended with the
session of those before (a temporary table, a variable that a query gave).
--assume-done N says that the first N statements are done; --resume, or the next
upgrade, goes on after them.
--mark-applied REV records a revision as applied, --mark-pending REV as not
applied, and runs nothing.
--accept-checksum REV takes the file of an applied revision as it is now.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.repair(cmd, &o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.resume, "resume", false, "go on after the last statement that is done")
	f.IntVar(&o.assumeDone, "assume-done", 0, "the first `N` statements are done")
	f.StringVar(&o.applied, "mark-applied", "", "record `REV` as applied")
	f.StringVar(&o.pending, "mark-pending", "", "record `REV` as not applied")
	f.StringVar(&o.acceptChange, "accept-checksum", "", "take the file of `REV` as it is now")
	f.StringArrayVar(&o.allow, "allow", nil, "with --resume: allow what loses data, by `CODE`")
	return cmd
}

type repairResult struct {
	Repaired string        `json:"repaired"` // the revision; empty when nothing was done
	Problems []problemJSON `json:"problems"` // what is left to be repaired
	walkResult
}

type problemJSON struct {
	Code       string `json:"code"`
	Revision   string `json:"revision"`
	Direction  string `json:"direction,omitempty"`
	Statements int    `json:"statements,omitempty"`
	Done       int    `json:"done,omitempty"`
	Message    string `json:"message"`
	Hint       string `json:"hint"`
}

func (a *app) repair(cmd *cobra.Command, o *repairing) error {
	ctx := cmd.Context()
	var given []string
	for _, name := range []string{"resume", "assume-done", "mark-applied", "mark-pending", "accept-checksum"} {
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 1 {
		return usagef("%s are different repairs: one at a time", joined(given))
	}
	g, err := a.graphKept(ctx)
	if err != nil {
		return err
	}
	r := &repairer{a: a, g: g, o: o}
	readOnly := len(given) == 0 || o.resume
	if r.db, r.s, err = a.session(ctx, readOnly, ""); err != nil {
		return err
	}
	defer r.db.Close()
	if err := r.read(ctx); err != nil {
		return err
	}
	switch {
	case o.resume:
		return r.resume(ctx)
	case cmd.Flags().Changed("assume-done"):
		return r.locked(ctx, r.assumeDone)
	case o.applied != "":
		return r.locked(ctx, r.markApplied)
	case o.pending != "":
		return r.locked(ctx, r.markPending)
	case o.acceptChange != "":
		return r.locked(ctx, r.accept)
	}
	return r.tell(ctx)
}

// A repairer carries one repair.
type repairer struct {
	a    *app
	g    *history.Graph
	o    *repairing
	db   *database
	s    *apply.Session
	st   apply.State
	rows []history.ID
	log  []apply.Entry
}

func (r *repairer) read(ctx context.Context) (err error) {
	if r.st, r.rows, err = r.a.rows(ctx, r.s); err != nil {
		return err
	}
	r.log, err = r.s.Log(ctx)
	return err
}

// locked does something under the lock, on the state as it is then.
func (r *repairer) locked(ctx context.Context, do func(context.Context) (string, error)) error {
	if err := r.s.Lock(ctx, r.a.cfg.LockWait); err != nil {
		return err
	}
	defer func() { _ = r.s.Unlock(context.WithoutCancel(ctx)) }()
	if err := r.read(ctx); err != nil {
		return err
	}
	from := r.rows
	id, err := do(ctx)
	if err != nil {
		return err
	}
	if err := r.read(ctx); err != nil {
		return err
	}
	left, err := r.problems()
	if err != nil {
		return err
	}
	res := repairResult{id, left, runResult(&history.Plan{From: from, To: r.rows}, nil)}
	return r.a.result(res, func() { r.a.note("repaired %s: the database is at %s", id, rowsText(r.rows)) })
}

// problems lists what is to be repaired.
func (r *repairer) problems() ([]problemJSON, error) {
	out := []problemJSON{}
	for _, e := range r.st.Partial {
		p := partialProblem(e, "")
		out = append(out, problemJSON{"partial", e.Revision, e.Direction, e.Statements, e.Done, p.what, p.hint})
	}
	changed, err := r.a.changed(r.g, r.log)
	if err != nil {
		return nil, err
	}
	for _, c := range changed {
		out = append(out, problemJSON{
			Code: "checksum", Revision: string(c.ID), Message: fmt.Sprintf("%s was changed since it ran", c.Path),
			Hint: fmt.Sprintf("put it back as it was, or `migr repair --accept-checksum %s`", c.ID),
		})
	}
	return out, nil
}

func (r *repairer) tell(context.Context) error {
	left, err := r.problems()
	if err != nil {
		return err
	}
	res := repairResult{"", left, runResult(&history.Plan{From: r.rows, To: r.rows}, nil)}
	if err := r.a.result(res, func() {
		for _, p := range left {
			r.a.print("%s", p.Message)
			r.a.print("  %s", p.Hint)
		}
		if len(left) == 0 {
			r.a.note("nothing is to be repaired")
		}
	}); err != nil {
		return err
	}
	if len(r.st.Partial) > 0 {
		return &exitOnly{exitPartial}
	}
	if len(left) > 0 {
		return errNo
	}
	return nil
}

// half returns the half-done revision.
func (r *repairer) half() (apply.Entry, error) {
	if len(r.st.Partial) == 0 {
		return apply.Entry{}, &problem{exit: exitHistory, code: "not_found", what: "no revision is half done", hint: "`migr status` tells the state"}
	}
	return r.st.Partial[0], nil
}

// resume runs the rest of the half-done revision.
func (r *repairer) resume(ctx context.Context) error {
	e, err := r.half()
	if err != nil {
		return err
	}
	if err := checkCodes(r.o.allow); err != nil {
		return err
	}
	_ = r.db.Close()
	w := &walker{
		g: r.g, o: &running{allow: r.o.allow, outOfOrder: true}, down: e.Direction == "down", sure: true,
		plan: func(g *history.Graph, rows []history.ID) (*history.Plan, error) {
			return g.Single(rows, history.ID(e.Revision), history.Direction(e.Direction))
		},
	}
	return r.a.walk(ctx, w)
}

// assumeDone records how many statements are done, by word.
func (r *repairer) assumeDone(ctx context.Context) (string, error) {
	e, err := r.half()
	if err != nil {
		return "", err
	}
	if n := r.o.assumeDone; n < e.Done || n > e.Statements {
		return "", usagef("--assume-done %d: revision %s has %d statements, and %d of them are known to be done", n, e.Revision, e.Statements, e.Done)
	}
	rev, err := r.g.ResolveOne(e.Revision, nil)
	if err != nil {
		return "", err
	}
	t, err := r.a.task(r.db.product, history.Step{Direction: history.Direction(e.Direction), Revision: rev}, nil)
	if err != nil {
		return "", err
	}
	if len(t.Stmts) < r.o.assumeDone {
		return "", usagef("--assume-done %d: there are %s in %s", r.o.assumeDone, count(len(t.Stmts), "statement"), rev.Path)
	}
	if err := r.s.Prepare(ctx, r.st); err != nil {
		return "", err
	}
	return e.Revision, r.s.AssumeDone(ctx, e, t, r.o.assumeDone)
}

// one finds the revision that is meant: a file's, or a half-done one.
func (r *repairer) one(text string) (history.ID, error) {
	text = strings.TrimPrefix(text, numberMark)
	if slices.ContainsFunc(r.st.Partial, func(e apply.Entry) bool { return e.Revision == text }) {
		return history.ID(text), nil
	}
	rev, err := r.g.ResolveOne(text, r.rows)
	if err != nil {
		return "", err
	}
	return rev.ID, nil
}

// markApplied records a revision as applied: with it all that it needs must be.
func (r *repairer) markApplied(ctx context.Context) (string, error) {
	id, err := r.one(r.o.applied)
	if err != nil {
		return "", err
	}
	plan, err := r.g.Single(r.rows, id, history.Up)
	if err != nil {
		return "", err
	}
	return string(id), r.record(ctx, id, plan, "stamp")
}

// markPending records a revision as not applied: nothing that needs it may be.
func (r *repairer) markPending(ctx context.Context) (string, error) {
	id, err := r.one(r.o.pending)
	if err != nil {
		return "", err
	}
	plan, err := r.g.Single(r.rows, id, history.Down)
	if err != nil {
		return "", err
	}
	return string(id), r.record(ctx, id, plan, "down")
}

// record changes the rows without running anything.
func (r *repairer) record(ctx context.Context, id history.ID, plan *history.Plan, direction string) error {
	t := apply.Task{Revision: string(id), Direction: direction}
	if rev := r.g.Get(id); rev != nil {
		t.Path, t.Message = rev.Path, rev.Message
		if direction == "stamp" {
			up, err := r.a.task(r.db.product, history.Step{Direction: history.Up, Revision: rev}, nil)
			if err != nil {
				return err
			}
			t.Direction, t.Checksum, t.Down, t.Header = "up", up.Checksum, up.Down, up.Header
		}
	}
	for _, s := range plan.Steps {
		t.Insert, t.Delete = texts(s.Insert), texts(s.Delete)
	}
	if err := r.s.Prepare(ctx, r.st); err != nil {
		return err
	}
	return r.s.Record(ctx, t, r.st.Rows)
}

// accept takes the file of an applied revision as what ran.
func (r *repairer) accept(ctx context.Context) (string, error) {
	rev, err := r.g.ResolveOne(strings.TrimPrefix(r.o.acceptChange, numberMark), r.rows)
	if err != nil {
		return "", err
	}
	if _, ok := lastUps(r.log)[string(rev.ID)]; !ok {
		return "", &problem{exit: exitHistory, code: "not_found", what: fmt.Sprintf("the log of this database does not tell of revision %s as applied", rev.ID), hint: "there is no checksum to accept; `migr status` tells the state"}
	}
	t, err := r.a.task(r.db.product, history.Step{Direction: history.Up, Revision: rev}, nil)
	if err != nil {
		return "", err
	}
	return string(rev.ID), r.s.Accept(ctx, t)
}
