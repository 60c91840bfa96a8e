package sqltext

import "strings"

// A grammar is what the families do differently.
type grammar struct {
	lex       func(l *lexer, i int) (Kind, int, *fault) // the token at i, which is no blank
	body      func() body                               // says which semicolons end a statement
	command   func(s *splitter) (bool, *fault)          // takes a command of the family's own client, where a statement may begin
	backslash func(s *splitter, i int) *fault           // what is wrong with the backslash at i, inside a statement; nil: nothing
}

// grammarOf is the grammar of a family, nil when there is no such family.
func grammarOf(f Family) *grammar {
	switch f {
	case Postgres:
		return &grammar{lex: lexPostgres, body: newPostgresBody, command: psqlCommand, backslash: psqlBackslash}
	case MySQL:
		return &grammar{lex: lexMySQL, body: newMySQLBody, command: mysqlCommand, backslash: mysqlBackslash}
	case SQLite:
		return &grammar{lex: lexSQLite, body: newSQLiteBody, command: sqliteCommand}
	}
	return nil
}

// A fault is an Error that does not know its file, line and column yet.
type fault struct {
	off       int
	msg, hint string
}

// A lexeme is a token without its text.
type lexeme struct {
	kind     Kind
	off, end int
}

// A lexer walks over a text token by token.
type lexer struct {
	*grammar
	src      string
	pos      int
	delim    string // MySQL: the delimiter that is not ";"; words end before it
	exec     []int  // MySQL: where the executable comments began that are open
	as       bool   // MySQL: the word before was AS
	noDollar bool   // MySQL: a dollar quote was looked for once and not found
}

// next gives the token at the lexer's place and moves behind it. With a fault
// the token runs to the end of the text.
func (l *lexer) next() (lexeme, *fault) {
	i := l.pos
	if i >= len(l.src) {
		if len(l.exec) > 0 {
			return lexeme{off: i, end: i}, &fault{l.exec[0], "the executable comment that begins here is not closed", "end it with */"}
		}
		return lexeme{off: i, end: i}, nil
	}
	if isBlank(l.src[i]) {
		for l.pos < len(l.src) && isBlank(l.src[l.pos]) {
			l.pos++
		}
		return lexeme{Space, i, l.pos}, nil
	}
	kind, end, err := l.lex(l, i)
	l.pos = end
	return lexeme{kind, i, end}, err
}

func isBlank(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isWord(c byte) bool { return isLetter(c) || isDigit(c) }

// at is the byte at i, 0 behind the end.
func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// doubled finds the end of a constant that opens at i with q and in which
// only a doubled q stands for q.
func doubled(s string, i int, q byte) (int, bool) {
	for i++; ; i += 2 {
		n := strings.IndexByte(s[i:], q)
		if n < 0 {
			return len(s), false
		}
		i += n
		if at(s, i+1) != q {
			return i + 1, true
		}
	}
}

// escaped is doubled with backslash escapes too.
func escaped(s string, i int, q byte) (int, bool) {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case q:
			if at(s, i+1) != q {
				return i + 1, true
			}
			i++
		}
	}
	return len(s), false
}

// lineComment finds the end of a comment that runs to the end of its line,
// the line end not included.
func lineComment(s string, i int, ends string) int {
	n := strings.IndexAny(s[i:], ends)
	if n < 0 {
		return len(s)
	}
	return i + n
}

// blockComment finds the end of a /* comment */ that does not nest.
func blockComment(s string, i int) (int, bool) {
	n := strings.Index(s[i+2:], "*/")
	if n < 0 {
		return len(s), false
	}
	return i + 2 + n + 2, true
}

// nestedComment finds the end of a /* comment */ that nests, as the SQL
// standard and PostgreSQL have it.
func nestedComment(s string, i int) (int, bool) {
	depth := 0
	for i+1 < len(s) {
		switch {
		case s[i] == '/' && s[i+1] == '*':
			depth++
			i += 2
		case s[i] == '*' && s[i+1] == '/':
			depth--
			i += 2
			if depth == 0 {
				return i, true
			}
		default:
			i++
		}
	}
	return len(s), false
}

// number finds the end of the number at i: 12, 1_000, 1.5, .5, 1e-3, 0xff.
func number(s string, i int) int {
	if s[i] == '0' && strings.IndexByte("xXoObB", at(s, i+1)) >= 0 && i+2 < len(s) && isWord(s[i+2]) && s[i+2] < 0x80 {
		i += 2
		for i < len(s) && isWord(s[i]) && s[i] < 0x80 {
			i++
		}
		return i
	}
	i = digits(s, i)
	if at(s, i) == '.' && at(s, i+1) != '.' { // 1..10 is a range
		i = digits(s, i+1)
	}
	if c := at(s, i); c == 'e' || c == 'E' {
		j := i + 1
		if c := at(s, j); c == '+' || c == '-' {
			j++
		}
		if isDigit(at(s, j)) {
			i = digits(s, j)
		}
	}
	return i
}

func digits(s string, i int) int {
	for i < len(s) && (isDigit(s[i]) || s[i] == '_' && isDigit(at(s, i+1))) {
		i++
	}
	return i
}

// operator gives the length of the longest of ops that stands at i, or 1.
// A character beyond ASCII is never cut.
func operator(s string, i int, ops []string) int {
	for _, op := range ops {
		if strings.HasPrefix(s[i:], op) {
			return len(op)
		}
	}
	return 1
}

// quote turns the end of a quoted constant into a token.
func quote(k Kind, open, end int, closed bool) (Kind, int, *fault) {
	if closed {
		return k, end, nil
	}
	what := "string"
	if k == Quoted {
		what = "quoted name"
	}
	return k, end, &fault{
		open, "the " + what + " that begins here is not closed",
		"close the quote; a quote inside is written twice",
	}
}

// comment turns the end of a block comment into a token.
func comment(open, end int, closed bool) (Kind, int, *fault) {
	if closed {
		return Comment, end, nil
	}
	return Comment, end, &fault{open, "the comment that begins here is not closed", "end it with */"}
}
