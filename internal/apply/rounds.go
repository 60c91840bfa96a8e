package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/migr-dev/migr/internal/driver"
)

// rounds repeats a statement, limited to so many rows, each time in a transaction
// of its own, until it changes no row and, where that can be asked, none matches. A kill loses one round: the statement's own
// condition knows what is left to do.
func (s *Session) rounds(ctx context.Context, t *Task, o op) error {
	d := s.Plan.Dialect
	s.tell(Event{Kind: StatementBegins, Task: t, Statement: o.n})
	began := s.Now()
	text, count, err := d.Limit(o.sql, o.batch.Size)
	if err != nil {
		return err
	}
	total, err := s.number(ctx, count)
	if err != nil {
		return s.newStatementError(ctx, t, o.n, err)
	}
	var sum, check int64 = 0, total
	idle := false // the round before changed no row
	for round := 1; ; round++ {
		n, err := s.round(ctx, t, o, text)
		if err != nil {
			return err
		}
		if sum += n; n == 0 { // MySQL counts the rows that are others now, not those that matched
			left, err := s.number(ctx, count)
			if err != nil {
				return s.newStatementError(ctx, t, o.n, err)
			}
			if left <= 0 {
				break
			}
			if idle {
				return s.stay(ctx, t, o, sum, left)
			}
		}
		idle = n == 0
		s.tell(Event{Kind: Working, Task: t, Statement: o.n, Text: fmt.Sprintf("%s statement %d: %d%s rows", t.Revision, o.n, sum, ofTotal(total))})
		if total >= 0 && sum > check { // more than there were: either they come as fast as they are changed, or they stay
			left, err := s.number(ctx, count)
			if err != nil {
				return s.newStatementError(ctx, t, o.n, err)
			}
			if left >= total {
				return s.stay(ctx, t, o, sum, left)
			}
			check = sum + left
		}
		if err := sleep(ctx, o.batch.Sleep); err != nil {
			return s.newStatementError(ctx, t, o.n, err)
		}
	}
	s.tell(Event{Kind: StatementEnds, Task: t, Statement: o.n, Duration: s.Now().Sub(began)})
	return nil
}

// stay is the error of rows that match also when they are done.
func (s *Session) stay(ctx context.Context, t *Task, o op, sum, left int64) error {
	e := s.newStatementError(ctx, t, o.n, fmt.Errorf("%d rows were changed, and still %d match: the statement's WHERE must leave out the rows that are done", sum, left))
	e.Server = &driver.ServerError{Message: e.Err.Error()}
	return e
}

// round runs one round; where it meets a lock, again.
func (s *Session) round(ctx context.Context, t *Task, o op, text string) (int64, error) {
	for try := 0; ; try++ {
		n, err := s.oneRound(ctx, text)
		if err == nil {
			return n, nil
		}
		s.rollback(ctx)
		if s.Conn.Dialect.CauseOf(err) != driver.LockWait || try >= s.Retries || ctx.Err() != nil {
			return 0, s.newStatementError(ctx, t, o.n, err)
		}
		pause := min(30*time.Second, 100*time.Millisecond<<min(try, 9))
		pause = pause/2 + rand.N(pause/2)
		s.tell(Event{Kind: Retrying, Task: t, Duration: pause, Text: fmt.Sprintf("a lock was not free (try %d of %d)", try+1, s.Retries+1)})
		if err := sleep(ctx, pause); err != nil {
			return 0, s.newStatementError(ctx, t, o.n, err)
		}
	}
}

func (s *Session) oneRound(ctx context.Context, text string) (int64, error) {
	opening := ""
	for _, o := range s.Plan.opening() {
		opening += o.sql + ";\n"
	}
	if err := s.Conn.Exec(ctx, opening); err != nil {
		return 0, err
	}
	n, err := s.Conn.Changed(ctx, text)
	if err == nil {
		err = s.fence(ctx)
	}
	if err != nil {
		return 0, err
	}
	return n, s.Conn.Exec(ctx, "COMMIT")
}

// number asks for one number; -1 where there is nothing to ask.
func (s *Session) number(ctx context.Context, query string) (int64, error) {
	if query == "" {
		return -1, nil
	}
	rows, err := s.Conn.Strings(ctx, query)
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 || len(rows[0]) != 1 {
		return 0, errors.New("counting the rows gave no number")
	}
	return strconv.ParseInt(rows[0][0], 10, 64)
}

func ofTotal(n int64) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf(" of %d", n)
}
