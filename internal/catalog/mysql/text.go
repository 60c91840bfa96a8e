package mysql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ident writes a name in backquotes, as SHOW CREATE does.
func ident(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// idents writes a list of names.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}

var escapes = strings.NewReplacer("'", "''", `\`, `\\`, "\n", `\n`, "\r", `\r`, "\x00", `\0`, "\x1a", `\Z`)

// quote writes a string literal (of a session without NO_BACKSLASH_ESCAPES).
func quote(s string) string { return "'" + escapes.Replace(s) + "'" }

// withoutEnd takes the semicolon off a stored body. MySQL (9.7) keeps the one
// behind a body that ends in END of a labelled block, or in a bare statement,
// when more than one statement was sent in the text; a dump's client sends it alone.
func withoutEnd(body string) string { return strings.TrimRight(body, "; \t\r\n") }

// unescape undoes backslash escapes. MySQL 8 and 9 give the expressions in
// information_schema (defaults, generated columns, checks, functional keys) with
// every quote and backslash escaped once more than SHOW CREATE does.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case '0':
			b.WriteByte(0)
		case 'Z':
			b.WriteByte(0x1a)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// fromDoubleUTF8 undoes MySQL's writing each byte of a UTF-8 text as a character of
// its own, as it does with the expressions in information_schema (seen in 9.7:
// é is given as Ã©). What is not such a text is returned as it is.
func fromDoubleUTF8(s string) string {
	bytes := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return s
		}
		bytes = append(bytes, byte(r))
	}
	if !utf8.Valid(bytes) {
		return s
	}
	return string(bytes)
}

// withoutIntroducers takes the character set off the literals of an expression, but
// for binary ones. MySQL (9.7) gives the session's to each (_utf8mb4'x'), and that of
// the column compared with (_latin1'x') as soon as another column is dropped.
func withoutIntroducers(s string) string {
	if !strings.Contains(s, "_") || !strings.Contains(s, "'") {
		return s
	}
	ts := tokens(s)
	for i := 0; i+1 < len(ts); i++ {
		if ts[i].kind == word && strings.HasPrefix(ts[i].raw, "_") && ts[i].raw != "_binary" && ts[i+1].kind == literal {
			ts[i].raw = ""
		}
	}
	return join(ts)
}

// account writes a DEFINER as SQL: user@host, split at the last @.
func account(definer string) string {
	i := strings.LastIndex(definer, "@")
	if i < 0 { // a role
		return ident(definer)
	}
	return ident(definer[:i]) + "@" + ident(definer[i+1:])
}

// lines joins the parts of a CREATE TABLE, one on each line.
func lines(parts []string) string { return "  " + strings.Join(parts, ",\n  ") }

func itoa(n int) string { return strconv.Itoa(n) }

func utoa(n uint64) string { return strconv.FormatUint(n, 10) }
