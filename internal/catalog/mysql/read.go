package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// Read reads the database at hand (or s.Home) from information_schema: one query
// for each sort of thing, whatever the number of tables.
//
// Where information_schema is not faithful, SHOW CREATE is asked as well: for
// each routine (its parameter list and body as written), each view (its algorithm
// and the character sets of its literals), each trigger of MariaDB and, elsewhere, triggers and events whose
// body has a quote or a backslash (information_schema gives literals with their
// escapes resolved); and for tables with a default of a binary column, a full-text
// parser, or what may be a period. MariaDB answers all of them in one round trip.
//
// q should be one session: where its sql_mode has ANSI_QUOTES, or another word that
// changes how the server quotes, that is set for the time of the reading.
//
// It needs SELECT on the tables and, for routines, SHOW_ROUTINE or ownership; an
// object whose definition the server keeps back is reported as unknown.
func Read(ctx context.Context, q catalog.Querier, s catalog.Scope) (*catalog.Catalog, error) {
	r := &reader{
		ctx: ctx, q: q, scope: s, tables: map[string]*catalog.Object{},
		kinds: map[string]string{}, functions: map[string]bool{},
	}
	restore, err := r.session()
	if err != nil {
		return nil, err
	}
	c, err := r.read()
	return c, errors.Join(err, restore())
}

// read runs the queries, in the order in which one needs the other's results.
func (r *reader) read() (*catalog.Catalog, error) {
	for _, step := range []struct {
		what string
		read func() error
	}{
		{"tables", r.readTables},
		{"columns", r.readColumns},
		{"indexes", r.readIndexes},
		{"checks", r.readChecks},
		{"foreign keys", r.readForeignKeys},
		{"partitions", r.readPartitions},
		{"sequences", r.readSequences},
		{"routines", r.readRoutines},
		{"views", r.readViews},
		{"triggers", r.readTriggers},
		{"events", r.readEvents},
		{"definitions", r.showAll},
	} {
		if err := step.read(); err != nil {
			return nil, fmt.Errorf("reading the %s of database %s: %w", step.what, r.home, err)
		}
	}
	return r.catalog(), nil
}

type reader struct {
	ctx     context.Context
	q       catalog.Querier
	scope   catalog.Scope
	version int
	f       *flavour
	home    string
	user    string // CURRENT_USER()

	objects   []*catalog.Object
	unknown   []catalog.Key
	tables    map[string]*catalog.Object
	kinds     map[string]string // of tables, views and sequences, excluded ones too
	functions map[string]bool
	sequences []string
	shows     []show
}

// session asks who and where we are, and returns what sets the session back as it was.
func (r *reader) session() (restore func() error, err error) {
	var version, mode string
	var home sql.NullString
	err = r.q.QueryRowContext(r.ctx, "SELECT VERSION(), DATABASE(), CURRENT_USER(), @@SESSION.sql_mode").Scan(&version, &home, &r.user, &mode)
	if err != nil {
		return nil, fmt.Errorf("asking the server for its version: %w", err)
	}
	r.home = r.scope.Home
	if r.home == "" {
		r.home = home.String
	}
	if r.home == "" {
		return nil, errors.New("reading the schema: no database is selected")
	}
	if r.version, err = parseVersion(version); err != nil {
		return nil, err
	}
	r.f = flavourOf(r.version)
	return r.plainQuotes(mode)
}

// plainQuotes takes the words out of the session's sql_mode that would have SHOW
// CREATE print names in double quotes and leave backslashes as they are.
func (r *reader) plainQuotes(mode string) (restore func() error, err error) {
	plain := slices.DeleteFunc(strings.Split(mode, ","), func(m string) bool {
		return slices.Contains([]string{"ANSI_QUOTES", "ANSI", "ORACLE", "NO_BACKSLASH_ESCAPES"}, m)
	})
	wanted := strings.Join(plain, ",")
	if wanted == mode {
		return func() error { return nil }, nil
	}
	set := func(mode string) error {
		if _, err := r.q.ExecContext(context.WithoutCancel(r.ctx), "SET SESSION sql_mode = '"+mode+"'"); err != nil {
			return fmt.Errorf("setting the session's sql_mode: %w", err)
		}
		return nil
	}
	return func() error { return set(mode) }, set(wanted)
}

// A row is one row as text.
type row []sql.NullString

func (w row) s(i int) string { return w[i].String }

// each runs a query, in which {home} stands for the home database's name as a
// literal, and hands each row on.
func (r *reader) each(query string, do func(row) error) error {
	return r.eachRow(strings.ReplaceAll(query, "{home}", quote(r.home)), do)
}

func (r *reader) eachRow(query string, do func(row) error) error {
	rows, err := r.q.QueryContext(r.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	w := make(row, len(columns))
	into := make([]any, len(columns))
	for i := range w {
		into[i] = &w[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := do(w); err != nil {
			return err
		}
	}
	return rows.Err()
}

// excluded tells whether the scope leaves an object alone.
func (r *reader) excluded(k catalog.Key) bool { return r.scope.Exclude != nil && r.scope.Exclude(k) }

// add takes an object in, unless the scope leaves it alone.
func (r *reader) add(o *catalog.Object) {
	if !r.excluded(o.Key) {
		r.objects = append(r.objects, o)
	}
}

// giveUp names a thing that cannot be modelled.
func (r *reader) giveUp(k catalog.Key) {
	if !r.excluded(k) {
		r.unknown = append(r.unknown, k)
	}
}

// relative takes the home database's name out of a text.
func (r *reader) relative(text string) string {
	return withoutHome(text, r.home, func(name string) bool { return r.kinds[name] != "" || r.functions[name] })
}

// expression mends an expression of information_schema and makes it relative.
func (r *reader) expression(text string) string {
	if r.f.escaped {
		text = withoutIntroducers(fromDoubleUTF8(unescape(text)))
	}
	return r.relative(text)
}

// definer notes who an object runs as, where that is not the session's own user.
func (r *reader) definer(o *catalog.Object, definer string) {
	if definer != r.user {
		o.Info["definer"] = definer
	}
}

// catalog drops what was found to be beyond the model while reading, with its parts.
func (r *reader) catalog() *catalog.Catalog {
	gone := map[string]bool{}
	for _, k := range r.unknown {
		if k.Kind == "table" {
			gone[k.Name] = true
		}
	}
	lost := map[catalog.Key]bool{}
	for _, k := range r.unknown {
		lost[k] = true
	}
	kept := r.objects[:0]
	for _, o := range r.objects {
		if !gone[o.Table] && !lost[o.Key] {
			kept = append(kept, o)
		}
	}
	c := catalog.New(r.version, kept, r.unknown)
	for _, o := range c.Objects {
		if o.Kind == "view" {
			r.viewDeps(o)
		}
	}
	return c
}

func newObject(kind, table, name string) *catalog.Object {
	return &catalog.Object{Key: catalog.Key{Kind: kind, Table: table, Name: name}, Attrs: map[string]string{}, Info: map[string]string{}}
}

// put sets an attribute, unless it is empty.
func put(o *catalog.Object, name, value string) {
	if value != "" {
		o.Attrs[name] = value
	}
}

// flag sets an attribute that is there or not.
func flag(o *catalog.Object, name string, is bool) {
	if is {
		o.Attrs[name] = "yes"
	}
}
