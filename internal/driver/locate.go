package driver

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/migr-dev/migr/internal/sqltext"
)

var nearToken = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`near "((?:[^"]|"")+)"`) })

// Locate finds the line and column in the file that a server's error about a
// statement points at; without a hint from the server, the statement's own.
func Locate(s sqltext.Stmt, e *ServerError) (line, col int) {
	off := -1
	switch {
	case e == nil:
	case e.Offset > 0:
		off = byteOffset(s.Text, e.Offset-1)
	case e.Near != "" && strings.Contains(s.Text, e.Near):
		off = strings.LastIndex(s.Text, e.Near) // it goes on to the end, or is long
	case e.Line > 1:
		off = startOfLine(s.Text, e.Line)
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

// startOfLine is the offset of the n-th line, from 1; -1 where there are fewer.
func startOfLine(text string, n int) int {
	off := 0
	for ; n > 1; n-- {
		i := strings.IndexByte(text[off:], '\n')
		if i < 0 {
			return -1
		}
		off += i + 1
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
