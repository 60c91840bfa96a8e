package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

const scale = 10_000

// BenchmarkScale measures what a folder of 10,000 revisions costs, in one line and
// with branches and merges. cat, which only reads the files, is the measure: heads,
// history and an upgrade with nothing to do should take no longer, upgrade --sql at
// most five times that.
func BenchmarkScale(b *testing.B) {
	for _, shape := range []struct {
		name    string
		parents func(i int) []int
	}{
		{"line", func(i int) []int { return []int{i - 1} }},
		{"branches", func(i int) []int { // a fork after every fourth, a merge before it
			switch i % 4 {
			case 2:
				return []int{i - 2}
			case 3:
				return []int{i - 2, i - 1}
			}
			return []int{i - 1}
		}},
	} {
		b.Run(shape.name, func(b *testing.B) { benchmarkShape(b, shape.parents) })
	}
}

func benchmarkShape(b *testing.B, parents func(int) []int) {
	dir := b.TempDir()
	files := writeScale(b, dir, parents)
	u := testdb.SQLiteURL(filepath.Join(dir, "app.db"))
	run := func(b *testing.B, args ...string) {
		var errs bytes.Buffer
		a := &app{
			in: strings.NewReader(""), stdout: io.Discard, stderr: &errs, dir: dir, now: time.Now, rand: strings.NewReader(""),
			environ: []string{"MIGR_URL=" + u, "MIGR_DIR=revs"},
		}
		if code := a.run(context.Background(), append([]string{"-q"}, args...)); code != 0 {
			b.Fatalf("migr %s: exit %d: %s", strings.Join(args, " "), code, &errs)
		}
	}
	run(b, "upgrade", "--transaction", "all")
	b.Run("cat", func(b *testing.B) {
		for b.Loop() {
			for _, f := range files {
				if _, err := os.ReadFile(f); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	for _, args := range [][]string{{"heads"}, {"history"}, {"history", "--graph"}, {"upgrade"}, {"status"}, {"upgrade", "--sql"}} {
		b.Run(strings.Join(args, "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b, args...)
			}
		})
	}
}

func writeScale(b *testing.B, dir string, parents func(int) []int) []string {
	if err := os.Mkdir(filepath.Join(dir, "revs"), 0o777); err != nil {
		b.Fatal(err)
	}
	var files []string
	for i := range scale {
		var revises []string
		if i > 0 {
			for _, p := range parents(i) {
				revises = append(revises, fmt.Sprintf("%012x", p))
			}
		}
		f := filepath.Join(dir, "revs", fmt.Sprintf("%06d.sql", i))
		text := fmt.Sprintf("-- migr:revision %012x\n-- migr:revises %s\n-- migr:message change %d\n-- migr:created 2026-11-22T16:40:12Z\n\n"+
			"-- migr:up\nCREATE TABLE t_%d (\n  id BIGINT PRIMARY KEY,\n  name VARCHAR(100) NOT NULL,\n  user_id BIGINT NOT NULL\n);\nDROP TABLE t_%d;\n\n"+
			"-- migr:down\nCREATE TABLE t_%d (x int);\nDROP TABLE t_%d;\n", i, strings.Join(revises, ", "), i, i, i, i, i)
		if err := os.WriteFile(f, []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}
