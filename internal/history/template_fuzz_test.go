package history

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/migr-dev/migr/internal/sqltext"
)

// FuzzTemplate fills in values of any text: with literal and ident each is one token
// that stands for the value, on every family; nothing of it becomes SQL.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"O'Neil", `\'; DROP TABLE t; --`, "a\"b`c]d", "$$", "{{ .v }}", "\n;\r\n", "é\\", "U&'\\0061'", "/*", "-- migr:down"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return // no server takes these
		}
		r, err := Parse("x.sql", []byte("-- migr:revision a\n-- migr:template on\n-- migr:up\nSELECT {{ literal .v }} FROM {{ ident .v }};\nSELECT 2;\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range []sqltext.Family{sqltext.SQLite, sqltext.Postgres, sqltext.MySQL} {
			stmts, err := r.UpStmts(family, Vars{"v": v})
			if err != nil {
				if v == "" || strings.HasPrefix(v, "-- migr:") || strings.Contains(v, "\n") {
					continue // a line that is a directive
				}
				t.Fatalf("%s: %q: %v", family, v, err)
			}
			if len(stmts) != 2 || stmts[1].Text != "SELECT 2" {
				t.Fatalf("%s: %q gives %d statements: %q", family, v, len(stmts), stmts[0].Text)
			}
			k := sqltext.Tokens(family, stmts[0].Text)
			if len(k) < 4 || !k[0].Is("SELECT") || !k[len(k)-2].Is("FROM") {
				t.Fatalf("%s: %q gives %q", family, v, stmts[0].Text)
			}
			if got := k[len(k)-1].Ident(family); got != v && v != "" {
				t.Errorf("%s: the name %q became %q in %q", family, v, got, stmts[0].Text)
			}
			judged := family != sqltext.Postgres || !strings.Contains(v, "\n") // E'…' over lines is left to the server
			if got, ok := k[1].Literal(family); len(k) != 4 || judged && (!ok || got != v) {
				t.Errorf("%s: the constant %q became %q in %q", family, v, got, stmts[0].Text)
			}
		}
	})
}
