package gate

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A retype is a clause that gives a column another definition. By its text alone it may
// lose nothing or all.
type retype struct {
	column, name string // before and after
	at           int    // the token of the column's name
	definition   string
}

// retyped reads such a clause from i to end; nil where it is another.
func (s *statement) retyped(i, end int) *retype {
	column := func(i int) string {
		if i < end {
			return s.t[i].Ident(s.f)
		}
		return ""
	}
	switch {
	case s.f == sqltext.Postgres && s.at(i, "ALTER"):
		at := s.skip(i+1, "COLUMN")
		name, next := column(at), at+1
		if next = s.skip(next, "SET", "DATA"); name != "" && s.at(next, "TYPE") {
			return &retype{name, name, at, s.source(next+1, end)}
		}
	case s.f == sqltext.MySQL && s.at(i, "MODIFY"):
		at := s.skip(s.skip(i+1, "COLUMN"), "IF", "EXISTS")
		if name := column(at); name != "" {
			return &retype{name, name, at, s.source(at+1, end)}
		}
	case s.f == sqltext.MySQL && s.at(i, "CHANGE"):
		at := s.skip(s.skip(i+1, "COLUMN"), "IF", "EXISTS")
		if name, to := column(at), column(at+1); name != "" && to != "" {
			return &retype{name, to, at, s.source(at+2, end)}
		}
	}
	return nil
}

// source is the text of the tokens from i to end.
func (s *statement) source(i, end int) string {
	if i >= end || i >= len(s.t) {
		return ""
	}
	last := s.t[min(end, len(s.t))-1]
	return s.whole[s.t[i].Off : last.Off+len(last.Text)]
}

// clause is where what begins at i ends: at a comma or the parenthesis that closes what it is in.
func (s *statement) clause(i int) int {
	depth := 0
	for ; i < len(s.t); i++ {
		switch {
		case s.t[i].Is("("):
			depth++
		case s.t[i].Is(")") && depth == 0, s.t[i].Is(",") && depth == 0:
			return i
		case s.t[i].Is(")"):
			depth--
		}
	}
	return i
}

// typeAt is the bare name of a type at token i.
func (s *statement) typeAt(i int) string {
	name, _ := s.name(i)
	return name
}

// strings are the string constants from i to end; those behind BEFORE and AFTER too.
func (s *statement) strings(i, end int) []string {
	var all []string
	for ; i < end; i++ {
		if v, is := s.t[i].Literal(s.f); is && s.t[i].Kind == sqltext.String {
			all = append(all, v)
		}
	}
	return all
}

// retypes judges the changes of type in a statement by the columns that there are. before
// are the statements before it in its part: rows may be given other values there.
func (c *Columns) retypes(s *statement, before []history.Stmt) []Finding {
	if c == nil || !s.at(0, "ALTER", "TABLE") {
		return nil
	}
	_, clauses := s.alterTable()
	at := s.skip(s.skip(2, "IF", "EXISTS"), "ONLY")
	raw, shown := s.raw(at)
	name, _ := s.name(at)
	var all []Finding
	for _, i := range clauses {
		r := s.retyped(i, s.end(i))
		if r == nil {
			continue
		}
		base := Finding{Object: part(name, s.fold(s.t[r.at])), Name: shown + "." + r.column, Table: raw}
		was := c.column(s, at, r.column)
		if was == nil {
			base.Code, base.Why = NarrowType, "the type of "+base.Name+" is changed, and the one it has is not known"
			all = append(all, base)
			continue
		}
		to := c.Engine.Define(was, r.definition)
		c.label(to)
		moved := func(gone []string) bool { return s.moved(name, r.column, gone, before) }
		for _, f := range c.judged(base, was, to) {
			if f.Code != DropEnumValue || !moved(c.gone(was, to)) {
				all = append(all, f)
			}
		}
	}
	return all
}

// gone are the values that an enum no longer takes.
func (c *Columns) gone(was, to *catalog.Object) []string {
	has := c.labels(to)
	return slices.DeleteFunc(slices.Clone(c.labels(was)), func(l string) bool { return slices.Contains(has, l) })
}

func (c *Columns) labels(o *catalog.Object) []string {
	switch {
	case o.Info["labels"] != "":
		return strings.Split(o.Info["labels"], "\n")
	case c.Engine.Labels != nil:
		return c.Engine.Labels(o)
	}
	return nil
}

// moved tells whether statements before have given the rows with each of the values
// another one: an UPDATE of the table that names the column and the value.
func (s *statement) moved(table, column string, values []string, before []history.Stmt) bool {
	for _, v := range values {
		if !slices.ContainsFunc(before, func(b history.Stmt) bool {
			u := newStatement(s.f, b.Text)
			if name, _ := u.name(u.skip(1, "ONLY")); !u.at(0, "UPDATE") || name != table {
				return false
			}
			return slices.Contains(u.strings(0, len(u.t)), v) && slices.ContainsFunc(u.t, func(t sqltext.Token) bool { return strings.EqualFold(t.Ident(s.f), column) })
		}) {
			return false
		}
	}
	return true
}

// judged are the losses of a column that becomes another. Its values count where both
// are enums of PostgreSQL, and not the names of their types.
func (c *Columns) judged(base Finding, was, to *catalog.Object) []Finding {
	if was.Info["labels"] != "" && to.Info["labels"] != "" && was.Attrs["generated"] == "" {
		gone := c.gone(was, to)
		if len(gone) == 0 {
			return nil
		}
		base.Code, base.Why = DropEnumValue, "column "+base.Name+" no longer takes "+strings.Join(gone, ", ")
		var list []string
		for _, l := range gone {
			list = append(list, sqltext.QuoteLiteral(c.family, l))
		}
		base.Count = "SELECT count(*) FROM " + base.Table + " WHERE " + sqltext.Ident(c.family, was.Name) + "::text IN (" + strings.Join(list, ", ") + ")"
		return []Finding{base}
	}
	var all []Finding
	for _, h := range c.hazards([]*catalog.Object{was}, []*catalog.Object{to}, was, to) {
		base.Code, base.Why, base.Count = h.Code, h.Why, h.Count
		all = append(all, base)
	}
	return all
}

// hazards asks the kind of a column, between two tables of which nothing but columns is known.
func (c *Columns) hazards(from, to []*catalog.Object, was, is *catalog.Object) []catalog.Hazard {
	for _, k := range c.Engine.Kinds {
		if k.Name == "column" && k.Hazards != nil {
			return k.Hazards(&catalog.Ctx{From: catalog.New(0, slices.Clone(from), nil), To: catalog.New(0, slices.Clone(to), nil)}, was, is)
		}
	}
	return nil
}
