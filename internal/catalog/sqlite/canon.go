package sqlite

import "strings"

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
		up := strings.ToUpper(t.text)
		if keywords[up] {
			return up
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
	case fallback[up]:
		return up
	case keywords[up] || !plain(name):
		return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	}
	return name
}

// plain tells whether a name is a word that needs no quotes but for keywords.
func plain(name string) bool {
	if name == "" || isDigit(name[0]) || name[0] == '$' {
		return false
	}
	for i := range len(name) {
		if !isNameByte(name[i]) || name[i] >= 0x80 {
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
	return t.sort == quoted || t.sort == word && !keywords[strings.ToUpper(t.text)]
}

// operand tells whether a sign after the token is a subtraction or an addition.
func operand(t token) bool {
	switch t.sort {
	case op:
		return t.is(")")
	case word:
		return !keywords[strings.ToUpper(t.text)]
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

// ident writes a name as SQL, quoted only where it needs to be.
func ident(name string) string {
	if plain(name) && !keywords[strings.ToUpper(name)] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func idents(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = ident(n)
	}
	return strings.Join(out, ", ")
}

// literal writes a string as SQL.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// keywords are the words that SQLite 3.54 knows (https://www.sqlite.org/lang_keywords.html).
var keywords = set(`ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT
BEFORE BEGIN BETWEEN BY CASCADE CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS
CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH
DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL FILTER FIRST FOLLOWING
FOR FOREIGN FROM FULL GENERATED GLOB GROUP GROUPS HAVING IF IGNORE IMMEDIATE IN INDEX INDEXED INITIALLY
INNER INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN KEY LAST LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NO
NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR ORDER OTHERS OUTER OVER PARTITION PLAN PRAGMA PRECEDING
PRIMARY QUERY RAISE RANGE RECURSIVE REFERENCES REGEXP REINDEX RELEASE RENAME REPLACE RESTRICT RETURNING
RIGHT ROLLBACK ROW ROWS SAVEPOINT SELECT SET TABLE TEMP TEMPORARY THEN TIES TO TRANSACTION TRIGGER
UNBOUNDED UNION UNIQUE UPDATE USING VACUUM VALUES VIEW VIRTUAL WHEN WHERE WINDOW WITH WITHOUT
TRUE FALSE`)

// fallback are the keywords that SQLite also takes, unquoted, as names (the
// %fallback list of its grammar, less the CURRENT_ ones, whose meaning as a
// name differs).
var fallback = set(`ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH BEFORE BEGIN BY CASCADE CAST COLUMN
CONFLICT CURRENT DATABASE DEFERRED DESC DETACH DO EACH END EXCEPT EXCLUDE EXCLUSIVE EXPLAIN FAIL FIRST
FOLLOWING FOR GENERATED GLOB GROUPS IF IGNORE IMMEDIATE INITIALLY INSTEAD INTERSECT KEY LAST LIKE MATCH
MATERIALIZED NO NULLS OF OFFSET OTHERS PARTITION PLAN PRAGMA PRECEDING QUERY RAISE RANGE RECURSIVE REGEXP
REINDEX RELEASE RENAME REPLACE RESTRICT ROLLBACK ROW ROWS SAVEPOINT TEMP TEMPORARY TIES TRIGGER UNBOUNDED
UNION VACUUM VIEW VIRTUAL WITH WITHOUT`)
