package apply

import (
	"strings"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// quick tells whether all statements make something new or change what an
// earlier one of them has made. Such statements read and write no rows, so they
// may go to the server as one text: where that fails it costs nothing to roll
// back and to run them again one by one, to learn which of them it was.
func quick(d *driver.Dialect, stmts []sqltext.Stmt) bool {
	made := map[string]bool{}
	for _, s := range stmts {
		if !quickOne(d.Family, s.Text, made) {
			return false
		}
	}
	return len(stmts) > 1
}

// quickOne is quick for one statement; it adds the table that it makes.
func quickOne(f sqltext.Family, text string, made map[string]bool) bool {
	t := leading(f, text)
	if len(t) < 3 {
		return false
	}
	switch {
	case t[0].Is("COMMENT"):
		return true
	case t[0].Is("ALTER") && t[1].Is("TABLE"):
		at := 2
		if t[at].Is("ONLY") {
			at++
		}
		return made[nameAt(t, at)]
	case !t[0].Is("CREATE"):
		return false
	case t[1].Is("TABLE"):
		name := nameAt(t, 2)
		made[name] = true
		return !t[2].Is("IF") && !fills(f, text)
	case t[1].Is("INDEX"), t[1].Is("UNIQUE"):
		for i := range t {
			if t[i].Is("ON") && i+1 < len(t) {
				return made[nameAt(t, i+1)]
			}
		}
		return false
	}
	for _, kind := range []string{"TYPE", "DOMAIN", "SEQUENCE", "VIEW"} {
		if t[1].Is(kind) {
			return true
		}
	}
	return false
}

// leading returns the first tokens of a statement: enough for the names in it.
func leading(f sqltext.Family, text string) []sqltext.Token {
	const enough = 16
	t := make([]sqltext.Token, 0, enough)
	sqltext.Scan(f, text, func(x sqltext.Token) bool {
		t = append(t, x)
		return len(t) < enough
	})
	return t
}

// nameAt reads a name with its qualifiers. Case is not looked at: a mistaken
// match leads to a text that is run again one by one if it fails, no more.
func nameAt(t []sqltext.Token, i int) string {
	if i >= len(t) {
		return ""
	}
	name := t[i].Text
	for ; i+2 < len(t) && t[i+1].Is("."); i += 2 {
		name += "." + t[i+2].Text
	}
	return strings.ToLower(name)
}

// fills tells whether a CREATE TABLE may read other tables: AS SELECT, AS TABLE,
// AS EXECUTE, or PARTITION OF, which reads the rows of a default partition.
func fills(f sqltext.Family, text string) bool {
	n, found := 0, false
	sqltext.Scan(f, text, func(t sqltext.Token) bool {
		n++
		found = n > 2 && (t.Is("SELECT") || t.Is("TABLE") || t.Is("EXECUTE") || t.Is("OF") || t.Is("VALUES"))
		return !found
	})
	return found
}

// joined makes one text of several statements. A comment at the end of one must
// not swallow the semicolon.
func joined(stmts []string) string {
	var b strings.Builder
	for i, s := range stmts {
		if i > 0 {
			b.WriteString("\n;\n")
		}
		b.WriteString(s)
	}
	return b.String()
}
