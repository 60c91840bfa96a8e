package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDocs runs the examples of README.md and docs/*.md: every fenced block
// whose language is "console", in order, each document in a folder of its own.
//
//	```console
//	$ migr heads
//	3f9c2a71d0b4 (head)
//	```
//
// A line that starts with "$ " is a command for sh (a backslash at its end goes
// on in the next line), the lines up to the next one are what it prints, stdout
// and stderr together, and it must succeed. "..." stands for anything: alone in a
// line for any lines. A block of any language with file=NAME writes that
// file; "console skip=REASON" is not run. Words after the language do not show.
func TestDocs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append([]string{"../../README.md"}, files...) {
		text, err := os.ReadFile(f)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			runDocument(t, filepath.Base(f), string(text))
		})
	}
}

// A fence is a fenced block: its info string's words, the lines in it, the
// number of the first of them.
type fence struct {
	info  []string
	lines []string
	line  int
}

func (f fence) option(key string) (string, bool) {
	for _, w := range f.info[1:] {
		if v, ok := strings.CutPrefix(w, key+"="); ok {
			return v, true
		}
	}
	return "", false
}

func fences(text string) []fence {
	var out []fence
	var in *fence
	for i, l := range strings.Split(text, "\n") {
		rest, is := strings.CutPrefix(l, "```")
		switch {
		case is && in == nil:
			in = &fence{info: append(strings.Fields(rest), ""), line: i + 2}
		case is:
			out, in = append(out, *in), nil
		case in != nil:
			in.lines = append(in.lines, l)
		}
	}
	return out
}

func runDocument(t *testing.T, name, text string) {
	dir := t.TempDir()
	env := append(os.Environ(), "MIGR_TEST_CLOCK=2026-11-22T16:40:12Z", "MIGR_TEST_SEED=docs",
		"MIGR_TEST_IDS="+filepath.Join(t.TempDir(), "ids"), "HOME="+dir, "NO_COLOR=1", "CI=", "DATABASE_URL=", "MIGR_URL=")
	for _, f := range fences(text) {
		where := fmt.Sprintf("%s:%d", name, f.line)
		if file, ok := f.option("file"); ok {
			file = filepath.Join(dir, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(strings.Join(f.lines, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if f.info[0] != "console" {
			continue
		}
		if why, ok := f.option("skip"); ok {
			t.Logf("%s: not run: %s", where, why)
			continue
		}
		for _, x := range examples(t, where, f.lines) {
			runExample(t, where, dir, env, x)
		}
	}
}

type example struct{ command, want string }

func examples(t *testing.T, where string, lines []string) []example {
	var out []example
	for i := 0; i < len(lines); i++ {
		cmd, ok := strings.CutPrefix(lines[i], "$ ")
		if !ok {
			if len(out) == 0 {
				t.Fatalf("%s: a console block starts with \"$ \", not %q", where, lines[i])
			}
			out[len(out)-1].want += lines[i] + "\n"
			continue
		}
		for strings.HasSuffix(cmd, "\\") && i+1 < len(lines) {
			i++
			cmd += "\n" + strings.TrimPrefix(lines[i], "> ")
		}
		out = append(out, example{command: cmd})
	}
	return out
}

func runExample(t *testing.T, where, dir string, env []string, x example) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", x.command)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, env, time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: $ %s\n%s%v", where, x.command, out, err)
	}
	if !matchesExample(x.want, string(out)) {
		t.Errorf("%s: $ %s\nprints\n%s\nbut the document says\n%s", where, x.command, out, x.want)
	}
}

// matchesExample tells whether the output is what the document says, blanks at
// the ends of lines and blank lines at the end aside.
func matchesExample(want, got string) bool {
	q := regexp.QuoteMeta(trimLines(want) + "\n")
	q = regexp.MustCompile(`(?m)^\\\.\\\.\\\.\n`).ReplaceAllString(q, `(?:.*\n)*`)
	q = strings.ReplaceAll(q, `\.\.\.`, `.*`)
	return regexp.MustCompile(`^` + q + `$`).MatchString(trimLines(got) + "\n")
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func TestMatchesExample(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want, got string
		ok        bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a\n", "a\nb\n", false},
		{"", "noise\n", false},
		{"", "", true},
		{"...\n", "", true},
		{"a\n...\nd\n", "a\nb\nc\nd\n", true},
		{"a\n...\nd\n", "a\nd\n", true},
		{"took ... ms (2)\n", "took 17 ms (2)  \n", true},
		{"took ... ms\n", "took 17\nms\n", false},
		{"a.c\n", "abc\n", false},
	} {
		if matchesExample(c.want, c.got) != c.ok {
			t.Errorf("%q against %q: want %t", c.got, c.want, c.ok)
		}
	}
}

// The runner must see what is wrong; it is given a document of its own.
func TestRunDocument(t *testing.T) {
	t.Parallel()
	runDocument(t, "doc", strings.Join([]string{
		"```sql file=db/schema.sql", "CREATE TABLE t (id int);", "```",
		"```console", "$ cat db/schema.sql", "CREATE ... (id int);", "$ migr version | tr -d \\", "> '()'", "migr ...", "```",
		"```console skip=no-such-thing", "$ exit 1", "```",
		"```sh", "exit 1", "```",
	}, "\n"))
}
