package postgres

import (
	"context"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
)

// batch sends all statements as one text, which is one round trip and one
// implicit transaction. When that fails nothing has happened, and they are run once
// more one by one, as few errors tell which statement they are of.
func batch(ctx context.Context, c *driver.Conn, stmts []string, atomic bool) (int, error) {
	if len(stmts) == 1 {
		return 0, c.Exec(ctx, stmts[0])
	}
	if err := c.Exec(ctx, strings.Join(stmts, ";\n")); err == nil || ctx.Err() != nil {
		return 0, err
	}
	if !atomic {
		return oneByOne(ctx, c, stmts)
	}
	if err := c.Exec(ctx, "BEGIN"); err != nil {
		return 0, err
	}
	i, err := oneByOne(ctx, c, stmts)
	if err != nil {
		_ = c.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		return i, err
	}
	return 0, c.Exec(ctx, "COMMIT")
}

func oneByOne(ctx context.Context, c *driver.Conn, stmts []string) (int, error) {
	for i, s := range stmts {
		if err := c.Exec(ctx, s); err != nil {
			return i, err
		}
	}
	return 0, nil
}

func empty(tables []string) []string {
	return []string{"TRUNCATE " + strings.Join(tables, ", ") + " CASCADE"}
}

// reset leaves the session as a scratch database wants it: function bodies are not
// checked, and nothing waits for the disk.
func reset(ctx context.Context, c *driver.Conn) error {
	return c.Exec(ctx, "RESET ALL; SET check_function_bodies = off; SET client_min_messages = warning; SET synchronous_commit = off")
}

func schemas(ctx context.Context, c *driver.Conn) ([]string, error) {
	rows, err := c.Strings(ctx, `SELECT nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' ORDER BY 1`)
	var names []string
	for _, r := range rows {
		names = append(names, r[0])
	}
	return names, err
}
