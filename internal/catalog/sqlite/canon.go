package sqlite

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// canonical writes tokens in the one way in which they are compared: single
// blanks, keywords in upper case, function names in lower case, no quotes that
// a name can do without. Literals stay as they are. names maps the lower-case
// names of the table's columns to the names as declared: SQLite does not
// distinguish case there, so neither does a comparison.
func canonical(toks []token, names map[string]string) string {
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && blankBetween(toks, i) {
			b.WriteByte(' ')
		}
		call := i+1 < len(toks) && toks[i+1].is("(")
		b.WriteString(canonicalToken(t, call, names))
	}
	return b.String()
}

func canonicalToken(t token, call bool, names map[string]string) string {
	switch t.sort {
	case word, quoted:
		if real, ok := names[fold(t.name())]; ok && !(call && t.sort == word) {
			return bare(real)
		}
		if t.sort == quoted {
			return bare(t.name())
		}
		if keyword(t.text) {
			return strings.ToUpper(t.text)
		}
		if call {
			return strings.ToLower(t.text)
		}
		return t.text
	case number, blob:
		return strings.ToLower(t.text)
	}
	return t.text
}

// bare writes a name without quotes where the outcome cannot be mistaken for
// anything else. Words that SQLite reads as names wherever they are not
// keywords are written like those keywords, so that "key" and key are equal.
func bare(name string) string {
	up := strings.ToUpper(name)
	switch {
	case strings.Contains(fallbackWords, " "+up+" "):
		return up
	case keyword(name) || !plain(name):
		return sqltext.QuoteIdent(sqltext.SQLite, name)
	}
	return name
}

// plain tells whether a name is a word that needs no quotes but for keywords.
func plain(name string) bool {
	if name == "" || isDigit(name[0]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; c != '_' && !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// blankBetween tells whether a blank stands before token i.
func blankBetween(toks []token, i int) bool {
	a, b := toks[i-1], toks[i]
	switch {
	case b.is(",") || b.is(")") || b.is(".") || b.is(";"), a.is("(") || a.is("."):
		return false
	case b.is("("):
		return !nameLike(a)
	case a.is("-") || a.is("+") || a.is("~"):
		return i >= 2 && operand(toks[i-2])
	}
	return true
}

// nameLike tells whether a parenthesis after the token is a call's or a list's.
func nameLike(t token) bool {
	return t.sort == quoted || t.sort == word && !keyword(t.text)
}

// operand tells whether a sign after the token is a subtraction or an addition.
func operand(t token) bool {
	switch t.sort {
	case op:
		return t.is(")")
	case word:
		return !keyword(t.text)
	}
	return true
}

// reflow is the text of the tokens as they were written, with comments gone and
// one blank wherever there was any.
func reflow(toks []token) string {
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && toks[i-1].end < t.start {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// fold is the form in which SQLite compares names: ASCII letters in lower case,
// others as they are.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// ident writes a name as SQL, quoted only where it needs to be: SQLite keeps
// capitals without quotes.
func ident(name string) string {
	if plain(name) && !keyword(name) {
		return name
	}
	return sqltext.QuoteIdent(sqltext.SQLite, name)
}

func idents(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = ident(n)
	}
	return strings.Join(out, ", ")
}

// literal writes a string as SQL.
func literal(s string) string { return sqltext.QuoteLiteral(sqltext.SQLite, s) }

// keyword tells whether a word is one of SQLite's, or one of the two names that
// it has for 1 and 0 (3.23).
func keyword(w string) bool {
	return sqltext.IsKeyword(sqltext.SQLite, w) || strings.EqualFold(w, "true") || strings.EqualFold(w, "false")
}

// fallbackWords are the keywords that SQLite also takes, unquoted, as names (the
// %fallback list of its grammar, less the CURRENT_ ones, whose meaning as a
// name differs).
const fallbackWords = " ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH BEFORE BEGIN BY CASCADE CAST COLUMN " +
	" CONFLICT CURRENT DATABASE DEFERRED DESC DETACH DO EACH END EXCEPT EXCLUDE EXCLUSIVE EXPLAIN FAIL FIRST " +
	" FOLLOWING FOR GENERATED GLOB GROUPS IF IGNORE IMMEDIATE INITIALLY INSTEAD INTERSECT KEY LAST LIKE MATCH " +
	" MATERIALIZED NO NULLS OF OFFSET OTHERS PARTITION PLAN PRAGMA PRECEDING QUERY RAISE RANGE RECURSIVE REGEXP " +
	" REINDEX RELEASE RENAME REPLACE RESTRICT ROLLBACK ROW ROWS SAVEPOINT TEMP TEMPORARY TIES TRIGGER UNBOUNDED " +
	" UNION VACUUM VIEW VIRTUAL WITH WITHOUT "

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
