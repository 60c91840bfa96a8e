package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// A wire is a TCP proxy before a server that counts connections and round trips:
// how often the server speaks after the client did.
type wire struct {
	addr         string
	conns, trips atomic.Int64
}

func newWire(t testing.TB, server string) *wire {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	w := &wire{addr: ln.Addr().String()}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", server)
			if err != nil {
				_ = c.Close()
				continue
			}
			w.conns.Add(1)
			w.join(c, s)
		}
	}()
	return w
}

func (w *wire) join(client, server net.Conn) {
	var asked atomic.Bool // the server's next word is an answer
	go w.pipe(server, client, func() { asked.Store(true) })
	go w.pipe(client, server, func() {
		if asked.Swap(false) {
			w.trips.Add(1)
		}
	})
}

func (w *wire) pipe(to, from net.Conn, note func()) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			note()
			if _, e := to.Write(buf[:n]); e != nil {
				err = e
			}
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// through returns the URL with the proxy in place of the server, and sets the
// counters to nothing.
func (w *wire) through(t testing.TB, u string) string {
	t.Helper()
	x, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	x.Host = w.addr
	w.conns.Store(0)
	w.trips.Store(0)
	return x.String()
}

// inProcess runs a command of migr in a folder, and fails unless it returns code.
func inProcess(t testing.TB, dir string, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(""), stdout: &out, stderr: &errs, dir: dir, now: time.Now, rand: random}
	if got := a.run(context.Background(), args); got != code {
		t.Fatalf("migr %s: exit %d\n%s\n%s", strings.Join(args, " "), got, clip(out.String()), clip(errs.String()))
	}
	return out.String()
}

func clip(s string) string { return s[:min(len(s), 2000)] }

// folder writes files into a fresh folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func servers(t *testing.T, f func(t *testing.T, e testdb.Engine)) {
	for _, e := range testdb.Engines() {
		if e.Env != "" {
			t.Run(e.Name, func(t *testing.T) {
				t.Parallel()
				f(t, e)
			})
		}
	}
}

func host(t testing.TB, u string) string {
	t.Helper()
	x, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	return x.Host
}

// TestNoopRoundTrips: an upgrade with nothing to do needs one connection and at
// most six round trips, those of the connection included.
func TestNoopRoundTrips(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, e testdb.Engine) {
		u := e.New(t)
		dir := folder(t, map[string]string{
			"migr.toml":        "dir = \"migrations\"\nmodels = []\n",
			"migrations/a.sql": "-- migr:revision aaaaaaaaaaaa\n-- migr:revises\n\n-- migr:up\nCREATE TABLE a (id int PRIMARY KEY);\n\n-- migr:down\n-- migr:allow drop-table\nDROP TABLE a;\n",
		})
		inProcess(t, dir, exitOK, "upgrade", "-u", u)
		w := newWire(t, host(t, u))
		inProcess(t, dir, exitOK, "upgrade", "-u", w.through(t, u))
		t.Logf("%d round trips", w.trips.Load())
		if w.conns.Load() != 1 || w.trips.Load() > 6 {
			t.Errorf("%d connections, %d round trips; want 1 and at most 6", w.conns.Load(), w.trips.Load())
		}
	})
}

// tables is the DDL of n tables with an index and a foreign key each, and with
// one column more where more is set.
func tables(n int, more bool) string {
	var b strings.Builder
	for i := range n {
		extra := ""
		if more {
			extra = ", extra int"
		}
		fmt.Fprintf(&b, "CREATE TABLE t%d (id int PRIMARY KEY, name varchar(40) NOT NULL, up int REFERENCES t%d (id), CHECK (id > 0)%s);\nCREATE INDEX t%d_name ON t%d (name);\n", i, max(i-1, 0), extra, i, i)
	}
	return b.String()
}

// TestRoundTripsDoNotGrow: what looks at whole schemas asks per catalog, not per
// table. Models are sent a hundred statements at a time.
func TestRoundTripsDoNotGrow(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, e testdb.Engine) {
		few, many := lookTrips(t, e, 3), lookTrips(t, e, 300)
		for name, n := range few {
			t.Logf("%s: %d round trips for 3 tables, %d for 300", name, n, many[name])
			if many[name] > n+2*300/100 {
				t.Errorf("%s: %d round trips for 3 tables, %d for 300", name, n, many[name])
			}
		}
	})
}

// lookTrips counts the round trips of each command that looks at schemas.
func lookTrips(t *testing.T, e testdb.Engine, n int) map[string]int64 {
	u := e.New(t)
	testdb.Exec(t, u, tables(n, false))
	dir := folder(t, map[string]string{
		"migr.toml":        "dir = \"migrations\"\nmodels = [\"schema.sql\"]\n",
		"schema.sql":       tables(n, true),
		"same.sql":         tables(n, false),
		"migrations/.keep": "",
	})
	w := newWire(t, host(t, u))
	trips := map[string]int64{}
	for name, c := range map[string]struct {
		code int
		args []string
	}{
		"inspect":                      {exitOK, []string{"inspect"}},
		"check, in sync":               {exitOK, []string{"check", "--models", "same.sql"}},
		"check":                        {exitNo, []string{"check"}},
		"revision --autogenerate":      {exitOK, []string{"revision", "--autogenerate", "-m", "x", "--dry-run"}},
		"revision of all from nothing": {exitOK, []string{"diff", "--from", "empty", "--to", "models"}},
	} {
		inProcess(t, dir, c.code, append(c.args, "-u", w.through(t, u))...)
		trips[name] = w.trips.Load()
	}
	return trips
}
