package source

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A statement is one statement of a model, cut into tokens. Comments are gone,
// and so are the marks of MySQL's executable comments: what is in them is
// looked at like all else.
type statement struct {
	g       *grammar
	stmt    sqltext.Stmt
	toks    []sqltext.Token
	up      []string // of each token: its text in upper case when it is a bare word
	inside  bool     // this is the body of a routine
	program bool     // there may be other statements in this one
}

// read takes another statement; the memory of the one before is used again.
func (s *statement) read(g *grammar, st sqltext.Stmt) {
	s.g, s.stmt, s.inside = g, st, false
	s.toks, s.up = s.toks[:0], s.up[:0]
	sqltext.Scan(g.family, st.Text, func(t sqltext.Token) bool {
		if t.Kind != sqltext.Mark {
			s.toks = append(s.toks, t)
			s.up = append(s.up, t.Upper())
		}
		return true
	})
	s.program = holdsStatements(s.head(0))
}

// holdsStatements tells from its first words whether a statement may hold
// others, as a trigger does.
func holdsStatements(words []string) bool {
	switch {
	case len(words) == 0 || oneOf("SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE|VALUES|TABLE|CALL|SET|(", words[0]):
		return false
	case !oneOf("CREATE|ALTER", words[0]):
		return true
	}
	for _, w := range words[1:] {
		if oneOf("PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE|RULE", w) {
			return true
		}
	}
	return false
}

// word is token i in upper case when it is a bare word, else "".
func (s *statement) word(i int) string {
	if i < 0 || i >= len(s.up) {
		return ""
	}
	return s.up[i]
}

// op tells whether token i is the operator or mark given.
func (s *statement) op(i int, text string) bool {
	return i >= 0 && i < len(s.toks) && s.toks[i].Kind == sqltext.Op && s.toks[i].Text == text
}

// kind is the kind of token i, EOF where there is none.
func (s *statement) kind(i int) sqltext.Kind {
	if i < 0 || i >= len(s.toks) {
		return sqltext.EOF
	}
	return s.toks[i].Kind
}

// ident is the name that token i is, or "".
func (s *statement) ident(i int) string {
	if i < 0 || i >= len(s.toks) {
		return ""
	}
	return s.toks[i].Ident(s.g.family)
}

// is tells whether the words given, in upper case, stand at token i.
func (s *statement) is(i int, words ...string) bool {
	for k, w := range words {
		if s.word(i+k) != w {
			return false
		}
	}
	return true
}

// end is the offset behind token i.
func (s *statement) end(i int) int { return s.toks[i].Off + len(s.toks[i].Text) }

// headWords is the number of words that the leads look at.
const headWords = 4

// head gives the first words of the statement at token i. What may stand
// between CREATE and the kind of object is passed over: OR REPLACE, and MySQL's
// DEFINER = user. A token that is no word ends the head.
func (s *statement) head(i int) []string {
	words := make([]string, 0, headWords)
	for ; i < len(s.toks) && len(words) < headWords; i++ {
		switch {
		case len(words) == 1 && words[0] == "CREATE" && s.is(i, "OR", "REPLACE"):
			i++
			continue
		case len(words) == 1 && s.up[i] == "DEFINER" && s.op(i+1, "="):
			i = s.skipUser(i+2) - 1
			continue
		case s.up[i] == "":
			if len(words) == 0 {
				return append(words, s.toks[i].Text)
			}
			return words
		}
		words = append(words, s.up[i])
	}
	return words
}

// skipUser gives the token behind a MySQL user: a, `a`@`b`, a@b, CURRENT_USER().
func (s *statement) skipUser(i int) int {
	i++
	switch {
	case s.op(i, "@"):
		return i + 2
	case s.kind(i) == sqltext.Param:
		return i + 1
	case s.op(i, "(") && s.op(i+1, ")"):
		return i + 2
	}
	return i
}

// fits tells whether words begin as the pattern says.
func fits(pattern string, words []string) bool {
	for i := 0; pattern != ""; i++ {
		var alternatives string
		alternatives, pattern, _ = strings.Cut(pattern, " ")
		if i >= len(words) || !oneOf(alternatives, words[i]) {
			return false
		}
	}
	return true
}

// oneOf tells whether word is among alternatives with | between them.
func oneOf(alternatives, word string) bool {
	for more := true; more; {
		var a string
		a, alternatives, more = strings.Cut(alternatives, "|")
		if a == word {
			return true
		}
	}
	return false
}

// call says what is wrong with the call of a function at token i; "" = nothing.
func (s *statement) call(i int) string {
	if !s.op(i+1, "(") {
		return ""
	}
	name := strings.ToLower(s.ident(i))
	if name == "" {
		return ""
	}
	what, ok := s.g.calls[name]
	if !ok && s.g.prefix != "" && strings.HasPrefix(name, s.g.prefix+"_") {
		what, ok = s.g.calls[s.g.prefix]
	}
	if !ok || s.namesObject(i) {
		return ""
	}
	return name + " " + what
}

// namesObject tells whether the name at token i, which has a parenthesis behind
// it, is that of an object which is made or spoken of, and not a call.
func (s *statement) namesObject(i int) bool {
	for s.op(i-1, ".") {
		i -= 2
	}
	switch s.word(i - 1) {
	case "TABLE", "EXISTS", "INTO", "REFERENCES", "FUNCTION", "PROCEDURE", "VIEW", "INDEX", "KEY", "WITH", "RECURSIVE", "CONSTRAINT":
		return s.word(i-2) != "EXECUTE" // EXECUTE FUNCTION f() of a trigger
	case "ON":
		return s.word(0) == "CREATE" && (s.word(1) == "INDEX" || s.word(2) == "INDEX")
	}
	return false
}

// cut gives the statement's text without what stands from token i up to,
// and not with, token j, and without the blanks before it.
func (s *statement) cut(i, j int) string {
	head := strings.TrimRight(s.stmt.Text[:s.toks[i].Off], " \t\r\n")
	if j >= len(s.toks) {
		return head
	}
	return head + " " + s.stmt.Text[s.toks[j].Off:]
}

// insert gives the statement's text with words put in behind token i.
func (s *statement) insert(i int, words string) string {
	return s.stmt.Text[:s.end(i)] + " " + words + s.stmt.Text[s.end(i):]
}
