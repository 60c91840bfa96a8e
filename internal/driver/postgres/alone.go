package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// session sets the timeouts for one statement outside of transactions. What is done
// CONCURRENTLY waits for old transactions under lock_timeout too (15 to 18), and
// blocks nobody while it does: cut short it would leave an invalid index.
func session(t driver.Timeouts, stmt string) (set, reset string) {
	w := sqltext.Words(sqltext.Postgres, stmt, 16)
	if len(w) == 0 || w[0] == "SET" || w[0] == "RESET" {
		return "", ""
	}
	lock := t.Lock
	if slices.Contains(w, "CONCURRENTLY") {
		lock = 0
	} else if lock <= 0 {
		return "", ""
	}
	set, reset = fmt.Sprintf("SET lock_timeout = '%dms'", lock/time.Millisecond), "RESET lock_timeout"
	if t.Statement > 0 {
		set += fmt.Sprintf("; SET statement_timeout = '%dms'", t.Statement/time.Millisecond)
		reset += "; RESET statement_timeout"
	}
	return set, reset
}

// alone knows the statements that leave something behind when they are cut short.
func alone(stmt string) *driver.Alone {
	t := sqltext.Tokens(sqltext.Postgres, stmt)
	if len(t) < 2 {
		return nil
	}
	again := &driver.Alone{Outcome: func(context.Context, *driver.Conn) (driver.Outcome, error) { return driver.Again, nil }}
	switch {
	case t[0].Is("VACUUM"), t[0].Is("ANALYZE"), t[0].Is("SET"), t[0].Is("RESET"):
		return again
	case t[0].Is("CREATE"):
		return aloneIndex(stmt, t)
	case t[0].Is("DROP") && t[1].Is("INDEX"):
		return aloneDrop(t)
	case t[0].Is("REINDEX"):
		return aloneReindex(t)
	case t[0].Is("ALTER") && t[1].Is("TYPE"):
		return aloneValue(t)
	case t[0].Is("ALTER") && t[1].Is("TABLE") && detachesConcurrently(stmt):
		return aloneDetach(stmt, t)
	}
	return nil
}

// path says by which schemas names are found: by others, what has not happened looks as
// if it had.
func path(ctx context.Context, c *driver.Conn, first string) (string, error) {
	if first != "" {
		if err := c.Exec(ctx, first); err != nil {
			return "", err
		}
	}
	rows, err := c.Strings(ctx, "SELECT md5(current_schemas(false)::text)")
	if err != nil || len(rows) != 1 {
		return "", err
	}
	return rows[0][0], nil
}

// A concurrent is a CREATE INDEX CONCURRENTLY.
type concurrent struct {
	stmt  string
	name  string // "" when the server names it
	table string // as to_regclass reads it
}

func aloneIndex(stmt string, t []sqltext.Token) *driver.Alone {
	i := 1
	if t[i].Is("UNIQUE") {
		i++
	}
	if i+2 >= len(t) || !t[i].Is("INDEX") || !t[i+1].Is("CONCURRENTLY") {
		return nil
	}
	i += 2
	if t[i].Is("IF") {
		i += 3
	}
	c := &concurrent{stmt: stmt}
	if i < len(t) && !t[i].Is("ON") {
		c.name = t[i].Ident(sqltext.Postgres)
		i++
	}
	if i+1 < len(t) && t[i].Is("ON") {
		if i++; t[i].Is("ONLY") && i+1 < len(t) {
			i++
		}
		c.table = nameAt(t, i)
	}
	if c.name == "" || c.table == "" {
		return nil
	}
	return &driver.Alone{Before: c.before, After: c.after, Failed: c.failed, Outcome: c.outcome, Look: path}
}

// nameAt is a name with its qualifiers, as it is written.
func nameAt(t []sqltext.Token, i int) string {
	if i >= len(t) {
		return ""
	}
	name := t[i].Text
	for ; i+2 < len(t) && t[i+1].Is("."); i += 2 {
		name += "." + t[i+2].Text
	}
	return name
}

func lit(s string) string { return sqltext.QuoteLiteral(sqltext.Postgres, s) }

// invalid lists the invalid indexes of a table whose names match, quoted.
func invalid(ctx context.Context, c *driver.Conn, table, match string) ([]string, error) {
	rows, err := c.Strings(ctx, fmt.Sprintf(`SELECT format('%%I.%%I', n.nspname, r.relname) FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid JOIN pg_namespace n ON n.oid = r.relnamespace
		WHERE i.indrelid = to_regclass(%s) AND NOT i.indisvalid AND r.relkind = 'i' AND r.relname %s ORDER BY 1`, lit(table), match))
	var names []string
	for _, r := range rows {
		names = append(names, r[0])
	}
	return names, err
}

// drop removes indexes without blocking their table.
func drop(ctx context.Context, c *driver.Conn, names []string) (string, error) {
	for _, n := range names {
		if err := c.Exec(ctx, "DROP INDEX CONCURRENTLY IF EXISTS "+n); err != nil {
			return "", fmt.Errorf("dropping the invalid index %s: %w", n, err)
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	return "the invalid index " + strings.Join(names, ", ") + ", left behind by a try that was cut short, was dropped", nil
}

func (i *concurrent) before(ctx context.Context, c *driver.Conn) (string, string, error) {
	names, err := invalid(ctx, c, i.table, "= "+lit(i.name))
	if err != nil {
		return "", "", err
	}
	note, err := drop(ctx, c, names)
	return i.stmt, note, err
}

func (i *concurrent) after(ctx context.Context, c *driver.Conn) error {
	names, err := invalid(ctx, c, i.table, "= "+lit(i.name))
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("the index %s is there, but it is invalid", names[0])
	}
	return err
}

func (i *concurrent) failed(ctx context.Context, c *driver.Conn) (string, error) {
	names, err := invalid(ctx, c, i.table, "= "+lit(i.name))
	if err != nil {
		return "", err
	}
	return drop(ctx, c, names)
}

// outcome: a valid index is the statement's when it is defined as the statement says.
func (i *concurrent) outcome(ctx context.Context, c *driver.Conn) (driver.Outcome, error) {
	rows, err := c.Strings(ctx, fmt.Sprintf(`SELECT i.indisvalid, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid
		WHERE i.indrelid = to_regclass(%s) AND r.relname = %s`, lit(i.table), lit(i.name)))
	switch {
	case err != nil:
		return driver.Unknown, err
	case len(rows) == 0 || rows[0][0] == "false":
		return driver.Again, nil
	case shape(rows[0][1]) == shape(i.stmt):
		return driver.Happened, nil
	}
	return driver.Unknown, nil
}

// shape is an index's definition without what may be written or left out.
func shape(def string) string {
	var words []string
	t := sqltext.Tokens(sqltext.Postgres, def)
	for i := 0; i < len(t); i++ {
		switch {
		case t[i].Is("CONCURRENTLY"), t[i].Is("ASC"):
			continue
		case t[i].Is("IF"):
			i += 2
			continue
		case t[i].Is("USING") && i+1 < len(t) && t[i+1].Is("btree"):
			i++
			continue
		case i+1 < len(t) && t[i+1].Is("."): // a schema
			i++
			continue
		}
		w := t[i].Ident(sqltext.Postgres)
		if w == "" {
			w = t[i].Text
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

func aloneDrop(t []sqltext.Token) *driver.Alone {
	i := slices.IndexFunc(t, func(x sqltext.Token) bool { return x.Is("CONCURRENTLY") })
	if i < 0 || i+1 >= len(t) {
		return nil
	}
	if i++; t[i].Is("IF") {
		i += 2
	}
	name := nameAt(t, i)
	return &driver.Alone{Look: path, Outcome: func(ctx context.Context, c *driver.Conn) (driver.Outcome, error) {
		rows, err := c.Strings(ctx, "SELECT to_regclass("+lit(name)+")")
		if err != nil || len(rows) != 1 {
			return driver.Unknown, err
		}
		if rows[0][0] == "" {
			return driver.Happened, nil
		}
		return driver.Again, nil
	}}
}

// aloneReindex removes the copies that REINDEX CONCURRENTLY (12 and later) leaves
// behind: NAME_ccnew, and NAME_ccold.
func aloneReindex(t []sqltext.Token) *driver.Alone {
	again := &driver.Alone{Outcome: func(context.Context, *driver.Conn) (driver.Outcome, error) { return driver.Again, nil }}
	i := slices.IndexFunc(t, func(x sqltext.Token) bool { return x.Is("CONCURRENTLY") })
	if i < 1 || i+1 >= len(t) || !t[i-1].Is("INDEX") && !t[i-1].Is("TABLE") {
		return again
	}
	name, isIndex := nameAt(t, i+1), t[i-1].Is("INDEX")
	clear := func(ctx context.Context, c *driver.Conn) (string, error) {
		table, match := name, `~ '_cc(new|old)[0-9]*$'`
		if isIndex {
			rows, err := c.Strings(ctx, "SELECT i.indrelid::regclass::text, r.relname FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid WHERE i.indexrelid = to_regclass("+lit(name)+")")
			if err != nil || len(rows) == 0 {
				return "", err
			}
			table = rows[0][0]
			match = fmt.Sprintf(`~ '_cc(new|old)[0-9]*$' AND regexp_replace(r.relname, '_cc(new|old)[0-9]*$', '') = left(%s, length(regexp_replace(r.relname, '_cc(new|old)[0-9]*$', '')))`, lit(rows[0][1]))
		}
		names, err := invalid(ctx, c, table, match)
		if err != nil {
			return "", err
		}
		return drop(ctx, c, names)
	}
	again.Failed = clear
	again.Before = func(ctx context.Context, c *driver.Conn) (string, string, error) {
		note, err := clear(ctx, c)
		return joinTokens(t), note, err
	}
	return again
}

func joinTokens(t []sqltext.Token) string {
	all := make([]string, len(t))
	for i, x := range t {
		all[i] = x.Text
	}
	return strings.Join(all, " ")
}

// aloneValue looks whether an enum has the value.
func aloneValue(t []sqltext.Token) *driver.Alone {
	i := slices.IndexFunc(t, func(x sqltext.Token) bool { return x.Is("VALUE") })
	if i < 4 || !t[i-1].Is("ADD") {
		return nil
	}
	at := slices.IndexFunc(t, func(x sqltext.Token) bool { return x.Kind == sqltext.String })
	if at < 0 {
		return nil
	}
	name, value := nameAt(t, 2), t[at].Text
	return &driver.Alone{Look: path, Outcome: func(ctx context.Context, c *driver.Conn) (driver.Outcome, error) {
		rows, err := c.Strings(ctx, "SELECT 1 FROM pg_enum WHERE enumtypid = to_regtype("+lit(name)+") AND enumlabel = "+value)
		if err != nil {
			return driver.Unknown, err
		}
		if len(rows) > 0 {
			return driver.Happened, nil
		}
		return driver.Again, nil
	}}
}

// aloneDetach ends with FINALIZE what a DETACH PARTITION CONCURRENTLY (14 and later)
// that was cut short has begun: its repetition fails (55000).
func aloneDetach(stmt string, t []sqltext.Token) *driver.Alone {
	at := slices.IndexFunc(t, func(x sqltext.Token) bool { return x.Is("PARTITION") })
	i := 2
	for i < len(t) && (t[i].Is("IF") || t[i].Is("EXISTS") || t[i].Is("ONLY")) {
		i++
	}
	if at < 0 || at+1 >= len(t) {
		return nil
	}
	parent, child := nameAt(t, i), nameAt(t, at+1)
	state := func(ctx context.Context, c *driver.Conn) (attached, pending bool, err error) {
		rows, err := c.Strings(ctx, fmt.Sprintf("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass(%s) AND inhparent = to_regclass(%s)", lit(child), lit(parent)))
		return len(rows) > 0, len(rows) > 0 && rows[0][0] == "true", err
	}
	return &driver.Alone{
		Look: path,
		Before: func(ctx context.Context, c *driver.Conn) (string, string, error) {
			_, pending, err := state(ctx, c)
			if err != nil || !pending {
				return stmt, "", err
			}
			return "ALTER TABLE " + parent + " DETACH PARTITION " + child + " FINALIZE", "the partition " + child + " was half detached: that is ended with FINALIZE", nil
		},
		After: func(ctx context.Context, c *driver.Conn) error {
			attached, _, err := state(ctx, c)
			if err == nil && attached {
				err = errors.New("the partition " + child + " is still attached")
			}
			return err
		},
		Outcome: func(ctx context.Context, c *driver.Conn) (driver.Outcome, error) {
			attached, _, err := state(ctx, c)
			if err != nil {
				return driver.Unknown, err
			}
			if !attached {
				return driver.Happened, nil
			}
			return driver.Again, nil
		},
	}
}
