package main

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// A cutter is a TCP proxy that cuts, once, the connection on which the mark is sent:
// before the server gets it, or after the server has answered and before the client
// hears of it.
type cutter struct {
	addr   string
	mark   []byte
	before bool
	cut    atomic.Bool
}

func newCutter(t *testing.T, server, mark string, before bool) *cutter {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	k := &cutter{addr: ln.Addr().String(), mark: []byte(mark), before: before}
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
			go k.join(c, s)
		}
	}()
	return k
}

func (k *cutter) join(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	var deaf atomic.Bool // what the server says is not passed on any more
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil || deaf.Load() {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], k.mark) && k.cut.CompareAndSwap(false, true) {
			if k.before {
				return
			}
			deaf.Store(true)
			_, _ = server.Write(buf[:n])
			select {
			case <-done:
				time.Sleep(100 * time.Millisecond) // MySQL answers each statement of a text: COMMIT is not the first
			case <-time.After(5 * time.Second):
			}
			return
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// TestLostAtCommit cuts the connection when COMMIT is sent: migr asks the database
// what became of the revision, and tells the truth.
func TestLostAtCommit(t *testing.T) {
	t.Parallel()
	one := "-- migr:revision one\n-- migr:up\nCREATE TABLE one (id integer);\nINSERT INTO one VALUES (1);\n"
	two := "-- migr:revision two\n-- migr:revises one\n-- migr:up\nCREATE TABLE two (id integer);\n"
	servers(t, func(t *testing.T, e testdb.Engine) {
		e.Admin(t) // skips where there is no such server
		for _, before := range []bool{true, false} {
			u, drop, err := e.Create(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = drop() })
			dir := folder(t, map[string]string{"migr.toml": "", "migrations/one.sql": one, "migrations/two.sql": two})
			k := newCutter(t, host(t, u), "COMMIT", before)
			through := (&wire{addr: k.addr}).through(t, u)
			if e.Name == "mysql" { // it would speak TLS, which nobody can look into
				through += "?tls=false"
			}
			var out, errs bytes.Buffer
			a := &app{in: strings.NewReader(""), stdout: &out, stderr: &errs, dir: dir, now: time.Now, rand: random}
			code := a.run(t.Context(), []string{"upgrade", "-u", through})
			if !k.cut.Load() {
				t.Fatalf("nothing was cut: exit %d\n%s", code, errs.String())
			}
			if want := map[bool]int{true: exitFailed, false: exitOK}[before]; code != want {
				t.Errorf("cut before COMMIT %t: exit %d, want %d\n%s", before, code, want, errs.String())
			}
			if before && !strings.Contains(errs.String(), "is not") {
				t.Errorf("the message does not say that it is not applied:\n%s", errs.String())
			}
			inProcess(t, dir, 0, "upgrade", "-u", u)
			if got := inProcess(t, dir, 0, "current", "--json", "-u", u); !strings.Contains(got, `"two"`) {
				t.Errorf("at the end: %s", got)
			}
			if err := runSQL(io.Discard, u, "SELECT id FROM one"); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestLostWhileCommitting resets the connection while the server is at COMMIT, which a
// deferred trigger makes long: migr waits for the outcome and tells it.
func TestLostWhileCommitting(t *testing.T) {
	t.Parallel()
	u := testdb.Postgres(t)
	dir := folder(t, map[string]string{"migr.toml": "", "migrations/slow.sql": `-- migr:revision slow
-- migr:up
CREATE TABLE slow (id integer);
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$;
CREATE CONSTRAINT TRIGGER dawdles AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle();
INSERT INTO slow VALUES (1);
`})
	x := newTrap(t, u)
	defer x.close()
	x.mark, x.when = "COMMIT", during
	x.spring = func(l *link, _ []byte) {
		time.Sleep(100 * time.Millisecond) // the server has it
		l.reset()
	}
	inProcess(t, dir, exitOK, "upgrade", "-u", x.through(t, u))
	if !x.sprung.Load() {
		t.Fatal("nothing was reset")
	}
	if got := inProcess(t, dir, exitOK, "current", "--json", "-u", u); !strings.Contains(got, `"slow"`) {
		t.Errorf("at the end: %s", got)
	}
}

// TestLongStatementIsNotCut: migr asks whether the server is there many times while a
// statement runs, and waits on.
func TestLongStatementIsNotCut(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, e testdb.Engine) {
		sleep := "SELECT sleep(4)"
		if strings.HasPrefix(e.Name, "postgres") {
			sleep = "SELECT pg_sleep(4)"
		}
		v := &victim{dir: folder(t, map[string]string{"migr.toml": "", "migrations/long.sql": "-- migr:revision long\n-- migr:up\n" + sleep + ";\n"})}
		r, err := v.start(e.New(t), patience)
		if err != nil {
			t.Fatal(err)
		}
		if code, err := r.end(time.Minute); err != nil || code != exitOK {
			t.Errorf("exit %d: %v\n%s", code, err, r.out.String())
		}
	})
}

// TestConnectToSilence: what accepts a connection and says nothing is given up.
func TestConnectToSilence(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	dir := folder(t, map[string]string{"migr.toml": "", "migrations/.keep": ""})
	for _, scheme := range []string{"postgres", "mysql"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			inProcess(t, dir, exitFailed, "current", "-u", scheme+"://u@"+ln.Addr().String()+"/x")
			if took := time.Since(began); took > 2*connectTimeout {
				t.Errorf("it took %s", took)
			}
		})
	}
}
