package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// stages cuts a way where a statement would hold, while it reads or rewrites all
// rows of a table, a lock that stops those who write (the manual's "Explicit
// Locking" and the notes of ALTER TABLE, versions 13 to 18):
//
//   - a foreign key or a check is added NOT VALID, and validated later, which stops nobody;
//   - NOT NULL is first a check that is not valid (from version 18 on: a NOT NULL
//     constraint that is not); SET NOT NULL then believes the valid check and reads nothing;
//   - a new column with a volatile default comes without it, which rewrites nothing; it
//     gets the default, and in rounds the rows that were there get their values (where the
//     table has no trigger that an UPDATE wakes, and the default is never NULL);
//   - an index is built last, CONCURRENTLY, so that what comes before it is one transaction.
//
// Each of these must be committed before the next, or the lock of the first would
// still be held: hence the cuts.
//
// A fill comes before anything is NOT VALID: an UPDATE holds the whole row to its
// constraints, also in columns that it does not touch.
func stages(ctx context.Context, q catalog.Querier, from, to *catalog.Catalog) ([]catalog.Stage, error) {
	volatile, err := volatileDefaults(ctx, q, from, to)
	if err != nil {
		return nil, err
	}
	s := &stager{from: from, to: to, volatile: volatile, needed: needs(to)}
	for i := range s.at {
		s.at[i] = &overlay{base: to, other: map[catalog.Key]*catalog.Object{}}
	}
	for _, o := range to.Objects {
		volatile[o.Key] = volatile[o.Key] && s.busy(o.Key) && s.fillable(o)
		if volatile[o.Key] {
			s.fill = append(s.fill, fillColumn(o))
		}
	}
	for _, o := range to.Objects {
		if s.busy(o.Key) {
			s.place(o)
		}
	}
	return s.way(), nil
}

// The stages, in their order.
const (
	bare    = iota // new columns without a volatile default
	loose          // with it
	indexed        // with the new indexes
	filled         // what is checked is so for new rows only
	checked        // and now for all; SET NOT NULL is still to come
	stageCount
)

type stager struct {
	from, to *catalog.Catalog
	volatile map[catalog.Key]bool
	needed   map[catalog.Key]bool
	fill     []string
	at       [stageCount]*overlay
}

// place gives an object of a table that is in use its form at each stage.
func (s *stager) place(o *catalog.Object) {
	switch {
	case s.volatile[o.Key]:
		s.put(o.Key, without(o, "default", "notnull", "notnull_name"), bare)
		s.put(o.Key, without(o, "notnull", "notnull_name"), loose, indexed)
		s.nullable(o, filled)
	case s.becomesNotNull(o) && len(s.fill) > 0:
		s.put(o.Key, without(o, "notnull", "notnull_name"), bare, loose, indexed)
		s.nullable(o, filled)
	case s.becomesNotNull(o):
		s.nullable(o, bare, loose, indexed, filled)
	case s.unchecked(o) && len(s.fill) > 0:
		s.put(o.Key, s.asBefore(o.Key), bare, loose, indexed)
		s.put(o.Key, with(o, "not_valid"), filled)
	case s.unchecked(o):
		s.put(o.Key, with(o, "not_valid"), bare, loose, indexed, filled)
	case (o.Kind == "index" || o.Kind == "unique") && s.from.Get(o.Key) == nil && !s.needed[o.Key]:
		s.put(o.Key, nil, bare, loose)
	}
}

// neverNull are volatile functions that always have a value (versions 13 to 18, pgcrypto, uuid-ossp).
var neverNull = map[string]bool{
	"nextval": true, "random": true, "clock_timestamp": true, "timeofday": true, "gen_random_uuid": true, "uuidv4": true, "uuidv7": true,
	"gen_random_bytes": true, "uuid_generate_v1": true, "uuid_generate_v1mc": true, "uuid_generate_v4": true, "txid_current": true, "pg_current_xact_id": true,
}

// fillable tells whether rows can be given their values by UPDATE: no trigger of the
// table's may see that, which adding a column does not wake, and there must be a value, or
// the rounds would not end.
func (s *stager) fillable(o *catalog.Object) bool {
	for _, c := range []*catalog.Catalog{s.from, s.to} {
		for _, t := range c.Parts(o.TableKey(), "trigger") {
			if strings.Contains(t.Attrs["event"], "UPDATE") {
				return false
			}
		}
	}
	return o.Attrs["notnull"] != "" || !slices.ContainsFunc(called(o.Attrs["default"]), func(f string) bool { return !neverNull[f] })
}

// asBefore is an object as it was; nil where what it stands on goes.
func (s *stager) asBefore(k catalog.Key) *catalog.Object {
	o := s.from.Get(k)
	if o == nil || slices.ContainsFunc(o.Deps, func(d catalog.Key) bool { return s.to.Get(d) == nil }) {
		return nil
	}
	return o
}

// put gives an object another form at some stages; nil: it is not there.
func (s *stager) put(k catalog.Key, o *catalog.Object, at ...int) {
	for _, i := range at {
		s.at[i].other[k] = o
	}
}

// needs are the objects that others depend on: a foreign key on a unique one.
func needs(c *catalog.Catalog) map[catalog.Key]bool {
	needed := map[catalog.Key]bool{}
	for _, o := range c.Objects {
		for _, d := range o.Deps {
			needed[d] = true
		}
	}
	return needed
}

// way lists the stages that are needed. A cut is made where something is filled, and
// where what was loose is validated.
func (s *stager) way() []catalog.Stage {
	var all []catalog.Stage
	if len(s.at[bare].other) > 0 {
		for _, o := range s.at[bare:filled] {
			all = append(all, catalog.Stage{Catalog: o.catalog()})
		}
	}
	if len(s.fill) > 0 {
		all = append(all, catalog.Stage{Catalog: s.at[filled].catalog(), Cut: true, Fill: s.fill})
	}
	if len(s.at[filled].other) > 0 {
		all = append(all, catalog.Stage{Catalog: s.at[checked].catalog(), Cut: true})
	}
	return all
}

// busy tells whether an object is part of a table that is there before and after
// and holds rows itself. What a partitioned table does to its partitions at once cannot be cut.
func (s *stager) busy(k catalog.Key) bool {
	f, t := s.from.Get(k.TableKey()), s.to.Get(k.TableKey())
	return f != nil && t != nil && f.Attrs["partition_key"] == "" && t.Attrs["partition_key"] == ""
}

// unchecked tells whether o is a constraint that the rows there are must be held against.
func (s *stager) unchecked(o *catalog.Object) bool {
	if o.Kind != "foreign_key" && o.Kind != "check" || o.Attrs["not_valid"] != "" || o.Attrs["not_enforced"] != "" || stays(&catalog.Ctx{}, s.from, o) {
		return false
	}
	f := s.from.Get(o.Key)
	return f == nil || f.Attrs["def"] != o.Attrs["def"]
}

// becomesNotNull leaves out the columns of a new primary key, which is NOT NULL by itself.
func (s *stager) becomesNotNull(o *catalog.Object) bool {
	f := s.from.Get(o.Key)
	if o.Kind != "column" || f == nil || f.Attrs["notnull"] != "" || o.Attrs["notnull"] == "" || o.Attrs["notnull_invalid"] != "" {
		return false
	}
	for _, pk := range s.to.Parts(o.TableKey(), "primary_key") {
		if had := s.from.Get(pk.Key); (had == nil || !had.Equal(pk)) && slices.Contains(list(pk.Info["columns"]), o.Name) {
			return false
		}
	}
	return true
}

// nullable puts a column that is to be NOT NULL into stages where only new values
// are held against that, and before version 18 into the one where the check on it is valid.
func (s *stager) nullable(o *catalog.Object, at ...int) {
	if o.Attrs["notnull"] == "" {
		return
	}
	if s.to.Version >= 180000 {
		s.put(o.Key, with(o, "notnull_invalid"), at...)
		return
	}
	check := notNullCheck(o)
	s.put(o.Key, without(o, "notnull"), append(at, checked)...)
	s.put(check.Key, with(check, "not_valid"), at...)
	s.put(check.Key, check, checked)
}

// notNullCheck is the check that spares SET NOT NULL its look at all rows (version 12).
func notNullCheck(o *catalog.Object) *catalog.Object {
	name := clip(o.Table+"_"+o.Name, 50) + "_migr_nn"
	return &catalog.Object{
		Key:   catalog.Key{Kind: "check", Schema: o.Schema, Table: o.Table, Name: name},
		Attrs: map[string]string{"def": "CHECK (" + ident(o.Name) + " IS NOT NULL)"}, Info: map[string]string{}, Deps: []catalog.Key{o.Key},
	}
}

func fillColumn(o *catalog.Object) string {
	return "UPDATE " + tableOf(o.Key) + " SET " + ident(o.Name) + " = DEFAULT WHERE " + ident(o.Name) + " IS NULL"
}

func without(o *catalog.Object, attrs ...string) *catalog.Object {
	c := o.Clone()
	for _, a := range attrs {
		delete(c.Attrs, a)
	}
	return c
}

func with(o *catalog.Object, attr string) *catalog.Object {
	c := o.Clone()
	c.Attrs[attr] = "yes"
	return c
}

// volatileDefaults finds the columns that are new on a table with rows, and whose default
// is another value for each of them: such a column rewrites its table (version 11).
func volatileDefaults(ctx context.Context, q catalog.Querier, from, to *catalog.Catalog) (map[catalog.Key]bool, error) {
	calls := map[catalog.Key][]string{}
	var all []string
	for _, o := range to.Objects {
		if o.Kind == "column" && o.Attrs["default"] != "" && from.Get(o.Key) == nil && inheritedIn(from, o) == nil && from.Get(o.TableKey()) != nil {
			calls[o.Key] = called(o.Attrs["default"])
			all = append(all, calls[o.Key]...)
		}
	}
	found := map[catalog.Key]bool{}
	if len(all) == 0 {
		return found, nil
	}
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT proname::text FROM pg_catalog.pg_proc
		WHERE provolatile = 'v' AND proname::text = ANY (string_to_array($1, E'\n'))`, strings.Join(all, "\n"))
	if err != nil {
		return nil, fmt.Errorf("asking which defaults are volatile: %w", err)
	}
	defer rows.Close()
	volatile := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		volatile[name] = true
	}
	for key, names := range calls {
		found[key] = slices.ContainsFunc(names, func(n string) bool { return volatile[n] })
	}
	return found, rows.Err()
}

// called lists the names in an expression that a parenthesis follows.
func called(expr string) []string {
	var names []string
	last := ""
	sqltext.Scan(sqltext.Postgres, expr, func(t sqltext.Token) bool {
		if t.Text == "(" && last != "" {
			names = append(names, last)
		}
		last = t.Ident(sqltext.Postgres)
		return true
	})
	return names
}

// An overlay is a catalog with some objects in another form.
type overlay struct {
	base  *catalog.Catalog
	other map[catalog.Key]*catalog.Object
}

func (o *overlay) catalog() *catalog.Catalog {
	objects := make([]*catalog.Object, 0, len(o.base.Objects)+len(o.other))
	for _, obj := range o.base.Objects {
		if _, other := o.other[obj.Key]; !other {
			objects = append(objects, obj)
		}
	}
	for _, obj := range o.other {
		if obj != nil {
			objects = append(objects, obj)
		}
	}
	return catalog.New(o.base.Version, objects, nil)
}
