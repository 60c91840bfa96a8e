package postgres_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog/postgres"
)

// TestExpect holds what is said of a statement's locks by its text against what PostgreSQL
// 12 to 18 showed in pg_locks: no other mode, no work that is kept quiet about.
func TestExpect(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/locks.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ SQL, PG15, Differs string }
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	modes := map[string]string{
		"AX": "ACCESS EXCLUSIVE", "X": "EXCLUSIVE", "SRX": "SHARE ROW EXCLUSIVE", "S": "SHARE", "SUX": "SHARE UPDATE EXCLUSIVE", "RX": "ROW EXCLUSIVE",
	}
	known, alters := 0, 0
	for _, c := range cases {
		got := postgres.Engine().Expect(c.SQL)
		seen := c.PG15
		if strings.HasPrefix(seen, "syntax") { // newer than 15
			_, seen, _ = strings.Cut(c.Differs, ": ")
		}
		if strings.HasPrefix(seen, "err") {
			continue
		}
		if strings.HasPrefix(c.SQL, "ALTER TABLE") {
			if alters++; got != "" {
				known++
			}
		}
		if got == "" {
			continue
		}
		mode, _, _ := strings.Cut(got, " (")
		tables, work, _ := strings.Cut(seen, " | ")
		if !strings.HasPrefix(got, modes[lockOf(c.SQL, tables)]+" (") {
			t.Errorf("%s\nis expected to take %s; it took %s", c.SQL, mode, seen)
		}
		for mark, words := range map[string]string{"REWRITE": "rewrites", "scan": "reads all rows", "index-build": "builds an index"} {
			alike := mark == "index-build" && strings.Contains(got, "reads all rows") || strings.HasPrefix(c.SQL, "TRUNCATE") || strings.Contains(c.SQL, "MATERIALIZED")
			if strings.Contains(work, mark) && !strings.Contains(got, words) && !alike {
				t.Errorf("%s\nis expected: %s; it did %s", c.SQL, got, seen)
			}
		}
	}
	if alters == 0 || known < alters*9/10 {
		t.Errorf("of %d forms of ALTER TABLE %d are known", alters, known)
	}
}

var tableLock = regexp.MustCompile(`(\w+) (\w+)`)

// lockOf is the lock of the table that a statement names first.
func lockOf(stmt, tables string) string {
	first, mode := len(stmt), ""
	for _, m := range tableLock.FindAllStringSubmatch(tables, -1) {
		if at := regexp.MustCompile(`\b` + m[1] + `\b`).FindStringIndex(stmt); at != nil && at[0] < first {
			first, mode = at[0], m[2]
		} else if mode == "" {
			mode = m[2]
		}
	}
	return mode
}

// TestExpectSeveral: several actions together take the strongest lock and do the work of each.
func TestExpectSeveral(t *testing.T) {
	t.Parallel()
	for stmt, want := range map[string]string{
		`ALTER TABLE ONLY "a".b VALIDATE CONSTRAINT x, ADD CHECK (f(a, b) > 0), ALTER c SET NOT NULL`: "ACCESS EXCLUSIVE (stops readers and writers); reads all rows; reads all rows; reads all rows, unless a valid check proves them",
		"ALTER TABLE a SET (fillfactor = 1), SET (user_catalog_table = on)":                           "",
		"alter table a -- ADD COLUMN\n add b int":                                                     "ACCESS EXCLUSIVE (stops readers and writers)",
		"CREATE TABLE a (b int)": "",
		"SELECT 'DROP TABLE a'":  "",
	} {
		if got := postgres.Engine().Expect(stmt); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", stmt, got, want)
		}
	}
}
