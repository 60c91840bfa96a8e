package gate

import (
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A rebuild is SQLite's way to change a table: a new one gets the rows of the old one,
// which is dropped, and then its name (https://www.sqlite.org/lang_altertable.html,
// section 7). The numbers are those of its statements.
type rebuild struct {
	table                     string
	create, insert, drop, end int // create is -1 where the new table is made elsewhere
}

// rebuildAt recognises the rebuild of which statement drop drops the old table, as was
// found; nil where it is none.
func rebuildAt(f sqltext.Family, stmts []history.Stmt, drop int, found Finding) *rebuild {
	if f != sqltext.SQLite || found.Code != DropTable {
		return nil
	}
	table := found.Object
	for n, s := range stmts[drop+1:] {
		st := newStatement(f, s.Text)
		if !st.at(0, "ALTER", "TABLE") {
			continue
		}
		by, next := st.name(2)
		if to, _ := st.name(next + 2); !st.at(next, "RENAME", "TO") || to != table {
			continue
		}
		r := &rebuild{table: table, create: -1, insert: -1, drop: drop, end: drop + 1 + n}
		for i, s := range stmts[:drop] {
			st := newStatement(f, s.Text)
			if st.copies(table, by) {
				r.insert = i
			} else if slices.Contains(st.creates(), by) {
				r.create = i
			}
		}
		if r.insert >= 0 {
			return r
		}
	}
	return nil
}

// first is the first of its statements.
func (r *rebuild) first() int {
	if r.create >= 0 {
		return min(r.create, r.insert)
	}
	return r.insert
}

// columns pairs the columns that the new table is given with what they are copied from:
// "" where that is more than a column. all: whatever columns there are, in their order.
func (r *rebuild) columns(f sqltext.Family, stmts []history.Stmt) (into, from []string, all bool, words map[string]bool) {
	s := newStatement(f, stmts[r.insert].Text)
	i := slices.IndexFunc(s.t, func(t sqltext.Token) bool { return t.Is("INTO") })
	_, i = s.name(i + 1)
	if s.at(i, "(") {
		for i++; i < len(s.t) && !s.t[i].Is(")"); i++ {
			if !s.t[i].Is(",") {
				into = append(into, s.t[i].Ident(f))
			}
		}
		i++
	}
	words = map[string]bool{}
	for i++; i < len(s.t) && !s.t[i-1].Is("FROM"); {
		end := i
		for depth := 0; end < len(s.t) && (depth > 0 || !s.t[end].Is(",") && !s.t[end].Is("FROM")); end++ {
			words[s.fold(s.t[end])] = true
			switch {
			case s.t[end].Is("("):
				depth++
			case s.t[end].Is(")"):
				depth--
			}
		}
		all = all || s.at(end-1, "*")
		if _, after := s.name(i); after == end || s.at(after, "AS") && after+2 == end {
			from = append(from, s.t[after-1].Ident(f))
		} else {
			from = append(from, "")
		}
		i = end + 1
	}
	return into, from, all, words
}

// loses lists what a rebuild does not carry over, by the columns that the old table has.
func (c *Columns) loses(f sqltext.Family, r *rebuild, stmts []history.Stmt) []Finding {
	if c == nil {
		return nil
	}
	drop := newStatement(f, stmts[r.drop].Text)
	at := drop.skip(2, "IF", "EXISTS")
	raw, shown := drop.raw(at)
	old := c.of(drop, at)
	var fresh []*catalog.Object
	if r.create >= 0 {
		s := newStatement(f, stmts[r.create].Text)
		fresh = c.defined(s, s.nameOfTable())
	}
	into, from, all, words := r.columns(f, stmts)
	became := map[*catalog.Object]*catalog.Object{}
	if len(into) == 0 {
		for _, o := range fresh {
			if o.Attrs["generated"] == "" {
				into = append(into, o.Name)
			}
		}
	}
	for i, name := range into {
		if all && i < len(old) {
			became[old[i]] = find(fresh, name)
		} else if i < len(from) && from[i] != "" {
			if o := find(old, from[i]); o != nil {
				became[o] = find(fresh, name)
			}
		}
	}
	var found []Finding
	for _, o := range old {
		base := Finding{Object: part(r.table, foldName(o.Name)), Name: shown + "." + o.Name, Table: raw}
		switch is := became[o]; {
		case o.Attrs["generated"] != "":
		case is != nil:
			found = append(found, c.judged(base, o, is)...)
		case !all && !words[foldName(o.Name)]:
			found = append(found, uncopied(f, base, o.Name))
		}
	}
	return found
}

// added are the columns that a rebuild puts into its table, with nothing to copy there.
func (c *Columns) added(f sqltext.Family, r *rebuild, stmts []history.Stmt) []string {
	if c == nil || r.create < 0 {
		return nil
	}
	into, _, _, _ := r.columns(f, stmts)
	if len(into) == 0 {
		return nil
	}
	s := newStatement(f, stmts[r.create].Text)
	var all []string
	for _, o := range c.defined(s, s.nameOfTable()) {
		if !slices.ContainsFunc(into, func(n string) bool { return foldName(n) == foldName(o.Name) }) {
			all = append(all, part(r.table, foldName(o.Name)))
		}
	}
	return all
}

// uncopied is the finding of a column that a table made anew is not given.
func uncopied(f sqltext.Family, base Finding, column string) Finding {
	base.Code, base.Why = DropColumn, "column "+base.Name+" and its values are lost: the table is made anew, and they are not copied"
	base.Count = "SELECT count(" + sqltext.Ident(f, column) + ") FROM " + base.Table
	return base
}

// A refill is how a table is made anew elsewhere: all its rows go into a new table, it is
// dropped, and the rows come back into one of its name. The numbers are those of the two
// statements that copy, and of the drop.
type refill struct{ put, drop, back int }

// refillAt recognises the refill of which statement drop drops the table, as was found;
// nil where it is none.
func refillAt(f sqltext.Family, found Finding, stmts []history.Stmt, drop int) *refill {
	if f == sqltext.SQLite || found.Code != DropTable {
		return nil
	}
	table, aside := found.Object, ""
	r := &refill{drop: drop}
	for i, s := range stmts[:drop] {
		if to, from := newStatement(f, s.Text).copy(); from == table && to != table {
			aside, r.put = to, i
		}
	}
	if aside == "" {
		return nil
	}
	for n, s := range stmts[drop+1:] {
		st := newStatement(f, s.Text)
		if to, from := st.copy(); to == table && from == aside {
			r.back = drop + 1 + n
			return r
		}
		if slices.ContainsFunc(st.findings(), func(x Finding) bool { return x.Object == aside }) {
			return nil
		}
	}
	return nil
}

// leaves lists the columns that are not named in both copies, of those that the table has.
func (c *Columns) leaves(f sqltext.Family, r *refill, table string, stmts []history.Stmt) []Finding {
	if c == nil {
		return nil
	}
	drop := newStatement(f, stmts[r.drop].Text)
	at := drop.skip(2, "IF", "EXISTS")
	raw, shown := drop.raw(at)
	put, back := newStatement(f, stmts[r.put].Text).copied(), newStatement(f, stmts[r.back].Text).copied()
	var found []Finding
	for _, o := range c.of(drop, at) {
		name := foldName(o.Name)
		if f == sqltext.Postgres {
			name = o.Name
		}
		if o.Attrs["generated"] != "" || (put["*"] || put[name]) && (back["*"] || back[name]) {
			continue
		}
		found = append(found, uncopied(f, Finding{Object: part(table, foldName(o.Name)), Name: shown + "." + o.Name, Table: raw}, o.Name))
	}
	return found
}
