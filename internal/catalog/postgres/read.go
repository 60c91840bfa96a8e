// Package postgres reads PostgreSQL schemas (server versions 13 to 18) from
// pg_catalog and writes the SQL that makes, changes and removes each kind of
// object. The words are the server's own: pg_get_constraintdef, pg_get_viewdef,
// format_type and their like, asked with a search path of the home schema only,
// so that they name what is in it without a schema and all else with one.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A reader gathers one catalog.
type reader struct {
	ctx     context.Context
	q       catalog.Querier
	scope   catalog.Scope
	version int
	home    string
	oids    string // the OIDs of the schemas in scope, for IN (…)
	schemas map[int64]string

	objects  []*catalog.Object
	unknown  []catalog.Key
	keys     map[ref]catalog.Key // what each catalog row is
	byRef    map[ref]*catalog.Object
	tables   map[int64]*relation // tables, views and materialized views by OID
	left     map[int64]bool      // tables that are excluded or belong to an extension
	comments map[ref]string
	members  map[ref]bool // rows that belong to an extension
	depends  []dependency
	made     map[ref]ref                   // rows that the server made along with another
	origin   map[catalog.Key][]catalog.Key // of inherited columns: the parents'
}

// A relation is what the readers of parts want to know of their table.
type relation struct {
	key  catalog.Key
	kind string // pg_class.relkind
	obj  *catalog.Object
}

// read reads a whole database. It makes the same number of queries whatever
// the number of objects, and leaves the connection's settings as they were.
func read(ctx context.Context, q catalog.Querier, s catalog.Scope) (cat *catalog.Catalog, err error) {
	if db, pool := q.(*sql.DB); pool { // settings and queries must share a connection
		conn, err := db.Conn(ctx)
		if err != nil {
			return nil, fmt.Errorf("connecting to read the schema: %w", err)
		}
		defer conn.Close()
		q = conn
	}
	r := &reader{
		ctx: ctx, q: q, scope: s, schemas: map[int64]string{}, keys: map[ref]catalog.Key{}, byRef: map[ref]*catalog.Object{},
		tables: map[int64]*relation{}, left: map[int64]bool{}, comments: map[ref]string{}, members: map[ref]bool{}, made: map[ref]ref{}, origin: map[catalog.Key][]catalog.Key{},
	}
	end, err := r.begin()
	if err != nil {
		return nil, fmt.Errorf("preparing to read the schema: %w", err)
	}
	defer func() { err = errors.Join(err, end()) }()
	for _, step := range r.steps() {
		if err := step.read(); err != nil {
			return nil, fmt.Errorf("reading %s: %w", step.what, err)
		}
	}
	r.resolve()
	c := catalog.New(r.version, r.objects, r.unknown)
	c.Home = r.home
	return c, nil
}

type step struct {
	what string
	read func() error
}

// steps lists the queries in the order in which they build on each other.
func (r *reader) steps() []step {
	return []step{
		{"schemas", r.readSchemas},
		{"comments", r.readComments},
		{"dependencies", r.readDepends},
		{"extensions", r.readExtensions},
		{"collations", r.readCollations},
		{"tables", r.readTables},
		{"types", r.readTypes},
		{"columns", r.readColumns},
		{"sequences", r.readSequences},
		{"views", r.readViews},
		{"constraints", r.readConstraints},
		{"indexes", r.readIndexes},
		{"routines", r.readRoutines},
		{"aggregates", r.readAggregates},
		{"casts and operators", r.readCastsAndOperators},
		{"text search", r.readTextSearch},
		{"triggers", r.readTriggers},
		{"rules", r.readRules},
		{"policies", r.readPolicies},
		{"event triggers", r.readEventTriggers},
		{"statistics", r.readStatistics},
		{"publications", r.readPublications},
		{"rights", r.readRights},
		{"default privileges", r.readDefaultPrivileges},
		{"what is not modelled", r.readUnknown},
	}
}

// wanted are the settings that the texts of pg_get_* depend on besides the search
// path: the quoting, and how constants of dates, intervals, floats, bytea and
// timestamps with time zone are printed; and jit.
var wanted = [][2]string{
	{"quote_all_identifiers", "off"},
	{"DateStyle", "ISO, DMY"},
	{"IntervalStyle", "postgres"},
	{"TimeZone", "UTC"},
	{"extra_float_digits", "1"},
	{"bytea_output", "hex"},
	{"standard_conforming_strings", "on"},
	{"jit", "off"}, // compiling a query costs more than the reading
}

// begin opens the transaction that all is read in, with the settings that are wanted
// for its time, and returns how to end it. Settings of the session would be left to
// another client by a pooler in transaction mode, and the next query would be
// answered by another server process, which has not got them.
func (r *reader) begin() (end func() error, err error) {
	var version, current string
	if err := r.q.QueryRowContext(r.ctx, "SELECT current_setting('server_version_num'), coalesce(current_schema(), 'public')").Scan(&version, &current); err != nil {
		return nil, err
	}
	if r.version, err = strconv.Atoi(version); err != nil {
		return nil, fmt.Errorf("server version %q: %w", version, err)
	}
	if r.home = r.scope.Home; r.home == "" {
		r.home = current
	}
	text := "BEGIN READ ONLY;\nSET LOCAL search_path = " + ident(r.home)
	for _, w := range wanted {
		text += fmt.Sprintf(";\nSET LOCAL %s = %s", w[0], literal(w[1]))
	}
	if _, err := r.q.ExecContext(r.ctx, text); err != nil {
		return nil, err
	}
	return func() error {
		if _, err := r.q.ExecContext(context.WithoutCancel(r.ctx), "ROLLBACK"); err != nil && r.ctx.Err() == nil {
			return fmt.Errorf("putting the session's settings back: %w", err)
		}
		return nil
	}, nil
}

// A row is one row of a result by column name; NULL reads as "".
type row struct {
	at   map[string]int
	vals []any // as the driver gives them: to ask for strings would have each number written and read again
}

func (w row) s(col string) string {
	i, there := w.at[col]
	if !there {
		return ""
	}
	switch v := w.vals[i].(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

func (w row) b(col string) bool { return w.s(col) == "true" || w.s(col) == "t" }

func (w row) i(col string) int64 {
	if at, there := w.at[col]; there {
		if n, is := w.vals[at].(int64); is {
			return n
		}
	}
	n, _ := strconv.ParseInt(w.s(col), 10, 64)
	return n
}

// null tells whether a column's value is NULL.
func (w row) null(col string) bool { return w.vals[w.at[col]] == nil }

// each runs a query and hands over its rows; {schemas} in it stands for the
// OIDs of the schemas in scope.
func (r *reader) each(query string, do func(row)) error {
	rows, err := r.q.QueryContext(r.ctx, strings.ReplaceAll(query, "{schemas}", r.oids))
	if err != nil {
		return err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	w := row{at: make(map[string]int, len(cols)), vals: make([]any, len(cols))}
	into := make([]any, len(cols))
	for i, c := range cols {
		w.at[c], into[i] = i, &w.vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		do(w)
	}
	return rows.Err()
}

// since returns an expression that newer servers know, or what stands for it
// before that version (140000 is PostgreSQL 14).
func (r *reader) since(version int, expr, before string) string {
	if r.version >= version {
		return expr
	}
	return before
}

// readSchemas finds out which schemas are in scope.
func (r *reader) readSchemas() error {
	all := slices.Contains(r.scope.Schemas, "*")
	list := []string{"0"}
	var found []row
	var oids []int64
	err := r.each(`SELECT oid::int8 AS oid, nspname, obj_description(oid, 'pg_namespace') AS comment
		FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`, func(w row) {
		name := w.s("nspname")
		if name != r.home && !all && !slices.Contains(r.scope.Schemas, name) {
			return
		}
		oid := w.i("oid")
		oids = append(oids, oid)
		found = append(found, row{w.at, slices.Clone(w.vals)})
	})
	if err != nil {
		return err
	}
	for i, w := range found {
		oid, name := oids[i], w.s("nspname")
		if name == r.home {
			r.schemas[oid] = ""
			r.homeComment(w.s("comment"))
			list = append(list, w.s("oid"))
			continue
		}
		o := r.object(catalog.Key{Kind: "schema", Name: name}, ref{class: pgNamespace, oid: oid})
		o.Attrs["comment"] = w.s("comment")
		if r.scope.Exclude != nil && r.scope.Exclude(o.Key) {
			continue
		}
		r.schemas[oid] = name
		r.objects = append(r.objects, o)
		list = append(list, w.s("oid"))
	}
	r.oids = strings.Join(list, ",")
	return nil
}

// object starts an object that is made of one catalog row.
func (r *reader) object(k catalog.Key, at ref) *catalog.Object {
	o := &catalog.Object{Key: k, Attrs: map[string]string{}, Info: map[string]string{}}
	if c := r.comments[at]; c != "" {
		o.Attrs["comment"] = c
	}
	r.keys[at] = k
	r.byRef[at] = o
	return o
}

// put notes what is not empty: a map of nothing takes as much memory as one of eight.
func put(m map[string]string, name, v string) {
	if v != "" {
		m[name] = v
	}
}

// add takes an object into the catalog, unless it is excluded or belongs to an
// extension. It tells whether it did.
func (r *reader) add(o *catalog.Object, at ref) bool {
	whole := ref{class: at.class, oid: at.oid}
	if _, part := r.made[whole]; part || r.members[whole] || r.scope.Exclude != nil && r.scope.Exclude(o.Key) {
		if at.sub == 0 {
			delete(r.byRef, at)
		}
		return false
	}
	if o.Schema != "" {
		o.Deps = append(o.Deps, catalog.Key{Kind: "schema", Name: o.Schema})
	}
	for name, v := range o.Attrs { // absent and empty are the same
		if v == "" {
			delete(o.Attrs, name)
		}
	}
	r.objects = append(r.objects, o)
	return true
}

// relate registers a table or view, so that its parts find it.
func (r *reader) relate(oid int64, relkind string, o *catalog.Object) {
	r.tables[oid] = &relation{key: o.Key, kind: relkind, obj: o}
}

// part starts an object that belongs to a table; nil where the table is left out.
func (r *reader) part(kind string, table int64, name string, at ref) *catalog.Object {
	t := r.tables[table]
	if t == nil {
		return nil
	}
	return r.object(catalog.Key{Kind: kind, Schema: t.key.Schema, Table: t.key.Name, Name: name}, at)
}
