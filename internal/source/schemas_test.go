package source_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/sqlfile"
	"github.com/migr-dev/migr/internal/sqltext"
)

// shared is where developers keep real schemas; they are not in the repository.
const shared = "../../../shared/schemas"

// A schema is an entry of its manifest.
type schema struct {
	Name, Dialect string
	Files         []string
}

func schemas(t *testing.T) []schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shared, "manifest.json"))
	if err != nil {
		t.Skip("the real schemas are not here: " + shared)
	}
	var all []schema
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func (s schema) stmts(t *testing.T) []sqltext.Stmt {
	t.Helper()
	src, err := source.Open([]source.Kind{sqlfile.Kind}, shared, s.Files, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stmts, err := src.DDL(context.Background(), sqltext.Family(s.Dialect))
	if err != nil {
		t.Fatal(err)
	}
	return stmts
}

// Every real schema may be a model. Two files of postgrest_big make roles,
// which is refused, and nothing else in them is.
func TestRealSchemas(t *testing.T) {
	roles := map[string]int{"postgrest_big": 3}
	for _, s := range schemas(t) {
		t.Run(s.Name, func(t *testing.T) {
			stmts := s.stmts(t)
			refused := 0
			for {
				out, err := source.Prepare(sqltext.Family(s.Dialect), stmts)
				if err == nil {
					t.Logf("%d of %d statements", len(out), len(stmts))
					break
				}
				if !strings.Contains(err.Error(), "role") {
					t.Fatal(err)
				}
				refused++
				stmts = without(stmts, err.(*source.Error))
			}
			if refused != roles[s.Name] {
				t.Errorf("%d statements are refused, want %d", refused, roles[s.Name])
			}
		})
	}
}

// without leaves out the statement in which an error is.
func without(stmts []sqltext.Stmt, bad *source.Error) []sqltext.Stmt {
	at := -1
	for i, s := range stmts {
		if s.File == bad.File && (s.Line < bad.Line || s.Line == bad.Line && s.Col <= bad.Col) {
			at = i
		}
	}
	return append(append([]sqltext.Stmt(nil), stmts[:at]...), stmts[at+1:]...)
}
