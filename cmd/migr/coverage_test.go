package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const coverageDoc = "../../docs/coverage.md"

const coverageHead = "# What is tested\n\n" +
	"Made from the files under testdata by `go test ./cmd/migr -run TestCoverage -update`.\n\n" +
	"## The diff of schemas\n\n" +
	"Each case of `testdata/autogen` is a pair of schemas. It is led from one to the other and back, by the revision that\n" +
	"`revision --autogenerate` writes; each time the server's own dump must be that of the wanted schema, nothing must be left to do\n" +
	"and the rows must be there. Then what `inspect` prints must build the schema again. The numbers say in how many cases an\n" +
	"object of that kind is added, modified, dropped or renamed, on the way up or down; the last column names what of it is changed.\n\n" +
	"Kept as it is and not compared: who owns a thing (PostgreSQL), and the order of a table's keys (MySQL and MariaDB print them as\n" +
	"they were made; it decides between indexes that cost the optimizer the same, and nothing else).\n"

// TestCoverage keeps docs/coverage.md as the files under testdata make it.
func TestCoverage(t *testing.T) {
	t.Parallel()
	want := coverage(t)
	if *update {
		if err := os.WriteFile(coverageDoc, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(coverageDoc); err != nil || string(got) != want {
		t.Errorf("docs/coverage.md is not what testdata says (go test ./cmd/migr -run TestCoverage -update): %v\n%s", err, firstLines(string(got), want))
	}
}

// A caseTally is in how many cases a kind of object comes, changes, goes or is renamed, up or down.
type caseTally struct {
	actions map[string]int
	attrs   map[string]bool // the attributes that change in one
}

func coverage(t *testing.T) string {
	b := &strings.Builder{}
	b.WriteString(coverageHead)
	for _, f := range families {
		cases := autogenCases(t, f.name)
		var names []string
		for _, e := range f.engines {
			names = append(names, e.Name)
		}
		fmt.Fprintf(b, "\n### %s: %d cases\n\nRun on %s.\n\n", f.name, len(cases), strings.Join(names, ", "))
		writeTallies(b, cases)
		for _, c := range cases {
			if c.known != "" {
				fmt.Fprintf(b, "\nDoes not work: `%s`: %s.\n", c.name, c.known)
			}
		}
	}
	b.WriteString("\n## Vectors\n\n| file | cases |\n|---|---:|\n")
	for _, v := range vectorFiles(t) {
		fmt.Fprintf(b, "| `%s` | %d |\n", v.path, v.cases)
	}
	return b.String()
}

func writeTallies(b *strings.Builder, cases []*autogenCase) {
	tallies := map[string]*caseTally{}
	for _, c := range cases {
		c.count(tallies)
	}
	b.WriteString("| kind | add | modify | drop | rename | of it |\n|---|---:|---:|---:|---:|---|\n")
	for _, kind := range slices.Sorted(maps.Keys(tallies)) {
		n := tallies[kind]
		fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %s |\n", strings.ReplaceAll(kind, "_", " "), n.actions["add"], n.actions["modify"], n.actions["drop"], n.actions["rename"],
			strings.Join(slices.Sorted(maps.Keys(n.attrs)), ", "))
	}
}

// count adds a case to the tallies: each action on each kind once.
func (c *autogenCase) count(tallies map[string]*caseTally) {
	seen := map[[2]string]bool{}
	for _, line := range strings.Split(c.section("changes"), "\n") {
		words := strings.SplitN(line, " ", 4)
		if len(words) < 4 {
			continue
		}
		action, kind := words[1], words[2]
		n := tallies[kind]
		if n == nil {
			n = &caseTally{map[string]int{}, map[string]bool{}}
			tallies[kind] = n
		}
		if at := [2]string{action, kind}; !seen[at] {
			seen[at] = true
			n.actions[action]++
		}
		if i := strings.LastIndex(words[3], ": "); i >= 0 {
			for _, a := range strings.Split(words[3][i+2:], ", ") {
				a, _, _ = strings.Cut(a, " of ") // "comment of x": a column of a view
				n.attrs[a] = true
			}
		}
	}
}

type vectorFile struct {
	path  string
	cases int
}

// vectorFiles are the lists of cases in JSON.
func vectorFiles(t *testing.T) []vectorFile {
	t.Helper()
	var all []vectorFile
	for _, pattern := range []string{"internal/catalog/*/testdata/*.json", "internal/history/testdata/graph.json"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var list []json.RawMessage
			if json.Unmarshal(text, &list) != nil {
				var in struct{ Vectors, Cases []json.RawMessage }
				if err := json.Unmarshal(text, &in); err != nil {
					t.Fatalf("%s: %v", f, err)
				}
				list = append(in.Vectors, in.Cases...)
			}
			path, err := filepath.Rel("../..", f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, vectorFile{filepath.ToSlash(path), len(list)})
		}
	}
	slices.SortFunc(all, func(a, b vectorFile) int { return cmp.Compare(a.path, b.path) })
	return all
}
