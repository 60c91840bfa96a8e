package testdb

import "strings"

// tidySQLite makes texts of sqlite_master comparable. SQLite keeps what was
// typed, and edits it: ADD COLUMN appends ", x int", RENAME TO puts quotes
// around the name. So blanks and comments are made equal, quotes around plain
// names dropped, and the items of a CREATE TABLE put one a line.
func tidySQLite(text string) string {
	table := strings.HasPrefix(strings.ToUpper(text), "CREATE TABLE")
	var out strings.Builder
	depth, prev := 0, ""
	for tok := range sqliteTokens(text) {
		if prev != "" && needsBlank(prev, tok) {
			out.WriteByte(' ')
		}
		switch {
		case tok == "(":
			depth++
			out.WriteString(tok)
			if table && depth == 1 {
				out.WriteString("\n  ")
			}
		case tok == ")":
			depth--
			if table && depth == 0 {
				out.WriteByte('\n')
			}
			out.WriteString(tok)
		case tok == "," && table && depth == 1:
			out.WriteString(",\n  ")
		default:
			out.WriteString(tok)
		}
		prev = tok
	}
	return out.String()
}

func needsBlank(a, b string) bool {
	return a != "(" && a != "," && a != "." && b != ")" && b != "," && b != "." && b != "("
}

// sqliteTokens yields words, quoted names and texts, and single other bytes.
func sqliteTokens(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for s != "" {
			n, tok := sqliteToken(s)
			s = s[n:]
			if tok != "" && !yield(tok) {
				return
			}
		}
	}
}

// sqliteToken returns how many bytes the first token takes and its text, which
// is empty for blanks and comments.
func sqliteToken(s string) (int, string) {
	switch c := s[0]; {
	case strings.IndexByte(" \t\r\n\f", c) >= 0:
		return 1, ""
	case strings.HasPrefix(s, "--"):
		return upto(s, 2, "\n"), ""
	case strings.HasPrefix(s, "/*"):
		return upto(s, 2, "*/"), ""
	case c == '\'' || c == '"' || c == '`' || c == '[':
		end := string(c)
		if c == '[' {
			end = "]"
		}
		n := upto(s, 1, end)
		for n < len(s) && c != '[' && s[n] == c { // a doubled quote is one of the text
			n += upto(s[n:], 1, end)
		}
		if in := strings.Trim(s[:n], "\"`[]"); c != '\'' && plainName(in) {
			return n, in
		}
		return n, s[:n]
	case wordByte(c):
		n := 1
		for n < len(s) && wordByte(s[n]) {
			n++
		}
		return n, s[:n]
	}
	return 1, s[:1]
}

// upto returns the length of s through the first end at or after from, or all of it.
func upto(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func plainName(s string) bool {
	if s == "" || '0' <= s[0] && s[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 || !wordByte(byte(r)) || r == '$' })
}
