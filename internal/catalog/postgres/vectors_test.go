package postgres_test

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/testdb"
)

type vector struct{ Name, A, B string }

func vectors(t *testing.T, files ...string) []vector {
	t.Helper()
	var all []vector
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var vs []vector
		if err := json.Unmarshal(text, &vs); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, vs...)
	}
	return all
}

// A state is a schema on a database of its own: what was read of it and its dump.
type state struct {
	cat  *catalog.Catalog
	dump string
}

// states keeps what was read before: many vectors begin alike.
var states sync.Map

func stateOf(t *testing.T, e testdb.Engine, ddl string) state {
	t.Helper()
	type key struct{ engine, ddl string }
	if s, known := states.Load(key{e.Name, ddl}); known {
		return s.(state)
	}
	url := e.New(t)
	conn := connect(t, url)
	load(t, conn, "vector", ddl)
	s := state{read(t, conn), dump(t, url)}
	states.Store(key{e.Name, ddl}, s)
	return s
}

// TestVectors builds each schema from nothing, and leads each one to the other
// and back: after each way the database must be what the server makes of the
// wanted DDL, by the catalog as read and by pg_dump. Cases of migr's own are in
// testdata/autogen.
func TestVectors(t *testing.T) { walk(t, "testdata/diff.json") }

func walk(t *testing.T, file string) {
	servers(t, func(t *testing.T, e testdb.Engine) {
		for _, v := range vectors(t, file) {
			t.Run(v.Name, func(t *testing.T) {
				t.Parallel()
				a, b := stateOf(t, e, v.A), stateOf(t, e, v.B)
				lead(t, e, b, a, b)
			})
		}
	})
}

// excerpt writes a plan, or the beginning of a long one.
func excerpt(stmts []string) string {
	text := strings.Join(stmts, ";\n")
	if f := os.Getenv("PLANFILE"); f != "" {
		os.WriteFile(f, []byte(text), 0o644)
	}
	return text[:min(len(text), 3000)]
}

// lead builds the first state from nothing and then goes on from each to the next,
// reading the database anew before every step.
func lead(t *testing.T, e testdb.Engine, ways ...state) {
	t.Helper()
	url := e.New(t)
	conn := connect(t, url)
	for _, want := range ways {
		have := read(t, conn)
		stmts := plan(t, have, want.cat)
		if err := run(t.Context(), conn, stmts); err != nil {
			t.Fatalf("%v\nplan:\n%s", err, excerpt(stmts))
		}
		if d := differences(read(t, conn), want.cat); len(d) > 0 {
			t.Fatalf("after the plan:\n%s\nplan:\n%s", strings.Join(d[:min(len(d), 15)], "\n"), excerpt(stmts))
		}
		if want.dump == "" {
			continue
		}
		if got := dump(t, url); got != want.dump {
			t.Fatalf("the dumps differ:\n%s\nplan:\n%s", firstDifference(got, want.dump), excerpt(stmts))
		}
	}
}
