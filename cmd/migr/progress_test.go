package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/sqltext"
)

// TestProgressBeat: without a terminal a long statement is told of now and then, and
// no more when it has ended.
func TestProgressBeat(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	a := &app{}
	a.err = dburl.NewRedactor().Writer(&out)
	p := &progress{a: a, done: make(chan struct{})}
	task := &apply.Task{Revision: "one", Stmts: make([]sqltext.Stmt, 2)}
	p.observe(apply.Event{Kind: apply.StatementBegins, Task: task, Statement: 2})
	go p.beat(20 * time.Millisecond)
	time.Sleep(150 * time.Millisecond)
	p.observe(apply.Event{Kind: apply.StatementEnds, Task: task, Statement: 2})
	p.mu.Lock()
	_ = a.err.Flush()
	told := out.String()
	p.mu.Unlock()
	if !strings.Contains(told, "one statement 2/2: ") || !strings.Contains(told, " so far\n") {
		t.Errorf("%q", told)
	}
	time.Sleep(60 * time.Millisecond)
	p.close()
	_ = a.err.Flush()
	if out.String() != told {
		t.Errorf("after its end: %q", out.String())
	}
}
