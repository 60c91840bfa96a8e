package mysql_test

import (
	"os"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// TestCases runs the pairs of testdata/cases.sql.
func TestCases(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.Split(string(text), "\n-- case ")[1:] {
		head, body, _ := strings.Cut(c, "\n")
		a, b, found := strings.Cut("\n"+body, "\n-- to\n")
		if !found {
			t.Fatalf("case %s has no second schema", head)
		}
		name, only, _ := strings.Cut(strings.TrimSuffix(head, "]"), " [")
		t.Run(name, func(t *testing.T) {
			onEach(t, only, func(t *testing.T, e testdb.Engine) { roundTrip(t, e, a, b) })
		})
	}
}
