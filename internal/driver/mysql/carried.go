package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// carried tells what the first statements of a revision left in their session. What a
// procedure leaves there beside its arguments is not seen.
func carried(stmts []string, done int) driver.Carried {
	var c driver.Carried
	writes := 0
	for i, s := range stmts[:done] {
		w := sqltext.Words(sqltext.MySQL, s, 3)
		if len(w) == 0 {
			continue
		}
		n := i + 1
		switch w[0] {
		case "SET":
			carrySet(&c, n, s)
		case "CREATE", "DROP", "ALTER":
			if len(w) > 2 && w[1] == "PREPARE" {
				c.End(prepared(w[2]))
			}
			c.Temporary(sqltext.MySQL, n, s)
		case "PREPARE":
			if len(w) > 1 {
				c.Lose(n, prepared(w[1]))
			}
		case "DEALLOCATE":
			if len(w) > 2 {
				c.End(prepared(w[2]))
			}
		default:
			writes = n
			carryVariables(&c, n, s, w[0] == "CALL" || w[0] == "BEGIN")
		}
	}
	if writes > 0 && slices.ContainsFunc(stmts[done:], readsLast) {
		c.Lose(writes, "what LAST_INSERT_ID() or LASTVAL tells")
	}
	return c
}

func prepared(name string) string { return "the prepared statement " + strings.ToLower(name) }

// behindSet is the word behind SET; "" for a variable.
func behindSet(stmt string) string {
	t := sqltext.Tokens(sqltext.MySQL, stmt)
	t = slices.DeleteFunc(t, func(x sqltext.Token) bool { return x.Kind == sqltext.Mark })
	if len(t) < 2 {
		return ""
	}
	return t[1].Upper()
}

// carrySet reads a SET. What is set for the server, for a user, for one statement or for
// the next transaction is not the session's.
func carrySet(c *driver.Carried, n int, stmt string) {
	if slices.Contains([]string{"PASSWORD", "DEFAULT", "TRANSACTION", "RESOURCE", "STATEMENT"}, behindSet(stmt)) {
		return
	}
	var whats []string
	all, servers := true, false
	for _, a := range assignments(stmt) {
		if a.server {
			servers = true
			continue
		}
		whats = append(whats, a.what())
		all = all && a.constant(c)
	}
	all = all && !servers // sent again it would set the server once more
	for _, what := range whats {
		if all {
			c.End(what)
		} else {
			c.Lose(n, what)
		}
	}
	if all && len(whats) > 0 {
		c.Again = append(c.Again, stmt)
	}
}

// An assignment is one of those of a SET.
type assignment struct {
	server bool   // GLOBAL, PERSIST
	name   string // @n for a variable of the user
	value  []sqltext.Token
}

func (a assignment) what() string {
	if strings.HasPrefix(a.name, "@") {
		return "the variable " + a.name
	}
	return "the setting " + a.name
}

// assignments cuts a SET at its commas. The last word for a scope holds for what comes
// after it without one, of the settings (both manuals, SET).
func assignments(stmt string) []assignment {
	t := sqltext.Tokens(sqltext.MySQL, stmt)
	t = slices.DeleteFunc(t, func(x sqltext.Token) bool { return x.Kind == sqltext.Mark || x.Is(";") })
	var all []assignment
	server := false
	for from, depth, i := 1, 0, 1; i <= len(t); i++ {
		switch {
		case i == len(t), depth == 0 && t[i].Is(","):
			if from < i {
				if slices.ContainsFunc(scopes, t[from].Is) {
					server = !t[from].Is("SESSION") && !t[from].Is("LOCAL")
				}
				a := oneAssignment(t[from:i])
				a.server = a.server || server && !strings.HasPrefix(t[from].Text, "@")
				all = append(all, a)
			}
			from = i + 1
		case t[i].Is("("):
			depth++
		case t[i].Is(")"):
			depth--
		}
	}
	return all
}

var scopes = []string{"GLOBAL", "PERSIST", "PERSIST_ONLY", "SESSION", "LOCAL"}

func oneAssignment(t []sqltext.Token) assignment {
	var a assignment
	scope, _, _ := strings.Cut(strings.ToUpper(strings.TrimPrefix(t[0].Text, "@@")), ".")
	a.server = slices.Contains([]string{"GLOBAL", "PERSIST", "PERSIST_ONLY"}, scope)
	if len(t) > 1 && slices.ContainsFunc(scopes, t[0].Is) {
		t = t[1:]
	}
	at := slices.IndexFunc(t, func(x sqltext.Token) bool { return x.Is("=") || x.Is(":=") })
	if at < 0 { // NAMES utf8mb4, TRANSACTION ISOLATION LEVEL …, ROLE r
		a.name, a.value = strings.ToLower(t[0].Text), t[1:]
		return a
	}
	for _, x := range t[:at] {
		a.name += strings.ToLower(strings.Trim(x.Text, "`'\""))
	}
	if strings.HasPrefix(a.name, "@@") {
		a.name = a.name[strings.LastIndexAny(a.name, "@.")+1:]
	}
	a.value = t[at+1:]
	return a
}

// Words of a value that are not the same each time, or read what is in the database.
var changing = []string{
	"SELECT", "TABLE", "VALUES", "WITH", "NEXT", "PREVIOUS", "CURRENT_TIMESTAMP", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_USER",
	"LOCALTIME", "LOCALTIMESTAMP", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP",
}

// steady are functions that give the same for the same; with them modes are put together.
var steady = []string{
	"CONCAT", "CONCAT_WS", "REPLACE", "IF", "IFNULL", "COALESCE", "NULLIF", "UPPER", "LOWER", "TRIM", "CAST", "CONVERT", "HEX", "UNHEX", "CHAR", "DECIMAL",
	"DATABASE", "SCHEMA", "VERSION",
}

// moving are the variables of the system that the session's own work changes.
var moving = []string{"IDENTITY", "LAST_INSERT_ID", "INSERT_ID", "TIMESTAMP", "RAND_SEED1", "RAND_SEED2", "WARNING_COUNT", "ERROR_COUNT", "PSEUDO_THREAD_ID", "GTID_EXECUTED", "LAST_GTID"}

// constant tells whether the value is the same in another session; c knows which
// variables are not, and may be nil.
func (a assignment) constant(c *driver.Carried) bool {
	for i, t := range a.value {
		called := i+1 < len(a.value) && a.value[i+1].Is("(")
		switch {
		case t.Kind == sqltext.Word && called && !slices.ContainsFunc(steady, t.Is),
			t.Kind == sqltext.Quoted && called,
			slices.ContainsFunc(changing, t.Is):
			return false
		case t.Kind == sqltext.Param && strings.HasPrefix(t.Text, "@@"):
			if name := strings.ToUpper(t.Text[strings.LastIndexAny(t.Text, "@.")+1:]); slices.Contains(moving, name) {
				return false
			}
		case t.Kind == sqltext.Param && c != nil && c.Lost("the variable "+strings.ToLower(t.Text)):
			return false
		case t.Is("@") && c != nil && len(c.Gone) > 0: // and a quoted name
			return false
		case t.Is(":="):
			return false
		}
	}
	return true
}

// constant tells whether all that a SET sets is the same each time.
func constant(stmt string) bool {
	return !slices.ContainsFunc(assignments(stmt), func(a assignment) bool { return !a.constant(nil) })
}

// carryVariables finds the variables of the user that a statement sets, and the locks
// that it takes: SELECT … INTO @n, @n := …, an argument of a procedure.
func carryVariables(c *driver.Carried, n int, stmt string, anywhere bool) {
	t := sqltext.Tokens(sqltext.MySQL, stmt)
	into := false
	for i, x := range t {
		variable := x.Kind == sqltext.Param && strings.HasPrefix(x.Text, "@") && !strings.HasPrefix(x.Text, "@@")
		assigned := i+1 < len(t) && t[i+1].Is(":=")
		if variable && (anywhere || into || assigned) {
			c.Lose(n, "the variable "+strings.ToLower(x.Text))
		}
		into = x.Is("INTO") || into && (variable || x.Is(","))
		if x.Is("GET_LOCK") {
			c.Lose(n, "the lock of GET_LOCK()")
		}
	}
}

// readsLast tells whether a statement reads the number that the session gave last.
func readsLast(stmt string) bool {
	t := sqltext.Tokens(sqltext.MySQL, stmt)
	if len(t) == 0 || t[0].Is("CREATE") || t[0].Is("ALTER") {
		return false
	}
	for i, x := range t {
		up := strings.ToUpper(x.Text)
		switch {
		case x.Is("LAST_INSERT_ID") && i+2 < len(t) && t[i+2].Is(")"), x.Is("LASTVAL"), x.Is("PREVIOUS") && i+1 < len(t) && t[i+1].Is("VALUE"):
			return true
		case x.Kind == sqltext.Param && (strings.HasSuffix(up, "@IDENTITY") || strings.HasSuffix(up, ".IDENTITY") || strings.HasSuffix(up, "LAST_INSERT_ID")):
			return true
		}
	}
	return false
}
