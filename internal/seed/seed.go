// Package seed fills the tables of a scratch database with a few rows that
// satisfy their constraints, so that what fails on rows (NOT NULL without a
// default, a cast, a new UNIQUE) fails there and not first in production.
package seed

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Rows is how many rows a table gets: one with every column set, one with as
// many NULLs as it may have, one with other values.
const Rows = 3

// An Execer runs a statement.
type Execer interface {
	Exec(ctx context.Context, text string) error
}

// Fill puts rows into the tables of c that done does not name, parents before
// their children, and adds those that got some to done. It returns, sorted, the
// tables for which no row could be made: a check that the values do not meet,
// a type that it has no value for.
func Fill(ctx context.Context, x Execer, f sqltext.Family, c *catalog.Catalog, done map[string]bool) ([]string, error) {
	s := &seeder{x: x, f: f, c: c}
	var left []string
	for _, t := range s.order() {
		if done[t.Path()] || t.Attrs["virtual"] != "" || t.Attrs["bound"] != "" {
			continue
		}
		n, err := s.table(ctx, t)
		if err != nil {
			return left, err
		}
		if n == 0 {
			left = append(left, t.Path())
			continue
		}
		done[t.Path()] = true
	}
	slices.Sort(left)
	return left, nil
}

type seeder struct {
	x Execer
	f sqltext.Family
	c *catalog.Catalog
}

// order lists the tables so that what a foreign key refers to comes first, as
// far as there is no circle.
func (s *seeder) order() []*catalog.Object {
	var out []*catalog.Object
	state := map[catalog.Key]int{}
	var visit func(t *catalog.Object)
	visit = func(t *catalog.Object) {
		if state[t.Key] != 0 {
			return
		}
		state[t.Key] = 1
		for _, k := range s.keys(t) {
			if p := s.c.Get(k.parent); p != nil {
				visit(p)
			}
		}
		out = append(out, t)
	}
	for _, o := range s.c.Objects {
		if o.Kind == "table" {
			visit(o)
		}
	}
	return out
}

// table inserts the rows; where a full one is refused, one with only what is
// needed is tried, and other values.
func (s *seeder) table(ctx context.Context, t *catalog.Object) (int, error) {
	made := 0
	for row := range Rows {
		for try := range 6 {
			text, ok := s.insert(t, made+1+try*7, row == 1 || try%2 == 1)
			if !ok {
				break
			}
			err := s.x.Exec(ctx, text)
			if err == nil {
				made++
				break
			}
			if ctx.Err() != nil {
				return made, context.Cause(ctx)
			}
		}
	}
	return made, nil
}

// insert writes the INSERT of the n-th row; sparse leaves out what may be.
func (s *seeder) insert(t *catalog.Object, n int, sparse bool) (string, bool) {
	keys := s.keys(t)
	var cols, vals []string
	for _, c := range s.c.Parts(t.Key, "column") {
		if automatic(c) || sparse && !needed(c) {
			continue
		}
		v, ok := s.value(c, n)
		if k := of(keys, c.Name); k != nil {
			v, ok = s.reference(t, k, c.Name, n), true
		}
		if !ok {
			if needed(c) {
				return "", false
			}
			continue
		}
		cols, vals = append(cols, sqltext.QuoteIdent(s.f, c.Name)), append(vals, v)
	}
	if len(cols) == 0 {
		if s.f == sqltext.MySQL {
			return "INSERT INTO " + s.name(t.Key) + " () VALUES ()", true
		}
		return "INSERT INTO " + s.name(t.Key) + " DEFAULT VALUES", true
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", s.name(t.Key), strings.Join(cols, ", "), strings.Join(vals, ", ")), true
}

func (s *seeder) name(k catalog.Key) string {
	n := sqltext.QuoteIdent(s.f, k.Name)
	if k.Schema != "" {
		n = sqltext.QuoteIdent(s.f, k.Schema) + "." + n
	}
	return n
}

// automatic columns fill themselves.
func automatic(c *catalog.Object) bool {
	return c.Attrs["generated"] != "" || c.Attrs["identity"] != "" || c.Attrs["auto_increment"] != "" || strings.Contains(c.Attrs["default"], "nextval(")
}

func needed(c *catalog.Object) bool {
	return (c.Attrs["notnull"] != "" || c.Attrs["not_null"] != "") && c.Attrs["default"] == ""
}

// A key is a foreign key.
type key struct {
	cols, refs []string
	parent     catalog.Key
}

func of(keys []key, column string) *key {
	for i := range keys {
		if slices.Contains(keys[i].cols, column) {
			return &keys[i]
		}
	}
	return nil
}

// reference takes a value that the parent has.
func (s *seeder) reference(t *catalog.Object, k *key, column string, n int) string {
	i := slices.Index(k.cols, column)
	if i >= len(k.refs) {
		return "NULL"
	}
	ref, parent := sqltext.QuoteIdent(s.f, k.refs[i]), s.name(k.parent)
	if k.parent == t.Key && s.f == sqltext.MySQL { // it may not read the table that it writes
		return "NULL"
	}
	return fmt.Sprintf("(SELECT %s FROM %s ORDER BY 1 LIMIT 1 OFFSET %d)", ref, parent, n%max(1, Rows-1)*boolInt(len(k.cols) == 1))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// keys reads the foreign keys of a table from its parts, in any engine's words.
func (s *seeder) keys(t *catalog.Object) []key {
	var all []key
	for _, o := range s.c.Parts(t.Key, "foreign_key") {
		def := o.Attrs["def"]
		if def == "" {
			def = "FOREIGN KEY (" + o.Attrs["columns"] + ") REFERENCES " + o.Attrs["references"] + " (" + o.Attrs["ref_columns"] + ")"
		}
		if k, ok := s.parseKey(def); ok {
			all = append(all, k)
		}
	}
	return all
}

// parseKey reads FOREIGN KEY (a, b) REFERENCES schema.table (c, d).
func (s *seeder) parseKey(def string) (key, bool) {
	t := sqltext.Tokens(s.f, def)
	k := key{parent: catalog.Key{Kind: "table"}}
	i := 0
	list := func() []string {
		var names []string
		for ; i < len(t) && !t[i].Is(")"); i++ {
			if n := t[i].Ident(s.f); n != "" {
				names = append(names, n)
			}
		}
		i++
		return names
	}
	for i < len(t) && !t[i].Is("(") {
		i++
	}
	k.cols = list()
	if i+1 >= len(t) || !t[i].Is("REFERENCES") {
		return k, false
	}
	k.parent.Name = t[i+1].Ident(s.f)
	i += 2
	if i+1 < len(t) && t[i].Is(".") {
		k.parent.Schema, k.parent.Name = k.parent.Name, t[i+1].Ident(s.f)
		i += 2
	}
	if i < len(t) && t[i].Is("(") {
		k.refs = list()
	}
	if len(k.refs) == 0 {
		k.refs = s.primary(k.parent)
	}
	return k, true
}

// primary names the columns of a table's primary key.
func (s *seeder) primary(table catalog.Key) []string {
	var names []string
	for _, o := range s.c.Parts(table, "primary_key") {
		for _, t := range sqltext.Tokens(s.f, o.Attrs["columns"]) {
			if n := t.Ident(s.f); n != "" {
				names = append(names, n)
			}
		}
	}
	return names
}

// labels are those of a PostgreSQL enum type.
func (s *seeder) labels(typ string) []string {
	for _, o := range s.c.Objects {
		if o.Kind == "enum" && (o.Name == strings.Trim(typ, `"`) || o.Schema+"."+o.Name == strings.ReplaceAll(typ, `"`, "")) {
			var l []string
			_ = json.Unmarshal([]byte(o.Attrs["labels"]), &l)
			return l
		}
	}
	return nil
}
