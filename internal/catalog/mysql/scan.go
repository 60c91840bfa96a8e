package mysql

import "strings"

// A token is a piece of SQL text. Joining the raw texts of all tokens gives the
// text back.
type token struct {
	kind tokenKind
	raw  string
	val  string // of a name: without its quotes
}

type tokenKind int

const (
	other   tokenKind = iota // punctuation, one byte
	space                    // blanks and comments
	word                     // a bare name, keyword or number
	quoted                   // a name in backquotes
	literal                  // a string
)

// isName tells whether the token may be the name of something.
func (t token) isName() bool { return t.kind == word || t.kind == quoted }

// tokens cuts a text as the server prints it.
func tokens(s string) []token {
	var all []token
	for len(s) > 0 {
		t := nextToken(s)
		all = append(all, t)
		s = s[len(t.raw):]
	}
	return all
}

func nextToken(s string) token {
	switch c := s[0]; {
	case c == '`':
		raw := upToQuote(s, '`', false)
		val := strings.TrimSuffix(raw[1:], "`")
		return token{quoted, raw, strings.ReplaceAll(val, "``", "`")}
	case c == '\'' || c == '"':
		return token{literal, upToQuote(s, c, true), ""}
	case isBlank(c):
		n := 1
		for n < len(s) && isBlank(s[n]) {
			n++
		}
		return token{space, s[:n], ""}
	case c == '#' || strings.HasPrefix(s, "-- ") || strings.HasPrefix(s, "--\n"):
		return token{space, cutAfter(s, "\n", 1), ""}
	case strings.HasPrefix(s, "/*") && !strings.HasPrefix(s, "/*!") && !strings.HasPrefix(s, "/*M!"):
		return token{space, cutAfter(s, "*/", 2), ""}
	case isWord(c):
		n := 1
		for n < len(s) && isWord(s[n]) {
			n++
		}
		return token{word, s[:n], s[:n]}
	default:
		return token{other, s[:1], ""}
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isWord(c byte) bool {
	return c == '_' || c == '$' || c == '@' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// cutAfter returns s up to the end of the first mark that begins at from or later.
func cutAfter(s, mark string, from int) string {
	if i := strings.Index(s[from:], mark); i >= 0 {
		return s[:from+i+len(mark)]
	}
	return s
}

// upToQuote returns the quoted text at the start of s, doubled quotes and
// (in strings) backslashes understood.
func upToQuote(s string, q byte, backslash bool) string {
	for i := 1; i < len(s); i++ {
		switch {
		case backslash && s[i] == '\\':
			i++
		case s[i] == q && i+1 < len(s) && s[i+1] == q:
			i++
		case s[i] == q:
			return s[:i+1]
		}
	}
	return s
}

// withoutHome takes the home database's qualifier out of a text. Of a pair `home`.`x` it is a qualifier only where x is a
// known object (else home is an alias that happens to be called as the
// database is); of three names the first always is.
func withoutHome(text, home string, known func(string) bool) string {
	if home == "" || !strings.Contains(text, home) {
		return text
	}
	ts := tokens(text)
	var b strings.Builder
	for i := 0; i < len(ts); i++ {
		if isQualifier(ts, i, home, known) {
			i++ // and its dot
			continue
		}
		b.WriteString(ts[i].raw)
	}
	return b.String()
}

func isQualifier(ts []token, i int, home string, known func(string) bool) bool {
	if !ts[i].isName() || ts[i].val != home || i > 0 && ts[i-1].raw == "." || i+2 >= len(ts) {
		return false
	}
	if ts[i+1].raw != "." || !ts[i+2].isName() {
		return false
	}
	return i+3 < len(ts) && ts[i+3].raw == "." || known(ts[i+2].val)
}

// renameIn replaces backquoted names in a text.
func renameIn(text string, names map[string]string) string {
	if len(names) == 0 {
		return text
	}
	var b strings.Builder
	for _, t := range tokens(text) {
		if to, ok := names[t.val]; ok && t.kind == quoted {
			b.WriteString(ident(to))
		} else {
			b.WriteString(t.raw)
		}
	}
	return b.String()
}
