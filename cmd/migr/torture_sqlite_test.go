package main

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/testdb"
)

// A tap is between migr and SQLite, where there is no wire: it counts the texts, and
// at one of them, before it is carried out or after, it kills its own process or fills
// the disk. Only the test binary has one, by the variable MIGR_TEST_TAP: FILE N
// before|after kill|fill DISK, or FILE alone, in which it writes what it hears.
type tap struct {
	log   string
	at    int
	after bool
	disk  string // "": kill
	n     int
}

func newTap(text string) *tap {
	f := append(strings.Fields(text), "", "0", "", "", "")
	p := &tap{log: f[0], after: f[2] == "after"}
	_, _ = fmt.Sscan(f[1], &p.at)
	if f[3] == "fill" {
		p.disk = f[4]
	}
	return p
}

// on puts the tap into SQLite's dialect.
func (p *tap) on(all []*product) []*product {
	for _, x := range all {
		if !x.dialect.InProcess {
			continue
		}
		open := x.dialect.Open
		x.dialect.Open = func(u *dburl.URL, o driver.Options) (*sql.DB, error) {
			db, err := open(u, o)
			if err != nil {
				return nil, err
			}
			return sql.OpenDB(tapped{db, p}), nil
		}
	}
	return all
}

// hear carries a text out by do.
func (p *tap) hear(text string, do func() error) error {
	p.n++
	if f, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintf(f, "%q\n", strings.Join(strings.Fields(text), " "))
		_ = f.Close()
	}
	if p.n != p.at {
		return do()
	}
	if p.after {
		defer p.strike()
		return do()
	}
	p.strike()
	return do()
}

func (p *tap) strike() {
	if p.disk == "" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	if err := (&victim{disk: p.disk}).fill(); err != nil {
		fmt.Fprintln(os.Stderr, "MIGR_TEST_TAP:", err)
		os.Exit(exitUsage)
	}
}

type tapped struct {
	db  *sql.DB
	tap *tap
}

func (c tapped) Driver() sqldriver.Driver { return c.db.Driver() }

// Connect takes the driver's own connection.
func (c tapped) Connect(ctx context.Context) (out sqldriver.Conn, err error) {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	err = conn.Raw(func(x any) error {
		out = &tappedConn{Conn: x.(sqldriver.Conn), tap: c.tap, keep: conn}
		return nil
	})
	return out, err
}

type tappedConn struct {
	sqldriver.Conn
	tap  *tap
	keep *sql.Conn
}

func (c *tappedConn) Close() error { return c.keep.Close() }

func (c *tappedConn) ExecContext(ctx context.Context, q string, args []sqldriver.NamedValue) (r sqldriver.Result, err error) {
	err = c.tap.hear(q, func() error {
		r, err = c.Conn.(sqldriver.ExecerContext).ExecContext(ctx, q, args)
		return err
	})
	return r, err
}

func (c *tappedConn) QueryContext(ctx context.Context, q string, args []sqldriver.NamedValue) (r sqldriver.Rows, err error) {
	err = c.tap.hear(q, func() error {
		r, err = c.Conn.(sqldriver.QueryerContext).QueryContext(ctx, q, args)
		return err
	})
	return r, err
}

// inProcess is suffer for SQLite.
func (p *torment) inProcess(t *testing.T) (ending, error) {
	dir, err := os.MkdirTemp(p.disk, "point")
	if err != nil {
		return wrong, err
	}
	defer os.RemoveAll(dir)
	u := testdb.SQLiteURL(filepath.Join(dir, "app.db"))
	what := "kill"
	if p.fault.own {
		what = "fill " + p.disk
	}
	if err := p.prepare(u); err != nil {
		return wrong, err
	}
	log := filepath.Join(t.TempDir(), "log")
	if p.run, err = p.start(u, fmt.Sprintf("MIGR_TEST_TAP=%s %d %s %s", log, p.n, p.when, what)); err != nil {
		return wrong, err
	}
	if !p.fault.own {
		p.run.killed.Store(true)
	}
	code, err := p.run.end(time.Minute)
	if p.fault.own {
		if e := p.resize(diskSize); e != nil {
			t.Fatal(e)
		}
	} else if err == nil && code != -1 {
		err = fmt.Errorf("the point was not reached: exit %d\n%s", code, p.run.out.String())
	}
	if err != nil {
		return wrong, err
	}
	return p.judge(u, code)
}

// heardSQLite runs the history once, and listens.
func (v *victim) heardSQLite(t *testing.T) {
	t.Helper()
	u, log := v.New(t), filepath.Join(t.TempDir(), "log")
	if err := v.prepare(u); err != nil {
		t.Fatal(err)
	}
	r, err := v.start(u, "MIGR_TEST_TAP="+log)
	if err != nil {
		t.Fatal(err)
	}
	if code, err := r.end(time.Minute); err != nil || code != exitOK {
		t.Fatalf("exit %d: %v\n%s", code, err, r.out.String())
	}
	if v.want, err = contents(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	v.said = slices.DeleteFunc(strings.Split(string(text), "\n"), func(l string) bool { return l == "" })
}
