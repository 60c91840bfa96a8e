package main

import (
	"context"
	"database/sql"
	"time"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/gate"
)

// How long counting may take: one query, and all of them.
const (
	countOne = 2 * time.Second
	countAll = 6 * time.Second
)

// A rowCounter tells how many rows a loss is about, on a connection of its own, so that
// a count which is cut off costs nobody anything. What it cannot tell it leaves open.
type rowCounter struct {
	live *driver.Conn
	conn *driver.Conn
	stop context.CancelFunc
	ctx  context.Context
	off  bool
}

func newRowCounter(ctx context.Context, live *driver.Conn) *rowCounter {
	c := &rowCounter{live: live, off: live == nil}
	c.ctx, c.stop = context.WithTimeout(ctx, countAll)
	return c
}

func (c *rowCounter) close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
	c.stop()
}

// told puts the number of rows into what is said of a loss. The table's name is as
// it is written in SQL. rows is -1 where there is no number.
func (c *rowCounter) told(code, name, why, query, table string) (text string, rows int64, about bool) {
	n, about, ok := c.count(query, table)
	if !ok {
		return why, -1, false
	}
	return gate.Told(code, name, why, n, about), n, about
}

// count runs the query, and takes the server's guess where that takes too long.
func (c *rowCounter) count(query, table string) (n int64, about, ok bool) {
	if query == "" || c.off || c.ctx.Err() != nil {
		return 0, false, false
	}
	if c.conn == nil {
		var err error
		if c.conn, err = c.live.Another(c.ctx); err != nil {
			c.off = true
			return 0, false, false
		}
	}
	if n, ok := c.ask(query, countOne); ok {
		return n, false, true
	}
	guess := c.conn.Dialect.Guess
	if guess == nil || table == "" {
		return 0, false, false
	}
	n, ok = c.ask(guess(table), countOne)
	return n, true, ok
}

// ask runs one query, bounded by the server where it can do that: a statement whose
// context ends goes on at a server that is not told (MySQL), and costs the connection.
func (c *rowCounter) ask(query string, most time.Duration) (int64, bool) {
	ctx, cancel := context.WithTimeout(c.ctx, most+time.Second)
	defer cancel()
	tx, err := c.conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, false
	}
	defer func() { _ = tx.Rollback() }()
	for _, set := range c.conn.Dialect.Settings(driver.Timeouts{Statement: most, Lock: time.Second}) {
		if _, err := tx.ExecContext(ctx, set); err != nil {
			return 0, false
		}
	}
	var n sql.NullInt64
	if err := tx.QueryRowContext(ctx, query).Scan(&n); err != nil || !n.Valid {
		return 0, false
	}
	return n.Int64, true
}
