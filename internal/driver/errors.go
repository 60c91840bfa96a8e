package driver

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/migr-dev/migr/internal/dburl"
)

// A Cause sorts the errors of all servers by what a caller does about them.
type Cause int

// The causes.
const (
	Other      Cause = iota
	NoTable          // a table that is not there
	NoRights         // the user may not
	BadLogin         // user or password
	NoDatabase       // the database is not there
	LockWait         // a lock was not got in time, or a deadlock: the transaction may be tried again
	ReadOnly         // the database or file cannot be written
	Full             // no space left
	Exists           // a thing of that name is there already
	Missing          // a thing that the statement names is not there
	Lost             // the connection broke
)

// A ServerError is what a server said, in one form for all of them.
type ServerError struct {
	Cause   Cause
	Code    string // SQLSTATE, or the product's number
	Message string
	Detail  string
	Hint    string
	// Offset in runes of the text sent, from 1, and line of it; 0: not told.
	Offset, Line int
	Where        string // the server's own context
}

func (e *ServerError) Error() string {
	msg := e.Message
	if e.Code != "" {
		msg += " (" + e.Code + ")"
	}
	for _, more := range []string{e.Detail, e.Hint, e.Where} {
		if more = strings.TrimSpace(more); more != "" {
			msg += "\n" + more
		}
	}
	return msg
}

// ErrNoDatabaseName is the error of a URL that names a server only.
var ErrNoDatabaseName = errors.New("the URL names no database")

// A ConnectError is a database that cannot be reached or entered.
type ConnectError struct {
	URL    *dburl.URL
	Err    error
	Server *ServerError // what the server said, if one answered
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("connecting to %s: %v", e.URL.Redacted(), e.Err)
}

// Unwrap returns the driver's error.
func (e *ConnectError) Unwrap() error { return e.Err }

// CauseOf asks the dialect what an error means.
func (d *Dialect) CauseOf(err error) Cause {
	if err == nil {
		return Other
	}
	if s := d.Explain(err); s != nil {
		return s.Cause
	}
	if broke(err) {
		return Lost
	}
	return Other
}

// broke tells whether the error is one of a connection that is no more.
func broke(err error) bool {
	var n *net.OpError
	var silent *SilentError
	return errors.As(err, &silent) || errors.Is(err, sqldriver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &n)
}
