package sqlfile

import (
	"bytes"
	"errors"
	"os"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// read returns the statements of one file. A byte order mark is left out. In a
// file that has CRLF throughout they are read as LF, so that a routine's body is
// the same wherever the file was checked out; in a mixed one, such as a dump of
// a text that holds them, they stay.
func (s *files) read(f sqltext.Family, name string) ([]sqltext.Stmt, error) {
	text, err := os.ReadFile(s.full(name))
	if err != nil {
		return nil, s.failed(name, err)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if err := notText(name, text); err != nil {
		return nil, err
	}
	if n := bytes.Count(text, []byte("\r\n")); n > 0 && n == bytes.Count(text, []byte("\n")) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	stmts, err := sqltext.Split(f, name, string(text), sqltext.Lenient())
	var se *sqltext.Error
	if errors.As(err, &se) {
		return nil, &source.Error{File: se.File, Line: se.Line, Col: se.Col, Msg: se.Msg, Hint: se.Hint, Err: err}
	}
	if err != nil {
		return nil, &source.Error{File: name, Msg: err.Error(), Err: err}
	}
	return stmts, nil
}

// magics are the beginnings of files that are often taken for SQL.
var magics = []struct{ start, is, hint string }{
	{"\x1f\x8b", "compressed (gzip)", "unpack it first"},
	{"PGDMP", "a dump in PostgreSQL's custom format", "make it with pg_dump -s, without -Fc"},
	{"SQLite format 3\x00", "a SQLite database, not SQL text", "write its schema with: sqlite3 FILE .schema > schema.sql"},
}

// notText returns the error of a file that is known to be something else than
// SQL text, or nil. Other bytes that are no text are found by the splitting.
func notText(name string, text []byte) error {
	for _, m := range magics {
		if bytes.HasPrefix(text, []byte(m.start)) {
			return &source.Error{File: name, Msg: "this is " + m.is, Hint: m.hint}
		}
	}
	return nil
}
