package gorm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/memo"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

func TestWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s, err := source.Open([]source.Kind{Kind}, ".", []string{"gorm:./models"}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.DDL(context.Background(), sqltext.SQLite)
	var e *source.Error
	if !errors.As(err, &e) || !strings.Contains(e.Msg, "Go tool") {
		t.Errorf("got %v", err)
	}
}

func TestModels(t *testing.T) {
	dir := t.TempDir()
	text := `package models

import ("gorm.io/gorm"; "time")

type Base struct { ID int ` + "`gorm:\"primaryKey\"`" + ` }
type Part struct { Street string ` + "`gorm:\"size:9\"`" + ` }
type WithModel struct { gorm.Model; Name string }
type WithPointer struct { *gorm.Model }
type WithBase struct { Base; At time.Time }
type WithTag struct { ID int ` + "`json:\"id\" gorm:\"primaryKey\"`" + `; P Part ` + "`gorm:\"Embedded;embeddedPrefix:p_\"`" + ` }
type WithName struct { ID int }
func (*WithName) TableName() string { return "n" }
type Plain struct { ID int }
type hidden struct { gorm.Model }
type Generic[T any] struct { gorm.Model; V T }
type Alias = WithModel
type Loop struct { *Loop }
`
	if err := os.WriteFile(filepath.Join(dir, "m.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := (&pack{Dir: dir, GoFiles: []string{"m.go"}}).declarations()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"WithModel", "WithPointer", "WithBase", "WithTag", "WithName"}
	if got := d.models(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What a build tag leaves out, and where files are embedded from, is looked at again.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.com/m\n\ngo 1.21\n",
		"m.go":        "package m\n\nimport \"embed\"\n\n//go:embed a\nvar S embed.FS\n",
		"tagged.go":   "//go:build never\n\npackage m\n",
		"x_plan9.s":   "",
		"a/b/c/d.txt": "",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	files, err := (&models{options: source.Options{Timeout: time.Minute}}).sources(t.Context(), &pack{Dir: dir}, driver{Path: "."})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"": memo.Names, "go.mod": memo.Content, "m.go": memo.Content, "tagged.go": memo.Content, "x_plan9.s": memo.Content,
		"a": memo.Names, "a/b": memo.Names, "a/b/c": memo.Names, "a/b/c/d.txt": memo.Content,
	} {
		if got := files[filepath.Join(dir, name)]; got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
