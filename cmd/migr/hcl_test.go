package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/hclprogram"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// What `make build` put in unpacks and answers; scripts use the program at hand.
func TestPackedProgram(t *testing.T) {
	t.Parallel()
	if hclprogram.Packed() == nil {
		t.Skip("migr-hcl is not packed: make build")
	}
	dir := t.TempDir()
	text := "schema \"main\" {}\ntable \"t\" {\n  schema = schema.main\n  column \"a\" { type = int }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "a.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &hclprogram.Program{Packed: hclprogram.Packed, Cache: filepath.Join(dir, "cache")}
	s, err := p.Kind().New(dir, "a.hcl", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stmts, err := s.DDL(t.Context(), sqltext.SQLite)
	if err != nil || len(stmts) != 1 || !strings.HasPrefix(stmts[0].Text, "CREATE TABLE `t`") || stmts[0].Line != 2 {
		t.Errorf("%+v, %v", stmts, err)
	}
}
