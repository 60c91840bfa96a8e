package sqlite

import (
	"strings"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// limit finds the rows by rowid, as SQLite's UPDATE has a LIMIT only where it was
// compiled with it. A table WITHOUT ROWID needs a statement with a LIMIT of its own.
func limit(stmt string, n int) (limited, count string, err error) {
	d, err := driver.ReadDML(sqltext.SQLite, stmt)
	if err != nil || d.Limited {
		return stmt, "", err
	}
	return d.ByRow("rowid", n, func(sub string) string { return "rowid IN (" + sub + ")" }), d.Count(), nil
}

// refuse finds what begins or ends a transaction, does nothing within one (SQLite's
// documentation of PRAGMA foreign_keys), or is written by who thinks that it protects
// the children of a table that is dropped.
func refuse(stmt string, tx bool) string {
	if why := driver.Transaction(sqltext.SQLite, stmt); why != "" {
		return why
	}
	t := sqltext.Tokens(sqltext.SQLite, stmt)
	if !tx || len(t) < 3 || !t[0].Is("PRAGMA") {
		return ""
	}
	at := 1
	if t[2].Is(".") && len(t) > 4 { // of a schema
		at = 3
	}
	if at+1 >= len(t) || !t[at+1].Is("=") && !t[at+1].Is("(") {
		return "" // it only asks
	}
	switch strings.ToLower(t[at].Ident(sqltext.SQLite)) {
	case "foreign_keys":
		return "PRAGMA foreign_keys does nothing within a transaction, and a revision is one; it is not needed: migr switches foreign keys off before the transaction and checks them before its end"
	case "defer_foreign_keys":
		return "PRAGMA defer_foreign_keys does not keep ON DELETE actions from running when a table is dropped; it is not needed: migr switches foreign keys off before the transaction and checks them before its end"
	}
	return ""
}
