package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// A lifeline is a connector that finds a server there, or nobody.
type lifeline struct {
	sqldriver.Connector
	there bool
	asked atomic.Int64
}

func (l *lifeline) Connect(context.Context) (sqldriver.Conn, error) {
	l.asked.Add(1)
	if !l.there {
		return nil, io.ErrUnexpectedEOF
	}
	return nothing{}, nil
}

type nothing struct{ sqldriver.Conn }

func (nothing) Close() error { return nil }

// TestSilence: a server that says nothing is waited for as long as it lets others in,
// and no longer.
func TestSilence(t *testing.T) {
	t.Parallel()
	const every = 20 * time.Millisecond
	for there, want := range map[bool]error{true: io.EOF, false: net.ErrClosed} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		server := &lifeline{there: there}
		d := (&Dialer{Every: every}).fresh()
		d.AskBy(server, func(error) *ServerError { return nil })
		c, err := d.DialContext(t.Context(), "tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		far, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		stop := time.AfterFunc(20*every, func() { _ = far.Close() })
		defer stop.Stop()
		_, err = c.Read(make([]byte, 1))
		if !errors.Is(err, want) {
			t.Errorf("a server that is there: %t; the wait ended with %v, want %v", there, err, want)
		}
		var silent *SilentError
		if got := d.explain(err); errors.As(got, &silent) == there {
			t.Errorf("a server that is there: %t; the error is %v", there, got)
		}
		if n := server.asked.Load(); there && n < maxMissed+1 || !there && n != maxMissed {
			t.Errorf("a server that is there: %t; it was asked %d times", there, n)
		}
	}
}
