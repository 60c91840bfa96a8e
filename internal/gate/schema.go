package gate

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// SchemaOnly says if a statement changes the schema and no row, so that the schema
// before and after tells all that it did.
func SchemaOnly(f sqltext.Family, stmt string) bool {
	words := sqltext.Words(f, stmt, 2)
	if len(words) < 2 || !slices.Contains([]string{"CREATE", "ALTER", "DROP", "COMMENT"}, strings.ToUpper(words[0])) {
		return false
	}
	if strings.EqualFold(words[0], "CREATE") && strings.EqualFold(words[1], "TABLE") { // … AS SELECT
		return !slices.ContainsFunc(sqltext.Tokens(f, stmt), func(t sqltext.Token) bool { return strings.EqualFold(t.Text, "SELECT") })
	}
	return true
}
