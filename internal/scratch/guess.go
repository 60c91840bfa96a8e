package scratch

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// guess puts statements that failed where they stand into an order in which they
// may succeed: each behind those that make what it names, or that change it before.
// It looks at words only; what it gets wrong fails and is tried once more.
func (l *loader) guess(todo []int) []int {
	f := l.d.Conn.Dialect.Family
	type maker struct {
		at      int // in todo
		creates bool
	}
	makers := map[string][]maker{}
	for n, i := range todo {
		if name, creates := subject(f, l.stmts[i].Text); name != "" {
			makers[name] = append(makers[name], maker{n, creates})
		}
	}
	seen := make([]bool, len(todo))
	out := make([]int, 0, len(todo))
	var visit func(n int)
	visit = func(n int) {
		seen[n] = true
		sqltext.Scan(f, l.stmts[todo[n]].Text, func(t sqltext.Token) bool {
			for _, m := range makers[strings.ToLower(t.Ident(f))] {
				if !seen[m.at] && (m.creates || m.at < n) {
					visit(m.at)
				}
			}
			return true
		})
		out = append(out, todo[n])
	}
	for n := range todo {
		if !seen[n] {
			visit(n)
		}
	}
	return out
}

// subject is the name, in lower case and without its schema, of what a statement
// makes or changes; "" where that is not seen.
func subject(f sqltext.Family, text string) (name string, creates bool) {
	const verb, kind, named, dot = 0, 1, 2, 3 // what comes next
	at := verb
	sqltext.Scan(f, text, func(t sqltext.Token) bool {
		switch at {
		case verb:
			creates = t.Is("CREATE")
			at = kind
			return creates || t.Is("ALTER")
		case kind:
			if kinds[t.Upper()] {
				at = named
			}
			return t.Kind == sqltext.Word
		case named:
			switch t.Upper() {
			case "IF", "NOT", "EXISTS", "ONLY", "VIEW": // MATERIALIZED VIEW
				return true
			}
			name, at = strings.ToLower(t.Ident(f)), dot
			return name != ""
		}
		at = named
		return t.Is(".")
	})
	return name, creates
}

// kinds are the words before the name of what other statements can name.
var kinds = map[string]bool{
	"TABLE": true, "VIEW": true, "TYPE": true, "DOMAIN": true, "SEQUENCE": true, "FUNCTION": true, "PROCEDURE": true,
	"AGGREGATE": true, "SCHEMA": true, "EXTENSION": true, "COLLATION": true, "OPERATOR": true, "CONFIGURATION": true, "DICTIONARY": true,
}
