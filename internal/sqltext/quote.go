package sqltext

import (
	"fmt"
	"strings"
	"sync"
)

// QuoteIdent writes a name so that the family's servers read exactly that
// name: in backticks for MySQL, in double quotes else.
func QuoteIdent(f Family, name string) string {
	if f == MySQL {
		return "`" + strings.ReplaceAll(name, "`", "``") + "`"
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Ident writes a name, in quotes only where they are needed: when it is not of
// lower-case letters, digits and underscores, begins with a digit, or is a
// word that the family's current servers keep for themselves.
func Ident(f Family, name string) string {
	if isSimple(name) && !IsKeyword(f, name) {
		return name
	}
	return QuoteIdent(f, name)
}

func isSimple(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return name != ""
}

// IsKeyword reports whether a word, in any case, cannot be used everywhere as
// a name without quotes.
func IsKeyword(f Family, word string) bool { return keywords()[f][lowerASCII(word)] }

// keywords are the words of each family, made into sets when first asked for.
var keywords = sync.OnceValue(func() map[Family]map[string]bool {
	all := map[Family]map[string]bool{}
	for f, words := range map[Family]string{Postgres: postgresKeywords, MySQL: mysqlKeywords, SQLite: sqliteKeywords} {
		all[f] = map[string]bool{}
		for word := range strings.FieldsSeq(words) {
			all[f][word] = true
		}
	}
	return all
})

// QuoteLiteral writes a string constant. In PostgreSQL a string with a
// backslash becomes a constant with an E, which reads the same whatever
// standard_conforming_strings is, as the server's quote_literal does; in MySQL
// backslashes are doubled (the default sql_mode, without NO_BACKSLASH_ESCAPES).
// A NUL byte has no spelling in PostgreSQL and SQLite and is written as it is.
func QuoteLiteral(f Family, s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.ContainsAny(s, "\\\r") || f == SQLite {
		return quoted
	}
	quoted = strings.ReplaceAll(quoted, `\`, `\\`)
	quoted = strings.ReplaceAll(quoted, "\r", `\r`)
	if f == Postgres {
		return "E" + quoted
	}
	return quoted
}

// Terminate writes a statement as a script for the family's own client holds
// it: with a semicolon, or for MySQL, whose client does not know where a body
// ends, between two DELIMITER lines when a semicolon is inside. There is no
// line end after it. Split gives the statement back.
func Terminate(f Family, stmt string) string {
	if f != MySQL || endsAtSemicolon(stmt) {
		return Semicolon(stmt)
	}
	d := mysqlDelimiter(stmt)
	return "DELIMITER " + d + "\n" + stmt + "\n" + d + "\nDELIMITER ;"
}

// Semicolon ends a statement; the mark stands in a line of its own where a
// comment at the statement's end might swallow it.
func Semicolon(stmt string) string {
	if strings.Contains(stmt[strings.LastIndexByte(stmt, '\n')+1:], "--") {
		return stmt + "\n;"
	}
	return stmt + ";"
}

// endsAtSemicolon reports whether the first semicolon behind a statement ends
// it, for the client and for Split.
func endsAtSemicolon(stmt string) bool {
	inside := false
	Scan(MySQL, stmt, func(t Token) bool {
		inside = t.Kind == Op && t.Text == ";"
		return !inside
	})
	if inside {
		return false
	}
	got, err := Split(MySQL, "", stmt+";")
	return err == nil && len(got) == 1
}

// mysqlDelimiter is a delimiter that is nowhere in the statement.
func mysqlDelimiter(stmt string) string {
	for _, d := range []string{";;", "//", "$$", "||"} {
		if !strings.Contains(stmt, d) {
			return d
		}
	}
	for i := 0; ; i++ {
		if d := fmt.Sprintf("//%d//", i); !strings.Contains(stmt, d) {
			return d
		}
	}
}
