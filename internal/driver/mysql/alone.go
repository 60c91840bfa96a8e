package mysql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/go-sql-driver/mysql"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// An object is what a statement touches, and whether it is there afterwards.
type object struct {
	kind, name string // as SHOW CREATE has them
	stays      bool
}

// touches are the objects of a statement.
type touches struct {
	all []object
	// once: when all of them are as they were, it is not known that the statement can
	// be run without harm: it may have happened, and changed what SHOW CREATE does not tell.
	once bool
}

// alone looks what stands in the place of what a statement touches. Since MySQL 8.0
// and MariaDB 10.6 a statement that changes the schema happens wholly or not at all:
// when what was there is another thing now, it happened.
func alone(stmt string) *driver.Alone {
	w := sqltext.Words(sqltext.MySQL, stmt, 2)
	if len(w) == 0 {
		return nil
	}
	if repeats(w, stmt) {
		return &driver.Alone{Outcome: func(context.Context, *driver.Conn) (driver.Outcome, error) { return driver.Again, nil }}
	}
	t := touched(stmt)
	if t == nil {
		return nil
	}
	return &driver.Alone{Look: t.look, Became: t.became}
}

// repeats tells whether a statement of those words does the same when it is done again:
// what it makes in the session is gone with that.
// ANALYZE before anything but a table runs it (MariaDB), and so does SET STATEMENT … FOR.
func repeats(w []string, stmt string) bool {
	switch w[0] {
	case "OPTIMIZE", "CHECK", "FLUSH", "GRANT", "PREPARE":
		return true
	case "CREATE":
		return len(w) > 1 && w[1] == "TEMPORARY"
	case "ANALYZE":
		return len(w) > 1 && slices.Contains([]string{"TABLE", "TABLES", "NO_WRITE_TO_BINLOG", "LOCAL"}, w[1])
	case "SET":
		return behindSet(stmt) != "STATEMENT" && constant(stmt)
	}
	return false
}

// became compares what Look said: a word for how things are shown, and those of the
// objects in their order.
func (t *touches) became(before, now string) driver.Outcome {
	was, is := strings.Fields(before), strings.Fields(now)
	if n := len(t.all) + 1; len(was) != n || len(is) != n || was[0] != is[0] {
		return driver.Unknown
	}
	was, is = was[1:], is[1:]
	if slices.Equal(was, is) {
		if t.once {
			return driver.Unknown
		}
		return driver.Again
	}
	for i, o := range t.all {
		if o.stays == (is[i] == absent) {
			return driver.Unknown
		}
	}
	return driver.Happened
}

// absent is the word for an object that is not there.
const absent = "-"

// atomicDDL tells whether the server has it (MySQL 8.0, MariaDB 10.6).
func atomicDDL(s driver.Server) bool {
	if s.Product == "MariaDB" {
		return s.Version >= 100600
	}
	return s.Version >= 80000
}

// shownBy asks for that by which SHOW CREATE says the same in other words (MySQL 9.7,
// MariaDB 10.11): quotes and options, the character set, the zone of the defaults of
// timestamps and of the times at which triggers were made; and to whom, as the body of a
// routine is not shown to everybody. MariaDB leaves out what is marked with a version of
// MySQL. SHOW VARIABLES would take 50 ms there.
const shownBy = "SELECT version(), current_user(), @@sql_mode, @@sql_quote_show_create, @@character_set_results, @@time_zone, @@system_time_zone, @@explicit_defaults_for_timestamp" +
	" /*M!100600 , @@old_mode */ /*!80011 , @@show_create_table_verbosity */ /*!80030 , @@show_gipk_in_create_table_and_information_schema */"

// look asks for all objects in one text, behind what goes first and how things are
// shown, which is the first word. The first object that is not there ends the text: the
// rest is asked for again.
func (t *touches) look(ctx context.Context, c *driver.Conn, first string) (string, error) {
	if !atomicDDL(c.Server) {
		if first == "" {
			return "", nil
		}
		return "", c.Exec(ctx, first)
	}
	var words []string
	for len(words) <= len(t.all) {
		var text []string
		if first != "" {
			text = append(text, first)
		}
		if len(words) == 0 {
			text = append(text, shownBy)
		}
		for _, o := range t.all[max(0, len(words)-1):] {
			text = append(text, "SHOW CREATE "+o.kind+" "+o.name)
		}
		more, err := shown(ctx, c, strings.Join(text, "\n;\n"))
		words, first = append(words, more...), ""
		switch {
		case err != nil && len(words) == 0: // what goes first was refused
			return "", err
		case notThere(err):
			words = append(words, absent)
		case ctx.Err() != nil, c.Dialect.CauseOf(err) == driver.Lost, c.Dialect.CauseOf(err) == driver.LockWait:
			return "", err
		case err != nil, len(words) <= len(t.all):
			return "", nil //nolint:nilerr // this user may not look, or the thing cannot be shown
		}
	}
	return strings.Join(words, " "), nil
}

// shown returns a word for each result of a text, up to the first error.
func shown(ctx context.Context, c *driver.Conn, text string) ([]string, error) {
	rows, err := c.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var words []string
	for {
		cols, err := rows.Columns()
		if err != nil {
			return words, err
		}
		if rows.Next() {
			cells, ptrs := make([][]byte, len(cols)), make([]any, len(cols))
			for i := range cells {
				ptrs[i] = &cells[i]
			}
			if err := rows.Scan(ptrs...); err != nil {
				return words, err
			}
			words = append(words, word(cells))
		}
		if !rows.NextResultSet() {
			return words, rows.Err()
		}
	}
}

// counter is what the rows of a table change in its definition.
var counter = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(` AUTO_INCREMENT=\d+`) })

func word(cells [][]byte) string {
	h := sha256.New()
	for _, cell := range cells {
		_, _ = h.Write(counter().ReplaceAll(cell, nil))
		_, _ = h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// notThere knows the errors of SHOW CREATE for a thing that is not there: table or
// view, routine, trigger, event, database, and MariaDB's sequence.
func notThere(err error) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && slices.Contains([]uint16{1146, 1305, 1360, 1539, 1049, 4091}, e.Number)
}

// changesRows are the statements that change rows and nothing else: none of them
// ends a transaction.
var changesRows = []string{"INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"}

// rowsOnly finds the statements that can be in a transaction with their record; none
// in a revision that has transactions or table locks of its own.
func rowsOnly(stmts []string) []bool {
	out := make([]bool, len(stmts))
	for i, s := range stmts {
		w := sqltext.Words(sqltext.MySQL, s, 4)
		if len(w) == 0 {
			continue
		}
		switch w[0] {
		case "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA", "LOCK", "UNLOCK":
			return nil
		case "SET":
			if up := strings.ToUpper(s); strings.Contains(up, "AUTOCOMMIT") || strings.Contains(up, "TRANSACTION") {
				return nil
			}
		}
		out[i] = slices.Contains(changesRows, w[0])
	}
	return out
}

// refuse finds what would keep migr from its own tables: each statement is recorded in
// them.
func refuse(stmt string, _ bool) string {
	switch w := sqltext.Words(sqltext.MySQL, stmt, 2); {
	case len(w) > 1 && w[0] == "LOCK" && strings.HasPrefix(w[1], "TABLE"):
		return "under LOCK TABLES migr cannot record what is done; it is not needed: migr's own lock keeps other runs out"
	case len(w) > 1 && w[0] == "USE":
		return "USE would lead away from the version table, which is in the database of the URL; write the database's name before the names of tables instead"
	}
	return ""
}

// undone: only tables of a transactional engine are as they were. Those of this
// database and of those that the statement names are looked at.
func undone(ctx context.Context, c *driver.Conn, stmt string) (bool, error) {
	names := []string{"database()"}
	sqltext.Scan(sqltext.MySQL, stmt, func(t sqltext.Token) bool {
		if n := t.Ident(sqltext.MySQL); n != "" {
			names = append(names, sqltext.QuoteLiteral(sqltext.MySQL, n))
		}
		return len(names) < 1000
	})
	rows, err := c.Strings(ctx, `SELECT t.table_name FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
		WHERE t.table_type = 'BASE TABLE' AND coalesce(e.transactions, 'NO') <> 'YES' AND t.table_schema IN (`+strings.Join(names, ", ")+") LIMIT 1")
	return len(rows) == 0, err
}

// running looks for the statement in other sessions. The process list shows it as it
// was sent.
func running(ctx context.Context, c *driver.Conn, stmt string) ([]string, error) {
	rows, err := c.Strings(ctx, "SELECT id FROM information_schema.processlist WHERE id <> connection_id() AND db = database() AND trim(info) = "+sqltext.QuoteLiteral(sqltext.MySQL, strings.TrimSpace(stmt)))
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r[0]
	}
	return ids, err
}
