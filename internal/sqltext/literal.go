package sqltext

import "strings"

// Literal is the value of a String token: quotes taken off, escapes read. ok
// is false for other kinds, for bit and hexadecimal strings, and for escapes
// that only the server can judge (PostgreSQL's \x, \u and octal ones).
func (t Token) Literal(f Family) (value string, ok bool) {
	s := t.Text
	q := strings.IndexAny(s, `'"$`)
	if t.Kind != String || q < 0 || len(s) < q+2 || s[len(s)-1] != s[q] { // one that is not closed
		return "", false
	}
	switch {
	case s[0] == '\'' && f != MySQL:
		return inner(s, '\''), true
	case s[0] == '\'' || s[0] == '"':
		return unescape(s[1:len(s)-1], s[0], mysqlEscape)
	case s[0] == '$':
		n := 1 + strings.IndexByte(s[1:], '$') + 1
		if len(s) < 2*n {
			return "", false
		}
		return s[n : len(s)-n], true
	case f == MySQL && (s[0] == 'N' || s[0] == 'n'):
		return unescape(s[2:len(s)-1], '\'', mysqlEscape)
	case f == Postgres && (s[0] == 'E' || s[0] == 'e') && !strings.Contains(s, "\n"): // a continued one has a line end
		return unescape(s[2:len(s)-1], '\'', postgresEscape)
	case f == Postgres && (s[0] == 'U' || s[0] == 'u'):
		return unicodeEscapes(inner(s[2:], '\'')), true
	case f == Postgres && (s[0] == 'N' || s[0] == 'n'):
		return inner(s[1:], '\''), true
	}
	return "", false
}

// unescape reads backslash escapes and doubled quotes. escape says what the
// letter behind a backslash stands for.
func unescape(s string, q byte, escape func(c byte) (string, bool)) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			v, ok := escape(at(s, i))
			if !ok {
				return "", false
			}
			b.WriteString(v)
		case q:
			i++
			b.WriteByte(q)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), true
}

// mysqlEscape follows MySQL's manual: \% and \_ keep their backslash, an
// unknown letter stands for itself.
func mysqlEscape(c byte) (string, bool) {
	switch c {
	case '0':
		return "\x00", true
	case 'b':
		return "\b", true
	case 'n':
		return "\n", true
	case 'r':
		return "\r", true
	case 't':
		return "\t", true
	case 'Z':
		return "\x1a", true
	case '%', '_':
		return `\` + string(rune(c)), true
	}
	return string([]byte{c}), true
}

// postgresEscape follows PostgreSQL's E” constants.
func postgresEscape(c byte) (string, bool) {
	switch c {
	case 'b':
		return "\b", true
	case 'f':
		return "\f", true
	case 'n':
		return "\n", true
	case 'r':
		return "\r", true
	case 't':
		return "\t", true
	case 'x', 'u', 'U', '0', '1', '2', '3', '4', '5', '6', '7':
		return "", false
	}
	return string([]byte{c}), true
}
