package driver

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

const (
	// defaultPulse is how long a server may say nothing before it is asked whether
	// it is there; a server that does not say so for maxMissed times as long more is
	// taken for lost: after a minute, all in all.
	defaultPulse = 15 * time.Second
	maxMissed    = 3
)

// A Dialer connects to a server and watches over the connections that it has made.
// A network that swallows everything looks to TCP like a server that takes its time:
// neither end hears of it. So, while an answer is waited for, the server is asked
// over another connection whether it is there. As long as it is, a statement may
// take what time it takes; when it is not, the wait ends with an error.
type Dialer struct {
	// Every is the time between two questions; 0: a quarter of a minute.
	Every time.Duration

	probe  func(ctx context.Context) error // an error says that nobody answered; nil: nothing is watched
	silent atomic.Bool
}

// A SilentError is a server that has not answered, nor let anybody else in, for so long.
type SilentError struct{ For time.Duration }

func (e *SilentError) Error() string {
	return fmt.Sprintf("for %s the server has answered neither on this connection nor on a new one", e.For)
}

// fresh is a dialer of the same patience, for one connection.
func (d *Dialer) fresh() *Dialer {
	if d == nil {
		return &Dialer{}
	}
	return &Dialer{Every: d.Every}
}

func (d *Dialer) every() time.Duration {
	if d.Every > 0 {
		return d.Every
	}
	return defaultPulse
}

// AskBy has the server asked by logging in and out, not through this dialer. A server
// that answers with a refusal is there. MySQL (9) and MariaDB count who hangs up before
// having logged in, and shut out who does it often (max_connect_errors).
func (d *Dialer) AskBy(c sqldriver.Connector, explain func(error) *ServerError) {
	d.probe = func(ctx context.Context) error {
		conn, err := c.Connect(ctx)
		if err == nil {
			return conn.Close()
		}
		if s := explain(err); s != nil && s.Cause != Lost {
			return nil
		}
		return err
	}
}

// DialContext connects as net.Dialer does. Where a connection alone dies, TCP itself
// finds out: by keepalives while it is idle, by TCP_USER_TIMEOUT (Linux) while what
// was sent is not acknowledged.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	every := d.every()
	nd := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: every, Interval: every, Count: maxMissed},
		Control:         userTimeout(every * (maxMissed + 1)),
	}
	c, err := nd.DialContext(ctx, network, address)
	if err != nil || d.probe == nil {
		return c, err
	}
	return &watchedConn{Conn: c, d: d}, nil
}

// explain puts the reason in the place of a driver's error, where a connection was
// given up.
func (d *Dialer) explain(err error) error {
	var known *SilentError
	if err == nil || d == nil || !d.silent.Load() || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("%w (%w)", &SilentError{d.every() * (maxMissed + 1)}, err)
}

// A watchedConn is a connection whose other end is looked after while it is waited for.
type watchedConn struct {
	net.Conn
	d *Dialer
}

// Read waits as long as the server is there.
func (c *watchedConn) Read(p []byte) (int, error) {
	return c.wait(func() (int, error) { return c.Conn.Read(p) })
}

// Write waits as long as the server is there.
func (c *watchedConn) Write(p []byte) (int, error) {
	return c.wait(func() (int, error) { return c.Conn.Write(p) })
}

func (c *watchedConn) wait(do func() (int, error)) (int, error) {
	ctx, over := context.WithCancel(context.Background())
	defer over()
	timer := time.AfterFunc(c.d.every(), func() { c.look(ctx) })
	defer timer.Stop()
	return do()
}

// look asks until the wait is over, and closes the connection when nobody answers.
func (c *watchedConn) look(ctx context.Context) {
	for missed := 0; ; {
		round, next := context.WithTimeout(ctx, c.d.every())
		if c.d.answers(round) {
			missed = 0
		} else {
			missed++
		}
		<-round.Done()
		next()
		if ctx.Err() != nil {
			return
		}
		if missed == maxMissed {
			c.d.silent.Store(true)
			if tcp, ok := c.Conn.(*net.TCPConn); ok { // what was sent and did not arrive must not arrive later, when nobody reckons with it
				_ = tcp.SetLinger(0)
			}
			_ = c.Conn.Close()
			return
		}
	}
}

func (d *Dialer) answers(ctx context.Context) bool {
	answer := make(chan error, 1) // not every driver heeds its context while it connects
	go func() { answer <- d.probe(ctx) }()
	select {
	case err := <-answer:
		return err == nil
	case <-ctx.Done():
		return false
	}
}
