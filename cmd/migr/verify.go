package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/scratch"
	"github.com/migr-dev/migr/internal/seed"
)

func (a *app) verifyCommand() *cobra.Command {
	var noRows bool
	cmd := &cobra.Command{
		Use: "verify [REV|A:B]", Short: "prove revisions on a scratch database: up, down, up, with rows",
		Long: `Runs each revision up, down and up again on a scratch database. The schema after
the way down must equal the one before the way up, and at the end it must equal
the models. Tables are filled with a few rows before each step, so that what
fails on rows fails here. Exits 2 when a revision does not prove itself.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verify(cmd.Context(), strings.Join(unmark(args), ""), !noRows)
		},
	}
	cmd.Flags().BoolVar(&noRows, "no-rows", false, "leave the tables empty")
	return cmd
}

// A proof is what came of one revision.
type proof struct {
	Revision string `json:"revision"`
	Up       string `json:"up"`
	Down     string `json:"down"`
	Message  string `json:"message"`
}

type verifyResult struct {
	OK            bool    `json:"ok"`
	Revisions     []proof `json:"revisions"`
	MatchesModels bool    `json:"matches_models"`
}

func (a *app) verify(ctx context.Context, target string, rows bool) error {
	g, err := a.graph()
	if err != nil {
		return err
	}
	chosen, err := a.chosen(ctx, g, target)
	if err != nil {
		return err
	}
	plan, err := g.Upgrade(nil, "heads")
	if err != nil {
		return err
	}
	db, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	sc, err := a.scratch(ctx, db, a.scope(db))
	if err != nil {
		return err
	}
	defer a.discard(sc)
	if len(a.cfg.Schemas) == 0 && db.dialect.Schemas != nil {
		sc.Scope.Schemas = []string{"*"} // whatever schemas the revisions make
	}
	v := &verifier{a: a, db: db, sc: sc, rows: rows, filled: map[string]bool{}}
	res := verifyResult{OK: true, Revisions: []proof{}}
	whole := true
	for _, s := range plan.Steps {
		p, err := v.revision(ctx, s, chosen[s.Revision])
		if err != nil {
			return err
		}
		if chosen[s.Revision] || p.Up == "failed" {
			res.Revisions = append(res.Revisions, p)
			a.proofText(p)
		}
		res.OK = res.OK && p.Up != "failed" && p.Down != "failed"
		if p.Up == "failed" || p.Down == "failed" && !db.dialect.TxDDL { // what follows would stand on nobody knows what
			whole = false
			break
		}
	}
	if whole {
		if res.MatchesModels, err = v.matches(ctx); err != nil {
			return err
		}
	}
	if target == "" {
		res.OK = res.OK && res.MatchesModels
	}
	return a.verified(&res)
}

// chosen are the revisions to prove: all, one, or those of a range.
func (a *app) chosen(ctx context.Context, g *history.Graph, target string) (map[*history.Revision]bool, error) {
	revs := g.All()
	var err error
	switch {
	case target == "":
	case history.IsRange(target):
		if revs, err = g.Range(target, nil); err != nil {
			return nil, err
		}
	default:
		r, err := a.resolve(ctx, g, target)
		if err != nil {
			return nil, err
		}
		revs = []*history.Revision{r}
	}
	m := map[*history.Revision]bool{}
	for _, r := range revs {
		m[r] = true
	}
	return m, nil
}

// A verifier proves revisions one after the other on one scratch database.
type verifier struct {
	a      *app
	db     *database
	sc     *scratch.DB
	rows   bool
	filled map[string]bool
}

// revision runs one up and, when it is to be proved, down and up again.
func (v *verifier) revision(ctx context.Context, s history.Step, prove bool) (proof, error) {
	p := proof{Revision: string(s.Revision.ID), Up: "ok", Down: "ok"}
	up, err := v.a.task(v.db.product, s, nil)
	if err != nil {
		return p, err
	}
	before, err := v.read(ctx)
	if err != nil {
		return p, err
	}
	if err := v.run(ctx, &up); err != nil {
		p.Up, p.Message = "failed", err.Error()
		return p, ctxErr(ctx)
	}
	if !prove {
		return p, nil
	}
	after, err := v.read(ctx)
	if err != nil {
		return p, err
	}
	down, err := v.a.task(v.db.product, history.Step{Direction: history.Down, Revision: s.Revision}, nil)
	var no *problem
	if errors.As(err, &no) && no.code == "irreversible" {
		p.Down, p.Message = "irreversible", no.what
		return p, nil
	}
	if err != nil {
		return p, err
	}
	lossy, err := v.lossy(ctx, s.Revision)
	if err != nil {
		return p, err
	}
	if err := v.run(ctx, &down); err != nil {
		p.Down, p.Message = "failed", err.Error()
		return v.again(ctx, p, &up, nil)
	}
	got, err := v.read(ctx)
	if err != nil {
		return p, err
	}
	if found := differences(v.db.engine)(got, before); len(found) > 0 {
		p.Down, p.Message = "failed", "down does not give back what was there before: "+strings.Join(found, "; ")
	} else if lossy {
		p.Down = "lossy"
	}
	return v.again(ctx, p, &up, after)
}

// again runs the revision up a second time, for the next to stand on.
func (v *verifier) again(ctx context.Context, p proof, up *apply.Task, after *catalog.Catalog) (proof, error) {
	if after == nil { // the way down stopped half way: the way up cannot be gone again from here
		return p, ctxErr(ctx)
	}
	if err := v.run(ctx, up); err != nil {
		p.Up, p.Message = "failed", "after down, up fails: "+err.Error()
		return p, ctxErr(ctx)
	}
	got, err := v.read(ctx)
	if err != nil {
		return p, err
	}
	if found := differences(v.db.engine)(got, after); len(found) > 0 && p.Down != "failed" {
		p.Up, p.Message = "failed", "up, down and up does not give what up gives: "+strings.Join(found, "; ")
	}
	return p, nil
}

// read fills the new tables and reads the schema.
func (v *verifier) read(ctx context.Context) (*catalog.Catalog, error) {
	c, err := v.sc.Read(ctx)
	if err != nil || !v.rows {
		return c, err
	}
	for path := range v.filled { // what went has its rows no more
		if !slices.ContainsFunc(c.Objects, func(o *catalog.Object) bool { return o.Kind == "table" && o.Path() == path }) {
			delete(v.filled, path)
		}
	}
	left, err := seed.Fill(ctx, v.sc.Conn, v.db.dialect.Family, c, v.filled)
	if len(left) > 0 && v.a.verbose {
		v.a.note("no rows could be made for %s", strings.Join(left, ", "))
	}
	return c, err
}

func (v *verifier) run(ctx context.Context, t *apply.Task) error {
	texts := make([]string, len(t.Stmts))
	for i, s := range t.Stmts {
		texts[i] = s.Text
	}
	n, err := v.sc.Run(ctx, texts)
	if err == nil || n >= len(t.Stmts) {
		return err
	}
	e := apply.NewStatementError(v.db.dialect, t, n+1, err, true)
	why := e.Err.Error()
	if e.Server != nil {
		why = e.Server.Error()
	}
	return fmt.Errorf("%s:%d:%d: statement %d: %s", t.Path, e.Line, e.Col, e.N, why)
}

// lossy tells whether the way back loses what the way there has not brought.
func (v *verifier) lossy(ctx context.Context, r *history.Revision) (bool, error) {
	known := v.a.columns(ctx, v.sc.Engine, v.sc.Conn, v.sc.Scope.Home)
	found, err := v.a.findings(v.db.product, history.Step{Direction: history.Down, Revision: r}, known)
	for _, f := range found {
		if strings.HasPrefix(f.Code, "drop-") && !strings.Contains(f.Why, "added by this revision") || f.Code == "truncate" || f.Code == "delete-all" || f.Code == "narrow-type" {
			return true, err
		}
	}
	return false, err
}

// matches compares what the revisions lead to with the models, when there are any.
func (v *verifier) matches(ctx context.Context) (bool, error) {
	m, err := v.a.cfg.Models()
	if err != nil || len(m.Specs) == 0 {
		return err == nil, err
	}
	want, err := v.a.wanted(ctx, v.db, m, false)
	if err != nil {
		return false, err
	}
	defer v.a.discard(want.DB)
	home := v.sc.Scope.Home
	v.sc.Scope = want.scope
	v.sc.Scope.Home = home
	got, err := v.sc.Read(ctx)
	if err != nil {
		return false, err
	}
	found := differences(v.db.engine)(got, want.catalog)
	for _, f := range found {
		v.a.note("models: %s", f)
	}
	return len(found) == 0, nil
}

func ctxErr(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (a *app) proofText(p proof) {
	s := a.styleOf(a.errTTY)
	paint := map[string]func(string) string{"ok": s.Green, "failed": s.Red, "lossy": s.Yellow, "irreversible": s.Yellow}
	a.note("%s  up %s  down %s  %s", s.Yellow(p.Revision), paint[p.Up](p.Up), paint[p.Down](p.Down), p.Message)
}

func (a *app) verified(res *verifyResult) error {
	err := a.result(res, func() {
		if res.OK {
			a.print("ok: %s proved", count(len(res.Revisions), "revision"))
			return
		}
		a.print("not proved")
		if !res.MatchesModels {
			a.print("the revisions do not lead to the models")
		}
	})
	if err == nil && !res.OK {
		return errNo
	}
	return err
}
