package main

import (
	"fmt"
	"slices"
	"strings"

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

// gate refuses, before anything runs, steps that lose data and are not allowed
// by a directive in the file or by --allow.
func (a *app) gate(p *product, steps []history.Step, allow []string) error {
	var why []string
	var codes []string
	loses := false
	for _, s := range steps {
		found, err := a.findings(p, s)
		if err != nil {
			return err
		}
		for _, f := range found {
			loses = true
			if f.Allowed || slices.Contains(allow, f.Code) {
				continue
			}
			why = append(why, fmt.Sprintf("%s:%d: %s: %s", s.Revision.Path, f.Stmt.Line, f.Code, f.Why))
			if !slices.Contains(codes, f.Code) {
				codes = append(codes, f.Code)
			}
		}
	}
	if len(why) > 0 {
		return &problem{
			exit: exitUnsafe, code: "unsafe", what: "this loses data, or fails on the rows there are, and is not allowed", why: why,
			hint: fmt.Sprintf("nothing was run; if that is meant, write `-- migr:allow %s: REASON` before the statement, or pass --allow %s", codes[0], strings.Join(codes, " --allow ")),
			more: map[string]any{"codes": codes},
		}
	}
	if loses && a.cfg.Protected && !a.yes {
		return &problem{exit: exitUnsafe, code: "unsafe", what: "this environment is protected: what loses data needs --yes as well", hint: "nothing was run"}
	}
	return nil
}

func (a *app) findings(p *product, s history.Step) ([]gate.Finding, error) {
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
		return gate.Check(p.dialect.Family, up, nil, s.Revision.Allow), nil
	}
	down, err := s.Revision.DownStmts(p.dialect.Family, a.vars)
	if err != nil {
		return nil, err
	}
	return gate.Check(p.dialect.Family, down, up, s.Revision.Allow), nil
}
