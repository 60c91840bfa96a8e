// Package gate finds statements that lose data or may fail on the rows there
// are, in any revision file, by its text alone: so they are refused at the desk
// and in CI and not first in production.
package gate

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/sqltext"
)

// The codes by which --allow and the allow directive name what is lost.
const (
	DropTable     = "drop-table"
	DropColumn    = "drop-column"
	DropSchema    = "drop-schema"
	NarrowType    = "narrow-type"
	AddNotNull    = "add-not-null"
	AddUnique     = "add-unique"
	DropEnumValue = "drop-enum-value"
	Truncate      = "truncate"
	DeleteAll     = "delete-all"
)

// Codes lists all codes.
func Codes() []string {
	return []string{DropTable, DropColumn, DropSchema, NarrowType, AddNotNull, AddUnique, DropEnumValue, Truncate, DeleteAll}
}

// A Finding is a statement that needs an allow.
type Finding struct {
	Code    string
	Object  string // what it is about, as written; "" where the statement does not name it
	Why     string
	Name    string // of the object, as a person reads it; "" where the statement does not name it
	Table   string // that it is about or a part of, as it is written
	Count   string // a query for the rows concerned; "" where the text does not tell
	Stmt    history.Stmt
	Allowed bool // a directive in the file allows it
}

// Check reads one part of a revision. back is the other part when this is the
// way down: what up has made, down may take away.
func Check(f sqltext.Family, stmts, back []history.Stmt, whole []history.Directive) []Finding {
	made := newMade(f, back)
	kept := map[string]bool{} // what was made anew, with the rows that were there
	var all []Finding
	for i, s := range stmts {
		st := newStatement(f, s.Text)
		texts := st.findings()
		for _, h := range s.Hazard { // found by comparing, when the file was written
			all = append(all, hazard(h, texts, s))
		}
		for _, found := range texts {
			if rebuilt(f, found, stmts, i) {
				kept[found.Object] = kept[found.Object] || !made.has(found)
				continue
			}
			if made.has(found) && !kept[found.Object] || slices.ContainsFunc(s.Hazard, func(h history.Directive) bool { return h.Code == found.Code }) {
				continue
			}
			found.Stmt = s
			all = append(all, found)
		}
		made.learn(st)
	}
	for i := range all {
		all[i].Allowed = allows(all[i].Stmt.Allow, all[i].Code) || allows(whole, all[i].Code)
	}
	return all
}

// hazard is the finding of a directive. What the text of its statement shows says of
// which rows it speaks, where there is one such thing in it.
func hazard(h history.Directive, texts []Finding, s history.Stmt) Finding {
	found := Finding{Code: h.Code, Why: h.Reason, Stmt: s}
	same := slices.DeleteFunc(slices.Clone(texts), func(t Finding) bool { return t.Code != h.Code })
	if len(same) == 1 {
		found.Object, found.Name, found.Table, found.Count = same[0].Object, same[0].Name, same[0].Table, same[0].Count
	}
	return found
}

func allows(ds []history.Directive, code string) bool {
	return slices.ContainsFunc(ds, func(d history.Directive) bool { return d.Code == code })
}

// made is what the revision itself has created: taking it away again loses
// nothing that was there before.
type made struct{ names map[string]bool }

func newMade(f sqltext.Family, stmts []history.Stmt) made {
	m := made{map[string]bool{}}
	for _, s := range stmts {
		m.learn(newStatement(f, s.Text))
	}
	return m
}

func (m made) learn(s *statement) {
	for _, name := range s.creates() {
		m.names[name] = true
	}
}

func (m made) has(f Finding) bool {
	table, _, isPart := strings.Cut(f.Object, "\x00")
	if m.names[f.Object] || m.names[table] {
		return true
	}
	return isPart && m.names[table]
}

// rebuilt recognises a table that is dropped because a new one, which has its rows,
// takes its name: SQLite's way to change a table.
func rebuilt(f sqltext.Family, found Finding, stmts []history.Stmt, drop int) bool {
	if found.Code != DropTable {
		return false
	}
	if f != sqltext.SQLite {
		return refilled(f, found.Object, stmts, drop)
	}
	for _, s := range stmts[drop+1:] {
		st := newStatement(f, s.Text)
		if !st.at(0, "ALTER", "TABLE") {
			continue
		}
		by, next := st.name(2)
		if st.at(next, "RENAME", "TO") {
			if to, _ := st.name(next + 2); to == found.Object {
				return slices.ContainsFunc(stmts[:drop], func(s history.Stmt) bool { return newStatement(f, s.Text).copies(found.Object, by) })
			}
		}
	}
	return false
}

// refilled recognises a table that is dropped between two copies: all its rows are put
// into a new table before, and from there into one of its name after.
func refilled(f sqltext.Family, table string, stmts []history.Stmt, drop int) bool {
	aside := ""
	for _, s := range stmts[:drop] {
		if to, from := newStatement(f, s.Text).copy(); from == table && to != table {
			aside = to
		}
	}
	if aside == "" {
		return false
	}
	for _, s := range stmts[drop+1:] {
		st := newStatement(f, s.Text)
		if to, from := st.copy(); to == table && from == aside {
			return true
		}
		if slices.ContainsFunc(st.findings(), func(x Finding) bool { return x.Object == aside }) {
			return false
		}
	}
	return false
}
