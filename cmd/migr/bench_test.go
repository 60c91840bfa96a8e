package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// The benchmarks of this file run the built binary beside a floor, turn by turn in
// one run, and report how many times the floor's time it takes ("×floor", the
// median of the pairs) and the peak of its memory: times alone say more about the
// machine than about migr. docs/performance.md has the bounds.

// buildBoth makes the binary as `make build` does, and an empty Go program built the
// same way.
var buildBoth = sync.OnceValues(func() (struct{ migr, empty string }, error) {
	var b struct{ migr, empty string }
	dir, err := os.MkdirTemp("", "migr-bench")
	if err != nil {
		return b, err
	}
	b.migr, b.empty = filepath.Join(dir, "migr"), filepath.Join(dir, "empty")
	src := filepath.Join(dir, "empty.go")
	if err := os.WriteFile(src, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return b, err
	}
	for out, pkg := range map[string]string{b.migr: ".", b.empty: src} {
		cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", out, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return b, fmt.Errorf("building %s: %w\n%s", pkg, err, text)
		}
	}
	return b, nil
})

func binaries(b *testing.B) (migr, empty string) {
	b.Helper()
	x, err := buildBoth()
	if err != nil {
		b.Fatal(err)
	}
	return x.migr, x.empty
}

// tool returns the path of a program, or skips the benchmark.
func tool(b *testing.B, name string) string {
	b.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		b.Skipf("%s is not installed", name)
	}
	return p
}

// A run is one process.
type run struct {
	dir  string
	args []string
	in   string // a file for its stdin
	env  []string
}

// time runs the process and returns how long it took and the most memory it had.
func (r run) time(b *testing.B) (time.Duration, int64) {
	b.Helper()
	cmd := exec.Command(r.args[0], r.args[1:]...)
	cmd.Dir, cmd.Env = r.dir, append(os.Environ(), r.env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if r.in != "" {
		f, err := os.Open(r.in)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		cmd.Stdin = f
	}
	began := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(r.args, " "), err, errs.String())
	}
	took := time.Since(began)
	return took, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss // kilobytes on Linux
}

// compare runs floor and migr in turn; before makes the state for each pair. It also
// reports the ratio of the shortest times ("×least"), which a busy machine disturbs
// least, and returns migr's.
func compare(b *testing.B, before func() (floor, migr run)) time.Duration {
	b.Helper()
	var ratios []float64
	var peak int64
	var leastFloor, least time.Duration
	for b.Loop() {
		b.StopTimer()
		floor, migr := before()
		f, _ := floor.time(b)
		b.StartTimer()
		m, rss := migr.time(b)
		ratios = append(ratios, float64(m)/float64(f))
		peak = max(peak, rss)
		if len(ratios) == 1 || f < leastFloor {
			leastFloor = f
		}
		if len(ratios) == 1 || m < least {
			least = m
		}
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "×floor")
	b.ReportMetric(float64(least)/float64(leastFloor), "×least")
	b.ReportMetric(float64(peak)/1024, "MB-peak")
	return least
}

// BenchmarkHelp is the start of migr beside that of an empty Go program.
func BenchmarkHelp(b *testing.B) {
	migr, empty := binaries(b)
	info, err := os.Stat(migr)
	if err != nil {
		b.Fatal(err)
	}
	compare(b, func() (run, run) { return run{args: []string{empty}}, run{args: []string{migr, "--help"}} })
	b.ReportMetric(float64(info.Size())/(1<<20), "MB-binary")
}

// revisions writes a project of n revisions, of a table with two indexes each, and
// beside it script.sql, which does the same in a transaction for each.
func revisions(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "migrations"), 0o750); err != nil {
		b.Fatal(err)
	}
	write("migr.toml", "dir = \"migrations\"\nmodels = []\n")
	var script strings.Builder
	script.WriteString("CREATE TABLE version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);\nINSERT INTO version VALUES ('');\n")
	before := ""
	for i := range n {
		id := fmt.Sprintf("%012x", 0xa00000000000+i*7919)
		up := fmt.Sprintf("CREATE TABLE t%d (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, ref INTEGER);\nCREATE INDEX t%[1]d_name ON t%[1]d (name);\nCREATE INDEX t%[1]d_ref ON t%[1]d (ref);\n", i)
		write("migrations/"+id+".sql", fmt.Sprintf("-- migr:revision %s\n-- migr:revises %s\n-- migr:message table %d\n\n-- migr:up\n%s\n-- migr:down\n-- migr:allow drop-table\nDROP TABLE t%[3]d;\n", id, before, i, up))
		fmt.Fprintf(&script, "BEGIN;\n%sUPDATE version SET version_num = '%s' WHERE version_num = '%s';\nCOMMIT;\n", up, id, before)
		before = id
	}
	write("script.sql", script.String())
	return dir
}

// BenchmarkUpgrade1000 is an upgrade of 1,000 revisions beside the database's own
// client with the same statements, a transaction for each revision on both sides.
func BenchmarkUpgrade1000(b *testing.B) {
	migr, _ := binaries(b)
	b.Run("sqlite", func(b *testing.B) {
		client, dir := tool(b, "sqlite3"), revisions(b, 1000)
		n := 0
		compare(b, func() (run, run) {
			n++
			return run{dir: dir, args: []string{client, fmt.Sprintf("floor%d.db", n)}, in: filepath.Join(dir, "script.sql")},
				run{dir: dir, args: []string{migr, "upgrade", "-q", "-u", fmt.Sprintf("sqlite://migr%d.db", n)}}
		})
	})
	for _, e := range []testdb.Engine{testdb.EnginePostgres, testdb.EnginePostgres18} {
		b.Run(e.Name, func(b *testing.B) {
			client, dir := tool(b, "psql"), revisions(b, 1000)
			e.Admin(b)
			compare(b, func() (run, run) {
				return run{dir: dir, args: []string{client, "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", "script.sql", passing(b, e)}},
					run{dir: dir, args: []string{migr, "upgrade", "-q", "-u", passing(b, e)}}
			})
		})
	}
}

// passing is a fresh database that is dropped with the benchmark.
func passing(b *testing.B, e testdb.Engine) string {
	b.Helper()
	u, drop, err := e.Create(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = drop() })
	return u
}

// Benchmark10000Revisions is each command on 10,000 revisions beside cat, which
// does no more than read them.
func Benchmark10000Revisions(b *testing.B) {
	migr, _ := binaries(b)
	dir := revisions(b, 10000)
	args := func(a ...string) run {
		return run{dir: dir, args: append([]string{migr, "-u", "sqlite://app.db", "-q"}, a...)}
	}
	args("stamp", "head").time(b)
	for name, r := range map[string]run{
		"heads": args("heads"), "history": args("history"), "noop": args("upgrade"), "script": args("upgrade", "--sql"),
	} {
		b.Run(name, func(b *testing.B) {
			compare(b, func() (run, run) { return run{dir: dir, args: []string{"sh", "-c", "cat migrations/*.sql"}}, r })
		})
	}
}
