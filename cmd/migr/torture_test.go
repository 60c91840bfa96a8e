package main

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// A fault is one way in which a run of migr ends before its time.
type fault struct {
	name  string
	own   bool // it needs a server that nobody else uses
	whens []moment
	env   []string // of migr
	// needsDisk: it needs a file system as well, which only root can mount
	needsDisk bool
	idles     bool // most of its time migr waits
	// inProcess: also where there is no server
	inProcess bool
	// relent is when the fault ends while migr still waits: a server may wait for room
	// on its disk, and that is no fault of migr. 0: not before migr ends.
	relent time.Duration
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
	when  moment
	trap  *trap
	db    string // the database of this point
	run   *process
	wait  sync.WaitGroup // for what goes on beside
	err   error          // of the fault itself
}

const killed = "SIGKILL of migr"

var always = []moment{before, during, after}

// faults are all ways, in the order of the table.
func faults() []fault {
	return []fault{
		{name: killed, whens: always, inProcess: true, spring: func(p *torment, l *link, _ []byte) error {
			p.run.kill()
			return nil
		}},
		{name: "session ended by an administrator", whens: always, spring: func(p *torment, l *link, _ []byte) error {
			if p.when != after { // the client hears of it
				l.hear(true)
			}
			if err := p.endSession(l.port(), p.db); !errors.Is(err, sql.ErrNoRows) { // it has ended by itself: the command was its last
				return err
			}
			return nil
		}},
		{name: "connection reset", whens: always, spring: func(p *torment, l *link, _ []byte) error {
			l.reset()
			return nil
		}},
		{
			name: "black hole", whens: always, idles: true, env: []string{patience},
			spring: func(p *torment, _ *link, _ []byte) error { p.trap.dark.Store(true); return nil },
		},
		{name: "server killed and started again", whens: always, own: true, spring: func(p *torment, _ *link, _ []byte) error {
			p.wait.Go(func() { p.err = p.crash() })
			return nil
		}, mend: func(p *torment) error { p.wait.Wait(); return p.err }},
		{name: "full disk", whens: []moment{before}, own: true, needsDisk: true, inProcess: true, relent: 5 * time.Second, spring: func(p *torment, l *link, msg []byte) error {
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
	if err := p.prepare(u); err != nil {
		return wrong, err
	}
	p.trap = newTrap(t, u)
	defer p.trap.close()
	ready := make(chan struct{})
	p.trap.at, p.trap.when, p.trap.idle = p.n, p.when, p.idle
	p.trap.spring = func(l *link, msg []byte) {
		<-ready
		if err := p.fault.spring(p, l, msg); err != nil {
			t.Errorf("%s: %v", p.fault.name, err)
		}
	}
	p.db = schemaOf(u)
	if p.run, err = p.start(p.trap.through(t, u), p.fault.env...); err != nil {
		return wrong, err
	}
	close(ready)
	if p.fault.relent > 0 {
		select {
		case <-p.run.done:
		case <-time.After(p.fault.relent):
			p.err = p.fault.mend(p)
		}
	}
	code, err := p.run.end(2 * time.Minute)
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
	return p.judge(u, code)
}

// judge looks at what a run that was interrupted left behind, and ends it.
func (p *torment) judge(u string, code int) (ending, error) {
	states, err := p.truth(u)
	if err == nil && !p.run.killed.Load() {
		err = claimed(p.run.out.String(), states)
	}
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
	engine, fault, course string
	by                    [byRepair + 1]int
}

func (c tally) points() int { return c.by[wrong] + c.by[byItself] + c.by[byAgain] + c.by[byRepair] }

func (c *tally) add(o tally) {
	for i := range c.by {
		c.by[i] += o.by[i]
	}
}

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
	report(t, all)
	if whole && os.Getenv("MIGR_TEST_TORTURE_FAULT") == "" {
		writeTable(t, all)
	}
}

// report tells how many points were tried; for who runs many packages, where no test's
// output is shown, also in the file that MIGR_TEST_TALLY names.
func report(t *testing.T, all []tally) {
	var sum tally
	for _, c := range all {
		sum.add(c)
		t.Logf("%-11s %-34s %-24s %4d points: %d by itself, %d by the same command, %d by repair, %d wrong", c.engine, c.fault, c.course, c.points(), c.by[byItself], c.by[byAgain], c.by[byRepair], c.by[wrong])
	}
	line := fmt.Sprintf("torture: %d points tried, %d of them ended wrong\n", sum.points(), sum.by[wrong])
	fmt.Print(line)
	if f := os.Getenv("MIGR_TEST_TALLY"); f != "" {
		if err := os.WriteFile(f, []byte(line), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// torture runs the points of one engine, course after course.
func torture(t *testing.T, e testdb.Engine, whole bool) []tally {
	var all []tally
	for _, c := range courses() {
		if only, ok := os.LookupEnv("MIGR_TEST_TORTURE_COURSE"); (!ok || only == c.name) && c.on(e) {
			v := &victim{Engine: e, course: c, story: story(e)}
			all = append(all, v.torture(t, whole)...)
		}
	}
	return all
}

func (v *victim) torture(t *testing.T, whole bool) []tally {
	v.dir = folder(t, files(v.story, v.config()))
	if v.Env == "" {
		v.heardSQLite(t)
	} else {
		v.admin = testdb.Open(t, v.Admin(t))
		v.undisturbed(t)
	}
	for i, s := range v.said {
		t.Logf("%s %d: %s", v.name, i+1, s)
	}
	var own *victim
	var err error
	if v.crashes {
		if own, err = v.alone(t); err != nil && (whole || testdb.Strict()) {
			t.Fatal(err)
		}
	}
	var all []tally
	for _, f := range faults() {
		if !v.has(v.Engine, f) {
			continue
		}
		if only := os.Getenv("MIGR_TEST_TORTURE_FAULT"); only != "" && only != f.name {
			continue
		}
		who := v
		if f.own {
			who = own
		}
		if f.own && (own == nil || f.needsDisk && own.disk == "") {
			t.Logf("%s: not tried: no server, or no file system, that is ours alone (%v)", f.name, err)
			continue
		}
		all = append(all, who.each(t, f, whole))
	}
	return all
}

// each runs the points of one fault.
func (v *victim) each(t *testing.T, f fault, whole bool) tally {
	c := tally{engine: v.Name, fault: f.name, course: v.name}
	var mu sync.Mutex
	var wg sync.WaitGroup
	room := make(chan struct{}, 4)
	if f.own {
		room = make(chan struct{}, 1)
	} else if v.table || f.idles { // they wait: for the end of the lease, for an answer
		room = make(chan struct{}, 12)
	}
	for _, p := range v.points(f, whole) {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			suffer := p.suffer
			if v.Env == "" {
				suffer = p.inProcess
			}
			how, err := suffer(t)
			if err != nil {
				t.Errorf("%s: %s %s command %d, %s: %v", v.name, f.name, p.when, p.n, excerpt(v.said[p.n-1]), err)
			}
			mu.Lock()
			defer mu.Unlock()
			c.by[how]++
		})
	}
	wg.Wait()
	return c
}

// sample takes some points, the same ones each time: of SIGKILL one in eight, of what
// takes longer two; of the courses but the first less.
func (v *victim) sample(all []*torment, f fault) []*torment {
	n := 2
	switch {
	case f.name == killed && v.crashes:
		n = len(all) / 8
	case f.name == killed:
		n = 5
	case !v.crashes:
		n = 1
	}
	r := rand.New(rand.NewPCG(1, uint64(len(all))))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(n, len(all))]
}

// points are where the fault strikes.
func (v *victim) points(f fault, whole bool) []*torment {
	var all []*torment
	for n := 1; n <= len(v.said); n++ {
		for _, when := range f.whens {
			if when != during || v.Env != "" {
				all = append(all, &torment{victim: v, fault: f, n: n, when: when})
			}
		}
	}
	if !whole {
		return v.sample(all, f)
	}
	return all
}
