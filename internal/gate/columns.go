package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Columns knows the columns of tables as they are when a statement of a plan runs: as
// the server has them before it, and what the statements since have made of them. So
// that a change of type is refused on every database alike, the fresh one too, where
// the table is made by the same plan. Nothing is read before there is a change of type.
type Columns struct {
	Engine *catalog.Engine
	Home   string // the schema that a name without one is in
	// Read asks the server for the columns of a table; none where it is not there.
	Read func(schema, table string) ([]*catalog.Object, error)

	family  sqltext.Family
	backlog []string // statements that have not been looked at
	tables  map[string]*table
	err     error
	enums   map[string][]string // the values of enum types that the plan has made
}

// A table is one of Columns.
type table struct {
	schema, name string // as the server knows it
	read         bool
	list         []*catalog.Object
	edits        []func([]*catalog.Object) []*catalog.Object // to be done once it is read
}

// Err is why the server could not be asked, if that is so.
func (c *Columns) Err() error { return c.err }

// learn notes a statement that has run.
func (c *Columns) learn(text string, s *statement) {
	if c == nil || len(s.t) < 3 {
		return
	}
	for _, w := range []string{"CREATE", "ALTER", "DROP", "RENAME"} {
		if s.t[0].Is(w) {
			c.family = s.f
			c.backlog = append(c.backlog, text)
			return
		}
	}
}

// of is the columns of the table named at token i of a statement.
func (c *Columns) of(s *statement, i int) []*catalog.Object {
	c.catchUp()
	t := c.table(s, i)
	if !t.read {
		t.read = true
		if c.Read != nil && c.err == nil {
			if t.list, c.err = c.Read(t.schema, t.name); c.err != nil {
				c.err = fmt.Errorf("reading the columns of %s: %w", t.name, c.err)
			}
		}
	}
	for _, edit := range t.edits {
		t.list = edit(t.list)
	}
	t.edits = nil
	return t.list
}

// column is the column of that name at token i, or nil.
func (c *Columns) column(s *statement, i int, name string) *catalog.Object {
	return find(c.of(s, i), name)
}

func find(list []*catalog.Object, name string) *catalog.Object {
	if i := place(list, name); i >= 0 {
		return list[i]
	}
	return nil
}

// place is where the column of that name is, -1 where there is none. Only PostgreSQL has
// columns that differ in case alone, and there the name is said as it is.
func place(list []*catalog.Object, name string) int {
	if i := slices.IndexFunc(list, func(o *catalog.Object) bool { return o.Name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(list, func(o *catalog.Object) bool { return strings.EqualFold(o.Name, name) })
}

// taken are the columns that a new table has from others: LIKE, PARTITION OF, INHERITS.
func (c *Columns) taken(s *statement) []*catalog.Object {
	var list []*catalog.Object
	for i := range s.t {
		for _, words := range [][]string{{"LIKE"}, {"PARTITION", "OF"}, {"INHERITS", "("}} {
			if s.at(i, words...) && i+len(words) < len(s.t) && s.t[i+len(words)].Kind != sqltext.String {
				list = append(list, c.of(s, i+len(words))...)
			}
		}
	}
	return list
}

// key is the name at token i as tables are told apart by it, with its parts.
func (c *Columns) key(s *statement, i int) (key, schema, name string) {
	_, end := s.name(i)
	var parts []string
	for _, t := range s.t[min(i, len(s.t)):end] {
		if !t.Is(".") {
			parts = append(parts, t.Ident(s.f))
		}
	}
	if len(parts) == 0 {
		return "", "", ""
	}
	name = parts[len(parts)-1]
	if len(parts) > 1 && parts[len(parts)-2] != c.Home {
		schema = parts[len(parts)-2]
	}
	key = schema + "\x00" + name
	if s.f != sqltext.Postgres {
		key = strings.ToLower(key)
	}
	return key, schema, name
}

func (c *Columns) table(s *statement, i int) *table {
	key, schema, name := c.key(s, i)
	if c.tables == nil {
		c.tables, c.enums = map[string]*table{}, map[string][]string{}
	}
	if c.tables[key] == nil {
		c.tables[key] = &table{schema: schema, name: name}
	}
	return c.tables[key]
}

// catchUp looks at the statements that have been noted.
func (c *Columns) catchUp() {
	todo := c.backlog
	c.backlog = nil
	for _, text := range todo {
		s := newStatement(c.family, text)
		switch {
		case s.at(0, "CREATE"):
			c.create(s)
		case s.at(0, "ALTER", "TABLE"):
			c.alter(s)
		case s.at(0, "ALTER", "TYPE"):
			if labels := c.enums[s.typeAt(2)]; labels != nil {
				if _, next := s.name(2); s.at(next, "ADD", "VALUE") {
					c.enums[s.typeAt(2)] = append(labels, s.strings(next, len(s.t))...)
				}
			}
		case s.at(0, "RENAME", "TABLE"):
			for i := 2; i < len(s.t); i++ {
				if _, to := s.name(i); s.at(to, "TO") {
					c.rename(s, i, to+1)
				}
				i = s.end(i)
			}
		case s.at(0, "DROP", "TABLE"):
			for i := s.skip(2, "IF", "EXISTS"); i < len(s.t); i = s.end(i) + 1 {
				t := c.table(s, i)
				t.read, t.list, t.edits = true, nil, nil
			}
		}
	}
}

// create learns a CREATE TABLE or CREATE TYPE … AS ENUM.
func (c *Columns) create(s *statement) {
	i := 1
	for _, w := range []string{"OR", "REPLACE", "GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED"} {
		i = s.skip(i, w)
	}
	if s.at(i, "TYPE") {
		if _, next := s.name(i + 1); s.at(next, "AS", "ENUM") {
			c.table(s, i+1) // the maps are made
			c.enums[s.typeAt(i+1)] = append([]string{}, s.strings(next, len(s.t))...)
		}
		return
	}
	if !s.at(i, "TABLE") {
		return
	}
	at := s.skip(i+1, "IF", "NOT", "EXISTS")
	t := c.table(s, at)
	list := append(c.taken(s), c.defined(s, at)...)
	if at > i+1 { // one that is there stays
		t.edits = append(t.edits, func(old []*catalog.Object) []*catalog.Object {
			if len(old) > 0 {
				return old
			}
			return list
		})
		return
	}
	t.read, t.list, t.edits = true, list, nil
}

// defined are the columns that the CREATE TABLE whose name is at token i defines.
func (c *Columns) defined(s *statement, i int) []*catalog.Object {
	key, schema, name := c.key(s, i)
	_, open := s.name(i)
	if key == "" || !s.at(open, "(") {
		return nil
	}
	var list []*catalog.Object
	for i := open + 1; i < len(s.t) && !s.t[i-1].Is(";"); {
		end := s.clause(i)
		if o := c.definition(s, i, end, schema, name); o != nil {
			list = append(list, o)
		}
		if !s.at(end, ",") {
			break
		}
		i = end + 1
	}
	return list
}

// definition is the column that the tokens from i to end define; nil: a constraint.
func (c *Columns) definition(s *statement, i, end int, schema, table string) *catalog.Object {
	for _, w := range []string{"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "INDEX", "KEY", "FULLTEXT", "SPATIAL", "EXCLUDE", "LIKE", "PERIOD"} {
		if s.at(i, w) {
			return nil
		}
	}
	if i >= end || s.t[i].Kind != sqltext.Word && s.t[i].Kind != sqltext.Quoted {
		return nil
	}
	o := &catalog.Object{Key: catalog.Key{Kind: "column", Schema: schema, Table: table, Name: s.t[i].Ident(s.f)}, Attrs: map[string]string{}, Info: map[string]string{}}
	o = c.Engine.Define(o, s.source(i+1, end))
	c.label(o)
	return o
}

// label gives a column of an enum type that the plan has made that type's values.
func (c *Columns) label(o *catalog.Object) {
	if labels, is := c.enums[lastName(o.Attrs["type"])]; is {
		o.Info["labels"] = strings.Join(labels, "\n")
	}
}

func lastName(typ string) string { return typ[strings.LastIndexByte(typ, '.')+1:] }

// alter learns an ALTER TABLE.
func (c *Columns) alter(s *statement) {
	_, clauses := s.alterTable()
	at := s.skip(s.skip(2, "IF", "EXISTS"), "ONLY")
	t := c.table(s, at)
	for _, i := range clauses {
		end := s.end(i)
		if name, ok := s.addedColumn(i); ok {
			from := s.skip(s.skip(i+1, "COLUMN"), "IF", "NOT", "EXISTS")
			if added := c.definition(s, from, end, t.schema, t.name); added != nil {
				t.edits = append(t.edits, func(list []*catalog.Object) []*catalog.Object {
					if find(list, name) != nil { // IF NOT EXISTS
						return list
					}
					return append(slices.Clone(list), added)
				})
			}
		}
		if name, _ := s.droppedColumn(i); s.at(i, "DROP") && name != "" {
			t.edits = append(t.edits, func(list []*catalog.Object) []*catalog.Object {
				gone := find(list, name)
				return slices.DeleteFunc(slices.Clone(list), func(o *catalog.Object) bool { return o == gone })
			})
		}
		if r := s.retyped(i, end); r != nil {
			t.edits = append(t.edits, c.retyped(r))
		}
		if s.at(i, "RENAME", "TO") || s.at(i, "RENAME", "AS") {
			c.rename(s, at, i+2)
		} else if s.at(i, "RENAME") && !s.at(i, "RENAME", "CONSTRAINT") && !s.at(i, "RENAME", "INDEX") && !s.at(i, "RENAME", "KEY") {
			from := s.skip(i+1, "COLUMN")
			if _, to := s.name(from); s.at(to, "TO") && to+1 < len(s.t) {
				t.edits = append(t.edits, renamed(s.t[from].Ident(s.f), s.t[to+1].Ident(s.f)))
			}
		}
	}
}

func (c *Columns) rename(s *statement, from, to int) {
	t := c.table(s, from)
	key, schema, name := c.key(s, from)
	delete(c.tables, key)
	c.tables[key] = &table{schema: schema, name: name, read: true}
	key, _, name = c.key(s, to)
	if s.f == sqltext.Postgres { // the new name has no schema: the table stays in its own
		key = schema + "\x00" + name
	}
	c.tables[key] = t
}

func renamed(from, to string) func([]*catalog.Object) []*catalog.Object {
	return func(list []*catalog.Object) []*catalog.Object {
		list = slices.Clone(list)
		if i := place(list, from); i >= 0 {
			list[i] = list[i].Clone()
			list[i].Name = to
		}
		return list
	}
}

func (c *Columns) retyped(r *retype) func([]*catalog.Object) []*catalog.Object {
	return func(list []*catalog.Object) []*catalog.Object {
		list = slices.Clone(list)
		if i := place(list, r.column); i >= 0 {
			list[i] = c.Engine.Define(list[i], r.definition)
			list[i].Name = r.name
			c.label(list[i])
		}
		return list
	}
}
