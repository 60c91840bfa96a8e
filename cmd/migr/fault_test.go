package main

import (
	"bytes"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/testdb"
)

// A textFault is what happens to the n-th text that is sent to the database, over
// whichever connection.
type textFault struct {
	kind string
	at   int64
	sent atomic.Int64
	text string // what was hit; "" when nothing was
}

// The kinds of faults.
const (
	denied  = "denied"  // the server says no: it gets a text that nobody can run
	broken  = "broken"  // the connection breaks before the text arrives
	unheard = "unheard" // the text is carried out, and the connection breaks before the answer
	busy    = "busy"    // a lock is not got; where there is a server
	stop    = "stop"    // SIGINT comes in front of the text
)

var lockedTexts = map[string]string{
	"postgres":   "DO $$ BEGIN RAISE lock_not_available; END $$",
	"postgres18": "DO $$ BEGIN RAISE lock_not_available; END $$",
	"mysql":      "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205",
	"mariadb":    "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205",
}

// around puts the fault between a product and its driver.
func (f *textFault) around(t *testing.T, engine string, cancel context.CancelCauseFunc) []*product {
	ps := products()
	for _, p := range ps {
		open := p.dialect.Open
		p.dialect.Open = func(u *dburl.URL, o driver.Options) (*sql.DB, error) {
			db, err := open(u, o)
			if err != nil {
				return nil, err
			}
			return sql.OpenDB(&faulty{textFault: f, inner: db, engine: engine, cancel: cancel}), nil
		}
	}
	return ps
}

// A faulty connector makes connections through another one's pool.
type faulty struct {
	*textFault
	inner  *sql.DB
	engine string
	cancel context.CancelCauseFunc
}

func (c *faulty) Driver() sqldriver.Driver { return c.inner.Driver() }

func (c *faulty) Connect(ctx context.Context) (sqldriver.Conn, error) {
	held, err := c.inner.Conn(ctx)
	if err != nil {
		return nil, err
	}
	fc := &faultyConn{faulty: c, held: held}
	return fc, held.Raw(func(raw any) error { fc.Conn = raw.(sqldriver.Conn); return nil })
}

func (c *faulty) Close() error { return c.inner.Close() }

// A faultyConn counts what is sent.
type faultyConn struct {
	sqldriver.Conn
	*faulty
	held *sql.Conn
	dead bool
}

func (c *faultyConn) Close() error {
	if !c.dead {
		c.dead = true
		return c.held.Close()
	}
	return nil
}

// cut breaks the connection for good.
func (c *faultyConn) cut() {
	c.dead = true
	_ = c.Conn.Close()
}

func (c *faultyConn) ExecContext(ctx context.Context, text string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	return through(c, ctx, text, func(ctx context.Context, text string) (sqldriver.Result, error) {
		return c.Conn.(sqldriver.ExecerContext).ExecContext(ctx, text, args)
	})
}

func (c *faultyConn) QueryContext(ctx context.Context, text string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	return through(c, ctx, text, func(ctx context.Context, text string) (sqldriver.Rows, error) {
		return c.Conn.(sqldriver.QueryerContext).QueryContext(ctx, text, args)
	})
}

// through sends a text, or does to it what the fault says.
func through[T any](c *faultyConn, ctx context.Context, text string, send func(context.Context, string) (T, error)) (T, error) {
	var none T
	if c.dead {
		return none, sqldriver.ErrBadConn
	}
	if c.sent.Add(1) != c.at {
		return send(ctx, text)
	}
	c.text = text
	switch c.kind {
	case denied:
		return send(ctx, "SELECT nothing FROM migr_no_such_thing")
	case busy:
		return send(ctx, lockedTexts[c.engine])
	case stop:
		c.cancel(signalError{os.Interrupt})
		return send(ctx, text)
	case unheard:
		if got, err := send(ctx, text); err == nil {
			if rows, ok := any(got).(sqldriver.Rows); ok {
				_ = rows.Close()
			}
		}
	}
	c.cut()
	return none, io.ErrUnexpectedEOF
}

// A step of the revisions that are run, and the query that gives a row when it is done.
type faultStep struct{ stmt, done string }

func faultSteps(engine string) [][]faultStep {
	row := func(n int) faultStep {
		return faultStep{fmt.Sprintf("INSERT INTO audit VALUES (%d)", n), fmt.Sprintf("SELECT n FROM audit WHERE n IN (%d, %d)", n, n+100)}
	}
	table := func(name string) faultStep {
		return faultStep{fmt.Sprintf("CREATE TABLE %s (id integer NOT NULL PRIMARY KEY, n integer)", name), "SELECT 1 FROM (SELECT count(*) FROM " + name + ") x"}
	}
	apart := faultStep{"ALTER TABLE one ADD COLUMN more integer", "SELECT 1 FROM (SELECT count(more) FROM one) x"}
	switch {
	case strings.HasPrefix(engine, "postgres"):
		apart = faultStep{"CREATE INDEX CONCURRENTLY one_n ON one (n)", "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('one_n') AND indisvalid"}
	case engine == "sqlite":
		apart = faultStep{"VACUUM", ""}
	}
	batch := faultStep{"-- migr:batch size=2\nUPDATE audit SET n = n + 100 WHERE n BETWEEN 10 AND 20", ""}
	return [][]faultStep{
		{{"CREATE TABLE audit (n integer)", "SELECT 1 FROM (SELECT count(*) FROM audit) x"}, row(1), table("one")},
		{row(2), apart, table("two"), row(10), row(11), row(12)},
		{batch, row(3)},
	}
}

func faultFolder(t *testing.T, engine string) string {
	files := map[string]string{"migr.toml": "lock_retries = 3\n"}
	parent := ""
	for i, steps := range faultSteps(engine) {
		id := fmt.Sprintf("r%d", i+1)
		text := fmt.Sprintf("-- migr:revision %s\n-- migr:revises %s\n-- migr:up\n", id, parent)
		for _, s := range steps {
			text += s.stmt + ";\n"
		}
		files["migrations/"+id+".sql"] = text
		parent = id
	}
	return folder(t, files)
}

// TestFaults has each text that `upgrade` sends fail, in each of several ways. What
// migr then says of the database is what is in it, and the next run comes to where
// an undisturbed one does. On servers it is every third text, and with
// MIGR_TEST_TORTURE each.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, e := range testdb.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			if e.Env != "" {
				e.Admin(t) // skips where there is no such server
			}
			kinds := []string{denied, broken, unheard, stop}
			if e.Env != "" {
				kinds = append(kinds, busy)
			}
			dir, u := faultFolder(t, e.Name), e.New(t)
			inProcess(t, dir, 0, "upgrade", "-u", u)
			want := faultResult(t, u)
			for _, kind := range kinds {
				t.Run(kind, func(t *testing.T) {
					n, step := int64(1), int64(1)
					if e.Env != "" && os.Getenv("MIGR_TEST_TORTURE") == "" { // making a database takes its time
						n, step = int64(1+len(kind)%3), 3
					}
					for faultAt(t, e, dir, kind, n, want) && !t.Failed() {
						n += step
					}
				})
			}
		})
	}
}

// faultAt runs with a fault in the n-th text; false when there was no such text.
func faultAt(t *testing.T, e testdb.Engine, dir, kind string, n int64, want string) bool {
	u := testdb.SQLiteURL(filepath.Join(t.TempDir(), fmt.Sprintf("%s%d.db", kind, n)))
	if e.Env != "" {
		one, drop, err := e.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = drop() }()
		u = one
	}
	f := &textFault{kind: kind, at: n}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(""), stdout: &out, stderr: &errs, dir: dir, now: time.Now, rand: random, products: f.around(t, e.Name, cancel)}
	code := a.run(ctx, []string{"upgrade", "-u", u})
	if f.sent.Load() < n {
		if code != 0 {
			t.Errorf("undisturbed: exit %d\n%s", code, errs.String())
		}
		return false
	}
	told := fmt.Sprintf("%s at %d, %s: exit %d\n%s", kind, n, brief(f.text), code, errs.String())
	if !slices.Contains([]int{exitOK, exitFailed, exitPartial, exitLocked, exitInterrupted}, code) {
		t.Error(told)
	}
	truthful(t, e, dir, u, told)
	inProcess(t, dir, 0, "upgrade", "-u", u)
	if got := faultResult(t, u); got != want {
		t.Errorf("%s\nat the end:\n%s\nwant:\n%s", told, got, want)
	}
	return true
}

func brief(s string) string { return strings.Join(strings.Fields(s[:min(len(s), 300)]), " ") }

// truthful compares what status says with what is there.
func truthful(t *testing.T, e testdb.Engine, dir, u, told string) {
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(""), stdout: &out, stderr: &errs, dir: dir, now: time.Now, rand: random}
	code := a.run(t.Context(), []string{"repair", "--json", "-u", u})
	var halves struct {
		Problems []struct {
			Revision string
			Done     int
		}
	}
	if err := json.Unmarshal(out.Bytes(), &halves); err != nil {
		t.Fatalf("%s\nrepair: exit %d, %v\n%s", told, code, err, errs.String())
	}
	out.Reset()
	code = a.run(t.Context(), []string{"status", "--json", "-u", u})
	var list struct {
		Revisions []struct{ Revision, State string }
	}
	if err := json.Unmarshal(out.Bytes(), &list); err != nil || len(list.Revisions) != 3 {
		t.Fatalf("%s\nstatus: exit %d, %v\n%s", told, code, err, errs.String())
	}
	db := testdb.Open(t, u)
	defer db.Close()
	for i, r := range list.Revisions {
		steps, low, high := faultSteps(e.Name)[i], 0, 0
		switch r.State {
		case stateApplied:
			low, high = len(steps), len(steps)
		case statePartial:
			low = halves.Problems[0].Done
			high = low + 1 // whose end was perhaps not seen
		}
		for n, s := range steps {
			if s.done == "" {
				continue
			}
			rows := 0
			_ = db.QueryRow("SELECT count(*) FROM (" + s.done + ") y").Scan(&rows)
			if is := rows > 0; n < low && !is || n >= high && is {
				t.Errorf("%s\n%s is %s with %d statements done, and %q gives %d rows", told, r.Revision, r.State, low, s.done, rows)
			}
		}
	}
}

// faultResult is all that the revisions have made.
func faultResult(t *testing.T, u string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(testdb.Dump(t, u, append(testdb.Own(), "migr_lock")...))
	for _, q := range []string{"SELECT n FROM audit ORDER BY n", "SELECT version_num FROM migr_version", "SELECT revision, direction, state, statements, done FROM migr_log ORDER BY id"} {
		if err := runSQL(&b, u, q); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
