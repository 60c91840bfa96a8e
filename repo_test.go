// Package migr_test holds the rules of the repository that a machine can check.
package migr_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/migr-dev/migr"

// Files over 500 lines and functions over 100 must be here, with the reason.
var (
	longFiles = map[string]string{}
	longFuncs = map[string]string{}
)

// Which packages of ours each package may import, itself aside; a path stands
// for all that is under it. What is not listed may import nothing of ours.
// .golangci.yml says the same of other people's modules.
var arrows = map[string][]string{
	"internal/sqltext":           {},
	"internal/nearest":           {},
	"internal/cache":             {},
	"internal/dburl":             {"internal/nearest"},
	"internal/config":            {"internal/dburl", "internal/nearest"},
	"internal/driver":            {"internal/sqltext", "internal/dburl"},
	"internal/catalog":           {"internal/sqltext", "internal/driver", "internal/dburl"},
	"internal/memo":              {"internal/cache"},
	"internal/python":            {"internal/cache", "internal/memo"},
	"internal/source":            {"internal/cache", "internal/memo", "internal/python", "internal/sqltext"},
	"internal/source/sourcetest": {"internal/source", "internal/sqltext", "internal/testdb"},
	"internal/diff":              {"internal/catalog", "internal/sqltext"},
	"internal/rename":            {"internal/catalog", "internal/diff"},
	"internal/history":           {"internal/sqltext"},
	"internal/gate":              {"internal/catalog", "internal/diff", "internal/history", "internal/sqltext"},
	"internal/apply":             {"internal/driver", "internal/history", "internal/sqltext"},
	"internal/scratch":           {"internal/catalog", "internal/dburl", "internal/diff", "internal/driver", "internal/source", "internal/sqltext"},
	"internal/seed":              {"internal/catalog", "internal/sqltext"},
	"internal/gitref":            {},
	"internal/lint": {
		"internal/apply", "internal/catalog", "internal/diff", "internal/driver", "internal/history", "internal/scratch", "internal/sqltext",
	},
	"internal/importer": {"internal/history", "internal/sqltext", "internal/source"},
	"internal/output": {
		"internal/apply", "internal/catalog", "internal/diff", "internal/history", "internal/lint", "internal/sqltext",
	},
	"internal/testdb":     {},
	"migrate":             {"internal/apply", "internal/driver", "internal/history", "internal/sqltext"},
	"internal/hclprogram": {"internal/catalog", "internal/source", "internal/sqltext"},
	"cmd/migr":            {"internal"},
	"cmd/migr-hcl":        {"internal/hclprogram", "internal/output", "internal/source"},
}

// The parents of plug-ins: of what is under them, only the listed files of
// package main may import anything (and migrate its dialects).
var plugged = []string{"internal/driver", "internal/catalog", "internal/source", "internal/lint", "internal/importer", "internal/output"}

type goFile struct {
	path string // with slashes, from the root
	src  []byte
	ast  *ast.File
	fset *token.FileSet
}

func (f goFile) test() bool { return strings.HasSuffix(f.path, "_test.go") }
func (f goFile) generated() bool {
	return ast.IsGenerated(f.ast)
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	out, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var parsed = sync.OnceValues(func() (out []goFile, err error) {
	err = filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(p) != ".go" {
			return nil
		}
		f := goFile{path: filepath.ToSlash(p), fset: token.NewFileSet()}
		if f.src, err = os.ReadFile(p); err != nil {
			return err
		}
		f.ast, err = parser.ParseFile(f.fset, p, f.src, parser.ParseComments|parser.SkipObjectResolution)
		out = append(out, f)
		return err
	})
	return out, err
})

func under(p, parent string) bool { return p == parent || strings.HasPrefix(p, parent+"/") }

// owner returns the package of the table that p belongs to.
func owner(p string) string {
	best := ""
	for k := range arrows {
		if under(p, k) && len(k) > len(best) {
			best = k
		}
	}
	return best
}

func TestArrows(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		dir := path.Dir(f.path)
		own := owner(dir)
		if own == "" {
			t.Errorf("%s: package %s is not in the table of arrows", f.path, dir)
			continue
		}
		for _, im := range f.ast.Imports {
			p, ours := strings.CutPrefix(strings.Trim(im.Path.Value, `"`), module+"/")
			if !ours || under(p, own) && (dir != own || !slices.Contains(plugged, own) || p == own) {
				continue
			}
			if !slices.ContainsFunc(arrows[own], func(a string) bool { return under(p, a) }) {
				t.Errorf("%s imports %s: %s may import %v", f.path, p, own, arrows[own])
			}
		}
	}
}

func TestPluginsAreListedInOnePlace(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() || f.path == "cmd/migr/plugins.go" || f.path == "cmd/migr-hcl/main.go" {
			continue
		}
		dir := path.Dir(f.path)
		for _, im := range f.ast.Imports {
			p, ours := strings.CutPrefix(strings.Trim(im.Path.Value, `"`), module+"/")
			for _, parent := range plugged {
				if !ours || p == parent || !under(p, parent) || under(dir, parent) && dir != parent {
					continue // not a plug-in, or a sibling that is a variant of it
				}
				if dir == "migrate" && parent == "internal/driver" {
					continue
				}
				t.Errorf("%s imports the plug-in %s: only cmd/migr/plugins.go does (and cmd/migr-hcl)", f.path, p)
			}
		}
	}
}

// TestNothingIsCompiledAtStart: a regular expression that is compiled when a
// package is initialised is paid for by each start of migr, `migr --help` too.
// sync.OnceValue puts it off until it is used.
func TestNothingIsCompiledAtStart(t *testing.T) {
	t.Parallel()
	for _, f := range goFiles(t) {
		if f.test() || strings.HasPrefix(f.path, "internal/testdb/") {
			continue
		}
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			ast.Inspect(g, func(n ast.Node) bool {
				if _, later := n.(*ast.FuncLit); later {
					return false
				}
				if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "MustCompile" {
					t.Errorf("%s: put this off with sync.OnceValue", f.fset.Position(n.Pos()))
				}
				return true
			})
		}
	}
}

// What must stay light, seen through all that it imports.
func TestLightPackages(t *testing.T) {
	t.Parallel()
	atlas, cobra := "ariga.io/", "github.com/spf13/"
	for pkg, banned := range map[string][]string{
		"internal/history": {"database/sql", "os/exec", "net", atlas, cobra},
		"internal/diff":    {"os/exec", atlas, cobra},
		"internal/driver":  {atlas, cobra},
		"internal/apply":   {atlas, cobra, module + "/internal/catalog"},
		"cmd/migr":         {atlas, "github.com/hashicorp/hcl/", "github.com/zclconf/"}, // 2.7 ms of each start
		"migrate": {
			atlas, cobra, module + "/internal/config", module + "/internal/source", module + "/internal/catalog",
			module + "/internal/diff", module + "/internal/lint", module + "/internal/output",
		},
	} {
		if _, err := os.Stat(pkg); err != nil {
			continue
		}
		out, err := exec.Command("go", "list", "-deps", "./"+pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps ./%s: %v", pkg, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			for _, b := range banned {
				if dep == b || strings.Contains(b, ".") && strings.HasPrefix(dep, strings.TrimSuffix(b, "/")+"/") {
					t.Errorf("%s depends on %s", pkg, dep)
				}
			}
		}
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	seenFiles, seenFuncs := map[string]bool{}, map[string]bool{}
	for _, f := range goFiles(t) {
		if f.generated() {
			continue
		}
		if n := bytes.Count(f.src, []byte("\n")); n > 500 && !f.test() {
			seenFiles[f.path] = true
			if longFiles[f.path] == "" {
				t.Errorf("%s has %d lines: split it, or give the reason in longFiles", f.path, n)
			}
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || f.test() {
				continue
			}
			if fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: no init functions: a reader cannot see them run", f.fset.Position(fn.Pos()))
			}
			name := f.path + ":" + fn.Name.Name
			if n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1; n > 100 {
				seenFuncs[name] = true
				if longFuncs[name] == "" {
					t.Errorf("%s has %d lines: split it, or give the reason in longFuncs", name, n)
				}
			}
		}
	}
	for f := range longFiles {
		if !seenFiles[f] {
			t.Errorf("longFiles: %s is not long any more", f)
		}
	}
	for f := range longFuncs {
		if !seenFuncs[f] {
			t.Errorf("longFuncs: %s is not long any more", f)
		}
	}
}

// tracked returns the files under version control, or of the tree where git
// cannot tell (a source archive).
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("no git checkout")
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), func(p string) bool {
		st, err := os.Lstat(p)
		return err != nil || !st.Mode().IsRegular()
	})
}

// A path of somebody's machine, or a registry that only some people use, does
// not belong in the repository. (Cut in two, so as not to find themselves.)
var leftovers = regexp.MustCompile(`(^|[\s"'=(:` + "`" + `])/(wor` + `k/|tmp/[a-z]/|home/[a-z]+/|Users/[a-z]+/|root/)` +
	`|(registry\.npm` + `js|proxy\.go` + `lang|deb\.deb` + `ian|repo1\.mav` + `en|py` + `pi)\.org`)

func TestNoLeftovers(t *testing.T) {
	t.Parallel()
	for _, p := range tracked(t) {
		if strings.Contains(p, "testdata/projects/") || strings.Contains(p, "testdata/schemas/") || strings.Contains(p, "testdata/import/") {
			continue // other people's files, as they are
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(b, 0) >= 0 {
			continue
		}
		for i, l := range bytes.Split(b, []byte("\n")) {
			if m := leftovers.Find(l); m != nil {
				t.Errorf("%s:%d: %q does not belong here", p, i+1, m)
			}
		}
	}
}

var mdLink = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)

// Every link to a file leads to one, and every page of docs can be reached from
// README.md.
func TestDocsAreLinked(t *testing.T) {
	t.Parallel()
	links := map[string][]string{}
	for _, p := range tracked(t) {
		if path.Ext(p) != ".md" || strings.Contains(p, "testdata/") {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		links[p] = nil
		for _, m := range mdLink.FindAllSubmatch(b, -1) {
			to := string(m[1])
			if strings.Contains(to, ":") {
				continue
			}
			to = path.Join(path.Dir(p), to)
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", p, to)
			}
			links[p] = append(links[p], to)
		}
	}
	if _, ok := links["README.md"]; !ok {
		t.Skip("no README.md yet")
	}
	seen := map[string]bool{}
	var walk func(p string)
	walk = func(p string) {
		if seen[p] {
			return
		}
		seen[p] = true
		for _, to := range links[p] {
			walk(to)
		}
	}
	walk("README.md")
	for p := range links {
		if strings.HasPrefix(p, "docs/") && !seen[p] {
			t.Errorf("%s cannot be reached from README.md", p)
		}
	}
}

// What starts with #! can be run, on any system.
func TestScriptsAreExecutable(t *testing.T) {
	t.Parallel()
	for _, p := range tracked(t) {
		b, err := os.ReadFile(p)
		if err != nil || !bytes.HasPrefix(b, []byte("#!")) {
			continue
		}
		st, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode()&0o111 == 0 {
			t.Errorf("%s starts with #! but cannot be run", p)
		}
		if strings.Contains(string(b), "\r\n") {
			t.Errorf("%s: CRLF", p)
		}
	}
}
