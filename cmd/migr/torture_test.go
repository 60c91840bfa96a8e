package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// A fault is one way in which a run of migr ends before its time.
type fault struct {
	name string
	own  bool // it needs a server that nobody else uses
	once bool // before a command only
	// spring does it, at a command that the server has not got.
	spring func(p *torment, l *link, msg []byte) error
	// mend makes the world whole again once migr has ended.
	mend func(p *torment) error
}

// A torment is one point: one fault at one command.
type torment struct {
	*victim
	fault fault
	n     int
	after bool
	trap  *trap
	run   *process
	wait  sync.WaitGroup // for what goes on beside
	err   error          // of the fault itself
}

// faults are all ways, in the order of the table.
func faults() []fault {
	return []fault{
		{name: "SIGKILL of migr", spring: func(p *torment, l *link, _ []byte) error {
			p.run.kill()
			return nil
		}},
		{name: "session ended by an administrator", spring: func(p *torment, l *link, _ []byte) error {
			l.deaf.Store(false)
			return p.endSession(l.port())
		}},
		{name: "connection reset", spring: func(p *torment, l *link, _ []byte) error {
			l.reset()
			return nil
		}},
		{
			name:   "black hole",
			spring: func(p *torment, _ *link, _ []byte) error { p.trap.dark.Store(true); return nil },
		},
		{name: "server killed and started again", own: true, spring: func(p *torment, _ *link, _ []byte) error {
			p.wait.Go(func() { p.err = p.crash() })
			return nil
		}, mend: func(p *torment) error { p.wait.Wait(); return p.err }},
		{name: "full disk", own: true, once: true, spring: func(p *torment, l *link, msg []byte) error {
			err := p.fill()
			_, _ = l.server.Write(msg)
			return err
		}, mend: func(p *torment) error { return p.free() }},
	}
}

// suffer runs migr into the fault, and looks what becomes of it. An error is a fault
// of migr.
func (p *torment) suffer(t *testing.T) (ending, error) {
	u, drop, err := p.Create(t.Context())
	if err != nil {
		return wrong, err
	}
	defer func() { _ = drop() }()
	p.trap = newTrap(t, u)
	defer p.trap.close()
	ready := make(chan struct{})
	p.trap.at, p.trap.after, p.trap.idle = p.n, p.after, p.idle
	p.trap.spring = func(l *link, msg []byte) {
		<-ready
		if err := p.fault.spring(p, l, msg); err != nil {
			t.Errorf("%s: %v", p.fault.name, err)
		}
	}
	if p.run, err = p.start(p.trap.through(t, u)); err != nil {
		return wrong, err
	}
	close(ready)
	code, err := p.run.end(90 * time.Second)
	if err == nil && !p.trap.sprung.Load() {
		err = fmt.Errorf("the point was not reached: exit %d\n%s", code, p.run.out.String())
	}
	p.trap.close()
	if p.fault.mend != nil {
		if e := p.fault.mend(p); e != nil {
			t.Fatalf("after %s the server is not there again: %v", p.fault.name, e)
		}
	}
	if err == nil {
		err = p.settled(u)
	}
	if err != nil {
		return wrong, err
	}
	states, err := p.truth(u)
	if err != nil {
		return wrong, fmt.Errorf("%w\nmigr had said, exit %d:\n%s", err, code, p.run.out.String())
	}
	how, err := p.recover(u, states, code)
	if err != nil {
		return wrong, fmt.Errorf("%w\nmigr had said, exit %d:\n%s", err, code, p.run.out.String())
	}
	return how, nil
}

// A tally counts the points of one fault on one engine.
type tally struct {
	engine, fault string
	by            [byRepair + 1]int
}

func (c tally) points() int { return c.by[wrong] + c.by[byItself] + c.by[byUpgrade] + c.by[byRepair] }

// TestTorture stops migr at the commands that it sends: at each, in `make torture`; at
// some of them otherwise. Whatever happened, `migr status` must tell what is in the
// database, one command must bring it to its end, and that must be the end of a run
// that nothing has disturbed, with each statement carried out once.
func TestTorture(t *testing.T) {
	whole := os.Getenv("MIGR_TEST_TORTURE") != ""
	if !whole {
		t.Parallel()
	}
	var mu sync.Mutex
	var all []tally
	t.Run("engines", func(t *testing.T) {
		for _, e := range testdb.Engines() {
			t.Run(e.Name, func(t *testing.T) {
				t.Parallel()
				mine := torture(t, e, whole)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, mine...)
			})
		}
	})
	points, failed := 0, 0
	for _, c := range all {
		points, failed = points+c.points(), failed+c.by[wrong]
		t.Logf("%-11s %-34s %4d points: %d by itself, %d by upgrade, %d by repair, %d wrong", c.engine, c.fault, c.points(), c.by[byItself], c.by[byUpgrade], c.by[byRepair], c.by[wrong])
	}
	fmt.Printf("torture: %d points, %d of them ended wrong\n", points, failed)
}

// torture runs the points of one engine.
func torture(t *testing.T, e testdb.Engine, whole bool) []tally {
	if e.Env == "" {
		return nil
	}
	v := &victim{Engine: e, story: story(e)}
	v.admin = testdb.Open(t, e.Admin(t))
	v.dir = folder(t, files(v.story))
	v.undisturbed(t)
	for i, s := range v.said {
		t.Logf("%d: %s", i+1, s)
	}
	var all []tally
	for _, f := range faults() {
		if f.own {
			continue
		}
		if only := os.Getenv("MIGR_TEST_TORTURE_FAULT"); only != "" && only != f.name {
			continue
		}
		all = append(all, v.each(t, f, whole))
	}
	return all
}

// each runs the points of one fault.
func (v *victim) each(t *testing.T, f fault, whole bool) tally {
	c := tally{engine: v.Name, fault: f.name}
	var mu sync.Mutex
	var wg sync.WaitGroup
	room := make(chan struct{}, 4)
	if f.own {
		room = make(chan struct{}, 1)
	}
	for _, p := range v.points(f, whole) {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			how, err := p.suffer(t)
			if err != nil {
				t.Errorf("%s, %s (%s): %v", f.name, point(p.n, p.after), v.said[p.n-1], err)
			}
			mu.Lock()
			defer mu.Unlock()
			c.by[how]++
		})
	}
	wg.Wait()
	return c
}

// points are where the fault strikes.
func (v *victim) points(f fault, whole bool) []*torment {
	var all []*torment
	for n := 1; n <= len(v.said); n++ {
		all = append(all, &torment{victim: v, fault: f, n: n})
		if !f.once {
			all = append(all, &torment{victim: v, fault: f, n: n, after: true})
		}
	}
	if s := os.Getenv("MIGR_TEST_TORTURE_AT"); s != "" {
		n, _ := strconv.Atoi(s)
		return []*torment{{victim: v, fault: f, n: n}, {victim: v, fault: f, n: n, after: true}}
	}
	return all
}

func (v *victim) crash() error { return context.Canceled }
func (v *victim) fill() error  { return context.Canceled }
func (v *victim) free() error  { return context.Canceled }
