package sqlite

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A sort is what a token is to SQLite's grammar.
type sort int

const (
	word   sort = iota // a bare word: a keyword or a name
	quoted             // "a", [a] or `a`
	str                // 'a'
	blob               // x'00ff'
	number
	op // the rest
)

// A token is one word of SQL; comments and blanks are not tokens.
type token struct {
	sort       sort
	text       string // as written
	start, end int    // bytes of the source
}

// lex cuts a text into tokens. Any text has tokens; an open quote runs to the end.
func lex(src string) []token {
	toks := make([]token, 0, len(src)/5+1)
	sqltext.Scan(sqltext.SQLite, src, func(t sqltext.Token) bool {
		toks = append(toks, token{sortOf(t), t.Text, t.Off, t.Off + len(t.Text)})
		return true
	})
	return toks
}

func sortOf(t sqltext.Token) sort {
	switch t.Kind {
	case sqltext.Word:
		return word
	case sqltext.Quoted:
		return quoted
	case sqltext.Number:
		return number
	case sqltext.String:
		if t.Text[0] == '\'' {
			return str
		}
		return blob
	}
	return op
}

// is tells whether the token is that keyword or operator (given in upper case).
func (t token) is(s string) bool {
	return (t.sort == word || t.sort == op) && strings.EqualFold(t.text, s)
}

// name is the identifier that the token writes. SQLite takes a string where a
// name is wanted too (https://www.sqlite.org/quirks.html, section 8).
func (t token) name() string {
	switch t.sort {
	case quoted:
		return sqltext.Token{Kind: sqltext.Quoted, Text: t.text}.Ident(sqltext.SQLite)
	case str:
		return strings.ReplaceAll(strings.TrimSuffix(t.text[1:], "'"), "''", "'")
	}
	return t.text
}
