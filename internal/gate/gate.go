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
// way down: what up has made, down may take away. known tells of the columns that there
// are, and learns of this part; nil: changes of type are not judged.
func Check(f sqltext.Family, stmts, back []history.Stmt, whole []history.Directive, known *Columns) []Finding {
	made := newMade(f, back, known)
	kept := map[string]bool{} // what was made anew, with the rows that were there
	var all []Finding
	for i, s := range stmts {
		st := newStatement(f, s.Text)
		texts := st.findings()
		for _, h := range s.Hazard { // found by comparing, when the file was written
			all = append(all, hazard(h, texts, s))
		}
		said := func(code string) bool {
			return slices.ContainsFunc(s.Hazard, func(h history.Directive) bool { return h.Code == code })
		}
		add := func(found Finding) {
			if (!made.has(found) || kept[found.Object]) && !said(found.Code) {
				found.Stmt = s
				all = append(all, found)
			}
		}
		for _, found := range texts {
			r, refill := rebuildAt(f, stmts, i, found), refillAt(f, found, stmts, i)
			switch {
			case r != nil:
				toldBefore(known.loses(f, r, stmts), stmts[r.first():r.end+1], add)
			case refill != nil:
				toldBefore(known.leaves(f, refill, found.Object, stmts), stmts[refill.put:refill.back+1], add)
			default:
				add(found)
				continue
			}
			kept[found.Object] = kept[found.Object] || !made.has(found)
		}
		toldBefore(known.retypes(st, stmts[:i]), about(f, stmts[:i], st), add)
		made.learn(st)
		known.learn(s.Text, st)
	}
	for i := range all {
		all[i].Allowed = all[i].Allowed || allows(all[i].Stmt.Allow, all[i].Code) || allows(whole, all[i].Code)
	}
	return all
}

// toldBefore adds what has been found by asking the server, unless a directive says it
// before another statement of those that go together: what is written as several
// statements has its directive before the first.
func toldBefore(found []Finding, together []history.Stmt, add func(Finding)) {
	for _, f := range found {
		hazard := slices.ContainsFunc(together, func(s history.Stmt) bool { return allows(s.Hazard, f.Code) })
		f.Allowed = slices.ContainsFunc(together, func(s history.Stmt) bool { return allows(s.Allow, f.Code) })
		if !hazard || f.Allowed {
			add(f)
		}
	}
}

// about are the statements just before an ALTER TABLE that change no type themselves and
// name its table or the type that it gives a column.
func about(f sqltext.Family, before []history.Stmt, s *statement) []history.Stmt {
	if !s.at(0, "ALTER", "TABLE") {
		return nil
	}
	table, clauses := s.alterTable()
	names := []string{table}
	for _, i := range clauses {
		if r := s.retyped(i, s.end(i)); r != nil {
			names = append(names, newStatement(f, r.definition).typeAt(0))
		}
	}
	return slices.DeleteFunc(slices.Clone(before), func(b history.Stmt) bool {
		st := newStatement(f, b.Text)
		_, clauses := st.alterTable()
		if slices.ContainsFunc(clauses, func(i int) bool { return st.retyped(i, st.end(i)) != nil }) {
			return true
		}
		return !slices.ContainsFunc(st.t, func(t sqltext.Token) bool {
			return (t.Kind == sqltext.Word || t.Kind == sqltext.Quoted) && slices.Contains(names, st.fold(t))
		})
	})
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
type made struct {
	names map[string]bool
	again map[string]bool // tables that were made anew, with their rows
}

func newMade(f sqltext.Family, stmts []history.Stmt, known *Columns) made {
	m := made{map[string]bool{}, map[string]bool{}}
	for i, s := range stmts {
		st := newStatement(f, s.Text)
		m.learn(st)
		if known == nil || !st.at(0, "DROP", "TABLE") {
			continue
		}
		for _, d := range st.findings() {
			if r := rebuildAt(f, stmts, i, d); r != nil {
				for _, name := range known.added(f, r, stmts) {
					m.names[name] = true
				}
			}
		}
	}
	return m
}

func (m made) learn(s *statement) {
	for _, name := range s.creates() {
		m.names[name] = true
	}
	if to := s.takesName(); to != "" {
		m.again[to] = true
	}
}

func (m made) has(f Finding) bool {
	table, _, isPart := strings.Cut(f.Object, "\x00")
	if m.names[f.Object] || f.Code == AddUnique && m.again[table] {
		return true
	}
	return isPart && m.names[table]
}
