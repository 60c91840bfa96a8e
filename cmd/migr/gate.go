package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/gate"
	"github.com/migr-dev/migr/internal/history"
)

// checkCodes refuses codes that there are not: a typing error must not allow nothing in silence.
func checkCodes(codes []string) error {
	for _, c := range codes {
		if !slices.Contains(gate.Codes(), c) {
			return usagef("--allow %s: there is no such code; the codes are %s", c, strings.Join(gate.Codes(), ", "))
		}
	}
	return nil
}

// A refusal is a finding as it is told.
type refusal struct {
	Code    string `json:"code"`
	Object  string `json:"object"`
	Message string `json:"message"`
	Path    string `json:"path"`
	Line    int    `json:"line"`
	Rows    *int64 `json:"rows,omitempty"`  // that are concerned, as the database is now
	About   bool   `json:"about,omitempty"` // Rows is the server's guess
}

// gate refuses, before anything runs, steps that lose data and are not allowed
// by a directive in the file or by --allow. It counts the rows at stake.
func (a *app) gate(ctx context.Context, db *database, steps []history.Step, allow []string) error {
	count := newRowCounter(ctx, db.Conn)
	defer count.close()
	var all []refusal
	loses := false
	known := a.columns(ctx, db.engine, db.Conn, db.Server.Home)
	for _, s := range steps {
		found, err := a.findings(db.product, s, known)
		if err != nil {
			return err
		}
		for _, f := range found {
			loses = true
			if f.Allowed || slices.Contains(allow, f.Code) {
				continue
			}
			r := refusal{Code: f.Code, Object: f.Name, Path: s.Revision.Path, Line: f.Stmt.Line}
			var rows int64
			if r.Message, rows, r.About = count.told(f.Code, f.Name, f.Why, f.Count, f.Table); rows >= 0 {
				r.Rows = &rows
			}
			all = append(all, r)
		}
	}
	if len(all) > 0 {
		return refused(all)
	}
	if loses && a.cfg.Protected && !a.yes {
		return &problem{exit: exitUnsafe, code: "unsafe", what: "this environment is protected: what loses data needs --yes as well", hint: "nothing was run"}
	}
	return nil
}

// columns asks a connection for the columns of a table, once a statement changes a type.
func (a *app) columns(ctx context.Context, e *catalog.Engine, conn catalog.Querier, home string) *gate.Columns {
	return &gate.Columns{Engine: e, Home: home, Read: func(schema, table string) ([]*catalog.Object, error) {
		return e.Columns(ctx, conn, schema, table)
	}}
}

func refused(all []refusal) error {
	p := &problem{exit: exitUnsafe, code: "unsafe", what: "this loses data, or fails on the rows there are, and is not allowed"}
	var codes []string
	for _, r := range all {
		p.why = append(p.why, fmt.Sprintf("%s:%d: %s: %s", r.Path, r.Line, r.Code, r.Message))
		if !slices.Contains(codes, r.Code) {
			codes = append(codes, r.Code)
		}
	}
	p.hint = fmt.Sprintf("nothing was run; if that is meant, write `-- migr:allow %s: REASON` before the statement, or pass --allow %s", codes[0], strings.Join(codes, " --allow "))
	p.more = map[string]any{"codes": codes, "findings": all}
	return p
}

func (a *app) findings(p *product, s history.Step, known *gate.Columns) ([]gate.Finding, error) {
	if s.Revision == nil || s.Direction == history.Stamp {
		return nil, nil
	}
	up, err := s.Revision.UpStmts(p.dialect.Family, a.vars)
	if err != nil && s.Direction == history.Down && s.Revision.Template {
		up, err = nil, nil // the way back need not know the variables of the way there
	}
	if err != nil {
		return nil, err
	}
	if s.Direction == history.Up {
		return gate.Check(p.dialect.Family, up, nil, s.Revision.Allow, known), known.Err()
	}
	down, err := s.Revision.DownStmts(p.dialect.Family, a.vars)
	if err != nil {
		return nil, err
	}
	return gate.Check(p.dialect.Family, down, up, s.Revision.Allow, known), known.Err()
}
