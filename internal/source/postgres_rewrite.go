package source

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// rewritePostgres puts a dump's statement into the form that runs on an empty
// database: it has a schema public, and perhaps extensions, and no owners.
func rewritePostgres(s *statement) (string, bool) {
	switch {
	case s.is(0, "SET", "LOCAL"): // there is no transaction whose end it would hold to
		return s.cut(1, 2), true
	case s.is(0, "CREATE", "EXTENSION") && s.word(2) != "IF":
		return s.insert(1, "IF NOT EXISTS"), true
	case s.is(0, "CREATE", "SCHEMA"):
		return createSchema(s), true
	case s.word(0) == "ALTER":
		return withoutOwner(s)
	}
	return "", true
}

// createSchema leaves the owner out. A schema named only by its owner keeps
// that name. It may be there already, for an extension; where objects are made
// along with it, IF NOT EXISTS may not be said.
func createSchema(s *statement) string {
	i := 2
	if s.is(i, "IF", "NOT", "EXISTS") {
		i += 3
	}
	switch {
	case s.word(i) == "AUTHORIZATION" && oneOf("CURRENT_USER|SESSION_USER|CURRENT_ROLE", s.word(i+1)):
		return ""
	case s.word(i) == "AUTHORIZATION":
		return s.cut(i, i+1)
	case s.word(i+1) == "AUTHORIZATION":
		return s.cut(i+1, i+3)
	case i == 2 && i+1 == len(s.toks):
		return s.insert(1, "IF NOT EXISTS")
	}
	return ""
}

// withoutOwner takes the OWNER TO out of an ALTER; alone, the statement goes.
// A column may be named owner: in RENAME COLUMN owner TO x it is no clause.
func withoutOwner(s *statement) (string, bool) {
	depth := 0
	for i := 2; i+2 < len(s.toks); i++ {
		switch {
		case s.op(i, "("):
			depth++
		case s.op(i, ")"):
			depth--
		case depth > 0 || !s.is(i, "OWNER", "TO") || oneOf("RENAME|COLUMN|CONSTRAINT|ATTRIBUTE|VALUE", s.word(i-1)):
		case s.op(i-1, ","):
			return s.cut(i-1, i+3), true
		case s.op(i+3, ","):
			return s.cut(i, i+4), true
		default:
			return "", false
		}
	}
	return "", true
}

// A body is the text of a routine, or of DO.
type body struct {
	statement
	token int // of the string, in the statement around it
	base  int // added to offsets of its tokens gives those of the statement around; -1: all is at the string's start
	lang  string
}

// bodyOf reads the body of the statement: the string behind AS, or that of DO.
// Nil: it has none.
func bodyOf(s *statement) *body {
	do := s.word(0) == "DO"
	b := &body{token: -1, lang: "plpgsql"}
	if !do {
		b.lang = "sql"
	}
	for i := 1; i < len(s.toks); i++ {
		switch {
		case b.token < 0 && s.kind(i) == sqltext.String && (do || s.word(i-1) == "AS"):
			b.token = i
		case s.word(i) == "LANGUAGE":
			b.lang = strings.ToLower(strings.Trim(s.toks[min(i+1, len(s.toks)-1)].Text, `'"`))
		}
	}
	if b.token < 0 {
		return nil
	}
	text, base := unquote(s.toks[b.token])
	b.base = base
	b.read(s.g, sqltext.Stmt{Text: text})
	b.inside = true
	return b
}

// refused is the fault in the body, with its place in the statement around.
func (b *body) refused(s *statement) *fault {
	bad := b.statement.refused(0)
	if bad == nil {
		return nil
	}
	bad.off += b.base
	if b.base < 0 {
		bad.off = s.toks[b.token].Off
	}
	return bad
}

// unquote gives what stands in a string, and the offset of its first byte in
// the text around; -1 where quotes or escapes inside move the rest.
func unquote(t sqltext.Token) (string, int) {
	text := t.Text
	if strings.HasPrefix(text, "$") {
		n := strings.IndexByte(text[1:], '$') + 2
		return text[n:max(n, len(text)-n)], t.Off + n
	}
	open := strings.IndexByte(text, '\'')
	if open < 0 {
		return text, t.Off
	}
	in := strings.TrimSuffix(text[open+1:], "'")
	if open > 0 {
		in = strings.NewReplacer(`\'`, `'`, `\n`, "\n", `\t`, "\t", `\\`, `\`).Replace(in)
	}
	if strings.ContainsAny(in, `'`) || open > 0 {
		return strings.ReplaceAll(in, "''", "'"), -1
	}
	return in, t.Off + open + 1
}
