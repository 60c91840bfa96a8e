package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/gate"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/scratch"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A generated is what --autogenerate fills revisions with: one, or with online
// as many as must be committed one after another.
type generated struct {
	bodies  []*history.Body
	changes []output.Change
}

// autogenerate compares the database with the models and proves the way there
// and back on the scratch database that holds the models.
func (a *app) autogenerate(ctx context.Context, g *history.Graph, o *revising) (*generated, error) {
	models, err := a.models()
	if err != nil {
		return nil, err
	}
	db, s, err := a.session(ctx, true, "")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := a.atHead(ctx, g, s); err != nil {
		return nil, err
	}
	stmts, err := a.modelStatements(ctx, db, models)
	if err != nil {
		return nil, err
	}
	key, err := a.wantedKey(ctx, db, stmts)
	if err != nil {
		return nil, err
	}
	if nothing, err := a.nothingToDo(ctx, db, key, stmts, o); nothing || err != nil {
		return &generated{changes: []output.Change{}}, err
	}
	gen, again, err := a.generate(ctx, db, stmts, key, o, false)
	if again {
		gen, _, err = a.generate(ctx, db, stmts, key, o, true)
	}
	return gen, err
}

// generate builds the models, plans, proves and writes. again: the proof failed where
// something was renamed that nobody asked for; plain does without.
func (a *app) generate(ctx context.Context, db *database, stmts []sqltext.Stmt, key string, o *revising, plain bool) (gen *generated, again bool, err error) {
	// Three schemas are held at once, and what reading them leaves behind: at 5,000 tables
	// a quarter less memory is worth a twentieth more time.
	debug.SetGCPercent(50)
	want, err := a.buildModels(ctx, db, stmts, true)
	if err != nil {
		return nil, false, err
	}
	defer a.discard(want.DB) // a proof that failed leaves it as it came out
	a.remember(key, want)
	have, err := a.liveFor(ctx, db, want)
	if err != nil {
		return nil, false, err
	}
	if !plain {
		a.tellUnknown(have, want.catalog)
	}
	ways, err := a.proved(ctx, db, have, want, o, plain)
	var wrong *scratch.Difference
	if errors.As(err, &wrong) && ways.guessed() {
		return nil, true, err
	}
	if err != nil || ways == nil {
		return &generated{changes: []output.Change{}}, false, err
	}
	if a.cfg.Online {
		if err := ways.lookAtLocks(ctx, want); err != nil {
			return nil, false, err
		}
		a.tellRewrites(ways)
	}
	gen, err = a.compose(ctx, db, ways, o)
	return gen, false, err
}

// nothingToDo tells whether the database is as models that were built before say:
// then they need not be built for a proof.
func (a *app) nothingToDo(ctx context.Context, db *database, key string, stmts []sqltext.Stmt, o *revising) (bool, error) {
	before, err := a.remembered(db, key, stmts)
	if before == nil || err != nil {
		return false, err
	}
	have, err := a.liveFor(ctx, db, before)
	if err != nil || len(diff.Compare(db.engine, have, before.catalog)) > 0 {
		return false, err
	}
	a.tellUnknown(have, before.catalog)
	_, err = a.settling(db.engine, have, before.catalog, &o.naming, before.marks) // what the flags name must be there
	return true, err
}

// proved plans both ways and proves them; nil when nothing differs.
func (a *app) proved(ctx context.Context, db *database, have *catalog.Catalog, want *built, o *revising, plain bool) (ways, error) {
	s, err := a.settling(db.engine, have, want.catalog, &o.naming, want.marks)
	if err != nil {
		return nil, err
	}
	s.Plain, s.refuse = plain, true
	w, err := a.ways(ctx, db, have, want.catalog, want.scope, want.DB, s)
	if err != nil || w == nil {
		return nil, err
	}
	return w, w.prove(ctx, want)
}

// atHead makes sure that all revisions are applied, wholly.
func (a *app) atHead(ctx context.Context, g *history.Graph, s *apply.Session) error {
	st, rows, err := a.rows(ctx, s)
	if err != nil {
		return err
	}
	if len(st.Partial) > 0 {
		return partialProblem(st.Partial[0], "a revision can only be generated when none is half done")
	}
	return g.AutogenReady(rows)
}

// ways is what the revisions carry, one after another: one of them but for online.
type ways []*way

// A way is what one revision carries: two plans, with the renames that stand before them.
type way struct {
	from, to *catalog.Catalog // the schemas at its ends
	rounds   []round
	there    []string // the renames' statements
	back     []string
	up, down *diff.Result
	engine   *catalog.Engine
	locks    map[string][]catalog.Lock // with online: what each statement of up locks
}

func (w *way) upSQL() []string   { return append(slices.Clone(w.there), w.up.SQL()...) }
func (w *way) downSQL() []string { return append(slices.Clone(w.back), w.down.SQL()...) }

// upSQL are the statements of all, up.
func (ws ways) upSQL() []string {
	var all []string
	for _, w := range ws {
		all = append(all, w.upSQL()...)
	}
	return all
}

// downSQL are the statements of all, down.
func (ws ways) downSQL() []string {
	var all []string
	for _, w := range slices.Backward(ws) {
		all = append(all, w.downSQL()...)
	}
	return all
}

// ways plans both directions; none when nothing differs. site is a scratch database that
// holds the wanted schema; nil: one is made where it is needed.
func (a *app) ways(ctx context.Context, db *database, have, want *catalog.Catalog, scope catalog.Scope, site *scratch.DB, s *settling) (ways, error) {
	w := &way{from: have, to: want, engine: db.engine}
	st := &stage{DB: site}
	defer func() {
		if st.made != nil {
			a.discard(st.made.DB)
		}
	}()
	from, rounds, err := a.forth(ctx, db, st, s, have, want, scope)
	if err != nil {
		return nil, err
	}
	w.rounds = rounds
	for _, r := range rounds {
		for _, p := range r.pairs {
			w.there = append(w.there, p.There...)
		}
	}
	to := want
	if len(w.there) > 0 {
		if to, err = w.undo(ctx, st, want); err != nil {
			return nil, err
		}
	}
	parts, err := a.planWay(ctx, db, site, from, want)
	switch {
	case err != nil || len(parts) == 0 && len(w.there) == 0:
		return nil, err
	case len(parts) > 1:
		return inParts(w, from, parts), nil
	case len(parts) == 1:
		w.up = parts[0].Up
	default:
		w.up = &diff.Result{}
	}
	w.down, err = diff.Plan(db.engine, to, have, diff.Options{Online: a.cfg.Online})
	return ways{w}, err
}

// prove runs the ways down on the scratch database, which holds the models, and
// then the ways up; each must lead to the schema at its end.
func (ws ways) prove(ctx context.Context, want *built) error {
	compare := differences(want.Engine)
	for _, w := range slices.Backward(ws) {
		if err := want.Prove(ctx, "down", w.downSQL(), w.from, compare); err != nil {
			return err
		}
	}
	for _, w := range ws {
		if err := want.Prove(ctx, "up", w.upSQL(), w.to, compare); err != nil {
			return err
		}
	}
	return nil
}

// compose writes the two parts of each revision, with the directives that say what is lost.
func (a *app) compose(ctx context.Context, db *database, ways ways, o *revising) (*generated, error) {
	count := newRowCounter(ctx, db.Conn)
	defer count.close()
	p := db.product
	gen := &generated{changes: ways.changes()}
	var refused []string
	for _, w := range ways {
		up := writer{p: p, count: count, locks: w.locks, allow: func(h catalog.Hazard, _ *diff.Change) (string, bool) {
			return "allowed when the revision was generated", slices.Contains(o.allow, h.Code)
		}}
		up.look(w.upSQL())
		up.plain(w.there)
		up.steps(w.up.Steps)
		down := writer{p: p, allow: w.wayBack()}
		down.look(w.downSQL())
		down.plain(w.back)
		down.steps(w.down.Steps)
		body := &history.Body{Up: history.Part{Text: up.b.String()}, Down: &history.Part{Text: down.b.String()}}
		if err := a.readsBack(p, body, w); err != nil {
			return nil, err
		}
		gen.bodies = append(gen.bodies, body)
		refused = append(refused, up.refused...)
	}
	if len(refused) > 0 {
		a.warn("the up part loses data, or fails on the rows there are, and upgrade will refuse it until it is allowed in the file or by --allow:")
		for _, r := range refused {
			fmt.Fprintf(a.err, "  %s\n", r)
		}
	}
	return gen, nil
}

// readsBack makes sure that the file, once split, is what was proved.
func (a *app) readsBack(p *product, b *history.Body, w *way) error {
	for _, part := range []struct {
		way, text string
		stmts     []string
	}{{"up", b.Up.Text, w.upSQL()}, {"down", b.Down.Text, w.downSQL()}} {
		stmts, err := sqltext.Split(p.dialect.Family, part.way, part.text)
		if err != nil {
			return &problem{exit: exitFailed, code: "unproven", what: "the " + part.way + " part cannot be read back as it was proved", why: []string{err.Error()}, hint: "nothing was written; please report this"}
		}
		if len(stmts) != len(part.stmts) {
			return &problem{exit: exitFailed, code: "unproven", what: fmt.Sprintf("the %s part reads back as %d statements, and %d were proved", part.way, len(stmts), len(part.stmts)), hint: "nothing was written; please report this"}
		}
		for i := range stmts {
			if stmts[i].Text != strings.TrimSpace(part.stmts[i]) {
				return &problem{exit: exitFailed, code: "unproven", what: fmt.Sprintf("statement %d of the %s part reads back as another", i+1, part.way), why: []string{stmts[i].Text, part.stmts[i]}, hint: "nothing was written; please report this"}
			}
		}
	}
	return nil
}

// wayBack allows what down takes away that up had added: that loses nothing which
// was there before.
func (w *way) wayBack() func(catalog.Hazard, *diff.Change) (string, bool) {
	ups := map[catalog.Key]*diff.Change{}
	for _, c := range slices.Backward(w.up.Changes) { // what came in several stages was added by the first
		ups[c.Key] = c
	}
	return func(h catalog.Hazard, c *diff.Change) (string, bool) {
		u := ups[w.newName(c.Key)]
		if u == nil || !strings.HasPrefix(h.Code, "drop-") {
			return "", false
		}
		part := h.Code == gate.DropEnumValue || h.Code == gate.DropColumn && c.Key.Kind == "composite"
		values := part && !slices.ContainsFunc(u.Hazards, func(was catalog.Hazard) bool { return was.Code == h.Code })
		return "added by this revision", u.Action == diff.Add || values
	}
}

// newName is what up knows a thing as that down, which renames first, knows by its old name.
func (w *way) newName(k catalog.Key) catalog.Key {
	for _, r := range w.rounds {
		for _, p := range r.pairs {
			from, to := p.From.Key, p.To.Key
			switch {
			case k == from:
				k = to
			case from.Kind == "table" && k.Schema == from.Schema && k.Table == from.Name:
				k.Table = to.Name
			case from.Kind == "schema" && k.Schema == from.Name:
				k.Schema = to.Name
			}
		}
	}
	return k
}

// A writer writes one part of a file.
type writer struct {
	p       *product
	count   *rowCounter // of the rows that are lost; nil where they are not there yet
	b       strings.Builder
	allow   func(catalog.Hazard, *diff.Change) (reason string, ok bool)
	refused []string
	found   map[int][]gate.Finding // what the text of the n-th statement shows
	locks   map[string][]catalog.Lock
	n       int // statements written
}

// look reads all statements of the part: an index on a table that an earlier one
// makes risks nothing.
func (w *writer) look(stmts []string) {
	w.found = map[int][]gate.Finding{}
	var all []history.Stmt
	for i, s := range stmts {
		all = append(all, history.Stmt{Stmt: sqltext.Stmt{Text: s, Line: i}})
	}
	for _, f := range gate.Check(w.p.dialect.Family, all, nil, nil, nil) {
		w.found[f.Stmt.Line] = append(w.found[f.Stmt.Line], f)
	}
}

// plain writes the statements of renames. What MySQL does not carry along (a column
// that is computed from the renamed one) goes in them and comes back as it was.
func (w *writer) plain(stmts []string) {
	for _, s := range stmts {
		for _, f := range w.found[w.n] {
			fmt.Fprintf(&w.b, "-- migr:allow %s: the rename makes it anew, as it was\n", f.Code)
		}
		w.statement(s)
	}
}

func (w *writer) statement(s string) {
	for _, l := range w.locks[s] {
		w.b.WriteString(locksMark + l.String() + "\n")
	}
	w.b.WriteString(sqltext.Semicolon(strings.TrimSpace(s)) + "\n\n")
	w.n++
}

// steps writes the statements. What the comparison found stands before the first
// of a step; what the text of a later one shows, before that one.
func (w *writer) steps(steps []diff.Step) {
	for _, st := range steps {
		told := map[string]bool{}
		for _, c := range st.Changes {
			for _, h := range c.Hazards {
				if carried(st, h) {
					told[h.Code] = true
					w.directive(h, c)
				}
			}
		}
		for i, s := range st.SQL {
			for _, f := range w.found[w.n] {
				if i > 0 || !told[f.Code] {
					w.directive(catalog.Hazard{Code: f.Code, Object: f.Name, Why: f.Why, Count: f.Count}, about(st, f))
				}
			}
			if st.Rounds {
				fmt.Fprintf(&w.b, "-- migr:batch size=%d\n", roundSize)
			}
			w.statement(s)
		}
	}
}

// carried tells whether a change's hazard is this step's: a replaced object has two.
func carried(st diff.Step, h catalog.Hazard) bool {
	return slices.Contains(st.Hazards, h)
}

// about picks the change of a step that a finding in its text is about.
func about(st diff.Step, f gate.Finding) *diff.Change {
	for _, c := range st.Changes {
		if strings.EqualFold(c.Key.Name, f.Object) || strings.EqualFold(c.Key.Table+"\x00"+c.Key.Name, f.Object) {
			return c
		}
	}
	if len(st.Changes) > 0 {
		return st.Changes[0]
	}
	return &diff.Change{}
}

func (w *writer) directive(h catalog.Hazard, c *diff.Change) {
	if reason, ok := w.allow(h, c); ok {
		fmt.Fprintf(&w.b, "-- migr:allow %s: %s\n", h.Code, reason)
		return
	}
	why := h.Why
	if w.count != nil {
		why, _, _ = w.count.told(h.Code, h.Object, h.Why, h.Count, w.tableOf(c))
	}
	why = strings.Join(strings.Fields(why), " ")
	fmt.Fprintf(&w.b, "-- migr:hazard %s: %s\n", h.Code, why)
	w.refused = append(w.refused, h.Code+": "+why)
}

// tableOf is the table of a change, as it is written in SQL.
func (w *writer) tableOf(c *diff.Change) string {
	name := c.Key.Table
	if name == "" {
		name = c.Key.Name
	}
	name = sqltext.QuoteIdent(w.p.dialect.Family, name)
	if c.Key.Schema != "" {
		name = sqltext.QuoteIdent(w.p.dialect.Family, c.Key.Schema) + "." + name
	}
	return name
}

// A replayed is a revision's statement that failed on a scratch database.
type replayed struct{ *apply.StatementError }

// replayError places a failed statement of a replayed revision.
func replayError(d *driver.Dialect, t *apply.Task, n int, err error) error {
	if n >= len(t.Stmts) {
		return err
	}
	return &replayed{apply.NewStatementError(d, t, n+1, err, true)}
}
