package driver

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/migr-dev/migr/internal/sqltext"
)

// nearRest is MySQL's and MariaDB's way: the text from the error on, at most 80
// characters of it.
var nearRest = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s) near '(.+)' at line (\d+)$`) })

var nearToken = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`near "((?:[^"]|"")+)"`) })

// Locate finds the line and column in the file that a server's error about a
// statement points at; without a hint from the server, the statement's own.
func Locate(s sqltext.Stmt, e *ServerError) (line, col int) {
	off := -1
	switch {
	case e == nil:
	case e.Offset > 0:
		off = byteOffset(s.Text, e.Offset-1)
	case e.Line > 0:
		off = lineStart(s.Text, e.Line)
		if m := nearRest().FindStringSubmatch(e.Message); m != nil && off >= 0 {
			if at := strings.Index(s.Text[off:], m[1]); at >= 0 {
				off += at
			}
		}
	default:
		if m := nearToken().FindStringSubmatch(e.Message); m != nil && strings.Count(s.Text, m[1]) == 1 {
			off = strings.Index(s.Text, m[1])
		}
	}
	if off <= 0 {
		return s.Line, s.Col
	}
	line, col = sqltext.Position(s.Text, off)
	if line == 1 {
		return s.Line, s.Col + col - 1
	}
	return s.Line + line - 1, col
}

// lineStart is the offset of a line of the text, from 1; -1 where there is none.
func lineStart(text string, line int) int {
	off := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(text[off:], '\n')
		if n < 0 {
			return -1
		}
		off += n + 1
	}
	return off
}

func byteOffset(text string, runes int) int {
	off := 0
	for ; runes > 0 && off < len(text); runes-- {
		_, n := utf8.DecodeRuneInString(text[off:])
		off += n
	}
	return off
}
