package memo_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/cache"
	"github.com/migr-dev/migr/internal/memo"
)

// An answer is there until something changes that it was made from.
func TestGet(t *testing.T) {
	dir, old := t.TempDir(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	folder := cache.Folder{Path: t.TempDir(), Now: time.Now}
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, old, old); err != nil {
			t.Fatal(err)
		}
		return p
	}
	q := memo.Question{Place: cache.Key("a"), Key: cache.Key("b"), Env: []string{"A=1", "B=2", "SHLVL=1"}}
	keep := func(from memo.From) {
		t.Helper()
		memo.Put(folder, q, from, "answer")
		if got := ""; !memo.Get(folder, q, &got) || got != "answer" {
			t.Fatalf("it is not kept: %q", got)
		}
	}
	gone := func(what string, q memo.Question) {
		t.Helper()
		if got := ""; memo.Get(folder, q, &got) {
			t.Errorf("%s: got %q", what, got)
		}
	}
	file, stamped := write("x.go", "1"), write("lib.go", "1")
	from := memo.From{
		Files: map[string]string{file: memo.Content, stamped: memo.Stamp, dir: memo.Names, filepath.Join(dir, "none"): memo.Content},
		Asked: []string{"A", "C"}, Began: old.Add(time.Second),
	}
	keep(from)
	other := q
	other.Key = cache.Key("c")
	gone("another question", other)
	other = q
	other.Env = []string{"A=2"}
	gone("another variable", other)
	other.Env = []string{"A=1", "C=1"}
	gone("a variable that was not set", other)
	other.Env = []string{"A=1", "D=1"}
	if got := ""; !memo.Get(folder, other, &got) {
		t.Error("a variable that was not asked for")
	}
	write("x.go", "2")
	gone("a file's content", q)
	keep(from)
	write("lib.go", "22")
	gone("a file's size", q)
	keep(from)
	write("y.go", "")
	gone("a name in the folder", q)
	keep(from)
	write("none", "")
	gone("a file that was not there", q)
	from.Whole = true
	keep(from)
	other = q
	other.Env = []string{"A=1", "B=2", "SHLVL=7"}
	if got := ""; !memo.Get(folder, other, &got) {
		t.Error("what a shell changes")
	}
	other.Env = append(other.Env, "D=1")
	gone("any variable", other)

	q.Place = cache.Key("young")
	from.Began = old
	memo.Put(folder, q, from, "answer")
	gone("a file that changed while the program ran", q)
	memo.Put(cache.Folder{}, q, memo.From{}, "answer")
	if got := ""; memo.Get(cache.Folder{}, q, &got) {
		t.Error("no folder keeps something")
	}
}
