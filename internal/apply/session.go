package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// A State is what the version table and the log say.
type State struct {
	Rows     []string // of the version table, sorted
	Partial  []Entry  // revisions begun and not ended
	Versions bool     // the version table is there
	Log      bool     // the log is there
	Older    bool     // the log was made by an earlier build: it has no column "found"
}

// Same tells whether two states are the same, with no revision half done.
func (s State) Same(o State) bool {
	return s.Versions == o.Versions && s.Log == o.Log && s.Older == o.Older && len(s.Partial)+len(o.Partial) == 0 && slices.Equal(s.Rows, o.Rows)
}

// ErrMoved says that the version table changed between planning and running.
var ErrMoved = errors.New("the version table was changed by another process meanwhile")

// A Session reads and writes the version table over one connection.
type Session struct {
	Conn *driver.Conn
	Plan *Plan
	// Observe is told what happens; it may be nil.
	Observe func(Event)
	// Now is the clock.
	Now func() time.Time
	// Retries of a transaction that met a lock.
	Retries int
	// TableLock: the lock is a row with a lease, also where the server has session locks.
	TableLock bool
	// Lease is how long such a row holds without a sign of life; 0: half a minute.
	Lease time.Duration

	locked  bool
	lease   *lease        // of a table lock
	restore string        // what takes back what was switched off before a transaction
	texts   int           // of several statements, that were sent
	wait    time.Duration // for the lock, as it was asked for
}

// Read tells the state, in one round trip where both tables are there.
func (s *Session) Read(ctx context.Context) (State, error) {
	rows, err := s.readBoth(ctx, "found")
	if err == nil {
		return stateOf(rows), nil
	}
	if !s.missing(err) {
		if rows, e := s.readBoth(ctx, "''"); e == nil {
			st := stateOf(rows)
			st.Older = true
			return st, nil
		}
		return State{}, fmt.Errorf("reading the version table: %w", err)
	}
	return s.readEach(ctx)
}

// readBoth reads both tables; found stands for the column of that name.
func (s *Session) readBoth(ctx context.Context, found string) ([][]string, error) {
	t := s.Plan.Tables
	return s.Conn.Strings(ctx, fmt.Sprintf("SELECT '', version_num, '', 0, 0, 0, '', '', '', '', '' FROM %s UNION ALL SELECT state, revision, direction, statements, started, done, checksum, hashes, error, message, %s FROM %s WHERE state <> 'done'",
		t.version(), found, t.log()))
}

// readEach reads the tables one by one, as one of them is not there.
func (s *Session) readEach(ctx context.Context) (State, error) {
	t := s.Plan.Tables
	st := State{}
	rows, err := s.Conn.Strings(ctx, "SELECT version_num FROM "+t.version())
	switch {
	case err == nil:
		st.Versions = true
		for _, r := range rows {
			st.Rows = append(st.Rows, r[0])
		}
		slices.Sort(st.Rows)
	case !s.missing(err):
		return State{}, fmt.Errorf("reading the version table: %w", err)
	default:
		_, err = s.Conn.Strings(ctx, "SELECT revision FROM "+t.log()+" WHERE state = ''")
		if st.Log = err == nil; !st.Log && !s.missing(err) {
			return State{}, fmt.Errorf("reading the log: %w", err)
		}
		if st.Log {
			_, err = s.Conn.Strings(ctx, "SELECT found FROM "+t.log()+" WHERE state = ''")
			st.Older = err != nil
		}
	}
	return st, nil
}

func (s *Session) missing(err error) bool { return s.Conn.Dialect.CauseOf(err) == driver.NoTable }

func stateOf(rows [][]string) State {
	st := State{Versions: true, Log: true}
	for _, r := range rows {
		if r[0] == "" {
			st.Rows = append(st.Rows, r[1])
			continue
		}
		e := Entry{State: r[0], Revision: r[1], Direction: r[2], Checksum: r[6], Hashes: r[7], Err: r[8], Message: r[9], Found: r[10]}
		e.Statements, e.Started, e.Done = number(r[3]), number(r[4]), number(r[5])
		st.Partial = append(st.Partial, e)
	}
	slices.Sort(st.Rows)
	return st
}

func number(s string) int {
	n := 0
	_, _ = fmt.Sscan(s, &n)
	return n
}

// Log returns the whole log, oldest first.
func (s *Session) Log(ctx context.Context) ([]Entry, error) {
	rows, err := s.Conn.Strings(ctx, "SELECT "+logColumns+", error FROM "+s.Plan.Tables.log()+" ORDER BY id")
	if s.missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	entries := make([]Entry, len(rows))
	for i, r := range rows {
		entries[i] = Entry{
			Revision: r[0], Direction: r[1], State: r[2], Statements: number(r[3]), Started: number(r[4]), Done: number(r[5]),
			Checksum: r[6], AppliedAt: readTime(r[7]), Duration: time.Duration(number(r[8])) * time.Millisecond,
			By: r[9], Message: r[11], Down: r[12], Hashes: r[13], Header: r[14], Err: r[15],
		}
	}
	return entries, nil
}

// Ran returns the ended entries of the log, oldest first, with nothing but their
// revision and direction.
func (s *Session) Ran(ctx context.Context) ([]Entry, error) {
	rows, err := s.Conn.Strings(ctx, "SELECT revision, direction FROM "+s.Plan.Tables.log()+" WHERE state = 'done' ORDER BY id")
	if s.missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	entries := make([]Entry, len(rows))
	for i, r := range rows {
		entries[i] = Entry{Revision: r[0], Direction: r[1], State: "done"}
	}
	return entries, nil
}

// readTime reads a time as any of the drivers gives it as text.
func readTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999-07:00", "2006-01-02 15:04:05.999999999 -0700 MST", "2006-01-02 15:04:05.999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Prepare makes the tables that are missing, and the column that a log of an earlier
// build does not have; those that are there are not touched, so that a user without
// the right to create tables can run.
func (s *Session) Prepare(ctx context.Context, st State) error {
	create := s.Plan.Tables.Missing(st)
	if len(create) == 0 {
		return nil
	}
	err := s.Conn.Exec(ctx, strings.Join(create, ";\n"))
	if err != nil && st.Older { // where no lock is held (SQLite), another may have been quicker
		if now, e := s.Read(ctx); e == nil && now.Versions && now.Log && !now.Older {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("creating the version table: %w", err)
	}
	return nil
}

// Forget drops the version table and the log, if they are there.
func (s *Session) Forget(ctx context.Context) error {
	for _, text := range s.Plan.Tables.Drop() {
		if err := s.Conn.Exec(ctx, text); err != nil {
			return fmt.Errorf("dropping the version table: %w", err)
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
