package main

import (
	"errors"
	"fmt"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

// A stepResult is one step of upgrade and downgrade in JSON.
type stepResult struct {
	Direction  string   `json:"direction"`
	Revision   string   `json:"revision"`
	Statements int      `json:"statements"`
	DurationMS int64    `json:"duration_ms"`
	SQL        []string `json:"sql,omitempty"`
}

type walkResult struct {
	From  []string     `json:"from"`
	To    []string     `json:"to"`
	Steps []stepResult `json:"steps"`
}

func runResult(p *history.Plan, steps []stepResult) walkResult {
	if steps == nil {
		steps = []stepResult{}
	}
	return walkResult{From: output.Strings(p.From), To: output.Strings(p.To), Steps: steps}
}

func doneSteps(all []apply.Done) []stepResult {
	var out []stepResult
	for _, d := range all {
		out = append(out, stepResult{Direction: d.Task.Direction, Revision: d.Task.Revision, Statements: d.Statements, DurationMS: d.Duration.Milliseconds()})
	}
	return out
}

func dryTasks(p *apply.Plan, tasks []apply.Task) []stepResult {
	var out []stepResult
	for _, t := range tasks {
		out = append(out, stepResult{Direction: t.Direction, Revision: t.Revision, Statements: len(t.Stmts), SQL: p.Texts(t)})
	}
	return out
}

func isMoved(err error) bool { return errors.Is(err, apply.ErrMoved) }

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
