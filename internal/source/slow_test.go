package source_test

import (
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// The time grows with the length of the text, whatever is in it.
func TestPrepareIsLinear(t *testing.T) {
	for _, piece := range []string{
		"(", ")", "a.", "BEGIN ", "SET ", "COPY ", ", ", "FROM a,", "SELECT ", "$$ ", "' ", "LOAD ",
		"CREATE ", "OR REPLACE ", "DO $a$ ", "EXECUTE f(", "ON a.b ", "DEFINER = a ", "INSERT ", "THEN SET ", "BEGIN COPY a ", "/*! */", "LIKE ", "f(",
	} {
		for _, head := range []string{"", "CREATE PROCEDURE p() ", "DO $x$ ", "CREATE FUNCTION f() AS $x$ SELECT dblink(); "} {
			text := head + strings.Repeat(piece, 10_000)
			for _, f := range []sqltext.Family{sqltext.Postgres, sqltext.MySQL, sqltext.SQLite} {
				start := time.Now()
				_, _ = source.Prepare(f, []sqltext.Stmt{{Text: text, Line: 1, Col: 1}})
				if d := time.Since(start); d > 2*time.Second {
					t.Errorf("%s, %q %q: %v", f, head, piece, d)
				}
			}
		}
	}
}
