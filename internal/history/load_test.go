package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// loadOne reads only the header of a file, and returns nil if that fails.
func loadOne(t testing.TB, src []byte) *Revision {
	t.Helper()
	revs, err := LoadRevisions(fstest.MapFS{"x.sql": {Data: src}}, "")
	if err != nil {
		return nil
	}
	return revs[0]
}

func file(id string, parents ...string) *fstest.MapFile {
	r := &Revision{ID: ID(id), Message: "m"}
	for _, p := range parents {
		r.Parents = append(r.Parents, ID(p))
	}
	r.SetBody(&Body{Up: Part{Text: "SELECT '" + id + "';"}, Down: &Part{}})
	return &fstest.MapFile{Data: r.Format()}
}

func TestLoad(t *testing.T) {
	fsys := fstest.MapFS{
		"b.sql": file("b", "a"), "sub/a.SQL": file("a"), "readme.md": {Data: []byte("x")}, ".b.sql": {Data: []byte("x")},
		".git/c.sql": {Data: []byte("x")}, "dir.sql/c.sql": file("c", "b"),
	}
	g, err := Load(fsys, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range g.All() {
		got = append(got, string(r.ID)+" "+r.Path)
	}
	if want := []string{"a migrations/sub/a.SQL", "b migrations/b.sql", "c migrations/dir.sql/c.sql"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	b := g.Get("b")
	if b.body != nil {
		t.Error("the body was read")
	}
	body, err := b.Body()
	if err != nil || body.Up.Text != "SELECT 'b';\n" {
		t.Errorf("%+v %v", body, err)
	}
	if sum, err := b.Checksum(); err != nil || sum != body.Checksum() {
		t.Error(sum, err)
	}
}

func TestLoadTrouble(t *testing.T) {
	broken := errors.New("disk on fire")
	long := "-- migr:revision x\n-- migr:message " + strings.Repeat("m", 3*headerSize) + "\n-- migr:up\n"
	for _, c := range []struct {
		name string
		fsys fs.FS
		want string
	}{
		{"double", fstest.MapFS{"1.sql": file("a"), "2.sql": file("a")}, "revision a stands in two files: m/1.sql and m/2.sql"},
		{"no revision", fstest.MapFS{"1.sql": {Data: []byte("SELECT 1;")}}, "m/1.sql:1:1: this is not a revision file"},
		{"no revision, with a comment", fstest.MapFS{"1.sql": {Data: []byte("-- x\nSELECT 1;\n-- migr:up\n")}}, "m/1.sql:2:1: a statement before"},
		{"a long line", fstest.MapFS{"1.sql": {Data: []byte(long)}}, ""},
		{"a long header", fstest.MapFS{"1.sql": {Data: []byte(strings.Repeat("-- words\n", headerSize) + long)}}, ""},
		{"unreadable", failing{fstest.MapFS{"1.sql": file("a")}, broken}, "reading revision file m/1.sql: disk on fire"},
		{"a pipe", fstest.MapFS{"1.sql": {Mode: fs.ModeNamedPipe}}, "reading revision file m/1.sql: it is not a regular file"},
		{"no folder", os.DirFS(filepath.Join(t.TempDir(), "none")), "reading folder m: "},
	} {
		_, err := Load(c.fsys, "m")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if c.name == "no folder" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%#v is not fs.ErrNotExist", err)
		}
	}
}

// failing opens files that cannot be read.
type failing struct {
	fstest.MapFS
	err error
}

func (f failing) Open(name string) (fs.File, error) {
	if name == "." {
		return f.MapFS.Open(name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: f.err}
}

func TestBodyChangedMeanwhile(t *testing.T) {
	fsys := fstest.MapFS{"1.sql": file("a")}
	g, err := Load(fsys, "m")
	if err != nil {
		t.Fatal(err)
	}
	fsys["1.sql"] = file("b")
	if _, err := g.Get("a").Body(); err == nil || !strings.Contains(err.Error(), "m/1.sql was revision a and is now b") {
		t.Error(err)
	}
	delete(fsys, "1.sql")
	if _, err := g.Get("a").UpStmts("sqlite"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestFileName(t *testing.T) {
	at := time.Date(2026, 11, 22, 16, 40, 12, 0, time.UTC)
	for _, c := range []struct{ template, message, want string }{
		{"", "add invoices", "2026-11-22_3f9c_add_invoices.sql"},
		{"", "", "2026-11-22_3f9c.sql"},
		{"{date}_{rev}_{slug}.sql", "x", "2026-11-22_3f9c_x.sql"},
		{"{date}{time}_{slug}", "Ünïcode — Straße / ../etc", "2026-11-22164012_ünïcode_straße_etc.sql"},
		{"{date}/{rev}", "x", "2026-11-22/3f9c.sql"},
		{"../{rev}", "x", "3f9c.sql"},
		{"{slug}", "con", "_con.sql"},
		{"{slug}", "com1", "_com1.sql"},
		{"{slug}:{rev}", "a", "a_3f9c.sql"},
		{"{rev}_{slug}", "a very long message that goes on and on until nobody reads it", "3f9c_a_very_long_message_that_goes_on_and_on.sql"},
		{"{rev}_{slug}", strings.Repeat("x", 60), "3f9c_" + strings.Repeat("x", 40) + ".sql"},
	} {
		got, err := FileName(c.template, at, "3f9c", c.message)
		if err != nil || got != c.want {
			t.Errorf("%q %q: %q %v, want %q", c.template, c.message, got, err, c.want)
		}
	}
	for _, template := range []string{"{when}", "{rev", "/", "{slug}"} {
		if got, err := FileName(template, at, "3f9c", ""); err == nil {
			t.Errorf("%q gives %q", template, got)
		}
	}
}

func TestNewID(t *testing.T) {
	id, err := NewID(strings.NewReader("\x00\x01\xffabcdef"))
	if err != nil || id != "0001ff616263" || ValidID(id) != nil {
		t.Error(id, err)
	}
	if _, err := NewID(strings.NewReader("abc")); err == nil {
		t.Error("no error")
	}
}

// manyFiles writes n revisions, a third of them beside merges.
func manyFiles(tb testing.TB, n int) string {
	tb.Helper()
	dir := tb.TempDir()
	for i := range n {
		parents := []string{}
		if i > 0 {
			parents = append(parents, fmt.Sprintf("%012x", i-1))
		}
		f := file(fmt.Sprintf("%012x", i), parents...)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("2026-01-01_%012x_m.sql", i)), f.Data, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func BenchmarkLoad10000(b *testing.B) {
	dir := manyFiles(b, 10000)
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Load(os.DirFS(dir), dir); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cat", func(b *testing.B) { // the same files, read whole
		for b.Loop() {
			files, _ := os.ReadDir(dir)
			for _, f := range files {
				if _, err := os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("checksums", func(b *testing.B) {
		for b.Loop() {
			g, err := Load(os.DirFS(dir), dir)
			if err != nil {
				b.Fatal(err)
			}
			for _, r := range g.All() {
				if _, err := r.Checksum(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// linear and tangled are histories of n revisions.
func linear(n int) []*Revision {
	revs := make([]*Revision, n)
	for i := range revs {
		revs[i] = &Revision{ID: ID(fmt.Sprintf("%012x", i)), Path: fmt.Sprintf("%05d", i)}
		if i > 0 {
			revs[i].Parents = []ID{revs[i-1].ID}
		}
	}
	return revs
}

func BenchmarkPlan10000(b *testing.B) {
	for name, revs := range map[string][]*Revision{"line": linear(10000), "tangle": randomRevisions(newRand(7), 10000)} {
		b.Run(name+"/graph", func(b *testing.B) {
			for b.Loop() {
				if _, err := NewGraph(revs...); err != nil {
					b.Fatal(err)
				}
			}
		})
		g, err := NewGraph(revs...)
		if err != nil {
			b.Fatal(err)
		}
		up, err := g.Upgrade(nil, "heads")
		if err != nil {
			b.Fatal(err)
		}
		for what, f := range map[string]func() (*Plan, error){
			"up":   func() (*Plan, error) { return g.Upgrade(nil, "heads") },
			"none": func() (*Plan, error) { return g.Upgrade(up.To, "heads") },
			"down": func() (*Plan, error) { return g.Downgrade(up.To, "base") },
		} {
			b.Run(name+"/"+what, func(b *testing.B) {
				for b.Loop() {
					if _, err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// Ten times as many revisions may not cost a hundred times as much.
func TestPlanIsNotQuadratic(t *testing.T) {
	for _, make := range []func(n int) []*Revision{linear, func(n int) []*Revision { return randomRevisions(newRand(7), n) }} {
		revs := make(20000)
		runtime.GC()
		start := time.Now()
		g, err := NewGraph(revs...)
		if err != nil {
			t.Fatal(err)
		}
		up, err := g.Upgrade(nil, "heads")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Downgrade(up.To, "base"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("20000 revisions took %v", took)
		}
	}
}
