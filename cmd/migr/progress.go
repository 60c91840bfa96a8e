package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/migr-dev/migr/internal/apply"
)

// A progress shows the work: a bar with revision and statement on a terminal
// for what takes over a second, else a plain line for each revision, and one every
// ten seconds for a statement that takes longer.
type progress struct {
	a     *app
	total int
	began time.Time

	mu   sync.Mutex
	bar  *progressbar.ProgressBar
	now  string
	from time.Time // since when the statement in hand runs; zero: there is none
	n    int
	done chan struct{}
}

func (a *app) progress(tasks []apply.Task) *progress {
	p := &progress{a: a, began: time.Now(), done: make(chan struct{})}
	for _, t := range tasks {
		p.total += len(t.Stmts)
	}
	if a.errTTY && !a.quiet && !a.verbose {
		go p.tick()
	} else if !a.quiet {
		go p.beat(10 * time.Second)
	}
	return p
}

// beat tells every now and then that a statement still runs.
func (p *progress) beat(every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-t.C:
			p.mu.Lock()
			if took := time.Since(p.from); !p.from.IsZero() && took >= every {
				p.line("%s: %s so far", p.now, short(took.Truncate(time.Second)))
			}
			p.mu.Unlock()
		}
	}
}

// tick draws the bar a second after the start, and then keeps its clock going.
func (p *progress) tick() {
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-t.C:
			p.draw()
		}
	}
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.began) < time.Second {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(p.total, progressbar.OptionSetWriter(p.a.stderr), progressbar.OptionSetWidth(20),
			progressbar.OptionShowCount(), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(false),
			progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true))
	}
	p.bar.Describe(p.now)
	_ = p.bar.Set(p.n)
}

// observe is told by the session what happens.
func (p *progress) observe(e apply.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case apply.Waiting, apply.Retrying, apply.Working:
		p.line("%s", e.Text)
	case apply.RevisionBegins:
		p.now = e.Task.Revision
		if p.a.verbose {
			p.line("%s %s %s", e.Task.Direction, e.Task.Revision, e.Task.Message)
		}
	case apply.StatementBegins:
		p.now, p.from = fmt.Sprintf("%s statement %d/%d", e.Task.Revision, e.Statement, len(e.Task.Stmts)), time.Now()
		if p.a.verbose {
			p.line("  %d/%d %s", e.Statement, len(e.Task.Stmts), firstLine(e.Task.Stmts[e.Statement-1].Text))
		}
	case apply.StatementEnds:
		p.n++
		p.from = time.Time{}
	case apply.RevisionEnds:
		s := p.a.styleOf(p.a.errTTY)
		p.line("%s %s %s %s", s.Green(arrow(e.Task.Direction)), s.Yellow(e.Task.Revision), e.Task.Message, s.Dim("("+short(e.Duration)+")"))
	}
}

func arrow(direction string) string {
	if direction == "down" {
		return "down"
	}
	return "up  "
}

// line writes past the bar.
func (p *progress) line(format string, args ...any) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	p.a.note(format, args...)
}

func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return
	default:
		close(p.done)
	}
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

func firstLine(s string) string {
	s, _, more := strings.Cut(s, "\n")
	if more {
		s += " …"
	}
	return s
}

// short writes a duration as a person reads it.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
