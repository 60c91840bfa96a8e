package sqltext

import "strings"

// lexSQLite reads tokens as SQLite's tokenize.c does (3.53).
func lexSQLite(l *lexer, i int) (Kind, int, *fault) {
	s, c := l.src, l.src[i]
	switch {
	case c == '\'':
		end, ok := doubled(s, i, c)
		return quote(String, i, end, ok)
	case c == '"' || c == '`':
		end, ok := doubled(s, i, c)
		return quote(Quoted, i, end, ok)
	case c == '[':
		n := strings.IndexByte(s[i:], ']')
		if n < 0 {
			return quote(Quoted, i, len(s), false)
		}
		return Quoted, i + n + 1, nil
	case c == '-' && at(s, i+1) == '-':
		return Comment, lineComment(s, i, "\n"), nil
	case c == '/' && at(s, i+1) == '*' && i+2 < len(s):
		end, _ := blockComment(s, i) // legal without an end
		return Comment, end, nil
	case isDigit(c), c == '.' && isDigit(at(s, i+1)):
		return Number, number(s, i), nil
	case c == '?':
		return Param, digits(s, i+1), nil
	case c == ':' || c == '@' || c == '$' || c == '#':
		end, closed := sqliteVariable(s, i)
		if !closed {
			return Param, len(s), &fault{i, "the variable that begins here has no )", "name it without parentheses"}
		}
		if end > i+1 {
			return Param, end, nil
		}
	case (c == 'x' || c == 'X') && at(s, i+1) == '\'':
		end, ok := doubled(s, i+1, '\'')
		return quote(String, i, end, ok)
	case isLetter(c):
		for i < len(s) && (isWord(s[i]) || s[i] == '$') {
			i++
		}
		return Word, i, nil
	}
	return Op, i + operator(s, i, []string{"->>", "->", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>"}), nil
}

// sqliteVariable finds the end of :name, @name, $name; Tcl's $a::b(c) is one too.
// closed is false for one with ( and no ), which SQLite refuses.
func sqliteVariable(s string, i int) (end int, closed bool) {
	name := i + 1
	for i++; i < len(s); {
		switch {
		case isWord(s[i]) || s[i] == '$':
			i++
		case s[i] == ':' && at(s, i+1) == ':':
			i += 2
		case s[i] == '(' && i > name:
			n := strings.IndexAny(s[i:], ") \t\n\v\f\r")
			if n < 0 || s[i+n] != ')' {
				return i, false
			}
			return i + n + 1, true
		default:
			return i, true
		}
	}
	return i, true
}
