package sqltext

import (
	"strconv"
	"strings"
)

// A Kind says what sort of token a Token is.
type Kind uint8

// The kinds of tokens. Space and Comment never come out of Tokens.
const (
	EOF     Kind = iota
	Space        // blanks and line ends
	Comment      // a comment that no server reads as SQL
	Word         // an unquoted name or keyword
	Quoted       // a quoted name
	String       // a string, bit string or dollar-quoted constant, prefix included
	Number       // a number without sign
	Param        // $1, ?, :name, @name, @@name, as the family has them
	Op           // an operator or a single mark such as ( , ;
	Mark         // MySQL: the opening /*!50003 or the closing */ of an executable comment
)

// A Token is a piece of SQL as it stands in the text.
type Token struct {
	Kind Kind
	Text string
	Off  int // of the first byte, in the text given to Tokens
}

// Upper is the token's text in upper case when it is a Word, and "" for every
// other kind, so that comparing with a keyword never matches a quoted name.
func (t Token) Upper() string {
	if t.Kind != Word {
		return ""
	}
	return strings.ToUpper(t.Text)
}

// Is reports whether the token is the unquoted word given in upper case, or
// the operator given.
func (t Token) Is(s string) bool {
	return t.Kind == Word && strings.EqualFold(t.Text, s) || t.Kind == Op && t.Text == s
}

// Ident is the name a token stands for as the server keeps it: quotes taken
// off, and PostgreSQL's unquoted names in lower case. Other kinds give "".
func (t Token) Ident(f Family) string {
	switch t.Kind {
	case Word:
		if f == Postgres {
			return lowerASCII(t.Text)
		}
		return t.Text
	case Quoted:
		return unquoteIdent(t.Text)
	}
	return ""
}

// Tokens cuts SQL into tokens, comments and blanks left out. It never fails:
// a quote that is not closed runs to the end of the text. An unknown family
// gives nothing.
func Tokens(f Family, src string) []Token {
	var out []Token
	Scan(f, src, func(t Token) bool { out = append(out, t); return true })
	return out
}

// Scan calls yield for each token of src, as Tokens gives them, until yield
// returns false.
func Scan(f Family, src string, yield func(Token) bool) {
	g := grammarOf(f)
	if g == nil {
		return
	}
	l := &lexer{grammar: g, src: src}
	for {
		t, _ := l.next()
		switch t.kind {
		case EOF:
			return
		case Space, Comment:
			continue
		}
		if !yield(Token{Kind: t.kind, Text: src[t.off:t.end], Off: t.off}) {
			return
		}
	}
}

// Words gives the first n words of a statement: unquoted words in upper case,
// quoted names as they are written. Comments, operators, constants, the marks
// of MySQL's executable comments and its DEFINER = user clause are passed
// over, so that "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER"
// begins CREATE TRIGGER.
func Words(f Family, stmt string, n int) []string {
	words := make([]string, 0, n)
	if n <= 0 {
		return words
	}
	definer := false // the token before is DEFINER and its =
	user := false    // between the user and the @ of a host
	var before Token
	Scan(f, stmt, func(t Token) bool {
		prev := before
		before = t
		switch {
		case t.Kind == Mark:
			before = prev
		case f == MySQL && t.Is("=") && prev.Is("DEFINER") && len(words) > 0:
			words = words[:len(words)-1]
			definer = true
		case definer:
			definer, user = false, true
		case user && t.Is("@"):
			definer = true
		case t.Kind == Word || t.Kind == Quoted:
			user = false
			words = append(words, wordText(t))
		}
		return len(words) < n || f == MySQL && words[len(words)-1] == "DEFINER"
	})
	return words[:min(n, len(words))]
}

func wordText(t Token) string {
	if t.Kind == Word {
		return t.Upper()
	}
	return t.Text
}

// unquoteIdent takes the quotes off a quoted name of any family.
func unquoteIdent(s string) string {
	if len(s) >= 3 && (s[0] == 'U' || s[0] == 'u') && s[1] == '&' {
		return unicodeEscapes(inner(s[2:], '"'))
	}
	switch s[0] {
	case '[':
		return strings.TrimSuffix(s[1:], "]")
	default:
		return inner(s, s[0])
	}
}

// inner takes off the quotes q and makes doubled ones single.
func inner(s string, q byte) string {
	s = s[1:]
	if n := len(s); n > 0 && s[n-1] == q {
		s = s[:n-1]
	}
	return strings.ReplaceAll(s, string([]byte{q, q}), string(q))
}

// unicodeEscapes reads the \XXXX and \+XXXXXX of PostgreSQL's U& constants,
// with the standard escape character.
func unicodeEscapes(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		digits, skip := 4, 1
		if s[i] == '\\' && i+1 < len(s) && s[i+1] == '+' {
			digits, skip = 6, 2
		}
		switch {
		case s[i] != '\\':
			b.WriteByte(s[i])
			i++
		case strings.HasPrefix(s[i:], `\\`):
			b.WriteByte('\\')
			i += 2
		default:
			end := min(i+skip+digits, len(s))
			n, err := strconv.ParseUint(s[min(i+skip, end):end], 16, 32)
			if err != nil {
				return s
			}
			b.WriteRune(rune(n))
			i = end
		}
	}
	return b.String()
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
