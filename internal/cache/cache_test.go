package cache_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/cache"
)

func folder(t *testing.T) (cache.Folder, *time.Time) {
	t.Helper()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return cache.Folder{Path: filepath.Join(t.TempDir(), "a", "b"), Now: func() time.Time { return now }}, &now
}

// TestFoundWhole: what was put is found, by its key only, in a folder and a file of the user's alone.
func TestFoundWhole(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	key := cache.Key("a", "b")
	if f.Get(key) != nil {
		t.Error("an entry was found in a folder that is not there")
	}
	f.Put(key, []byte("one"))
	f.Put(key, []byte("two"))
	if got := f.Get(key); string(got) != "two" {
		t.Errorf("got %q", got)
	}
	for _, other := range []string{cache.Key("ab"), cache.Key("a", "b", ""), cache.Key("", "ab")} {
		if f.Get(other) != nil {
			t.Errorf("%s was found", other)
		}
	}
	for path, want := range map[string]os.FileMode{f.Path: 0o700, filepath.Join(f.Path, key+".gz"): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
	if list, _ := os.ReadDir(f.Path); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	none := cache.Folder{}
	none.Put(key, []byte("x"))
	if none.Get(key) != nil {
		t.Error("the zero folder keeps something")
	}
}

// TestDamage: an entry that was cut short or changed anywhere is not found, and is written anew.
func TestDamage(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	key, data := cache.Key("k"), []byte(strings.Repeat("schema ", 50))
	f.Put(key, data)
	path := filepath.Join(f.Path, key+".gz")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{nil, []byte("not gzip"), append(bytes.Clone(whole), "more"...)}
	for n := range whole {
		damaged = append(damaged, whole[:n])
		if n >= 10 { // before it stand a time and the name of a system, which do not count
			other := bytes.Clone(whole)
			other[n] ^= 0x55
			damaged = append(damaged, other)
		}
	}
	for _, text := range damaged {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.Get(key); got != nil && !bytes.Equal(got, data) {
			t.Fatalf("%x: got %q", text, got)
		}
	}
	f.Put(key, data)
	if got := f.Get(key); !bytes.Equal(got, data) {
		t.Errorf("got %q after it was written anew", got)
	}
}

// TestTidy: what nobody asks for goes; what is asked for, and files of others, stay.
func TestTidy(t *testing.T) {
	t.Parallel()
	f, now := folder(t)
	f.Put("used", []byte("x"))
	f.Put("unused", []byte("x"))
	foreign := filepath.Join(f.Path, "notes.txt")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"used.gz", "unused.gz", "notes.txt"} {
		if err := os.Chtimes(filepath.Join(f.Path, name), *now, *now); err != nil {
			t.Fatal(err)
		}
	}
	*now = now.Add(cache.Unused - time.Hour)
	f.Get("used")
	*now = now.Add(2 * time.Hour)
	f.Put("new", []byte("x"))
	if f.Get("used") == nil || f.Get("unused") != nil || f.Get("new") == nil {
		t.Errorf("used: %q, unused: %q, new: %q", f.Get("used"), f.Get("unused"), f.Get("new"))
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error(err)
	}
	big := filepath.Join(f.Path, "big.gz")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, cache.Most); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(big, *now, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	f.Put("newest", []byte("x"))
	if _, err := os.Stat(big); err == nil {
		t.Error("more is kept than Most")
	}
	if f.Get("newest") == nil {
		t.Error("the newest entry went")
	}
}

// TestAtOnce: readers beside writers see a whole entry.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	f, _ := folder(t)
	texts := []string{strings.Repeat("a", 1<<16), strings.Repeat("b", 1<<16)}
	f.Put("k", []byte(texts[0]))
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for range 50 {
				f.Put("k", []byte(texts[n%2]))
				if got := string(f.Get("k")); got != texts[0] && got != texts[1] {
					t.Errorf("%d bytes", len(got))
				}
			}
		})
	}
	all.Wait()
}
