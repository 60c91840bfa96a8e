package sqltext

import "strings"

// lexPostgres reads tokens as PostgreSQL's scan.l does (14 to 18), with
// standard_conforming_strings on.
func lexPostgres(l *lexer, i int) (Kind, int, *fault) {
	s, c := l.src, l.src[i]
	switch {
	case c == '\'':
		end, ok := doubled(s, i, '\'')
		return quote(String, i, end, ok)
	case c == '"':
		end, ok := doubled(s, i, '"')
		return quote(Quoted, i, end, ok)
	case c == '-' && at(s, i+1) == '-':
		return Comment, lineComment(s, i, "\r\n"), nil
	case c == '/' && at(s, i+1) == '*':
		end, ok := nestedComment(s, i)
		return comment(i, end, ok)
	case c == '$':
		return dollar(s, i)
	case isDigit(c), c == '.' && isDigit(at(s, i+1)):
		return Number, number(s, i), nil
	case isLetter(c):
		return postgresWord(s, i)
	}
	return Op, postgresOperator(s, i), nil
}

// postgresWord reads a word, or the constant whose prefix the first letter is.
func postgresWord(s string, i int) (Kind, int, *fault) {
	next := at(s, i+1)
	switch s[i] {
	case 'e', 'E':
		if next == '\'' {
			end, ok := escapeString(s, i+1)
			return quote(String, i, end, ok)
		}
	case 'b', 'B', 'x', 'X', 'n', 'N':
		if next == '\'' {
			end, ok := doubled(s, i+1, '\'')
			return quote(String, i, end, ok)
		}
	case 'u', 'U':
		if next == '&' && at(s, i+2) == '\'' {
			end, ok := doubled(s, i+2, '\'')
			return quote(String, i, end, ok)
		}
		if next == '&' && at(s, i+2) == '"' {
			end, ok := doubled(s, i+2, '"')
			return quote(Quoted, i, end, ok)
		}
	}
	for i < len(s) && (isWord(s[i]) || s[i] == '$') {
		i++
	}
	return Word, i, nil
}

// escapeString finds the end of an E” constant whose quote is at i. A constant
// goes on after a line end ('a' newline 'b' is one), and backslashes escape in
// the later pieces too.
func escapeString(s string, i int) (int, bool) {
	for {
		end, ok := escaped(s, i, '\'')
		if !ok {
			return end, false
		}
		next := continued(s, end)
		if next < 0 {
			return end, true
		}
		i = next
	}
}

// continued finds the quote that continues the constant which ends before i:
// blanks and -- comments with at least one line end between. -1: none.
func continued(s string, i int) int {
	line := false
	for i < len(s) {
		switch c := s[i]; {
		case c == '\n' || c == '\r':
			line = true
			i++
		case isBlank(c):
			i++
		case c == '-' && at(s, i+1) == '-':
			i = lineComment(s, i, "\r\n")
		case c == '\'' && line:
			return i
		default:
			return -1
		}
	}
	return -1
}

// dollar reads what begins with $: a parameter, a dollar-quoted constant, or a
// lone mark.
func dollar(s string, i int) (Kind, int, *fault) {
	if isDigit(at(s, i+1)) {
		end := i + 1
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		return Param, end, nil
	}
	tag := dollarTag(s, i)
	if tag == "" {
		return Op, i + 1, nil
	}
	n := strings.Index(s[i+len(tag):], tag)
	if n < 0 {
		return String, len(s), &fault{i, "the constant that " + tag + " begins here is not closed", "close it with " + tag}
	}
	return String, i + len(tag) + n + len(tag), nil
}

// dollarTag is the $tag$ at i, "" when there is none.
func dollarTag(s string, i int) string {
	j := i + 1
	for j < len(s) && isWord(s[j]) {
		j++
	}
	if at(s, j) != '$' || isDigit(at(s, i+1)) {
		return ""
	}
	return s[i : j+1]
}

// postgresOperator finds the end of the operator at i: the longest run of
// operator characters that holds no comment, and which ends in + or - only if
// one of ~!@#%^&|`? is in it ("=-1" is = and -).
func postgresOperator(s string, i int) int {
	const chars, special = "~!@#^&|`?+-*/%<>=", "~!@#%^&|`?"
	const longest = 64 // no operator's name is longer; keeps runs of + from being read again and again
	if strings.IndexByte(chars, s[i]) < 0 {
		return i + operator(s, i, []string{"::", ":=", ".."})
	}
	end, free := i, false
	for end < min(len(s), i+longest) && strings.IndexByte(chars, s[end]) >= 0 {
		if end > i && (strings.HasPrefix(s[end:], "--") || strings.HasPrefix(s[end:], "/*")) {
			break
		}
		free = free || strings.IndexByte(special, s[end]) >= 0
		end++
	}
	for !free && end > i+1 && (s[end-1] == '+' || s[end-1] == '-') {
		end--
	}
	return end
}
