package driver_test

import (
	"testing"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

func TestLocate(t *testing.T) {
	s := sqltext.Stmt{Text: "CREATE TABLE é (\n  a int,\n  b itn\n)", File: "x.sql", Line: 10, Col: 5}
	for _, c := range []struct {
		name      string
		err       *driver.ServerError
		line, col int
	}{
		{"nothing told", &driver.ServerError{}, 10, 5},
		{"not the server's", nil, 10, 5},
		{"an offset in runes", &driver.ServerError{Offset: 14}, 10, 18},
		{"on a later line", &driver.ServerError{Offset: 31}, 12, 5},
		{"a line", &driver.ServerError{Line: 3}, 12, 1},
		{"a line that is not there", &driver.ServerError{Line: 9}, 10, 5},
		{"the rest of the text", &driver.ServerError{Line: 3, Message: "syntax to use near 'itn\n)' at line 3"}, 12, 5},
		{"the rest of another text", &driver.ServerError{Line: 3, Message: "syntax to use near 'elsewhere' at line 3"}, 12, 1},
		{"a token", &driver.ServerError{Message: `near "itn": syntax error`}, 12, 5},
		{"a token that is there twice", &driver.ServerError{Message: `near "i": syntax error`}, 10, 5},
	} {
		for range 2 { // looking changes nothing
			if line, col := driver.Locate(s, c.err); line != c.line || col != c.col {
				t.Errorf("%s: %d:%d, want %d:%d", c.name, line, col, c.line, c.col)
			}
		}
	}
}
