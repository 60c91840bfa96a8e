package hclprogram

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// gz packs a script as `make build` packs the program.
func gz(t *testing.T, text string) func() []byte {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the test's programs are scripts of sh")
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes
}

func none() []byte { return nil }

// says is a program that answers with one statement.
func says(text string) string {
	return "#!/bin/sh\ncat >/dev/null\necho '{\"protocol\":1,\"stmts\":[{\"Text\":\"" + text + "\",\"File\":\"a.hcl\",\"Line\":3,\"Col\":1}]}'\n"
}

func ddl(t *testing.T, p *Program) ([]sqltext.Stmt, error) {
	t.Helper()
	s, err := p.Kind().New(".", "a.hcl", source.Options{Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return s.DDL(t.Context(), sqltext.SQLite)
}

func wantText(t *testing.T, p *Program, want string) {
	t.Helper()
	got, err := ddl(t, p)
	if err != nil || len(got) != 1 || got[0] != (sqltext.Stmt{Text: want, File: "a.hcl", Line: 3, Col: 1}) {
		t.Errorf("got %+v, %v; want the statement %q", got, err, want)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// The tests that run programs take turns: a file that is being written cannot be
// run, and a process that starts at that moment has it open (golang/go#22315).

func TestUnpackedOnce(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "migr", "bin")
	p := &Program{Packed: gz(t, says("one")), Cache: cache}
	wantText(t, p, "one")
	first := files(t, cache)
	if len(first) != 1 {
		t.Fatalf("unpacked: %v", first)
	}
	before, err := os.Stat(first[0])
	if err != nil {
		t.Fatal(err)
	}
	if before.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", before.Mode())
	}
	wantText(t, p, "one")
	if after, err := os.Stat(first[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("written again (%v)", err)
	}
	// one that was cut short is replaced, and so is another build's
	if err := os.WriteFile(first[0], []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantText(t, p, "one")
	wantText(t, &Program{Packed: gz(t, says("two")), Cache: cache}, "two")
	if fs := files(t, cache); len(fs) != 1 || fs[0] == first[0] {
		t.Errorf("left: %v", fs)
	}
}

func TestNoCacheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantText(t, &Program{Packed: gz(t, says("x")), Cache: filepath.Join(file, "bin")}, "x")
	wantText(t, &Program{Packed: gz(t, says("x"))}, "x")
}

func TestBesideAndOnPath(t *testing.T) {
	gz(t, "") // skips where there is no sh
	beside, onPath := t.TempDir(), t.TempDir()
	t.Setenv("PATH", onPath+string(os.PathListSeparator)+os.Getenv("PATH"))
	p := &Program{Packed: none, Beside: beside}

	_, err := ddl(t, p)
	var e *source.Error
	if !errors.As(err, &e) || !strings.Contains(e.Msg, "is not there") || !strings.Contains(e.Hint, "make build") || !strings.Contains(e.Detail, beside) {
		t.Fatalf("nowhere: %#v", err)
	}
	for _, at := range []string{onPath, beside} { // the second comes before the first
		if err := os.WriteFile(filepath.Join(at, Name), []byte(says(filepath.Base(at))), 0o700); err != nil {
			t.Fatal(err)
		}
		wantText(t, p, filepath.Base(at))
	}
	if err := os.Chmod(filepath.Join(beside, Name), 0o600); err != nil {
		t.Fatal(err)
	}
	wantText(t, p, filepath.Base(onPath)) // what may not be run is passed over
}

func TestWrongPrograms(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"fails":         {"#!/bin/sh\necho broken >&2\nexit 3\n", "migr-hcl ended with code 3"},
		"no answer":     {"#!/bin/sh\necho hello\n", "cannot be read"},
		"other version": {"#!/bin/sh\ncat >/dev/null\necho '{\"protocol\":999}'\n", "of another version"},
		"an error": {
			"#!/bin/sh\ncat >/dev/null\necho '{\"protocol\":1,\"failed\":{\"source\":true,\"file\":\"b.hcl\",\"line\":2,\"col\":7,\"msg\":\"no\",\"hint\":\"h\"}}'\n",
			"b.hcl:2:7: no",
		},
	} {
		_, err := ddl(t, &Program{Packed: gz(t, c.text), Cache: t.TempDir()})
		var e *source.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || e.Hint == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestCancelEndsTheProgram(t *testing.T) {
	p := &Program{Packed: gz(t, "#!/bin/sh\nsleep 60\n"), Cache: t.TempDir()}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, _, err := p.Marshal(ctx, "sqlite", "main", catalog.New(0, nil, nil))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

// loop has Serve answer what ask writes.
func loop(t *testing.T, w Work, q *request) (*answer, error) {
	t.Helper()
	q.Protocol = protocol
	var out bytes.Buffer
	if err := w.Serve(t.Context(), strings.NewReader(encoded(t, q)), &out); err != nil {
		t.Fatal(err)
	}
	return read("a.hcl", "program", out.Bytes())
}

func TestServe(t *testing.T) {
	t.Parallel()
	objects := []*catalog.Object{{
		Key:   catalog.Key{Kind: "column", Table: "t", Name: "c"},
		Attrs: map[string]string{"type": "text"}, Info: map[string]string{"i": "<&>"}, Deps: []catalog.Key{{Kind: "table", Name: "t"}}, Pos: 1,
	}}
	w := Work{
		Open: func(dir, spec string, _ source.Options) (source.Source, error) {
			return nil, &source.Error{File: spec, Line: 4, Col: 2, Msg: dir, Hint: "hint", Detail: "detail"}
		},
		Marshal: func(engine, home string, c *catalog.Catalog) ([]byte, []string, error) {
			if engine == "none" {
				return nil, nil, errors.New("not written")
			}
			got := c.Get(objects[0].Key)
			if c.Version != 7 || got == nil || !got.Equal(objects[0]) || got.Info["i"] != "<&>" || len(got.Deps) != 1 || got.Pos != 1 {
				t.Errorf("the catalog came as %+v", got)
			}
			return []byte(engine + "\xff" + home), []string{"lost"}, nil
		},
	}
	_, err := loop(t, w, &request{Op: opDDL, Dir: "dir", Spec: "s.hcl"})
	var e *source.Error
	if !errors.As(err, &e) || *e != (source.Error{File: "s.hcl", Line: 4, Col: 2, Msg: "dir", Hint: "hint", Detail: "detail"}) {
		t.Errorf("ddl: %#v", err)
	}
	a, err := loop(t, w, &request{Op: opMarshal, Engine: "sqlite", Home: "main", Version: 7, Objects: objects})
	if err != nil || string(a.Text) != "sqlite\xffmain" || len(a.Lost) != 1 {
		t.Errorf("marshal: %+v, %v", a, err)
	}
	if _, err = loop(t, w, &request{Op: opMarshal, Engine: "none"}); err == nil || err.Error() != "not written" {
		t.Errorf("marshal: %v", err)
	}
	if _, err = loop(t, w, &request{Op: "other"}); err == nil {
		t.Error("an operation that there is not was answered")
	}
	if err := w.Serve(t.Context(), strings.NewReader("no json"), &bytes.Buffer{}); err == nil {
		t.Error("a question that is none was answered")
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]bool{
		"a.hcl": true, "s/*.HCL?x=1": true, "a.sql": false, "exec:x.hcl": false, "sqlite://a.hcl": false, "a.hcl?u=b://c": true,
	} {
		if match(spec) != want {
			t.Errorf("%s: %t", spec, !want)
		}
	}
}

// JSON would change such a name without a word.
func TestNotUTF8(t *testing.T) {
	t.Parallel()
	c := catalog.New(0, []*catalog.Object{{Key: catalog.Key{Kind: "table", Name: "t\xff"}}}, nil)
	if _, _, err := (&Program{Packed: none}).Marshal(t.Context(), "sqlite", "main", c); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("%v", err)
	}
}

func encoded(t *testing.T, q *request) string {
	t.Helper()
	b, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
