package sqltext

import (
	"strings"
	"unicode/utf8"
)

// An Option changes how Split reads a text.
type Option func(*splitter)

// Lenient reads a dump: commands of the database's own client that do nothing
// to the schema (psql's \restrict, \set and \echo, sqlite3's .print) are
// passed over, and so is the data of COPY … FROM stdin with the COPY itself.
// Commands that reach elsewhere (\connect, \i, .read, …) stay errors.
func Lenient() Option { return func(s *splitter) { s.lenient = true } }

// Split cuts src into statements. file is only for Stmt.File and for errors,
// which are all of type *Error. A byte order mark at the start is passed over,
// line ends stay as they are. Each byte that is no blank, comment, terminator or
// client command is in the Text of one statement, in order; a comment is in
// the Text it stands inside of, or in the Comment of the statement after.
// Those behind the last statement are in its After.
func Split(f Family, file, src string, opts ...Option) ([]Stmt, error) {
	g := grammarOf(f)
	if g == nil {
		return nil, &Error{File: file, Line: 1, Col: 1, Msg: "no such family of SQL: " + string(f)}
	}
	s := &splitter{lexer: lexer{grammar: g, src: src}, file: file, start: -1, line: 1, col: 1, body: g.body()}
	for _, o := range opts {
		o(s)
	}
	if err := notText(src); err != nil {
		return nil, s.fail(err)
	}
	if strings.HasPrefix(src, bom) {
		s.pos, s.from, s.mark = len(bom), len(bom), len(bom)
	}
	if err := s.run(); err != nil {
		return nil, s.fail(err)
	}
	return s.out, nil
}

const bom = "\uFEFF"

// notText finds what a file of SQL cannot hold: NUL bytes and what is not
// UTF-8.
func notText(src string) *fault {
	const hint = "save it as UTF-8"
	if strings.HasPrefix(src, "\xff\xfe") || strings.HasPrefix(src, "\xfe\xff") {
		return &fault{0, "the file is UTF-16, not UTF-8 text", hint}
	}
	nul := strings.IndexByte(src, 0)
	if nul < 0 && utf8.ValidString(src) {
		return nil
	}
	if nul < 0 {
		nul = len(src)
	}
	for i := 0; i < nul; {
		r, n := utf8.DecodeRuneInString(src[i:])
		if r == utf8.RuneError && n == 1 {
			return &fault{i, "the file is not UTF-8 text", hint}
		}
		i += n
	}
	return &fault{nul, "the file is not text: it holds a NUL byte", ""}
}

// A body follows the tokens of one statement and knows whether a semicolon
// stands inside of it.
type body interface {
	token(t lexeme, text string) // the next token; never a blank or a comment
	semicolon(custom bool) bool  // whether a semicolon here ends the statement; custom: there is another delimiter
	open() *fault                // what is still open, when the text ends here
	reset()                      // a new statement begins
}

// A splitter holds the state of one Split.
type splitter struct {
	lexer
	file    string
	lenient bool
	body    body
	out     []Stmt

	start, end int // of the pending statement; start is -1 when there is none
	from       int // where the comment before the next statement begins
	comment    strings.Builder

	mark, line, col int // a place in src and its line and column
}

func (s *splitter) run() *fault {
	for {
		if s.start < 0 {
			if done, err := s.command(s); err != nil {
				return err
			} else if done {
				continue
			}
		}
		if s.delim != "" && len(s.exec) == 0 && strings.HasPrefix(s.src[s.pos:], s.delim) {
			if err := s.terminate(len(s.delim)); err != nil {
				return err
			}
			continue
		}
		t, err := s.next()
		if err != nil {
			return err
		}
		if t.kind == EOF {
			return s.eof()
		}
		if err := s.take(t); err != nil {
			return err
		}
	}
}

// take adds a token to the pending statement, or ends it.
func (s *splitter) take(t lexeme) *fault {
	switch {
	case t.kind == Space || t.kind == Comment:
		return nil
	case t.kind == Op && s.src[t.off] == ';':
		custom := s.delim != ""
		if s.start < 0 || s.body.semicolon(custom) && len(s.exec) == 0 {
			s.pos = t.off
			return s.terminate(1)
		}
		return nil // the semicolon is in the text if something follows
	case t.kind == Op && s.src[t.off] == '\\' && s.backslash != nil:
		if err := s.backslash(s, t.off); err != nil {
			return err
		}
	case t.kind == Word && s.delim != "" && s.start >= 0 && s.isDelimiterLine(t):
		s.pos = t.off
		return s.terminate(0)
	}
	if s.start < 0 {
		s.start = t.off
		s.body.reset()
	}
	s.end = t.end
	s.body.token(t, s.src[t.off:t.end])
	return nil
}

// terminate ends the pending statement, if there is one, at the terminator of
// n bytes at the lexer's place.
func (s *splitter) terminate(n int) *fault {
	at := s.pos
	s.pos += n
	s.as = false
	if s.start < 0 {
		s.skip(at, s.pos)
		return nil
	}
	if c, ok := s.body.(interface{ copyIn() bool }); ok && c.copyIn() {
		return s.copyData()
	}
	s.emit()
	if strings.Trim(s.src[s.end:at], " \t\r\n\v\f;") == "" {
		s.from = s.pos
		return nil
	}
	s.from = s.end
	s.skip(at, s.pos)
	return nil
}

// emit adds the pending statement to the result.
func (s *splitter) emit() {
	text := s.src[s.from:s.start]
	if s.comment.Len() > 0 {
		s.comment.WriteString(text)
		text = s.comment.String()
		s.comment.Reset()
	}
	s.moveTo(s.start)
	s.out = append(s.out, Stmt{Text: s.src[s.start:s.end], Comment: text, File: s.file, Line: s.line, Col: s.col})
	s.start = -1
}

// skip leaves src[a:b] out of the next comment, but for its line ends.
func (s *splitter) skip(a, b int) {
	s.comment.WriteString(s.src[s.from:a])
	for range strings.Count(s.src[a:b], "\n") {
		s.comment.WriteByte('\n')
	}
	s.from = b
}

// eof ends the statement that has no terminator.
func (s *splitter) eof() *fault {
	if s.start < 0 {
		s.after(s.comment.String() + s.src[s.from:])
		return nil
	}
	if err := s.body.open(); err != nil {
		return err
	}
	if c, ok := s.body.(interface{ copyIn() bool }); ok && c.copyIn() {
		return s.copyData()
	}
	s.emit()
	s.after(s.src[s.end:])
	return nil
}

// after keeps the comments behind the last statement.
func (s *splitter) after(text string) {
	if n := len(s.out); n > 0 && strings.TrimSpace(text) != "" {
		s.out[n-1].After = text
	}
}

// moveTo sets line and col to those of the byte at off, which is not before
// the place they are at.
func (s *splitter) moveTo(off int) {
	gap := s.src[s.mark:off]
	if n := strings.LastIndexByte(gap, '\n'); n >= 0 {
		s.line += strings.Count(gap, "\n")
		s.col = 1
		gap = gap[n+1:]
	}
	s.col += utf8.RuneCountInString(gap)
	s.mark = off
}

// fail turns a fault into an Error.
func (s *splitter) fail(f *fault) error {
	line, col := Position(s.src, f.off)
	return &Error{File: s.file, Line: line, Col: col, Msg: f.msg, Hint: f.hint}
}

// Position gives the line and the column, in runes, of the byte at off in src,
// both from 1. A byte order mark takes no column. An offset behind the end is
// the end.
func Position(src string, off int) (line, col int) {
	before := src[:max(0, min(off, len(src)))]
	line = 1 + strings.Count(before, "\n")
	before = strings.TrimPrefix(before, bom)
	return line, 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

// Position gives the line and column in the file of the byte at off in s.Text,
// for what a server or a lint rule says about a place inside a statement.
func (s Stmt) Position(off int) (line, col int) {
	line, col = Position(s.Text, off)
	if line == 1 {
		col += s.Col - 1
	}
	return line + s.Line - 1, col
}
