// Package driver knows which product a database is and all that running
// revisions needs of it: connecting, the lock, scratch databases, the version
// table's types and what its errors mean. What a schema is made of is the
// business of package catalog.
package driver

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"strings"
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
	// says, as far as the server tells, who has it; nil when nobody has.
	TryLock func(ctx context.Context, c *Conn, name string) (bool, error)
	Unlock  func(ctx context.Context, c *Conn, name string) error
	Holder  func(ctx context.Context, c *Conn, name string) *Holder
	// Guard returns what a session that has the lock sets, so that it ends, and the lock
	// with it, soon after its client has gone without a word; nil where nothing helps.
	// What a server refuses of it is left out.
	Guard func(s Server) []string
	// EndSession is the statement that ends the session %s.
	EndSession string
	// Frail tells why a session lock would not keep a second runner out here, or
	// "": a pooler that gives each transaction another session, a cluster with
	// locks per node.
	Frail func(ctx context.Context, c *Conn) (string, error)
	// Busy tells whether a session is at work on a statement.
	Busy func(ctx context.Context, c *Conn, session string) (bool, error)
	// Blockers names, one a line, who holds what that session waits for.
	Blockers func(ctx context.Context, c *Conn, session string) ([]string, error)
	// Cancel ends the statement that another session runs; that session lives on.
	// Nil where the end of a statement's context does as much.
	Cancel func(ctx context.Context, c *Conn, session string) error

	// Begin opens a transaction that may write.
	Begin string
	// Settings are sent once per transaction, before its statements (TxDDL), or
	// once per session.
	Settings func(t Timeouts) []string
	// Session returns what is set for one statement outside of transactions, and what
	// takes it back; nil where Settings are the session's.
	Session func(t Timeouts, stmt string) (set, reset string)
	// Before stands before a transaction that has something to Verify; Restore, asked
	// in front of it, is what takes it back ("": it changes nothing).
	Before  []string
	Restore func(ctx context.Context, c *Conn) (string, error)
	// Absent tells whether connecting would make the database; nil: it never does.
	Absent func(u *dburl.URL) bool
	// Elapsed is an expression: the milliseconds since the server got the text
	// that it stands in; "" where there is none.
	Elapsed string
	// NoTx tells why the i-th statement cannot run in one transaction with those
	// around it, or "".
	NoTx func(stmts []string, i int) string
	// Rows tells which statements change rows and nothing else, where TxDDL is not: each
	// of them can be in a transaction with its record. Nil where none of them can.
	Rows func(stmts []string) []bool
	// Undone tells whether a transaction that was not committed has left nothing of a
	// statement; nil where that is always so.
	Undone func(ctx context.Context, c *Conn, stmt string) (bool, error)
	// Running lists the other sessions in which that very statement runs.
	Running func(ctx context.Context, c *Conn, stmt string) ([]string, error)
	// Carried tells what the first statements of a revision left in their session, of
	// which those behind may need any. Nil where that is nothing.
	Carried func(stmts []string, done int) Carried
	// Reached is how a text of several statements tells how far it came; nil where
	// such a text is one transaction.
	Reached *Reached
	// Refuse tells why a statement must not run, or "": within a transaction (tx)
	// it would do nothing, or other than its author means.
	Refuse func(stmt string, tx bool) string
	// Alone is what is done around a statement that runs outside of transactions;
	// nil for most.
	Alone func(stmt string) *Alone
	// Limit makes a statement change at most n rows and returns it, and what counts
	// the rows that it would change without the limit ("" where that is not known).
	Limit func(stmt string, n int) (limited, count string, err error)
	// Guess returns a query for the number of rows that the server believes a table to
	// have, without looking at them: one row, NULL where it does not know. The table's
	// name is as it is written in SQL. Nil where it keeps no such number.
	Guess func(table string) string
	// Verify returns a query for rows that contradict one another, for a revision
	// of those statements: no row may be new at its end.
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
	// Check finds what was made and cannot work, and says why: an object's kind
	// and name, as far as they are known. Nil where a server looks at making.
	Check func(ctx context.Context, c *Conn) (kind, name string, err error)
	// Reset returns the session's settings to what they were at its start.
	Reset func(ctx context.Context, c *Conn) error
	// Schemas lists the schemas that are not the system's; nil where a database has one.
	Schemas func(ctx context.Context, c *Conn) ([]string, error)

	// Facts lists what of the server and the database, beside product and version,
	// decides what DDL makes there; nil where nothing does.
	Facts func(ctx context.Context, c *Conn) ([][]string, error)

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
	Unix string // an expression: milliseconds since 1970, as a bigint
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
	// Client tells the server, and with it who waits for this one, which process
	// this is; letters, digits, blanks, '.', '-', ':' only.
	Client string
	// Since is the time of connecting, for servers that do not keep it.
	Since time.Time
	// Dialer connects to a server, and notices when it has vanished; nil: one of the
	// usual patience.
	Dialer *Dialer
}

// A Holder is who has a lock. What the server does not tell is "".
type Holder struct {
	Session string // of the server: its process or connection id
	Client  string // as Options.Client
	User    string
	Host    string // as the server sees it
	Since   string // when it connected, or took the lock
	Doing   string // its statement
}

// String is the holder in one line.
func (h *Holder) String() string {
	if h == nil {
		return ""
	}
	var parts []string
	for _, p := range [][2]string{{"", h.Client}, {"user ", h.User}, {"from ", h.Host}, {"session ", h.Session}, {"since ", h.Since}, {"at: ", h.Doing}} {
		if p[1] != "" {
			parts = append(parts, p[0]+p[1])
		}
	}
	return strings.Join(parts, ", ")
}

// Alone is what is done around a statement that no transaction protects. Any of
// the functions may be nil.
type Alone struct {
	// Before clears away what an earlier try left behind, and says what it did. It
	// returns what is to be run in the statement's place: the statement itself, as
	// a rule.
	Before func(ctx context.Context, c *Conn) (stmt, note string, err error)
	// After makes sure that the statement did all that it had to do.
	After func(ctx context.Context, c *Conn) error
	// Failed clears away what the failed statement left behind, and says what it did.
	Failed func(ctx context.Context, c *Conn) (note string, err error)
	// Outcome looks whether the statement has been carried out, where that was not
	// seen: migr was killed, or the connection was lost.
	Outcome func(ctx context.Context, c *Conn) (Outcome, error)
	// Look says in words without a meaning of their own what stands now in the place
	// of all that the statement touches; "" where that cannot be told. First is sent
	// along, in front. An error is one of the connection, or a lock that was not got.
	// Beside Outcome it says by what names are found: Outcome is not asked where that is
	// another now.
	Look func(ctx context.Context, c *Conn, first string) (string, error)
	// Became tells the outcome from what Look said before the statement, and says now.
	Became func(before, now string) Outcome
}

// Reached is how a text of several statements tells how far it came.
type Reached struct {
	Set string // a statement that notes the number %d
	Ask string // a query for the number noted last
}

// An Outcome is what became of a statement whose end was not seen.
type Outcome int

// The outcomes.
const (
	Unknown Outcome = iota
	Happened
	Again // it did not happen, or can be run again without harm
)

// A Server is what answers at the other end.
type Server struct {
	Product  string // "PostgreSQL", "MariaDB", …
	Version  int    // 150020, 1011019, 90704, 3054001
	Database string
	Home     string // the schema in which unqualified names are made
	User     string
	Session  string // the server's id of this session
	Port     int    // from which it sees this session come; 0: not told
}

// A Conn is one pinned connection: locks, settings and temporary things belong
// to a session, so all that migr does with a database goes through one.
type Conn struct {
	*sql.Conn
	Dialect *Dialect
	URL     *dburl.URL
	Server  Server

	db   *sql.DB
	opts Options
	gone bool
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

// Open connects and asks who answers. The error is a *ConnectError. Not every
// driver gives up when the context ends (lib/pq 1.12 asks the server to cancel and
// waits on, which a pooler without a free server does not hear): Open does, and
// closes what comes later.
func Open(ctx context.Context, d *Dialect, u *dburl.URL, o Options) (*Conn, error) {
	o.Dialer = o.Dialer.fresh()
	if d.InProcess {
		return open(ctx, d, u, o)
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	type answer struct {
		c   *Conn
		err error
	}
	came := make(chan answer, 1)
	go func() {
		c, err := open(ctx, d, u, o)
		came <- answer{c, err}
	}()
	select {
	case a := <-came:
		return a.c, a.err
	case <-ctx.Done():
	}
	go func() {
		if a := <-came; a.c != nil {
			_ = a.c.Close()
		}
	}()
	err := context.Cause(ctx)
	if o.Timeout > 0 && errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", o.Timeout)
	}
	return nil, &ConnectError{URL: u, Err: err}
}

func open(ctx context.Context, d *Dialect, u *dburl.URL, o Options) (*Conn, error) {
	db, err := d.Open(u, o)
	if err != nil {
		return nil, &ConnectError{URL: u, Err: err}
	}
	sc, err := db.Conn(ctx)
	if err != nil {
		_ = db.Close()
		return nil, &ConnectError{URL: u, Err: err, Server: d.Explain(err)}
	}
	c := &Conn{Conn: sc, Dialect: d, URL: u, db: db, opts: o}
	if c.Server, err = d.Server(ctx, c); err != nil {
		err = o.Dialer.explain(err)
		_ = c.Close()
		return nil, &ConnectError{URL: u, Err: err, Server: d.Explain(err)}
	}
	return c, nil
}

// Another opens a second connection to the same database.
func (c *Conn) Another(ctx context.Context) (*Conn, error) {
	return Open(ctx, c.Dialect, c.URL, c.opts)
}

// Reopen puts a new connection in the place of one that broke. Locks and settings
// of the old one are gone.
func (c *Conn) Reopen(ctx context.Context) error {
	n, err := c.Another(ctx)
	if err != nil {
		return err
	}
	c.Abandon()
	*c = *n
	return nil
}

// Abandon gives up a connection that does not answer, without waiting for it.
func (c *Conn) Abandon() {
	if c.gone {
		return
	}
	old := *c
	c.gone = true
	go func() { _ = old.Close() }()
}

// Gone tells whether the connection was given up.
func (c *Conn) Gone() bool { return c.gone }

// Driver is what the connection was made by.
func (c *Conn) Driver() sqldriver.Driver { return c.db.Driver() }

// Close ends the session, and with it its locks.
func (c *Conn) Close() error {
	if c.gone {
		return nil
	}
	err := c.Conn.Close()
	if e := c.db.Close(); err == nil {
		err = e
	}
	return err
}

// Exec sends a text as it stands, without parameters.
func (c *Conn) Exec(ctx context.Context, text string) error {
	_, err := c.Changed(ctx, text)
	return err
}

// Changed sends a text and returns how many rows it changed.
func (c *Conn) Changed(ctx context.Context, text string) (int64, error) {
	if c.gone {
		return 0, sqldriver.ErrBadConn
	}
	res, err := c.ExecContext(ctx, text)
	if err != nil {
		return 0, c.opts.Dialer.explain(err)
	}
	n, err := res.RowsAffected()
	if err != nil { // not every statement has a number
		return 0, nil //nolint:nilerr // the statement succeeded
	}
	return n, nil
}

// Strings runs a query and returns its rows as texts; NULL is "".
func (c *Conn) Strings(ctx context.Context, query string, args ...any) ([][]string, error) {
	if c.gone {
		return nil, sqldriver.ErrBadConn
	}
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, c.opts.Dialer.explain(err)
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
	return out, c.opts.Dialer.explain(rows.Err())
}
