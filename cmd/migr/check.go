package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

func (a *app) checkCommand() *cobra.Command {
	var offline bool
	var base string
	cmd := &cobra.Command{
		Use: "check", Short: "for CI: are models, revisions and database in step? changes nothing", Args: cobra.NoArgs,
		Long: `Exits 2 when the models and the database differ (with --offline: the models and
the revisions, replayed on a scratch database), when revisions are pending, or
when the history is not sound; names each difference with the SQL that would
mend it. Nothing is changed.

--base origin/main also fails on revisions of that commit which were edited or
removed here, on ids that are taken there, and on two heads once merged.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd.Context(), offline, base) },
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "compare the models with the revisions instead of the database")
	cmd.Flags().StringVar(&base, "base", "", "also compare the revision files with those of a `GITREF`: none edited or removed, one head together")
	return cmd
}

type problemResult struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Path    string `json:"path"`
}

type checkResult struct {
	InSync   bool            `json:"in_sync"`
	Changes  []output.Change `json:"changes"`
	Pending  []string        `json:"pending"`
	Problems []problemResult `json:"problems"`
}

func (a *app) check(ctx context.Context, offline bool, base string) error {
	res := checkResult{Changes: []output.Change{}, Pending: []string{}, Problems: []problemResult{}}
	if base != "" {
		found, err := a.checkBase(ctx, base)
		if err != nil {
			return err
		}
		res.Problems = append(res.Problems, found...)
	}
	g, err := a.graph()
	if p, ok := unsound(err); ok {
		if !slices.ContainsFunc(res.Problems, func(f problemResult) bool { return f.Code == p.Code }) {
			res.Problems = append(res.Problems, p)
		}
		return a.checked(nil, &res)
	}
	if err != nil {
		return err
	}
	if base != "" && !a.cfg.HasURL() {
		a.note("no database is configured: only the revision files were checked")
		return a.checked(nil, &res)
	}
	db, s, err := a.session(ctx, true, "")
	if err != nil {
		return err
	}
	defer db.Close()
	from := "heads"
	if !offline {
		from = "live"
		if err := a.checkState(ctx, g, s, &res); err != nil {
			return err
		}
	}
	have, want, done, err := a.pair(ctx, db, from, "models")
	defer done()
	if err != nil {
		return err
	}
	a.tellUnknown(have.catalog, want.catalog)
	rs, err := a.settling(db.engine, have.catalog, want.catalog, &naming{}, want.marks)
	if err != nil {
		return err
	}
	w, err := a.ways(ctx, db, have.catalog, want.catalog, a.scope(db), want.DB, rs)
	if err != nil {
		return err
	}
	if w != nil {
		res.Changes = w.changes()
	}
	return a.checked(db, &res)
}

// checkState finds what is half done, pending, late or changed.
func (a *app) checkState(ctx context.Context, g *history.Graph, s *apply.Session, res *checkResult) error {
	st, rows, err := a.rows(ctx, s)
	if err != nil {
		return err
	}
	for _, e := range st.Partial {
		res.Problems = append(res.Problems, problemResult{Code: "partial", Message: partialProblem(e, "").Error()})
	}
	pending, err := g.Pending(rows)
	if p, ok := unsound(err); ok {
		res.Problems = append(res.Problems, p)
	} else if err != nil {
		return err
	} else {
		late, err := a.late(ctx, g, s, rows)
		if err != nil {
			return err
		}
		for _, r := range late {
			res.Problems = append(res.Problems, problemResult{Code: "late_revision", Message: "what follows it is applied, and it never ran: " + string(r.ID), Path: r.Path})
		}
		pending = append(late, pending...)
	}
	for _, r := range pending {
		res.Pending = append(res.Pending, string(r.ID))
	}
	log, err := s.Log(ctx)
	if err != nil {
		return err
	}
	changed, err := a.changed(g, log)
	if err != nil {
		return err
	}
	for _, r := range changed {
		res.Problems = append(res.Problems, problemResult{Code: "checksum", Message: "the file was changed since it ran: " + string(r.ID), Path: r.Path})
	}
	return nil
}

// checked tells the answer.
func (a *app) checked(db *database, res *checkResult) error {
	res.InSync = len(res.Changes) == 0 && len(res.Pending) == 0 && len(res.Problems) == 0
	err := a.result(res, func() {
		s := a.style()
		for _, p := range res.Problems {
			a.print("%s %s", s.Red(p.Code+":"), p.Message)
		}
		for _, id := range res.Pending {
			a.print("%s %s", s.Yellow("pending:"), id)
		}
		for _, c := range res.Changes {
			a.print("%s %s %s", s.Red(c.Action), c.Kind, c.Name())
			if db != nil {
				a.statements(db.product, c.SQL)
			}
		}
		if res.InSync {
			a.note("in sync")
		}
	})
	if err == nil && !res.InSync {
		return errNo
	}
	return err
}

// unsound turns an error about the history into a problem of the answer.
func unsound(err error) (problemResult, bool) {
	var h *history.Error
	var bad *history.BadFile
	switch {
	case errors.As(err, &h):
		p := problemResult{Code: string(h.Code), Message: h.Msg}
		if len(h.Paths) > 0 {
			p.Path = h.Paths[0]
		}
		return p, true
	case errors.As(err, &bad):
		return problemResult{Code: string(bad.Code), Message: bad.Error(), Path: bad.Path}, true
	}
	return problemResult{}, false
}

// livePair is the live schema and the models.
func (a *app) livePair(ctx context.Context, db *database) (have, want *built, done func(), err error) {
	m, err := a.models()
	if err != nil {
		return nil, nil, func() {}, err
	}
	want, done, err = a.closing(a.wanted(ctx, db, m, true))
	if err != nil {
		return nil, nil, done, err
	}
	c, err := a.liveFor(ctx, db, want)
	return &built{catalog: c}, want, done, err
}

// pair reads both ends of a comparison. A schema that one end makes is read on the live end too.
func (a *app) pair(ctx context.Context, db *database, from, to string) (have, want *built, done func(), err error) {
	var closers []func()
	done = func() {
		for _, c := range closers {
			c()
		}
	}
	read := func(src string) (*built, error) {
		b, d, err := a.sourceCatalog(ctx, db, src)
		closers = append(closers, d)
		return b, err
	}
	if from == "live" && to == "models" {
		return a.livePair(ctx, db)
	}
	if want, err = read(to); err != nil {
		return nil, nil, done, err
	}
	have, err = read(from)
	return have, want, done, err
}
