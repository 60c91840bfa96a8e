package postgres

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// carried tells what the first statements of a revision left in their session. What a
// function leaves there is not seen, but for those named here.
func carried(stmts []string, done int) driver.Carried {
	var c driver.Carried
	writes := 0
	for i, s := range stmts[:done] {
		w := sqltext.Words(sqltext.Postgres, s, 3)
		if len(w) == 0 {
			continue
		}
		n := i + 1
		switch {
		case sets(s), constantConfig(s):
			c.Again = append(c.Again, s)
		case w[0] == "SET", w[0] == "RESET":
		case w[0] == "DISCARD" && len(w) > 1 && w[1] == "ALL":
			c = driver.Carried{}
		case w[0] == "CREATE", w[0] == "DROP":
			c.Temporary(sqltext.Postgres, n, s)
		case w[0] == "PREPARE" && len(w) > 1 && w[1] != "TRANSACTION":
			c.Lose(n, "the prepared statement "+strings.ToLower(w[1]))
		case w[0] == "DEALLOCATE":
			c.End("the prepared statement " + strings.ToLower(w[len(w)-1]))
		case slices.Contains(works, w[0]):
			writes = n
			carryCalls(&c, n, s, w[0] == "DO")
		}
	}
	if writes > 0 && slices.ContainsFunc(stmts[done:], readsLast) {
		c.Lose(writes, "what currval() and lastval() tell")
	}
	return c
}

// works are the statements that may call functions.
var works = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "DO", "CALL", "EXECUTE", "COPY", "DECLARE"}

// constantConfig finds SELECT set_config('name', 'value', false), which dumps begin
// with: it is a SET.
func constantConfig(stmt string) bool {
	t := sqltext.Tokens(sqltext.Postgres, stmt)
	t = slices.DeleteFunc(t, func(x sqltext.Token) bool { return x.Is(".") || x.Is("pg_catalog") || x.Is(";") })
	want := []func(sqltext.Token) bool{is("SELECT"), is("SET_CONFIG"), is("("), text, is(","), text, is(","), is("FALSE"), is(")")}
	if len(t) != len(want) {
		return false
	}
	for i, x := range t {
		if !want[i](x) {
			return false
		}
	}
	return true
}

func is(word string) func(sqltext.Token) bool {
	return func(t sqltext.Token) bool { return t.Is(word) }
}

func text(t sqltext.Token) bool { return t.Kind == sqltext.String }

// carryCalls finds what a statement that works on rows leaves in the session beside. In
// a DO block, which is a text, words are looked for.
func carryCalls(c *driver.Carried, n int, stmt string, block bool) {
	t := sqltext.Tokens(sqltext.Postgres, stmt)
	for i, x := range t {
		if block && x.Kind == sqltext.String {
			carryCalls(c, n, strings.Trim(x.Text, "$'"), false)
			continue
		}
		switch {
		case x.Is("SET_CONFIG"):
			c.Lose(n, "what set_config() set")
		case x.Is("PG_ADVISORY_LOCK"), x.Is("PG_ADVISORY_LOCK_SHARED"), x.Is("PG_TRY_ADVISORY_LOCK"), x.Is("PG_TRY_ADVISORY_LOCK_SHARED"):
			c.Lose(n, "an advisory lock")
		case x.Is("HOLD") && i > 0 && t[i-1].Is("WITH"):
			c.Lose(n, "a cursor")
		case x.Is("TEMP"), x.Is("TEMPORARY"):
			into := i > 0 && t[i-1].Is("INTO") && (i == 1 || !t[i-2].Is("INSERT")) // else it is a table of that name
			if (into || i > 0 && t[i-1].Is("CREATE")) && !driver.DropsAtCommit(t[i:]) {
				c.Lose(n, "a temporary table")
			}
		}
	}
}

// readsLast tells whether a statement reads the number that the session gave last.
func readsLast(stmt string) bool {
	found := false
	sqltext.Scan(sqltext.Postgres, stmt, func(t sqltext.Token) bool {
		found = found || t.Is("CURRVAL") || t.Is("LASTVAL")
		return !found
	})
	return found
}
