package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/history"
)

// A running holds the flags that upgrade and downgrade share.
type running struct {
	sql         bool
	dryRun      bool
	allow       []string
	transaction string
	outOfOrder  bool // upgrade only
	lockWait    string
	anyChecksum bool
}

func (r *running) flags(a *app, cmd *cobra.Command) {
	f := cmd.Flags()
	lockWaitFlag(cmd, &r.lockWait)
	a.varFlag(cmd)
	f.BoolVar(&r.anyChecksum, "ignore-checksum", false, "run although files of applied revisions were changed, this once")
	f.BoolVar(&r.sql, "sql", false, "print the script instead of running it; needs no connection")
	f.BoolVar(&r.dryRun, "dry-run", false, "print what would be sent to the database as it is now, and write nothing")
	f.StringArrayVar(&r.allow, "allow", nil, "allow what loses data, by `CODE`: drop-table, drop-column, …; may be given several times")
	f.StringVar(&r.transaction, "transaction", "", "`mode`: revision (one transaction each), all (one for all) or off")
}

func (r *running) check() error {
	switch r.transaction {
	case "", "revision", "all", "off":
	default:
		return usagef("--transaction is one of revision, all, off, and not %q", r.transaction)
	}
	if r.sql && r.dryRun {
		return usagef("--sql and --dry-run are two things: offline, and against the live state")
	}
	return checkCodes(r.allow)
}

// settle checks the flags and puts them over the configuration.
func (r *running) settle(a *app) error {
	if err := r.check(); err != nil {
		return err
	}
	return a.setLockWait(r.lockWait)
}

func (a *app) upgradeCommand() *cobra.Command {
	var o running
	cmd := &cobra.Command{
		Use: "upgrade [REV]", Aliases: []string{"up", "migrate"}, Short: "run revisions up to a target (default: head)",
		Long: `Runs, in order, all revisions that the target needs and that are not applied.
The target is head where none is named; heads means the ends of all branches.
A:B with --sql prints the script from A to B, offline.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := "head"
			if len(args) == 1 {
				target = unmark(args)[0]
			}
			return a.upgrade(cmd.Context(), target, &o)
		},
	}
	o.flags(a, cmd)
	cmd.Flags().BoolVar(&o.outOfOrder, "allow-out-of-order", false, "run revisions that came into the history below what is applied")
	return cmd
}

func (a *app) upgrade(ctx context.Context, target string, o *running) error {
	if err := o.settle(a); err != nil {
		return err
	}
	g, err := a.graph()
	if err != nil {
		return err
	}
	if o.sql {
		s, err := g.UpgradeScript(target)
		if err != nil {
			return err
		}
		return a.script(s, o)
	}
	if err := history.NoRange(target); err != nil {
		return err
	}
	return a.walk(ctx, &walker{g: g, o: o, plan: func(g *history.Graph, rows []history.ID) (*history.Plan, error) { return g.Upgrade(rows, target) }})
}

// script prints an offline script.
func (a *app) script(s *history.Script, o *running) error {
	p, err := a.offline()
	if err != nil {
		return err
	}
	plan := a.plan(p, nil, o.transaction)
	if !a.json {
		return a.longScript(p, plan, s)
	}
	tasks, err := a.tasks(p, s.Plan.Steps, nil)
	if err != nil {
		return err
	}
	if err := plan.Check(tasks); err != nil {
		return err
	}
	var tables []string
	if s.Create {
		tables = plan.Tables.Create()
	}
	return a.scriptResult(s.Plan, plan, tasks, tables)
}

// longScript prints the script of perhaps thousands of revisions: of each no more
// is kept than its text, and nothing is printed before all of them are known to be
// right.
func (a *app) longScript(p *product, plan *apply.Plan, s *history.Script) error {
	parts, err := each(s.Plan.Steps, func(step history.Step) (string, error) {
		t, err := a.task(p, step, nil)
		if err != nil {
			return "", err
		}
		if err := plan.Check([]apply.Task{t}); err != nil {
			return "", err
		}
		if step.Revision != nil {
			step.Revision.Forget()
		}
		return plan.TaskScript(t), nil
	})
	if err != nil {
		return err
	}
	a.answered = true
	if s.Create {
		parts = append([]string{plan.TablesScript(plan.Tables.Create())}, parts...)
	}
	for _, text := range parts {
		if _, err := io.WriteString(a.out, text); err != nil {
			return err
		}
	}
	return nil
}

// scriptResult prints what would be sent: as a script, or in JSON per step.
func (a *app) scriptResult(steps *history.Plan, plan *apply.Plan, tasks []apply.Task, tables []string) error {
	if a.json {
		return a.result(runResult(steps, dryTasks(plan, tasks)), nil)
	}
	a.answered = true
	return plan.Script(a.out, tasks, tables)
}

// walk is upgrade and downgrade: plan on what is there, take the lock only when
// there is something to do, plan again under it, run.
func (a *app) walk(ctx context.Context, w *walker) error {
	o := w.o
	w.a = a
	absent, err := a.absent()
	if err != nil {
		return err
	}
	if err := w.open(ctx, o.dryRun || absent); err != nil {
		return err
	}
	defer func() { _ = w.db.Close() }()
	db, s := w.db, w.s
	if err := w.prepare(ctx, db.dialect.TryLock == nil || o.dryRun); err != nil {
		return err
	}
	if len(w.steps.Steps) == 0 && len(w.state.Partial) == 0 {
		if w.tell != nil {
			return w.tell(w.steps, nil)
		}
		return a.result(runResult(w.steps, nil), func() { a.note("nothing to do: the database is at %s", rowsText(w.steps.To)) })
	}
	if err := a.showKept(w.steps.Steps); err != nil {
		return err
	}
	if o.dryRun {
		s.Plan.Note = db.expected
		return a.scriptResult(w.steps, s.Plan, w.tasks, s.Plan.Tables.Missing(w.state))
	}
	if absent { // all that can be refused has been: now it is made
		_ = db.Close()
		if err := w.open(ctx, false); err != nil {
			return err
		}
		if err := w.prepare(ctx, w.db.dialect.TryLock == nil); err != nil {
			return err
		}
	}
	return w.run(ctx)
}

func (w *walker) open(ctx context.Context, readOnly bool) error {
	db, s, err := w.a.session(ctx, readOnly, w.o.transaction)
	if err == nil {
		w.db, w.s = db, s
	}
	return err
}

// absent tells whether connecting would make the database.
func (a *app) absent() (bool, error) {
	u, err := a.cfg.URL()
	if err != nil {
		return false, err
	}
	p, err := a.product(u)
	return err == nil && p.dialect.Absent != nil && p.dialect.Absent(u), err
}

// A walker carries one walk through the graph.
type walker struct {
	a     *app
	g     *history.Graph
	o     *running
	db    *database
	s     *apply.Session
	plan  func(*history.Graph, []history.ID) (*history.Plan, error)
	down  bool                                    // the way back, for which what the database kept of lost files is used
	sure  bool                                    // the person says that the statement under way when migr was stopped is to be run
	tell  func(*history.Plan, []apply.Done) error // instead of the result of upgrade
	state apply.State
	steps *history.Plan
	tasks []apply.Task
}

// prepare reads the state, plans on it and refuses what may not run, before anything does.
//
// What looks half done without the lock may be another migr at its work: only
// alone is it judged.
func (w *walker) prepare(ctx context.Context, alone bool) error {
	st, rows, err := w.a.rows(ctx, w.s)
	if err != nil {
		return err
	}
	if w.steps != nil && len(st.Partial) == 0 && w.state.Same(st) { // under the lock: nothing has happened meanwhile
		return nil
	}
	w.state, w.tasks = st, nil
	if w.steps, err = w.planned(ctx, rows); err != nil {
		return err
	}
	if err := w.outOfOrder(ctx, rows); err != nil {
		return err
	}
	if len(w.steps.Steps) == 0 && len(st.Partial) == 0 {
		return nil
	}
	var log []apply.Entry
	if st.Log {
		if log, err = w.s.Log(ctx); err != nil {
			return err
		}
	}
	if err := w.unchanged(log, rows); err != nil {
		return err
	}
	if w.tasks, err = w.a.tasks(w.db.product, w.steps.Steps, lastUps(log)); err != nil {
		return err
	}
	if alone {
		if err := w.a.resume(ctx, w.s, st, w.tasks, w.sure); err != nil {
			return err
		}
	}
	if err := w.s.Plan.Check(w.tasks); err != nil {
		return err
	}
	return w.a.gate(ctx, w.db, w.steps.Steps, w.o.allow)
}

// unchanged refuses to build on revisions whose files are others than those that
// ran. The way back may have been mended since: it is taken, with a warning.
func (w *walker) unchanged(log []apply.Entry, rows []history.ID) error {
	err := w.a.refuseChanged(w.g, log, rows)
	var p *problem
	if w.o.anyChecksum && errors.As(err, &p) {
		w.a.warn("%s, and is left so this once: %s", p.what, strings.Join(p.why, ", "))
		return nil
	}
	if len(w.steps.Steps) > 0 && w.steps.Steps[0].Direction == history.Down && errors.As(err, &p) {
		w.a.warn("%s: %s", p.what, strings.Join(p.why, ", "))
		return nil
	}
	return err
}

// planned plans on the files; where the database is at revisions without a file,
// on what it kept of them.
func (w *walker) planned(ctx context.Context, rows []history.ID) (*history.Plan, error) {
	plan, err := w.plan(w.g, rows)
	var h *history.Error
	if !errors.As(err, &h) || len(h.Rows) == 0 {
		if h != nil && h.Code == history.MultipleHeads && !w.down {
			return nil, w.a.severalHeads(w.g, rows, h)
		}
		return plan, err
	}
	log, e := w.s.Log(ctx)
	if e != nil {
		return nil, e
	}
	g, kept, e := withKept(w.g, log, h.Rows)
	if e != nil || len(kept) == 0 {
		return nil, err
	}
	if !w.down {
		h.Hint = fmt.Sprintf("restore the file, or get the version of the files that has it; the database kept its down part: `migr downgrade %s` undoes it", below(kept))
		return nil, err
	}
	w.g = g
	return w.plan(g, rows)
}

// below names the target that undoes what was kept.
func below(kept []*history.Revision) string {
	for _, r := range kept {
		for _, p := range r.Parents {
			if !slices.ContainsFunc(kept, func(k *history.Revision) bool { return k.ID == p }) {
				return string(p)
			}
		}
	}
	return "base"
}

func (w *walker) run(ctx context.Context) error {
	show := w.a.progress(w.tasks)
	defer show.close()
	w.s.Observe = show.observe
	if err := w.s.Lock(ctx, w.a.cfg.LockWait); err != nil {
		return err
	}
	defer func() { _ = w.s.Unlock(context.WithoutCancel(ctx)) }()
	var all []apply.Done
	from := w.steps.From
	for try := 0; ; try++ {
		if err := w.s.Lock(ctx, w.a.cfg.LockWait); err != nil { // it is lost with a lost connection
			return err
		}
		if w.db.dialect.TryLock != nil || try > 0 { // what another has done meanwhile is not done again
			if err := w.prepare(ctx, true); err != nil {
				return err
			}
		}
		if err := w.s.Prepare(ctx, w.state); err != nil {
			return err
		}
		done, err := w.s.Run(ctx, w.tasks, w.state.Rows)
		all = append(all, done...)
		if err == nil {
			break
		}
		if !isMoved(err) || try > 100 {
			show.close()
			return err
		}
	}
	show.close()
	w.steps.From = from
	if w.tell != nil {
		return w.tell(w.steps, all)
	}
	return w.a.result(runResult(w.steps, doneSteps(all)), func() {
		if len(all) == 0 {
			w.a.note("nothing to do: another migr has brought the database to %s", rowsText(w.steps.To))
			return
		}
		w.a.note("%s: %s, now at %s", w.a.shownURL(), count(len(all), "revision"), rowsText(w.steps.To))
	})
}

func rowsText(rows []history.ID) string {
	if len(rows) == 0 {
		return "base"
	}
	return strings.Join(texts(rows), ", ")
}
