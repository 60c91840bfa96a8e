package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
)

// batchBytes keeps a text below max_allowed_packet (16 MB by default).
const batchBytes = 4 << 20

// batch sends many statements as one text. A session variable counts them, as
// the server does not say which of them failed.
func batch(ctx context.Context, c *driver.Conn, stmts []string, _ bool) (int, error) {
	for from := 0; from < len(stmts); {
		var b strings.Builder
		to := from
		for ; to < len(stmts) && (to == from || b.Len()+len(stmts[to]) < batchBytes); to++ {
			fmt.Fprintf(&b, "SET @migr_n = %d;\n%s;\n", to, stmts[to])
		}
		if err := c.Exec(ctx, b.String()); err != nil {
			var n int
			if e := c.QueryRowContext(ctx, "SELECT @migr_n").Scan(&n); e != nil {
				return from, err
			}
			return n, err
		}
		from = to
	}
	return 0, nil
}

func empty(tables []string) []string {
	all := []string{"SET foreign_key_checks = 0"}
	for _, t := range tables {
		all = append(all, "TRUNCATE TABLE "+t)
	}
	return append(all, "SET foreign_key_checks = 1")
}

// reset ends what a dump's SETs began: they hold to the end of their file.
func reset(ctx context.Context, c *driver.Conn) error {
	return c.Exec(ctx, "SET sql_mode = @@global.sql_mode, foreign_key_checks = 1, unique_checks = 1, time_zone = @@global.time_zone, sql_notes = 1; SET NAMES utf8mb4")
}
