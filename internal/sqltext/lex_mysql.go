package sqltext

import (
	"strconv"
	"strings"
)

// lexMySQL reads tokens as MySQL (8.0 to 9) and MariaDB (10.6 to 11) do with
// their default sql_mode: backslash escapes, and "…" is a string.
func lexMySQL(l *lexer, i int) (Kind, int, *fault) {
	s, c := l.src, l.src[i]
	as := l.as
	l.as = false
	switch {
	case c == '\'' || c == '"':
		end, ok := escaped(s, i, c)
		return quote(String, i, end, ok)
	case c == '`':
		end, ok := doubled(s, i, c)
		return quote(Quoted, i, end, ok)
	case c == '#', c == '-' && isMySQLDashes(s, i):
		l.as = as
		return Comment, lineComment(s, i, "\n"), nil
	case c == '/' && at(s, i+1) == '*':
		l.as = as
		return l.mysqlComment(i)
	case c == '*' && at(s, i+1) == '/' && len(l.exec) > 0:
		l.exec = l.exec[:len(l.exec)-1]
		return Mark, i + 2, nil
	case c == '@':
		return mysqlVariable(s, i)
	case c == '?':
		return Param, i + 1, nil
	case c == '$' && as && !l.noDollar:
		if end := l.mysqlDollar(i); end > 0 {
			return String, end, nil
		}
	case c == '.' && isDigit(at(s, i+1)) && (i == 0 || !isWord(s[i-1]) && s[i-1] != '`'):
		return Number, number(s, i), nil
	case c == '\\' && at(s, i+1) == 'N': // NULL, in MariaDB and in MySQL before 8.0
		return Op, i + 2, nil
	}
	if isWord(c) || c == '$' {
		return l.mysqlWord(i)
	}
	if l.delim != "" {
		return Op, i + 1, nil
	}
	return Op, i + operator(s, i, []string{"<=>", "->>", "->", ":=", "<=", ">=", "<>", "!=", "||", "&&", "<<", ">>"}), nil
}

// isMySQLDashes reports whether a comment begins at i: two dashes, then a
// blank, a control character or the end. "1--1" is an expression.
func isMySQLDashes(s string, i int) bool {
	return at(s, i+1) == '-' && (at(s, i+2) <= ' ' || s[i+2] == 0x7f)
}

// mysqlComment reads what begins with /*: a comment, or the opening mark of an
// executable one, whose inside is SQL.
func (l *lexer) mysqlComment(i int) (Kind, int, *fault) {
	s := l.src
	j := i + 2
	if at(s, j) == 'M' && at(s, j+1) == '!' { // MariaDB only; MySQL takes it for a comment
		j++
	}
	if at(s, j) != '!' {
		end, ok := blockComment(s, i)
		return comment(i, end, ok)
	}
	j++
	n := 0
	for n < 6 && isDigit(at(s, j+n)) {
		n++
	}
	if n >= 5 {
		// mariadb-dump begins with /*M!999999\- enable the sandbox mode */, for
		// its own client: no server ever has that version.
		if v, _ := strconv.Atoi(s[j : j+n]); v == 99999 || v == 999999 {
			end, ok := blockComment(s, i)
			return comment(i, end, ok)
		}
		j += n
	}
	l.exec = append(l.exec, i)
	return Mark, j, nil
}

// mysqlVariable reads @name, @@name or the host of user@host; a lone @ when a
// quote follows.
func mysqlVariable(s string, i int) (Kind, int, *fault) {
	j := i + 1
	if at(s, j) == '@' {
		j++
	}
	end := j
	for end < len(s) && (isWord(s[end]) || s[end] == '$' || s[end] == '.') {
		end++
	}
	if end == j {
		return Op, j, nil
	}
	return Param, end, nil
}

// mysqlDollar finds the end of a dollar-quoted body (MySQL 9, CREATE FUNCTION
// … LANGUAGE JAVASCRIPT AS $$ … $$), 0 when there is none at i.
func (l *lexer) mysqlDollar(i int) int {
	tag := dollarTag(l.src, i)
	if tag == "" || tag == l.delim {
		return 0
	}
	n := strings.Index(l.src[i+len(tag):], tag)
	if n < 0 {
		l.noDollar = true
		return 0
	}
	return i + len(tag) + n + len(tag)
}

// mysqlWord reads a word or a number: a name may begin with a digit. A
// delimiter such as $$ ends it, as in END$$.
func (l *lexer) mysqlWord(i int) (Kind, int, *fault) {
	s, end := l.src, i
	for end < len(s) && (isWord(s[end]) || s[end] == '$') {
		if end > i && l.delim != "" && s[end] == l.delim[0] && !isWord(s[end]) && strings.HasPrefix(s[end:], l.delim) {
			break
		}
		end++
	}
	if (s[i] == 'n' || s[i] == 'N' || s[i] == 'x' || s[i] == 'X' || s[i] == 'b' || s[i] == 'B') && end == i+1 && at(s, end) == '\'' {
		end, ok := escaped(s, end, '\'')
		return quote(String, i, end, ok)
	}
	if isDigit(s[i]) {
		if n := number(s, i); n >= end {
			return Number, n, nil
		}
	}
	l.as = end == i+2 && strings.EqualFold(s[i:end], "AS")
	return Word, end, nil
}
