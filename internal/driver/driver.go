// Package driver knows which product a database is and all that running
// revisions needs of it: connecting, the lock, scratch databases, the version
// table's types and what its errors mean. What a schema is made of is the
// business of package catalog.
package driver

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A Dialect is one product: a value, not a type, so that a variant is a copy
// with fields changed. A nil function means that the product has no such thing.
type Dialect struct {
	Name    string
	Family  sqltext.Family
	Schemes []string // as dburl names them
	// TxDDL: DDL takes part in transactions, so a revision and its version row
	// commit together.
	TxDDL bool
	// InProcess: there is no server; a statement that is over at once is not
	// worth the watch that would end it early.
	InProcess bool

	// Open returns a pool for the URL without connecting.
	Open func(u *dburl.URL, o Options) (*sql.DB, error)
	// Server asks who answers, in one round trip.
	Server func(ctx context.Context, c *Conn) (Server, error)
	// Scratch makes an empty temporary database like that of c (same character
	// set, collation, extensions) and returns its URL and what removes it.
	Scratch func(ctx context.Context, c *Conn, name string) (*dburl.URL, func(context.Context) error, error)
	// Borrow looks at the scratch database that the user named. holds is what is
	// in it: where that is anything, it is not taken. clean brings it back to what
	// it was, extensions included; nil where nothing needs to be brought back.
	Borrow func(ctx context.Context, c *Conn) (holds []string, clean Cleaner, err error)

	// Wipe drops all that is in the schemas (none named: the home schema) and
	// leaves them empty; where a database has one schema, all that is in it. It
	// returns the names of what it dropped.
	Wipe func(ctx context.Context, c *Conn, schemas []string) ([]string, error)

	// TryLock takes the session lock of that name, without waiting. Holder
	// says, as far as the server tells, who has it.
	TryLock func(ctx context.Context, c *Conn, name string) (bool, error)
	Unlock  func(ctx context.Context, c *Conn, name string) error
	Holder  func(ctx context.Context, c *Conn, name string) string

	// Begin opens a transaction that may write.
	Begin string
	// Settings are sent once per transaction, before its statements (TxDDL), or
	// once per session.
	Settings func(t Timeouts) []string
	// Before and After stand outside the transaction of a revision.
	Before, After []string
	// Elapsed is an expression: the milliseconds since the server got the text
	// that it stands in; "" where there is none.
	Elapsed string
	// NoTx tells why the i-th statement cannot run in one transaction with those
	// around it, or "".
	NoTx func(stmts []string, i int) string
	// Verify returns the statements that must yield no row before COMMIT, for a
	// revision of those statements. Each row is an inconsistency.
	Verify func(stmts []string) string

	// Batch runs statements in order in as few round trips as the product
	// allows, in one transaction where atomic and DDL takes part in them; it
	// returns the index of the one that failed.
	Batch func(ctx context.Context, c *Conn, stmts []string, atomic bool) (int, error)
	// Empty returns the statements that delete all rows of the tables, whose
	// names are quoted already.
	Empty func(tables []string) []string
	// Relax is a setting under which models load that refer to one another in a
	// circle; "" where there is none.
	Relax string
	// Reset returns the session's settings to what they were at its start.
	Reset func(ctx context.Context, c *Conn) error
	// Schemas lists the schemas that are not the system's; nil where a database has one.
	Schemas func(ctx context.Context, c *Conn) ([]string, error)

	// Preamble stands before a script that builds a schema.
	Preamble string

	// Tables are the column types of the version and log tables.
	Tables TableTypes
	// Explain reads the server's error; nil for one that is not the server's.
	Explain func(err error) *ServerError
}

// A Cleaner empties a database by the connection given.
type Cleaner func(ctx context.Context, c *Conn) error

// TableTypes are a product's words in the DDL of the version and log tables.
type TableTypes struct {
	ID   string // an integer key that counts by itself
	Time string
	Text string
	Now  string // an expression of type Time, in UTC where it has no zone
	User string // an expression: who is connected
	Tail string // after the closing parenthesis
}

// Timeouts of DDL.
type Timeouts struct {
	Lock      time.Duration // wait for a lock; 0 = the server's default
	Statement time.Duration
}

// Options of connecting.
type Options struct {
	ReadOnly bool // nothing will be written: do not make a database that is not there
	Timeout  time.Duration
}

// A Server is what answers at the other end.
type Server struct {
	Product  string // "PostgreSQL", "MariaDB", …
	Version  int    // 150020, 1011019, 90704, 3054001
	Database string
	Home     string // the schema in which unqualified names are made
	User     string
}

// A Conn is one pinned connection: locks, settings and temporary things belong
// to a session, so all that migr does with a database goes through one.
type Conn struct {
	*sql.Conn
	Dialect *Dialect
	URL     *dburl.URL
	Server  Server

	db *sql.DB
}

// Find returns the dialect of a URL's scheme.
func Find(ds []*Dialect, u *dburl.URL) (*Dialect, error) {
	for _, d := range ds {
		for _, s := range d.Schemes {
			if s == u.Scheme {
				return d, nil
			}
		}
	}
	return nil, fmt.Errorf("no driver for %s databases", u.Scheme)
}

// Open connects and asks who answers. The error is a *ConnectError.
func Open(ctx context.Context, d *Dialect, u *dburl.URL, o Options) (*Conn, error) {
	db, err := d.Open(u, o)
	if err != nil {
		return nil, &ConnectError{URL: u, Err: err}
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	sc, err := db.Conn(ctx)
	if err != nil {
		_ = db.Close()
		return nil, &ConnectError{URL: u, Err: err, Server: d.Explain(err)}
	}
	c := &Conn{Conn: sc, Dialect: d, URL: u, db: db}
	if c.Server, err = d.Server(ctx, c); err != nil {
		_ = c.Close()
		return nil, &ConnectError{URL: u, Err: err, Server: d.Explain(err)}
	}
	return c, nil
}

// Another opens a second connection to the same database.
func (c *Conn) Another(ctx context.Context) (*Conn, error) {
	return Open(ctx, c.Dialect, c.URL, Options{})
}

// Close ends the session, and with it its locks.
func (c *Conn) Close() error {
	err := c.Conn.Close()
	if e := c.db.Close(); err == nil {
		err = e
	}
	return err
}

// Exec sends a text as it stands, without parameters.
func (c *Conn) Exec(ctx context.Context, text string) error {
	_, err := c.ExecContext(ctx, text)
	return err
}

// Strings runs a query and returns its rows as texts; NULL is "".
func (c *Conn) Strings(ctx context.Context, query string, args ...any) ([][]string, error) {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]string
	for rows.Next() {
		cells, ptrs := make([]sql.NullString, len(cols)), make([]any, len(cols))
		for i := range cells {
			ptrs[i] = &cells[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			return nil, err
		}
		row := make([]string, len(cols))
		for i, cell := range cells {
			row[i] = cell.String
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
