package main

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// locksMark begins the comments of a revision file that tell what the statement below locks.
const locksMark = "-- locks: "

// expected tells, for a dry run, what a statement locks: as the server has told it when the
// file was written (revision --online), else what its text tells. "" where that is nothing.
func (db *database) expected(s sqltext.Stmt) string {
	var told []string
	for line := range strings.Lines(s.Comment) {
		if l, ok := strings.CutPrefix(strings.TrimSpace(line), strings.TrimSpace(locksMark)); ok {
			told = append(told, strings.TrimSpace(l))
		}
	}
	if len(told) > 0 {
		return "locks " + strings.Join(told, ", ")
	}
	if db.engine.Expect == nil {
		return ""
	}
	if text := db.engine.Expect(s.Text); text != "" {
		return "locks, by its text, " + text
	}
	return ""
}
