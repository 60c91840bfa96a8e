package gorm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
