package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFullDisk runs migr on a file system of 400 kB: what does not fit is an error
// and leaves nothing half-written.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=400k"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	migr := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		a := &app{in: strings.NewReader(""), stdout: &stdout, stderr: &stderr, dir: dir, now: clock, rand: random}
		if code := a.run(t.Context(), args); code != want {
			t.Fatalf("migr %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, &stdout, &stderr)
		}
		return stdout.String() + stderr.String()
	}
	migr(0, "init")
	fill := "INSERT INTO t VALUES ('" + strings.Repeat("x", 1000) + "');\n"
	write("migrations/one.sql", "-- migr:revision one\n-- migr:up\nCREATE TABLE t (x text);\nWITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT hex(zeroblob(500)) FROM n;\n")
	for _, command := range []string{"upgrade", "upgrade"} { // nothing is left of the first
		if out := migr(1, command); !strings.Contains(out, "full") || !strings.Contains(out, "revision one") {
			t.Errorf("%s: %s", command, out)
		}
		if out := migr(0, "status"); !strings.HasPrefix(out, "pending ") {
			t.Errorf("status: %s", out)
		}
	}
	big := filepath.Join(t.TempDir(), "big.sql")
	if err := os.WriteFile(big, []byte(strings.Repeat(fill, 600)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := migr(1, "revision", "-m", "big", "--sql", big, "--json"); !strings.Contains(out, `"code": "io"`) || !strings.Contains(out, "no space left") {
		t.Errorf("revision: %s", out)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "migrations", "*"))
	if len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

// TestFullOutput wants an error when the result cannot be written.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"version"}, {"version", "--json"}} {
		var stderr bytes.Buffer
		a := &app{in: strings.NewReader(""), stdout: full, stderr: &stderr, dir: t.TempDir(), now: clock, rand: random}
		if code := a.run(t.Context(), args); code != 1 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%v: exit %d: %s", args, code, &stderr)
		}
	}
}
