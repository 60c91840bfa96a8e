package sqltext_test

import (
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// names are hard to quote, keywords among them.
var names = []string{
	"a", "A b", `a"b`, "a'b", "a`b", `a\b`, "ünï", "1a", "a$b", "a.b", "select", "user", "end", "order", "key",
	"window", "current_role", "offset", "returning", "row_number", "between", "values", "char", "generated", "index", "lateral", "tablesample",
}

// TestQuotingOnServers makes a table and a column of each name and reads a
// constant back.
func TestQuotingOnServers(t *testing.T) {
	for _, e := range testdb.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			db := testdb.Open(t, e.New(t))
			f := familyOf(e)
			for _, name := range names {
				for _, q := range []string{sqltext.Ident(f, name), sqltext.QuoteIdent(f, name)} {
					for _, stmt := range []string{"CREATE TABLE " + q + " (" + q + " int)", "SELECT " + q + " FROM " + q + " ORDER BY " + q, "DROP TABLE " + q} {
						if _, err := db.ExecContext(t.Context(), stmt); err != nil {
							t.Errorf("%s: %v", stmt, err)
						}
					}
				}
				var got string
				if err := db.QueryRowContext(t.Context(), "SELECT "+sqltext.QuoteLiteral(f, name)).Scan(&got); err != nil || got != name {
					t.Errorf("the constant %q came back as %q: %v", name, got, err)
				}
			}
		})
	}
}

func familyOf(e testdb.Engine) sqltext.Family {
	switch {
	case e.Name == "sqlite":
		return sqltext.SQLite
	case strings.HasPrefix(e.Name, "postgres"):
		return sqltext.Postgres
	}
	return sqltext.MySQL
}
