// Package sqltext knows how SQL is written: it cuts a text into tokens and
// statements, for each family of products, and remembers where each began.
package sqltext

import "fmt"

// A Family is a group of products that write SQL the same way.
type Family string

// The families.
const (
	SQLite   Family = "sqlite"
	Postgres Family = "postgres"
	MySQL    Family = "mysql" // MySQL and MariaDB
)

// A Stmt is one statement as it is sent: without its terminator and without
// the comments before it.
type Stmt struct {
	Text    string
	Comment string // the comments and blank lines between the statement before and this one
	After   string // of the last statement: what comments and blank lines follow it
	File    string
	Line    int // of the first byte of Text, from 1
	Col     int // in runes, from 1
}

// An Error is a text that cannot be read as SQL, and where.
type Error struct {
	File      string
	Line, Col int
	Msg       string
	Hint      string // what to do next; may be empty
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}
