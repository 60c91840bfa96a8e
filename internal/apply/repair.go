package apply

import (
	"context"
	"fmt"
	"strings"
)

// Record writes into the version table and the log that a task happened, without
// running it: what was half done of the revision counts as ended. rows are those
// that planning saw; where they are others by now, the error is ErrMoved.
func (s *Session) Record(ctx context.Context, t Task, rows []string) error {
	tables := s.Plan.Tables
	g := group{tx: true, last: true, ops: []op{{kind: opBegin, sql: s.Plan.Dialect.Begin}, {kind: opRecord, sql: tables.forget(t)}}}
	for _, sql := range append(tables.rows(t), tables.entry(t, s.Plan)) {
		g.ops = append(g.ops, op{kind: opRecord, sql: sql})
	}
	g.ops = append(g.ops, op{kind: opCommit, sql: "COMMIT"})
	if err := s.runGroup(ctx, &t, g, rows, s.Now()); err != nil {
		return fmt.Errorf("recording revision %s: %w", t.Revision, err)
	}
	return nil
}

// AssumeDone records that the first n statements of a half-done revision are done:
// those that the log does not know as done are the ones of the task, which may have
// been mended since.
func (s *Session) AssumeDone(ctx context.Context, e Entry, t Task, n int) error {
	known := strings.Fields(e.Hashes)
	all := strings.Fields(hashes(t.Stmts))
	copy(all, known[:min(e.Done, len(known), len(all))])
	if err := s.write(ctx, s.Plan.Tables.assume(e, strings.Join(all, " "), n), false); err != nil {
		return fmt.Errorf("recording what is done of revision %s: %w", e.Revision, err)
	}
	return nil
}

// Accept records the checksum and the down text of an upgrade's task as those that ran.
func (s *Session) Accept(ctx context.Context, t Task) error {
	if err := s.write(ctx, s.Plan.Tables.accept(t), false); err != nil {
		return fmt.Errorf("recording the checksum of revision %s: %w", t.Revision, err)
	}
	return nil
}

// forget removes what was begun and not ended.
func (t Tables) forget(task Task) string {
	return fmt.Sprintf("DELETE FROM %s WHERE revision = %s AND state <> 'done'", t.log(), t.lit(task.Revision))
}

// assume says that n statements are done and none is under way.
func (t Tables) assume(e Entry, hashes string, n int) string {
	return fmt.Sprintf("UPDATE %s SET state = 'running', started = %d, done = %d, hashes = %s, error = NULL, found = NULL WHERE revision = %s AND direction = %s AND state <> 'done'",
		t.log(), n, n, t.lit(hashes), t.lit(e.Revision), t.lit(e.Direction))
}

func (t Tables) accept(task Task) string {
	return fmt.Sprintf("UPDATE %s SET checksum = %s, down_sql = %s, header = %s WHERE revision = %s AND direction = 'up' AND state = 'done'",
		t.log(), t.lit(task.Checksum), t.lit(task.Down), t.lit(task.Header), t.lit(task.Revision))
}

// again records what the file of a half-done revision holds now: it was mended. None
// of its statements is under way.
func (t Tables) again(task Task) string {
	return fmt.Sprintf("UPDATE %s SET state = 'running', started = %d, done = %[2]d, error = NULL, found = NULL, statements = %d, checksum = %s, down_sql = %s, header = %s, hashes = %s%s", t.log(), task.Done, len(task.Stmts),
		t.lit(task.Checksum), t.lit(task.Down), t.lit(task.Header), t.lit(hashes(task.Stmts)), t.where(task))
}
