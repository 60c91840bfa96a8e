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
//     gets the default, and in rounds the rows that were there get their values.
//
// Each of these must be committed before the next, or the lock of the first would
// still be held: hence the cuts.
func stages(ctx context.Context, q catalog.Querier, from, to *catalog.Catalog) ([]catalog.Stage, error) {
	volatile, err := volatileDefaults(ctx, q, from, to)
	if err != nil {
		return nil, err
	}
	s := &stager{from: from, to: to, volatile: volatile}
	bare, loose := s.overlay(), s.overlay()
	filled, checked := s.overlay(), s.overlay()
	var fill []string
	for _, o := range to.Objects {
		switch {
		case !s.busy(o.Key):
		case s.volatile[o.Key]:
			fill = append(fill, fillColumn(o))
			bare.put(without(o, "default", "notnull", "notnull_name"))
			loose.put(without(o, "notnull", "notnull_name"))
			s.nullable(o, filled)
			s.valid(o, checked)
		case s.becomesNotNull(o):
			s.nullable(o, bare, loose, filled)
			s.valid(o, checked)
		case s.unchecked(o):
			for _, c := range []*overlay{bare, loose, filled} {
				c.put(with(o, "not_valid"))
			}
		}
	}
	return s.way(fill, bare, loose, filled, checked), nil
}

type stager struct {
	from, to *catalog.Catalog
	volatile map[catalog.Key]bool
}

// way lists the stages that differ from the one before. A cut is made where
// something is filled, and where what was loose is validated.
func (s *stager) way(fill []string, bare, loose, filled, checked *overlay) []catalog.Stage {
	var all []catalog.Stage
	if len(fill) > 0 {
		all = append(all, catalog.Stage{Catalog: bare.catalog()}, catalog.Stage{Catalog: loose.catalog()},
			catalog.Stage{Catalog: filled.catalog(), Cut: true, Fill: fill})
	} else if bare.changed() {
		all = append(all, catalog.Stage{Catalog: bare.catalog()})
	}
	if !filled.changed() {
		return all // nothing is left to be validated
	}
	return append(all, catalog.Stage{Catalog: checked.catalog(), Cut: true})
}

// busy tells whether an object is part of a table that is there before and after
// and holds rows itself. What a partitioned table does to its partitions at once cannot be cut.
func (s *stager) busy(k catalog.Key) bool {
	f, t := s.from.Get(k.TableKey()), s.to.Get(k.TableKey())
	return f != nil && t != nil && f.Attrs["partition_key"] == "" && t.Attrs["partition_key"] == ""
}

// unchecked tells whether o is a constraint that the rows there are must be held against.
func (s *stager) unchecked(o *catalog.Object) bool {
	if o.Kind != "foreign_key" && o.Kind != "check" || o.Attrs["not_valid"] != "" || o.Attrs["not_enforced"] != "" || stays(s.from, o) {
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
// are held against that.
func (s *stager) nullable(o *catalog.Object, in ...*overlay) {
	if o.Attrs["notnull"] == "" {
		return
	}
	for _, c := range in {
		if s.to.Version >= 180000 {
			c.put(with(o, "notnull_invalid"))
			continue
		}
		c.put(without(o, "notnull"))
		c.put(with(notNullCheck(o), "not_valid"))
	}
}

// valid puts the column into the stage where the check on it is valid.
func (s *stager) valid(o *catalog.Object, in *overlay) {
	if s.to.Version < 180000 && o.Attrs["notnull"] != "" {
		in.put(without(o, "notnull"))
		in.put(notNullCheck(o))
	}
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
	if len(all) == 0 {
		return nil, nil
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
	found := map[catalog.Key]bool{}
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

func (s *stager) overlay() *overlay {
	return &overlay{base: s.to, other: map[catalog.Key]*catalog.Object{}}
}

func (o *overlay) put(obj *catalog.Object) { o.other[obj.Key] = obj }

func (o *overlay) changed() bool { return len(o.other) > 0 }

func (o *overlay) catalog() *catalog.Catalog {
	objects := make([]*catalog.Object, 0, len(o.base.Objects)+len(o.other))
	for _, obj := range o.base.Objects {
		if o.other[obj.Key] == nil {
			objects = append(objects, obj)
		}
	}
	for _, obj := range o.other {
		objects = append(objects, obj)
	}
	return catalog.New(o.base.Version, objects, nil)
}
