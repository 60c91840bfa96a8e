package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// An ending is how a run that was interrupted came to a right end.
type ending int

const (
	wrong    ending = iota
	byItself        // migr noticed, asked and went on
	byAgain         // by the same command
	byRepair        // the outcome of a statement was not known
)

// A victim is an engine under torture.
type victim struct {
	testdb.Engine
	course
	story []chapter
	dir   string // the revision files
	want  string // what an undisturbed run comes to
	said  []string
	admin *sql.DB
	home  string // of a server of our own: its folder
	disk  string // and the file system that it is on
}

// A process is one run of migr as a process of its own.
type process struct {
	cmd    *exec.Cmd
	out    bytes.Buffer
	killed atomic.Bool
	done   chan error
}

// patience makes a test's migr ask soon whether a server is there that says nothing. It
// calls it lost after four times as long.
const patience = "MIGR_TEST_PULSE=500ms"

func (v *victim) start(u string, env ...string) (*process, error) {
	r := &process{done: make(chan error, 1)}
	r.cmd = exec.Command("migr", append(v.command(), "-u", u)...)
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = v.dir, &r.out, &r.out
	r.cmd.Env = append(append(os.Environ(), shortLease), env...)
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { r.done <- r.cmd.Wait(); close(r.done) }()
	return r, nil
}

func (r *process) kill() {
	r.killed.Store(true)
	_ = r.cmd.Process.Kill()
	<-r.done
}

// end waits for the process. What does not end by itself is a fault of migr.
func (r *process) end(limit time.Duration) (int, error) {
	select {
	case <-r.done:
	case <-time.After(limit):
		r.kill()
		return 0, fmt.Errorf("migr did not end within %s\n%s", limit, r.out.String())
	}
	code := r.cmd.ProcessState.ExitCode()
	if !r.killed.Load() && !slices.Contains([]int{exitOK, exitFailed, exitPartial, exitLocked}, code) {
		return code, fmt.Errorf("exit %d\n%s", code, r.out.String())
	}
	if !r.killed.Load() && code != exitOK && !strings.Contains(r.out.String(), "hint: ") {
		return code, fmt.Errorf("exit %d without a hint\n%s", code, r.out.String())
	}
	return code, nil
}

// migr runs a command in this process.
func (v *victim) migr(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(""), stdout: &out, stderr: &errs, dir: v.dir, now: time.Now, rand: random}
	code = a.run(context.Background(), args)
	return code, out.String(), errs.String()
}

// A told is what status --json says of a revision.
type told struct {
	Revision string
	State    string
	Partial  *struct {
		Direction        string
		Statements, Done int
		At               int // the statement that failed or was begun
		Outcome          string
	}
}

// truth compares what status says with what the database holds, statement by statement.
func (v *victim) truth(u string) ([]told, error) {
	code, out, errs := v.migr("status", "--json", "-u", u)
	var status struct{ Revisions []told }
	if err := json.Unmarshal([]byte(out), &status); err != nil || code != exitOK && code != exitPartial {
		return nil, fmt.Errorf("status: exit %d: %w\n%s%s", code, err, out, errs)
	}
	db, err := testdb.OpenURL(u)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if len(status.Revisions) != len(v.story) {
		return nil, fmt.Errorf("status: %d revisions\n%s", len(status.Revisions), out)
	}
	for i, c := range v.story {
		if err := c.check(db, status.Revisions[i], v.down); err != nil {
			return nil, fmt.Errorf("status does not tell the truth: %w\n%s", err, out)
		}
	}
	return status.Revisions, nil
}

// way is what is carried out of a chapter.
func (c chapter) way(back bool) []deed {
	if back {
		return c.back
	}
	return c.deeds
}

func (c chapter) check(db *sql.DB, s told, back bool) error {
	must, may := 0, 0 // the first so many were carried out, and perhaps so many
	deeds, begun, ended := c.way(back), statePending, stateApplied
	direction := "up"
	if back {
		begun, ended, direction = ended, begun, "down"
	}
	switch {
	case s.Revision != c.id:
		return fmt.Errorf("revision %s in the place of %s", s.Revision, c.id)
	case s.State == ended:
		must, may = len(deeds), len(deeds)
	case s.State == begun:
	case s.State == statePartial && s.Partial != nil && s.Partial.Direction == direction:
		must, may = s.Partial.Done, s.Partial.Done
		switch s.Partial.Outcome {
		case outcomeDone:
			must, may = s.Partial.At, s.Partial.At
		case outcomeNot, outcomeUnknown, outcomeRunning:
			may = max(may, s.Partial.At)
		}
		if c.batch { // a round of it
			may = max(may, 1)
		}
	default:
		return fmt.Errorf("revision %s is %q", c.id, s.State)
	}
	for i, d := range deeds {
		if d.probe == "" {
			continue
		}
		did := d.did(context.Background(), db, back)
		if strings.Contains(d.sql, "audit VALUES") && did > 1 {
			return fmt.Errorf("revision %s: statement %d was carried out %d times", c.id, i+1, did)
		}
		if did > 0 && i >= may || did == 0 && i < must {
			return fmt.Errorf("revision %s is %s, %d to %d of its statements are done, and statement %d was carried out %d times", c.id, s.State, must, may, i+1, did)
		}
	}
	return nil
}

var named = regexp.MustCompile(`(?m)^error: revision (\w+), (up|down)`)

// claimed holds migr to what it said of the revision at which it ended.
func claimed(said string, states []told) error {
	m := named.FindStringSubmatch(said)
	if m == nil {
		return nil
	}
	for _, s := range states {
		if s.Revision != m[1] {
			continue
		}
		phrases := map[string]string{"nothing of it is left": statePending, "the revision is not applied": statePending, "not recorded as applied": statePartial, "statements 1 to": statePartial}
		if m[2] == "down" {
			phrases = map[string]string{"applied as before": stateApplied, "its way back is not recorded": statePartial, "statements 1 to": statePartial, "nothing of it is left": "nothing that it may say", "not applied": "nothing that it may say"}
		}
		for phrase, state := range phrases {
			if strings.Contains(said, phrase) && s.State != state {
				return fmt.Errorf("migr said %q, and revision %s is %s", phrase, s.Revision, s.State)
			}
		}
	}
	return nil
}

// recover brings the database to its end by the documented command.
func (v *victim) recover(u string, states []told, code int) (ending, error) {
	how := byAgain
	if code == exitOK {
		how = byItself
	}
	again := append(v.command(), "-u", u)
	got, _, errs := v.migr(again...)
	if got == exitPartial {
		how = byRepair
		args, err := v.repair(u, states)
		if err != nil {
			return wrong, fmt.Errorf("%w\n%s", err, errs)
		}
		if got, _, errs = v.migr(append(args, "-u", u)...); got != exitOK {
			return wrong, fmt.Errorf("%s: exit %d\n%s", strings.Join(args, " "), got, errs)
		}
		got, _, errs = v.migr(again...)
	}
	if got != exitOK {
		return wrong, fmt.Errorf("%s again: exit %d\n%s", again[0], got, errs)
	}
	return how, v.same(u)
}

// repair is what a person does who has looked: --resume, or --assume-done.
func (v *victim) repair(u string, states []told) ([]string, error) {
	db, err := testdb.OpenURL(u)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	for i, s := range states {
		if s.State != statePartial {
			continue
		}
		n := s.Partial.Done
		if v.story[i].way(v.down)[n].did(context.Background(), db, v.down) > 0 {
			return []string{"repair", "--assume-done", strconv.Itoa(n + 1)}, nil
		}
		return []string{"repair", "--resume"}, nil
	}
	return nil, errors.New("nothing is partial, and migr wants a repair")
}

// same compares with an undisturbed run; the lock must be free, and nothing half done.
func (v *victim) same(u string) error {
	got, err := contents(context.Background(), u)
	if err != nil {
		return err
	}
	if got != v.want {
		return fmt.Errorf("the end differs from that of an undisturbed run\n%s\nwant\n%s", got, v.want)
	}
	if code, out, errs := v.migr("lock", "status", "-u", u); code != exitOK {
		return fmt.Errorf("lock status: exit %d\n%s%s", code, out, errs)
	}
	states, err := v.truth(u)
	if err != nil {
		return err
	}
	for _, s := range states {
		if s.State != v.ended() {
			return fmt.Errorf("in the end, revision %s is %s", s.Revision, s.State)
		}
	}
	return nil
}

// settled waits until the server has heard that its clients have gone.
func (v *victim) settled(u string) error {
	if v.admin == nil {
		return nil
	}
	name := nameIn(u)
	q := "SELECT count(*) FROM information_schema.processlist WHERE db = '" + name + "'"
	if v.postgres() {
		q = "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + name + "'"
	}
	for range 1000 {
		n := 0
		if err := v.admin.QueryRow(q).Scan(&n); err == nil && n == 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("a session of migr is still there after 10 s")
}

func (v *victim) postgres() bool { return strings.HasPrefix(v.Name, "postgres") }

func nameIn(u string) string {
	u, _, _ = strings.Cut(u, "?")
	return u[strings.LastIndex(u, "/")+1:]
}

// idle tells whether the session from that port waits for its client.
func (v *victim) idle(port int) bool {
	q := fmt.Sprintf("SELECT count(*) FROM information_schema.processlist WHERE host LIKE '%%:%d' AND command <> 'Sleep'", port)
	if v.postgres() {
		q = fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE client_port = %d AND state = 'active'", port)
	}
	n := 0
	return v.admin.QueryRow(q).Scan(&n) == nil && n == 0
}

// schemaOf is the name of the database in a URL.
func schemaOf(u string) string {
	before, _, _ := strings.Cut(u, "?")
	return before[strings.LastIndex(before, "/")+1:]
}

// endSession is pg_terminate_backend, or KILL. A port may be another's by now: the session must
// be in the point's database.
func (v *victim) endSession(port int, db string) error {
	if v.postgres() {
		var ok bool
		return v.admin.QueryRow("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE client_port = $1 AND datname = $2", port, db).Scan(&ok)
	}
	id := ""
	if err := v.admin.QueryRow(fmt.Sprintf("SELECT id FROM information_schema.processlist WHERE host LIKE '%%:%d' AND db = '%s'", port, db)).Scan(&id); err != nil {
		return err
	}
	_, err := v.admin.Exec("KILL " + id)
	return err
}

// undisturbed runs the history once through a trap that does not spring.
func (v *victim) undisturbed(t *testing.T) {
	t.Helper()
	u, drop, err := v.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = drop() }()
	if err := v.prepare(u); err != nil {
		t.Fatal(err)
	}
	x := newTrap(t, u)
	defer x.close()
	r, err := v.start(x.through(t, u))
	if err != nil {
		t.Fatal(err)
	}
	if code, err := r.end(time.Minute); err != nil || code != exitOK {
		t.Fatalf("exit %d: %v\n%s", code, err, r.out.String())
	}
	if v.want, err = contents(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	v.said = x.commands()
}
