package driver

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// Carried is what the statements of a revision leave in their session, beside what they
// do to the database: a revision that is gone on with in another session needs it again.
type Carried struct {
	// Again are the statements that, sent to another session in their order, leave the
	// same there: settings of constants.
	Again []string
	// Gone is what another session does not have.
	Gone []Gone
}

// Gone is what ended with its session.
type Gone struct {
	Statement int    // that made it, from 1
	What      string // "the temporary table t"
}

// Lose notes that a statement made what another session will not have.
func (c *Carried) Lose(statement int, what string) {
	c.End(what)
	c.Gone = append(c.Gone, Gone{statement, what})
}

// End notes that it is no more, or can be made again.
func (c *Carried) End(what string) {
	c.Gone = slices.DeleteFunc(c.Gone, func(g Gone) bool { return g.What == what })
}

// Lost tells whether another session will not have it.
func (c *Carried) Lost(what string) bool {
	return slices.ContainsFunc(c.Gone, func(g Gone) bool { return g.What == what })
}

// Temporary notes the temporary tables and views that a statement makes, and those that
// it drops. One that goes at the end of its transaction (PostgreSQL) is not carried.
func (c *Carried) Temporary(f sqltext.Family, statement int, stmt string) {
	t := sqltext.Tokens(f, stmt)
	t = slices.DeleteFunc(t, func(x sqltext.Token) bool { return x.Kind == sqltext.Mark })
	kinds := []string{"TABLE", "VIEW", "SEQUENCE", "TRIGGER"}
	at := slices.IndexFunc(t[:min(len(t), 8)], func(x sqltext.Token) bool { return slices.ContainsFunc(kinds, x.Is) })
	if at < 1 {
		return
	}
	kind := strings.ToLower(t[at].Text)
	switch {
	case t[0].Is("DROP"):
		for i := at; i < len(t); i++ { // all the names of the list
			if n := strings.ToLower(t[i].Ident(f)); n != "" {
				c.End("the temporary " + kind + " " + n)
			}
		}
	case t[0].Is("CREATE"):
		name, schema := nameBehind(f, t[at+1:])
		made := slices.ContainsFunc(t[1:at], func(x sqltext.Token) bool { return x.Is("TEMP") || x.Is("TEMPORARY") })
		if name == "" || !made && schema != "pg_temp" && schema != "temp" || DropsAtCommit(t) {
			return
		}
		c.Lose(statement, "the temporary "+kind+" "+name)
	}
}

// DropsAtCommit tells whether what a statement makes (PostgreSQL) goes at the end of its
// transaction: the statement that t begins with, up to its semicolon.
func DropsAtCommit(t []sqltext.Token) bool {
	for i := 0; i+2 < len(t) && !t[i].Is(";"); i++ {
		if t[i].Is("ON") && t[i+1].Is("COMMIT") && t[i+2].Is("DROP") {
			return true
		}
	}
	return false
}

// nameBehind reads the name behind a kind, and its schema.
func nameBehind(f sqltext.Family, t []sqltext.Token) (name, schema string) {
	for len(t) > 0 && (t[0].Is("IF") || t[0].Is("NOT") || t[0].Is("EXISTS")) {
		t = t[1:]
	}
	if len(t) == 0 {
		return "", ""
	}
	name = strings.ToLower(t[0].Ident(f))
	if len(t) > 2 && t[1].Is(".") {
		return strings.ToLower(t[2].Ident(f)), name
	}
	return name, ""
}
