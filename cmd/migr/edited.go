package main

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/gitref"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

// versionsTried is how many commits of a file are looked at for the text that ran.
const versionsTried = 100

// edited tells of a file that was changed after its revision was applied: when that was,
// and, where git has the text that ran, the first line that is another one now. The database
// keeps its checksum only.
func (a *app) edited(ctx context.Context, r *history.Revision, ran apply.Entry) []string {
	why := []string{r.Path + ", applied " + output.Time(ran.AppliedAt)}
	name := r.Path
	if shown := a.cfg.Rel(a.cfg.Dir); shown != "." {
		name = strings.TrimPrefix(name, shown+"/")
	}
	now, err := fs.ReadFile(dirFS(a.cfg.Dir), name)
	if err != nil {
		return why
	}
	// without git, or outside of a repository, nothing more is known
	_ = gitref.Open(a.cfg.Dir, a.environ).Versions(ctx, name, versionsTried, func(commit string, text []byte) bool {
		old, err := history.Parse(r.Path, text)
		if err != nil {
			return true
		}
		if sum, err := old.Checksum(); err != nil || sum != ran.Checksum {
			return true
		}
		if n, was, is := firstDifference(string(text), string(now)); n > 0 {
			why = append(why, fmt.Sprintf("%s:%d: it was %q when it ran (git has it in %s), and is %q", r.Path, n, was, commit, is))
		}
		return false
	})
	return why
}

// firstDifference finds the first line, by its number in the new text, in which two revision
// files differ, as the checksum sees them: their headers and the blanks at line ends do not
// count. 0: there is none.
func firstDifference(was, is string) (n int, old, now string) {
	before, _ := partLines(was)
	after, header := partLines(is)
	for i := range max(len(before), len(after)) {
		old, now = "", ""
		if i < len(before) {
			old = before[i]
		}
		if i < len(after) {
			now = after[i]
		}
		if old != now {
			return header + i + 1, old, now
		}
	}
	return 0, "", ""
}

// partLines are the lines of a revision file from its up part on, and how many are before
// them.
func partLines(text string) (lines []string, header int) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if lines == nil && !strings.HasPrefix(line, "-- migr:up") {
			header++
			continue
		}
		lines = append(lines, line)
	}
	return lines, header
}
