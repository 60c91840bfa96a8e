package postgres

import (
	"context"
	sqldriver "database/sql/driver"
	"net"
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
// what two clients do there one after the other is done by one server process. Where
// the server sees the port that was dialled from there is nothing in between, and
// nothing more is asked.
func frail(ctx context.Context, c *driver.Conn) (string, error) {
	if c.Server.Product == cockroach {
		return cockroach + " has no session locks", nil
	}
	if d, ok := c.Driver().(dialed); ok && c.Server.Port > 0 && int64(c.Server.Port) == d.dialer.port.Load() {
		return "", nil
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	b, err := c.Another(short)
	if err != nil {
		return "", ctx.Err() // one connection is all that may be had: it is a session's
	}
	defer b.Close()
	for range 2 {
		same, err := shared(short, b, c)
		if err != nil && short.Err() == nil && c.Dialect.CauseOf(err) == driver.Lost { // that tells nothing of a pooler
			return "", err
		}
		if same || err != nil && ctx.Err() == nil {
			return inTransactionMode, nil
		}
	}
	return "", ctx.Err()
}

// shared tells whether the process that served b serves c's transaction. An error
// is b's not getting served while c is in one.
func shared(ctx context.Context, b, c *driver.Conn) (bool, error) {
	pid := func(ctx context.Context, c *driver.Conn) (s string, err error) {
		err = c.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&s)
		return s, err
	}
	before, err := pid(ctx, b)
	if err != nil {
		return false, err
	}
	if err := c.Exec(context.WithoutCancel(ctx), "BEGIN"); err != nil {
		return false, err
	}
	defer func() { _ = c.Exec(context.WithoutCancel(ctx), "ROLLBACK") }()
	own, err := pid(context.WithoutCancel(ctx), c)
	if err != nil || own == before {
		return err == nil, err
	}
	after, err := pid(ctx, b)
	return err == nil && after != before, err
}
