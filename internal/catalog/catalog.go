// Package catalog holds a schema as data, in the server's own canonical words.
// A table is an object; so are its columns, constraints, indexes and triggers,
// each with the table it belongs to: one generic comparison serves them all.
//
// A catalog is relative: the home schema (PostgreSQL: the first of the search
// path; MySQL: the database; SQLite: main) has no name, and no text of an
// object in it carries the home schema's name. Two catalogs read from
// databases of different names are therefore comparable.
package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
)

// A Key names an object within a catalog.
type Key struct {
	Kind   string // "table", "column", "index", … (see the contract's list of change kinds)
	Schema string // "" is the home schema
	Table  string // the table (or view) that a part belongs to; "" for what stands alone
	Name   string // routines carry their argument types: "f(integer, text)"
}

// Path is the object's name as a person writes it: schema.table.name.
func (k Key) Path() string {
	var parts []string
	for _, p := range []string{k.Schema, k.Table, k.Name} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}

func (k Key) String() string { return k.Kind + " " + k.Path() }

// Compare orders keys by schema, table, kind and name.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Schema, o.Schema), cmp.Compare(k.Table, o.Table),
		cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Name, o.Name))
}

// TableKey is the key of the table that a part belongs to.
func (k Key) TableKey() Key { return Key{Kind: "table", Schema: k.Schema, Name: k.Table} }

// An Object is one thing in a schema.
type Object struct {
	Key
	// Attrs is what makes the object what it is, in the server's words: two
	// objects are equal when their Attrs are. Absent and empty are the same.
	Attrs map[string]string
	// Info helps planning and printing, and is never compared.
	Info map[string]string
	// Deps are the objects that must be there before this one. A part need not
	// name its own table. Keys that are not in the catalog are harmless.
	Deps []Key
	// Pos is the place among the parts of one table, from 1; 0 where it means nothing.
	Pos int
}

// Equal tells whether two objects would be built by the same SQL.
func (o *Object) Equal(p *Object) bool { return len(DiffAttrs(o, p)) == 0 }

// DiffAttrs lists, sorted, the attributes in which two objects differ.
func DiffAttrs(o, p *Object) []string {
	var names []string
	for name, v := range o.Attrs {
		if p.Attrs[name] != v {
			names = append(names, name)
		}
	}
	for name, v := range p.Attrs {
		if _, there := o.Attrs[name]; !there && v != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Clone copies an object, so that the copy's Key and maps may be changed.
func (o *Object) Clone() *Object {
	c := *o
	c.Attrs, c.Info, c.Deps = maps.Clone(o.Attrs), maps.Clone(o.Info), slices.Clone(o.Deps)
	return &c
}

// A Catalog is a whole schema.
type Catalog struct {
	Version int       // the server's: 150020, 1011019 (MariaDB 10.11.19), 90704, 3054001
	Objects []*Object // in a fixed order: see Sort
	// Unknown is what was seen in the database and cannot be modelled: it is
	// named in a warning and left alone.
	Unknown []Key
	// Home is the name of the schema that has none here, where there are several: what is
	// moved into it must name it.
	Home string

	byKey map[Key]*Object
	parts map[Key][]*Object
}

// New returns a catalog of the objects, sorted and indexed.
func New(version int, objects []*Object, unknown []Key) *Catalog {
	c := &Catalog{Version: version, Objects: objects, Unknown: unknown}
	c.Sort()
	return c
}

// Sort puts the objects in their fixed order and rebuilds the index. Call it
// after Objects was changed.
func (c *Catalog) Sort() {
	slices.SortStableFunc(c.Objects, func(a, b *Object) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Table, b.Table),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(c.Unknown, Key.Compare)
	c.index()
}

func (c *Catalog) index() {
	c.byKey = make(map[Key]*Object, len(c.Objects))
	c.parts = make(map[Key][]*Object)
	for _, o := range c.Objects {
		c.byKey[o.Key] = o
		if o.Table != "" {
			t := Key{Schema: o.Schema, Name: o.Table}
			c.parts[t] = append(c.parts[t], o)
		}
	}
}

// Share puts the objects of another catalog in the place of those that are the same in
// every respect, so that memory holds them once: two readings of one large schema take
// little more than one. Objects are not changed after they are read.
func (c *Catalog) Share(from *Catalog) {
	for i, o := range c.Objects {
		if p := from.byKey[o.Key]; p != nil && o.same(p) {
			c.Objects[i] = p
		}
	}
	c.index()
}

// same is equality of all that an object holds.
func (o *Object) same(p *Object) bool {
	return o.Key == p.Key && o.Pos == p.Pos && maps.Equal(o.Attrs, p.Attrs) && maps.Equal(o.Info, p.Info) && slices.Equal(o.Deps, p.Deps)
}

// Get returns the object of that key, or nil.
func (c *Catalog) Get(k Key) *Object { return c.byKey[k] }

// Parts returns the parts of the table (or view) of that schema and name, of
// one kind or, with kind "", of all, ordered by kind, place and name.
func (c *Catalog) Parts(table Key, kind string) []*Object {
	all := c.parts[Key{Schema: table.Schema, Name: table.Name}]
	if kind == "" {
		return all
	}
	var of []*Object
	for _, o := range all {
		if o.Kind == kind {
			of = append(of, o)
		}
	}
	return of
}

// A Querier is what reading a schema needs; *sql.DB, *sql.Conn and *sql.Tx are.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// A Scope says which part of a database is under management.
type Scope struct {
	Home    string   // PostgreSQL: the home schema; elsewhere the database at hand
	Schemas []string // PostgreSQL: further schemas; ["*"] all but the system's
	// Grants: rights are under management too (PostgreSQL).
	Grants bool
	// Exclude tells whether an object is left alone. The table's own name is
	// asked first; a part of an excluded table is never asked.
	Exclude func(Key) bool
}
