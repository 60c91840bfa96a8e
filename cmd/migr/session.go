package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/history"
)

// tables names the version table and the log. With a connection they are in the
// schema that was home when it was opened, whatever a revision sets later.
func (a *app) tables(db *database) apply.Tables {
	t := apply.Tables{Schema: a.cfg.VersionSchema, Version: a.cfg.VersionTable}
	if db == nil {
		return t
	}
	t.Dialect = db.dialect
	if t.Schema == "" && db.dialect.Schemas != nil {
		t.Schema = db.Server.Home
	}
	return t
}

// plan is how tasks become operations on a product; db may be nil (offline).
func (a *app) plan(p *product, db *database, mode string) *apply.Plan {
	t := a.tables(db)
	t.Dialect = p.dialect
	by := ""
	if db != nil {
		by = a.who()
	}
	if mode == "" {
		mode = string(a.cfg.Transaction)
	}
	return &apply.Plan{
		Dialect: p.dialect, Tables: t, Mode: apply.Mode(mode), By: by, Tool: "migr " + version, Client: client(),
		Timeouts: driver.Timeouts{Lock: a.cfg.LockTimeout, Statement: a.cfg.StatementTimeout},
	}
}

// who is on the keyboard: user@host.
func (a *app) who() string {
	name := a.env("USER")
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	host, _ := os.Hostname()
	if name == "" && host == "" {
		return ""
	}
	return name + "@" + host
}

// client is this process, for who waits for it.
func client() string {
	host, _ := os.Hostname()
	host = strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, host)
	if len(host) > 32 { // PostgreSQL keeps 63 bytes of an application_name
		host = host[:32]
	}
	return fmt.Sprintf("pid %d on %s", os.Getpid(), host)
}

// session opens the database and what runs revisions on it.
func (a *app) session(ctx context.Context, readOnly bool, mode string) (*database, *apply.Session, error) {
	db, err := a.open(ctx, readOnly)
	if err != nil {
		return nil, nil, err
	}
	return db, a.sessionOn(db, mode), nil
}

func (a *app) sessionOn(db *database, mode string) *apply.Session {
	return &apply.Session{
		Conn: db.Conn, Plan: a.plan(db.product, db, mode), Now: a.now, Retries: a.cfg.LockRetries,
		TableLock: a.cfg.Lock == config.LockTable, Lease: a.lease(),
	}
}

// offline is the product that the URL names, without connecting to it.
func (a *app) offline() (*product, error) {
	u, err := a.cfg.URL()
	if err != nil {
		return nil, err
	}
	return a.product(u)
}

// rows reads the version table.
func (a *app) rows(ctx context.Context, s *apply.Session) (apply.State, []history.ID, error) {
	st, err := s.Read(ctx)
	if err != nil {
		return st, nil, err
	}
	return st, ids(st.Rows), nil
}

func ids(rows []string) []history.ID {
	out := make([]history.ID, len(rows))
	for i, r := range rows {
		out[i] = history.ID(r)
	}
	return out
}

func texts(in []history.ID) []string {
	out := make([]string, len(in))
	for i, id := range in {
		out[i] = string(id)
	}
	return out
}

// tasks reads the files of a plan's steps.
func (a *app) tasks(p *product, steps []history.Step, log map[string]apply.Entry) ([]apply.Task, error) {
	return each(steps, func(s history.Step) (apply.Task, error) { return a.task(p, s, log) })
}

// each does something with each of many, several at a time. The error is that of
// the first that has one.
func each[In, Out any](in []In, do func(In) (Out, error)) ([]Out, error) {
	out, errs := make([]Out, len(in)), make([]error, len(in))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(in)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(in); i = int(next.Add(1)) - 1 {
				out[i], errs[i] = do(in[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *app) task(p *product, s history.Step, log map[string]apply.Entry) (apply.Task, error) {
	t := apply.Task{Direction: string(s.Direction), Insert: texts(s.Insert), Delete: texts(s.Delete)}
	r := s.Revision
	if r == nil {
		return t, nil
	}
	t.Revision, t.Path, t.Message, t.NoTx = string(r.ID), r.Path, r.Message, r.NoTx
	if s.Direction == history.Stamp {
		return t, nil
	}
	sum, err := r.Checksum()
	if err != nil {
		return t, err
	}
	t.Checksum = sum
	if e, ok := log[t.Revision]; ok && isKept(r) {
		t.Checksum = e.Checksum // its up part is not there any more
	}
	body, err := r.Body()
	if err != nil {
		return t, err
	}
	if s.Direction == history.Up {
		stmts, err := r.UpStmts(p.dialect.Family, a.vars)
		if err != nil {
			return t, err
		}
		a.fill(&t, stmts)
		return t, a.keep(p, &t, r, stmts)
	}
	if body.Irreversible != "" {
		return t, irreversible(t.Revision, t.Path, body.Irreversible)
	}
	if body.Down == nil {
		return t, irreversible(t.Revision, t.Path, "the file has no down part")
	}
	stmts, err := r.DownStmts(p.dialect.Family, a.vars)
	if err != nil {
		return t, err
	}
	a.fill(&t, stmts)
	return t, nil
}

func (a *app) fill(t *apply.Task, stmts []history.Stmt) {
	for i, s := range stmts {
		s.File = t.Path
		t.Stmts = append(t.Stmts, s.Stmt)
		if s.Batch != nil {
			if t.Batches == nil {
				t.Batches = map[int]history.Batch{}
			}
			t.Batches[i] = *s.Batch
		}
	}
}

func irreversible(id, path, why string) error {
	return &problem{
		exit: exitUnsafe, code: "irreversible", what: fmt.Sprintf("revision %s has no way back: %s", id, why), why: []string{path},
		hint: "nothing was run; write a down part into the file, or `migr stamp` the revision that the database is to count as",
	}
}

// url says which database a message is about, without its password.
func (a *app) shownURL() string {
	u, err := a.cfg.URL()
	if err != nil {
		return "the database"
	}
	if u.Scheme == dburl.SQLite && !u.Memory {
		return a.cfg.Rel(u.Path)
	}
	return u.Redacted()
}

// resume finds the half-done revisions and makes the first step go on where it
// stands; the statements that ran must still be those of the file. sure: a person says
// that the next statement has all it needs, and is to be run where nobody can tell
// whether it was.
func (a *app) resume(ctx context.Context, s *apply.Session, st apply.State, tasks []apply.Task, sure bool) error {
	for _, e := range st.Partial {
		i := slices.IndexFunc(tasks, func(t apply.Task) bool { return t.Revision == e.Revision && t.Direction == e.Direction })
		if i != 0 {
			return partialProblem(e, "this command would not end it")
		}
		t := &tasks[0]
		have := strings.Fields(e.Hashes)
		if e.Done > len(t.Stmts) || e.Done > len(have) {
			return partialProblem(e, "the file has fewer statements than were run")
		}
		for n := range e.Done {
			if apply.StatementHash(t.Stmts[n].Text) != have[n] {
				return partialProblem(e, fmt.Sprintf("statement %d, which ran already, is another one in the file now", n+1))
			}
		}
		t.Resume, t.Done = true, e.Done
		note := ""
		if e.State == "running" && e.Started > e.Done {
			var err error
			if note, err = a.begun(ctx, s, t, e, sure); err != nil {
				return err
			}
		}
		if gone := goneText(s.Plan.Carried(*t, t.Done)); gone != "" && t.Done < len(t.Stmts) && !sure {
			return goneProblem(e, t, gone)
		}
		if note != "" {
			a.note("revision %s: %s", e.Revision, note)
		}
	}
	return nil
}

// begun settles what became of the statement that was begun and whose end was not seen,
// and says so. sure: where that cannot be told it is run; where it is known to have been
// carried out no word of a person has it run again.
func (a *app) begun(ctx context.Context, s *apply.Session, t *apply.Task, e apply.Entry, sure bool) (string, error) {
	unknown := func(why string) (string, error) {
		if sure {
			return "", nil
		}
		p := partialProblem(e, fmt.Sprintf("it is not known whether statement %d was carried out%s", e.Done+1, why))
		if gone := goneText(s.Plan.Carried(*t, t.Done)); gone != "" {
			p.why = append(p.why, gone)
		}
		return "", p
	}
	if !sameAt(*t, e, e.Done+1) {
		return unknown(", and it is another one in the file now")
	}
	outcome, err := s.Outcome(ctx, t, e)
	switch {
	case err != nil:
		return "", err
	case outcome == driver.Happened:
		t.Done++
		return fmt.Sprintf("statement %d had been carried out when migr was stopped; going on behind it", t.Done), nil
	case outcome == driver.Again:
		return fmt.Sprintf("going on with statement %d, at which migr was stopped", e.Done+1), nil
	}
	return unknown(": migr was killed, or the connection was lost, while it ran")
}

// goneText says what ended with the session of the statements that are done; "" where
// that is nothing.
func goneText(c driver.Carried) string {
	if len(c.Gone) == 0 {
		return ""
	}
	var all []string
	for _, g := range c.Gone {
		all = append(all, fmt.Sprintf("%s (made by statement %d)", g.What, g.Statement))
	}
	return "what is still to come may need what ended with the session: " + strings.Join(all, ", ")
}

// goneProblem refuses to go on without what the session had: the outcome could be another.
func goneProblem(e apply.Entry, t *apply.Task, gone string) *problem {
	p := partialProblem(e, gone)
	first := ""
	if t.Done > e.Done {
		p.why = append(p.why, fmt.Sprintf("statement %d had been carried out when migr was stopped", t.Done))
		first = fmt.Sprintf("`migr repair --assume-done %d` records that; then ", t.Done)
	}
	p.hint = fmt.Sprintf("%swrite what makes it again in front of statement %d in the file, where that needs it, and go on with `migr repair --resume`", first, t.Done+1)
	return p
}

func partialProblem(e apply.Entry, why string) *problem {
	p := &problem{
		exit: exitPartial, code: "partial", what: fmt.Sprintf("revision %s (%s) is partly applied: %d of %d statements are done", e.Revision, e.Direction, e.Done, e.Statements),
		why: []string{why}, more: map[string]any{"revision": e.Revision, "done": e.Done, "statements": e.Statements},
	}
	if e.Err != "" {
		p.why = append(p.why, "the server said: "+e.Err)
	}
	p.hint = fmt.Sprintf("look at what is there; then `migr repair --resume` goes on after statement %d, `migr repair --assume-done %d` counts one more as done, `migr repair --mark-applied %s` or `--mark-pending %s` ends it by word",
		e.Done, e.Done+1, e.Revision, e.Revision)
	return p
}

// changed finds applied revisions whose file is another now than when it ran.
func (a *app) changed(g *history.Graph, log []apply.Entry) ([]*history.Revision, error) {
	var out []*history.Revision
	for id, e := range lastUps(log) {
		r := g.Get(history.ID(id))
		if r == nil || e.Checksum == "" || isKept(r) {
			continue
		}
		sum, err := r.Checksum()
		if err != nil {
			return nil, err
		}
		if sum != e.Checksum {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(x, y *history.Revision) int { return strings.Compare(x.Path, y.Path) })
	return out, nil
}

// lastUps picks, per revision, its last entry when that is an upgrade.
func lastUps(log []apply.Entry) map[string]apply.Entry {
	last := map[string]apply.Entry{}
	for _, e := range log {
		if e.State == "done" && e.Direction != "stamp" {
			last[e.Revision] = e
		}
	}
	for id, e := range last {
		if e.Direction != "up" {
			delete(last, id)
		}
	}
	return last
}

func (a *app) refuseChanged(ctx context.Context, g *history.Graph, log []apply.Entry, rows []history.ID) error {
	changed, err := a.changed(g, log)
	if err != nil || len(changed) == 0 {
		return err
	}
	applied, err := g.Applied(rows)
	if err != nil {
		return err
	}
	changed = slices.DeleteFunc(changed, func(r *history.Revision) bool { return !slices.Contains(applied, r) })
	if len(changed) == 0 {
		return nil
	}
	p := &problem{exit: exitHistory, code: "checksum", what: fmt.Sprintf("%s changed since then", count(len(changed), "file")+" of applied revisions "+map[bool]string{true: "was", false: "were"}[len(changed) == 1])}
	for _, r := range changed {
		p.why = append(p.why, a.edited(ctx, r, lastUps(log)[string(r.ID)])...)
	}
	p.hint = fmt.Sprintf("nothing was run; put the files back as they were, or accept them: `migr repair --accept-checksum %s`", changed[0].ID)
	return p
}
