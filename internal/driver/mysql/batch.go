package mysql

import (
	"context"
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// batchBytes keeps a text below max_allowed_packet (16 MB by default).
const batchBytes = 4 << 20

// batch sends many statements as one text. A session variable counts them, as
// the server does not say which of them failed.
func batch(ctx context.Context, c *driver.Conn, stmts []string, _ bool) (int, error) {
	for from := 0; from < len(stmts); {
		var b strings.Builder
		to := from
		for ended := false; !ended && to < len(stmts) && (to == from || b.Len()+len(stmts[to]) < batchBytes); to++ {
			fmt.Fprintf(&b, "SET @migr_n = %d;\n%s", to, stmts[to])
			if ended = keepsText(stmts[to]); !ended {
				b.WriteString(";\n")
			}
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

// keepsText tells whether the server stores the statement's text. Such a one ends
// its batch: MySQL (9.7) takes the semicolon behind a body that is a bare statement,
// or a labelled block, into the body, where SHOW CREATE then has it.
func keepsText(stmt string) bool {
	keeps, first := false, true
	sqltext.Scan(sqltext.MySQL, stmt, func(t sqltext.Token) bool {
		switch {
		case t.Kind == sqltext.Space || t.Kind == sqltext.Comment || t.Kind == sqltext.Mark:
			return true
		case first:
			first = false
			return t.Is("CREATE") || t.Is("ALTER")
		case t.Is("PROCEDURE"), t.Is("FUNCTION"), t.Is("TRIGGER"), t.Is("EVENT"), t.Is("PACKAGE"):
			keeps = true
			return false
		case t.Is("TABLE"), t.Is("VIEW"), t.Is("INDEX"), t.Is("DATABASE"), t.Is("SEQUENCE"):
			return false
		}
		return true
	})
	return keeps
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
