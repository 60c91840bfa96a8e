package sqltext

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// A splitCase is a text and what it is cut into, each statement written
// "line:col text"; or the error, written "line:col" and a part of its message.
type splitCase struct {
	name, src string
	want      []string
	fails     string // "line:col part of the message"
	lenient   bool
}

func runSplit(t *testing.T, f Family, cases []splitCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var opts []Option
			if c.lenient {
				opts = append(opts, Lenient())
			}
			got, err := Split(f, "f.sql", c.src, opts...)
			if c.fails != "" {
				wantFault(t, got, err, c.fails)
				return
			}
			if err != nil {
				t.Fatalf("Split: %v", err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d statements, want %d:\n%s", len(got), len(c.want), list(got))
			}
			for i, s := range got {
				if have := fmt.Sprintf("%d:%d %s", s.Line, s.Col, s.Text); have != c.want[i] {
					t.Errorf("statement %d\n got %q\nwant %q", i+1, have, c.want[i])
				}
				if !strings.HasPrefix(c.src[offset(c.src, s.Line, s.Col):], s.Text) {
					t.Errorf("statement %d is not at %d:%d", i+1, s.Line, s.Col)
				}
				if s.File != "f.sql" {
					t.Errorf("statement %d is of file %q", i+1, s.File)
				}
			}
		})
	}
}

func wantFault(t *testing.T, got []Stmt, err error, want string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("no *Error but %v:\n%s", err, list(got))
	}
	place, part, _ := strings.Cut(want, " ")
	if have := fmt.Sprintf("%d:%d", e.Line, e.Col); have != place || !strings.Contains(e.Msg, part) {
		t.Errorf("got %s %s\nwant %s", have, e.Msg, want)
	}
	if e.File != "f.sql" || !strings.HasPrefix(e.Error(), "f.sql:"+place+": ") {
		t.Errorf("the error's file: %v", e)
	}
}

func list(stmts []Stmt) string {
	var b strings.Builder
	for _, s := range stmts {
		fmt.Fprintf(&b, "  %d:%d %q\n", s.Line, s.Col, s.Text)
	}
	return b.String()
}

// offset is the reverse of Position, done the slow way.
func offset(src string, line, col int) int {
	off := 0
	if strings.HasPrefix(src, "\uFEFF") {
		off = 3
	}
	for range line - 1 {
		off += strings.Index(src[off:], "\n") + 1
	}
	for range col - 1 {
		_, n := utf8.DecodeRuneInString(src[off:])
		off += n
	}
	return off
}
