package apply

import (
	"context"
	"fmt"

	"github.com/migr-dev/migr/internal/driver"
)

// Outcome finds what became of the statement of a half-done revision that was begun
// and whose end was not recorded. A statement within a transaction was undone with
// it, as the record is part of the transaction; a batch knows itself what is left.
func (s *Session) Outcome(ctx context.Context, t *Task, e Entry) (driver.Outcome, error) {
	for _, part := range s.Plan.split(*t) {
		if e.Done < part.from || e.Done >= part.from+len(part.stmts) {
			continue
		}
		if _, batch := t.Batches[e.Done]; batch || part.tx {
			return driver.Again, nil
		}
		if s.Plan.Dialect.Alone == nil {
			break
		}
		a := s.Plan.Dialect.Alone(t.Stmts[e.Done].Text)
		if a == nil || a.Outcome == nil {
			break
		}
		o, err := a.Outcome(ctx, s.Conn)
		if err != nil {
			return driver.Unknown, fmt.Errorf("looking what became of statement %d of revision %s: %w", e.Done+1, t.Revision, err)
		}
		return o, nil
	}
	return driver.Unknown, nil
}
