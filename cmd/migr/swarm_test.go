package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// TestSwarm starts many processes at once on an empty database and kills some of
// those that are at work: each statement runs once, as an audit table counts, and
// all that are not killed exit 0. On PostgreSQL one revision builds an index
// concurrently, which a waiting process with a snapshot would block.
func TestSwarm(t *testing.T) {
	t.Parallel()
	for _, e := range testdb.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			newSwarm(t, e, e.New(t)).kill(6, 2).run(e.Name)
		})
	}
}

const (
	swarmSize      = 20
	swarmRevisions = 8
)

// A swarm is many processes that all run the same revisions.
type swarm struct {
	*testing.T
	engine testdb.Engine
	urls   []string // the processes are spread over them
	admin  string   // where the result is looked at
	dir    string
	env    []string
	stmts  map[string][]swarmStmt // of each revision
	places []string               // what the audit counts
	random *rand.Rand
	exits  map[int]bool // what a process that was not killed may exit with

	mu     sync.Mutex
	kills  map[string]time.Duration // who begins that statement is killed, so much later
	strays []time.Duration          // and some, wherever they are, so long after their start
	tally  swarmTally
	said   strings.Builder // by all of them
	at     string          // when this statement begins,
	strike func()          // this happens, once
}

// A swarmTally is what was tried.
type swarmTally struct {
	Processes, Killed, Statements, Unknown int
	Codes                                  map[int]int
	Took                                   time.Duration
}

func (s swarmTally) String() string {
	codes := ""
	for _, c := range []int{0, 1, 3, 4} {
		if s.Codes[c] > 0 {
			codes += fmt.Sprintf(", %d exited %d", s.Codes[c], c)
		}
	}
	return fmt.Sprintf("%d processes, %d killed%s; %d statements, each counted once; %d times a person had to look; %.1f s",
		s.Processes, s.Killed, codes, s.Statements, s.Unknown, s.Took.Seconds())
}

func swarmSeed(t *testing.T) uint64 {
	var seed uint64 = 1
	if text := os.Getenv("MIGR_TEST_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatalf("MIGR_TEST_SEED: %v", err)
		}
	}
	return seed
}

func newSwarm(t *testing.T, e testdb.Engine, urls ...string) *swarm {
	s := &swarm{
		T: t, engine: e, urls: urls, admin: urls[0], dir: t.TempDir(), stmts: map[string][]swarmStmt{}, exits: map[int]bool{0: true},
		random: rand.New(rand.NewPCG(swarmSeed(t), 0)), kills: map[string]time.Duration{}, tally: swarmTally{Codes: map[int]int{}},
	}
	s.exits[3] = s.family() == "mysql" // a statement that is not known to have been carried out
	s.write()
	return s
}

var auditID = map[string]string{
	"sqlite": "integer PRIMARY KEY", "postgres": "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
	"mysql": "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY", // without a key, a replication group takes no row
}

func (s *swarm) family() string {
	switch s.engine.Name {
	case "postgres18":
		return "postgres"
	case "mariadb":
		return "mysql"
	}
	return s.engine.Name
}

// A swarmStmt is a statement of a revision.
type swarmStmt struct{ text, probe string } // the probe counts 1 once it has been carried out

func ddlStmt(text, table, column string) swarmStmt {
	probe := fmt.Sprintf("SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = '%s'", table)
	if column != "" {
		probe = fmt.Sprintf("SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name = '%s' AND column_name = '%s'", table, column)
	}
	return swarmStmt{text, probe}
}

// write makes the revisions: each statement is followed by one that counts it.
func (s *swarm) write() {
	folder := filepath.Join(s.dir, "migrations")
	if err := os.Mkdir(folder, 0o777); err != nil {
		s.Fatal(err)
	}
	for i := range swarmRevisions {
		id := fmt.Sprintf("r%d", i)
		table := fmt.Sprintf("t%d", i)
		ddl := []swarmStmt{
			ddlStmt("CREATE TABLE "+table+" (id integer NOT NULL PRIMARY KEY, n integer)", table, ""),
			ddlStmt("ALTER TABLE "+table+" ADD COLUMN more integer", table, "more"),
		}
		if s.family() == "postgres" && i%4 == 3 {
			ddl = append(ddl, swarmStmt{text: fmt.Sprintf("CREATE INDEX CONCURRENTLY %s_n ON %[1]s (n)", table)})
		}
		text, all := fmt.Sprintf("-- migr:revision %s\n-- migr:revises r%d\n-- migr:up\n", id, i-1), []swarmStmt(nil)
		if i == 0 {
			text = "-- migr:revision r0\n-- migr:up\n"
			all = append(all, ddlStmt(fmt.Sprintf("CREATE TABLE audit (id %s, place varchar(20) NOT NULL)", auditID[s.family()]), "audit", ""))
		}
		for n, stmt := range ddl {
			place := fmt.Sprintf("%s.%d", id, n)
			s.places = append(s.places, place)
			all = append(all, stmt, swarmStmt{"INSERT INTO audit (place) VALUES ('" + place + "')", "SELECT count(*) FROM audit WHERE place = '" + place + "'"})
		}
		for _, stmt := range all {
			text += stmt.text + ";\n"
		}
		s.stmts[id] = all
		s.tally.Statements += len(all)
		if err := os.WriteFile(filepath.Join(folder, id+".sql"), []byte(text), 0o666); err != nil {
			s.Fatal(err)
		}
	}
}

// kill draws statements and times: who begins one of the statements is killed a
// little later, and so many others some time after their start.
func (s *swarm) kill(workers, strays int) *swarm {
	upTo := func(d time.Duration) time.Duration { return time.Duration(s.random.Int64N(int64(d))) }
	later := 4 * time.Millisecond
	if s.engine == testdb.EngineSQLite { // all that it does takes no longer
		later = 200 * time.Microsecond
	}
	for len(s.kills) < workers {
		s.kills[fmt.Sprintf("r%d %d", s.random.IntN(swarmRevisions), 1+s.random.IntN(4))] = upTo(later)
	}
	for range strays {
		s.strays = append(s.strays, upTo(300*time.Millisecond))
	}
	return s
}

// run starts the processes, kills those that it has to, and counts. The name is that
// of its row in docs/reliability.md.
func (s *swarm) run(name string) {
	s.Helper()
	began := time.Now()
	planned := len(s.kills) + len(s.strays)
	s.herd(swarmSize)
	s.settle()
	s.tally.Took = time.Since(began)
	s.verify()
	if s.tally.Killed < planned {
		s.Logf("%d of %d kills came too late", planned-s.tally.Killed, planned)
	}
	s.Log(s.tally)
	s.record(name)
}

// herd starts n processes at once and waits for all of them.
func (s *swarm) herd(n int) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { s.one(s.urls[i%len(s.urls)]) })
	}
	wg.Wait()
	s.tally.Processes += n
}

// one runs one process, which is killed when it begins a statement that was drawn.
func (s *swarm) one(url string) {
	cmd := s.command(url, "-v", "--lock-retries", "60", "upgrade", "--lock-wait", "120s")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.Errorf("starting migr: %v", err)
		return
	}
	var killed atomic.Bool
	kill := func() {
		killed.Store(true)
		_ = cmd.Process.Kill()
	}
	if after, stray := s.stray(); stray {
		defer time.AfterFunc(after, kill).Stop()
	}
	var said bytes.Buffer
	revision := ""
	lines := bufio.NewScanner(io.TeeReader(stderr, &said))
	for lines.Scan() {
		var n, of int
		if w := strings.Fields(lines.Text()); len(w) == 2 && w[0] == "up" {
			revision = w[1]
		} else if k, _ := fmt.Sscanf(lines.Text(), "  %d/%d ", &n, &of); k == 2 {
			at := fmt.Sprintf("%s %d", revision, n)
			if s.struck(at) {
				s.strike()
			}
			if after, drawn := s.drawn(at); drawn {
				time.Sleep(after)
				kill()
			}
		}
	}
	err = cmd.Wait()
	s.ended(cmd.ProcessState, killed.Load(), err, said.String())
}

func (s *swarm) command(url string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.Context(), "migr", append([]string{"-u", url}, args...)...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), append([]string{"MIGR_LOCK_LEASE=2s"}, s.env...)...)
	return cmd
}

func (s *swarm) drawn(at string) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after, drawn := s.kills[at]
	delete(s.kills, at)
	return after, drawn
}

func (s *swarm) struck(at string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.at == at
	if now {
		s.at = ""
	}
	return now
}

func (s *swarm) stray() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.strays) == 0 {
		return 0, false
	}
	after := s.strays[0]
	s.strays = s.strays[1:]
	return after, true
}

func (s *swarm) ended(state *os.ProcessState, killed bool, err error, said string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said.WriteString(said)
	code := state.ExitCode() // -1: by a signal
	if code < 0 && killed {
		s.tally.Killed++
		return
	}
	s.tally.Codes[code]++
	if !s.exits[code] {
		s.Errorf("upgrade: %v\n%s", err, said)
	}
}

// settle ends, as a person would, what was killed between a statement and its
// record where no transaction holds the two together: it looks whether the
// statement was carried out, says so, and has the rest run.
func (s *swarm) settle() {
	s.Helper()
	for range 20 {
		if out, err := s.command(s.admin, "status", "--exit-code").CombinedOutput(); err == nil {
			return
		} else if s.exits[3] == false {
			s.Fatalf("status: %v\n%s", err, out)
		}
		s.look()
		s.herd(4)
	}
	s.Fatal("the revisions do not come to an end")
}

// look finds a half-done revision and tells migr what became of the statement that
// it does not know about. What the log says of the others must be true.
func (s *swarm) look() {
	s.Helper()
	var revision, state string
	var started, done int
	err := s.db().QueryRow("SELECT revision, state, started, done FROM migr_log WHERE state <> 'done'").Scan(&revision, &state, &started, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return
	}
	if err != nil {
		s.Fatal(err)
	}
	happened := make([]bool, len(s.stmts[revision]))
	for i, stmt := range s.stmts[revision] {
		var n int
		_ = s.db().QueryRow(stmt.probe).Scan(&n) // the audit table may not be there yet
		happened[i] = n == 1
		if n > 1 || i < done && n == 0 || i >= max(started, done) && n > 0 {
			s.Errorf("revision %s: the log says that %d statements are begun and %d done, and statement %d ran %d times", revision, started, done, i+1, n)
		}
	}
	if started <= done { // nothing is open: the next run goes on
		return
	}
	s.tally.Unknown++
	args := []string{"repair", "--resume"}
	if happened[done] {
		args = []string{"repair", "--assume-done", fmt.Sprint(done + 1)}
	}
	if out, err := s.command(s.admin, args...).CombinedOutput(); err != nil {
		s.Errorf("%v: %v\n%s", args, err, out)
	}
}

// verify counts what ran, and asks migr what it knows.
func (s *swarm) verify() {
	s.Helper()
	for place, n := range s.counts() {
		if n != 1 {
			s.Errorf("statement %s ran %d times", place, n)
		}
	}
	out, err := s.command(s.admin, "status", "--exit-code").CombinedOutput()
	if err != nil || bytes.Count(out, []byte("applied ")) != swarmRevisions {
		s.Errorf("status: %v\n%s", err, out)
	}
	if out, err := s.command(s.admin, "lock", "status").CombinedOutput(); err != nil {
		s.Errorf("lock status: %v\n%s", err, out)
	}
	var rows int
	if err := s.db().QueryRow("SELECT count(*) FROM migr_log WHERE state = 'done' AND direction = 'up'").Scan(&rows); err != nil || rows != swarmRevisions {
		s.Errorf("the log has %d revisions (%v), want %d", rows, err, swarmRevisions)
	}
}

// counts reads the audit table; each place is in the result.
func (s *swarm) counts() map[string]int {
	s.Helper()
	counts := map[string]int{}
	for _, place := range s.places {
		counts[place] = 0
	}
	rows, err := s.db().Query("SELECT place FROM audit")
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var place string
		if err := rows.Scan(&place); err != nil {
			s.Fatal(err)
		}
		counts[place]++
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	return counts
}

func (s *swarm) db() *sql.DB { return testdb.Open(s.T, s.admin) }
