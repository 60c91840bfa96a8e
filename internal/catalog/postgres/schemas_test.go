package postgres_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// schemasDir is where the real schemas lie when they are there: they are not part of the project.
const schemasDir = "../../../../shared/schemas"

type realSchema struct {
	Name, Dialect string
	Files         []string
}

func realSchemas(t *testing.T) []realSchema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schemasDir, "manifest.json"))
	if err != nil {
		t.Skipf("no real schemas here: %v", err)
	}
	var all, of []realSchema
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Dialect == "postgres" {
			of = append(of, s)
		}
	}
	return of
}

// TestRealSchemas rebuilds the schemas of public projects from what was read of
// them, and takes them down again.
func TestRealSchemas(t *testing.T) {
	servers(t, func(t *testing.T, e testdb.Engine) {
		nothing := stateOf(t, e, "")
		for _, s := range realSchemas(t) {
			t.Run(s.Name, func(t *testing.T) {
				url := e.New(t)
				conn := connect(t, url)
				for _, f := range s.Files {
					text, err := os.ReadFile(filepath.Join(schemasDir, f))
					if err != nil {
						t.Fatal(err)
					}
					load(t, conn, f, string(text))
				}
				exec(t, conn, "RESET search_path")
				want := state{read(t, conn), dump(t, url)}
				for _, k := range want.cat.Unknown {
					t.Log("not modelled:", k)
				}
				lead(t, e, want, nothing)
			})
		}
	})
}
