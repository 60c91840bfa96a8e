package sqlite

import "strings"

// A sort is what a token is.
type sort int

const (
	word   sort = iota // a bare word: a keyword or a name
	quoted             // "a", [a] or `a`
	str                // 'a'
	blob               // x'00ff'
	number
	op // punctuation, operators, parameters and what SQLite would not accept
)

// A token is one word of SQL; comments and blanks are not tokens.
type token struct {
	sort       sort
	text       string // as written
	start, end int    // bytes of the source
}

// is tells whether the token is that keyword or operator (given in upper case).
func (t token) is(s string) bool {
	return (t.sort == word || t.sort == op) && strings.EqualFold(t.text, s)
}

// name is the identifier that the token writes. SQLite takes a string where a
// name is wanted too (https://www.sqlite.org/quirks.html, section 8).
func (t token) name() string {
	if t.sort != quoted && t.sort != str {
		return t.text
	}
	q := t.text[:1]
	inner := strings.TrimPrefix(t.text, q)
	if q == "[" {
		return strings.TrimSuffix(inner, "]")
	}
	return strings.ReplaceAll(strings.TrimSuffix(inner, q), q+q, q)
}

// lex cuts a text into tokens. Any text has tokens: what SQLite would refuse
// becomes an op, and an open quote or comment runs to the end.
func lex(src string) []token {
	var toks []token
	for i := 0; i < len(src); {
		if n := blank(src[i:]); n > 0 {
			i += n
			continue
		}
		s, n := scan(src[i:])
		toks = append(toks, token{s, src[i : i+n], i, i + n})
		i += n
	}
	return toks
}

// blank is the length of the blanks or the comment that a text begins with.
func blank(s string) int {
	switch {
	case strings.IndexByte(" \t\n\f\r", s[0]) >= 0:
		return 1
	case strings.HasPrefix(s, "--"):
		if n := strings.IndexByte(s, '\n'); n >= 0 {
			return n
		}
		return len(s)
	case strings.HasPrefix(s, "/*"):
		if n := strings.Index(s[2:], "*/"); n >= 0 {
			return n + 4
		}
		return len(s)
	case strings.HasPrefix(s, "\ufeff"):
		return len("\ufeff")
	}
	return 0
}

// scan reads the token that a text begins with.
func scan(s string) (sort, int) {
	c := s[0]
	switch {
	case c == '\'':
		return str, quotedLen(s)
	case c == '"' || c == '`' || c == '[':
		return quoted, quotedLen(s)
	case (c == 'x' || c == 'X') && len(s) > 1 && s[1] == '\'':
		return blob, 1 + quotedLen(s[1:])
	case isDigit(c) || c == '.' && len(s) > 1 && isDigit(s[1]):
		return number, numberLen(s)
	case isNameByte(c) && c != '$':
		n := 1
		for n < len(s) && isNameByte(s[n]) {
			n++
		}
		return word, n
	}
	for _, o := range []string{"->>", "->", "||", "<<", ">>", "<=", ">=", "<>", "==", "!="} {
		if strings.HasPrefix(s, o) {
			return op, len(o)
		}
	}
	return op, 1
}

// quotedLen is the length of the quoted token that a text begins with.
func quotedLen(s string) int {
	q := s[0]
	if q == '[' {
		if n := strings.IndexByte(s, ']'); n >= 0 {
			return n + 1
		}
		return len(s)
	}
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			continue
		}
		if i+1 == len(s) || s[i+1] != q {
			return i + 1
		}
		i++
	}
	return len(s)
}

func numberLen(s string) int {
	n := 1
	for n < len(s) {
		sign := (s[n] == '+' || s[n] == '-') && (s[n-1] == 'e' || s[n-1] == 'E') &&
			!strings.HasPrefix(s, "0x") && !strings.HasPrefix(s, "0X")
		if !isNameByte(s[n]) && s[n] != '.' && !sign {
			break
		}
		n++
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z'
}
