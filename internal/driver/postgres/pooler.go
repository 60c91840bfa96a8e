package postgres

import (
	"context"
	sqldriver "database/sql/driver"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"github.com/migr-dev/migr/internal/driver"
)

const cockroach = "CockroachDB"

// A connector remembers from which port it last connected.
type connector struct {
	*pq.Connector
	dialer *dialer
}

// Driver returns the dialer beside the driver.
func (c connector) Driver() sqldriver.Driver { return dialed{c.Connector.Driver(), c.dialer} }

type dialed struct {
	sqldriver.Driver
	dialer *dialer
}

// A dialer connects, and knows from where it did last.
type dialer struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	port atomic.Int64
}

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d *dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext keeps the local port.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if a, ok := c.LocalAddr().(*net.TCPAddr); ok {
		d.port.Store(int64(a.Port))
	}
	return c, nil
}

const inTransactionMode = "the connection goes through a pooler in transaction mode, where session locks and settings do not hold"

// frail finds a pooler in transaction mode (PgBouncer's pool_mode = transaction):
// what two clients do there one after the other is done by one server process, or
// what one client does by several. Where the server sees the port that was dialled
// from there is nothing in between, and nothing more is asked.
//
// No statement is asked for while another connection is kept in a transaction: many
// runners that did so at once would take all that the pool has, and wait for more.
func frail(ctx context.Context, c *driver.Conn) (string, error) {
	if c.Server.Product == cockroach {
		return cockroach + " has no session locks", nil
	}
	if d, ok := c.Driver().(dialed); ok && c.Server.Port > 0 && int64(c.Server.Port) == d.dialer.port.Load() {
		return "", nil
	}
	b, err := beside(ctx, c)
	if b == nil || err != nil {
		return "", err
	}
	defer b.Close()
	var own, others []string
	for _, asked := range []*driver.Conn{c, b, b, c, b, c, c, b, b, c} { // with 2 servers taken in turn, b meets each of c's
		pid, err := pidOf(ctx, asked)
		if err != nil {
			return "", err
		}
		if asked == c {
			own = append(own, pid)
		} else {
			others = append(others, pid)
		}
		if own[0] != own[len(own)-1] || slices.ContainsFunc(others, func(o string) bool { return slices.Contains(own, o) }) {
			return inTransactionMode, nil
		}
	}
	return "", nil
}

// beside opens a second connection. Nil is one that is kept waiting while c is
// served: c has a server process of its own, and a pooler has no other for b.
func beside(ctx context.Context, c *driver.Conn) (*driver.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		b   *driver.Conn
		err error
	}
	came := make(chan answer, 1)
	go func() {
		b, err := c.Another(ctx)
		came <- answer{b, err}
	}()
	for range 5 {
		select {
		case a := <-came:
			if a.err != nil && c.Dialect.CauseOf(a.err) != driver.Lost { // as many connections as may be had are there
				return nil, ctx.Err()
			}
			return a.b, a.err
		case <-time.After(100 * time.Millisecond):
		}
		if _, err := pidOf(ctx, c); err != nil {
			return nil, err
		}
	}
	cancel()
	if a := <-came; a.b != nil {
		_ = a.b.Close()
	}
	return nil, nil
}

func pidOf(ctx context.Context, c *driver.Conn) (s string, err error) {
	err = c.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&s)
	return s, err
}
