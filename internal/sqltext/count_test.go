package sqltext

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the judge
)

// outside is what a text must not do to the machine that it is tried on, or what would
// last for ever.
var outside = regexp.MustCompile(`(?i)attach|into|pragma|load_extension|recursive|readfile|writefile|edit|randomblob|zeroblob|printf|format|generate_series`)

// FuzzSplitOnSQLite runs a text as a whole and statement by statement: SQLite sees the
// same statements as Split does when both leave the same schema behind, and fail
// both or none.
func FuzzSplitOnSQLite(f *testing.F) {
	for _, c := range sqliteCases() {
		f.Add(c.src)
	}
	f.Add("CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM a; END; CREATE TABLE b (y)")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 500 || outside.MatchString(src) || strings.ContainsRune(src, 0) {
			return
		}
		stmts, err := Split(SQLite, "", src)
		if err != nil {
			return
		}
		whole, wholeErr := onSQLite(t, []string{src})
		parts, partsErr := onSQLite(t, texts(stmts))
		if wholeErr == nil && (partsErr != nil || whole != parts) {
			t.Errorf("as one text: %q\n%q: %q %v", whole, texts(stmts), parts, partsErr)
		}
	})
}

// onSQLite runs texts in a database of their own and returns the schema that they leave.
func onSQLite(t *testing.T, texts []string) (string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	c, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, text := range texts {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return "", err
		}
	}
	_, _ = c.ExecContext(ctx, "ROLLBACK")
	rows, err := c.QueryContext(ctx, "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY 1, 2")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var kind, name, text string
		if err := rows.Scan(&kind, &name, &text); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s %s %s\n", kind, name, text)
	}
	return b.String(), rows.Err()
}
