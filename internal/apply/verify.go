package apply

import (
	"context"
	"slices"
	"strings"
)

// verify asks, before the first statement and after the last, for rows that
// contradict one another: only those that the revision has made count.
func (r *runner) verify(ctx context.Context, t *Task, o op) error {
	rows, err := r.Conn.Strings(ctx, o.sql)
	if err != nil {
		return err
	}
	if o.n == 0 {
		r.before = rows
		return nil
	}
	if news := added(r.before, rows); len(news) > 0 {
		return &VerifyError{Task: t, Rows: news}
	}
	return nil
}

// added returns the rows that have come, where of some pair of tables there are more
// than before: a rebuilt table may number its rows anew. The columns are table, row,
// the table that it points at.
func added(before, after [][]string) [][]string {
	pair := func(row []string) string { return strings.ToLower(row[0] + "\x00" + row[2]) }
	count := map[string]int{}
	for _, row := range before {
		count[pair(row)]--
	}
	for _, row := range after {
		count[pair(row)]++
	}
	if len(after) <= len(before) && !slices.ContainsFunc(after, func(row []string) bool { return count[pair(row)] > 0 && known(before, row[0]) }) {
		return nil
	}
	var news [][]string
	for _, row := range after {
		if count[pair(row)] > 0 && !slices.ContainsFunc(before, func(old []string) bool { return slices.Equal(old, row) }) {
			news = append(news, row)
		}
	}
	return news
}

func known(rows [][]string, table string) bool {
	return slices.ContainsFunc(rows, func(row []string) bool { return strings.EqualFold(row[0], table) })
}
