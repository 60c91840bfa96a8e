package mysql

import (
	"regexp"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/catalog"
)

// checkKind: attributes clause, not_enforced (MySQL).
var checkKind = catalog.Kind{Name: "check", How: catalog.Merged, NameAfter: ownName(func(f *flavour) string { return f.checkMark })}

// foreignKeyKind: attributes columns, references (the table, with its database
// where that is another), ref_columns, on_delete, on_update. A rule that is what
// the server takes where none is written is left out.
//
// The index that the server makes for a foreign key is an index like any other.
var foreignKeyKind = catalog.Kind{
	Name: "foreign_key", How: catalog.Inline, GoesWith: true, Namespace: "foreign_key",
	Create: addForeignKey, NameAfter: ownName(func(*flavour) string { return "_ibfk_" }),
	Drop: func(_ *catalog.Ctx, o *catalog.Object) []string {
		return []string{"ALTER TABLE " + ident(o.Table) + " DROP FOREIGN KEY " + ident(o.Name)}
	},
}

// ownName is for names that begin as the server's own do (t_ibfk_1 on both
// products, t_chk_1 on MySQL): they change with the table's, whoever gave them.
func ownName(mark func(*flavour) string) func(*catalog.Ctx, *catalog.Object, catalog.Key) string {
	return func(p *catalog.Ctx, o *catalog.Object, table catalog.Key) string {
		m := mark(flavourIn(p))
		if rest, is := strings.CutPrefix(o.Name, o.Table+m); is && m != "" {
			return table.Name + m + rest
		}
		return o.Name
	}
}

// addForeignKey adds a foreign key to a table that is there. An index on just its
// columns is named once more in the same statement: were it one that the server made
// for an earlier foreign key, it would go in favour of one called as the new is.
func addForeignKey(p *catalog.Ctx, o *catalog.Object) []string {
	sql := "ALTER TABLE " + ident(o.Table) + " "
	if p.From != nil && p.To != nil {
		for _, x := range p.To.Parts(o.TableKey(), "index") {
			old := p.From.Get(x.Key)
			if old != nil && old.Equal(x) && plainIndex(x) && x.Name != o.Name && x.Attrs["columns"] == o.Attrs["columns"] {
				sql += dropKey(x) + ", ADD " + indexDef(flavourIn(p), x) + ", "
			}
		}
	}
	return []string{sql + "ADD " + foreignKeyDef(o)}
}

func (r *reader) readChecks() error {
	columns := map[catalog.Key]*catalog.Object{}
	for _, o := range r.objects {
		if o.Kind == "column" {
			columns[o.Key] = o
		}
	}
	tables, idle, err := r.checkTables()
	if err != nil {
		return err
	}
	pos := 0
	return r.each(r.f.checkQuery, func(w row) error {
		table, name, clause := w.s(0), w.s(1), r.expression(w.s(3))
		if table == "" {
			table = tables[name]
		}
		t := r.tables[table]
		if t == nil {
			return nil
		}
		if w.s(2) == "Column" {
			c := columns[catalog.Key{Kind: "column", Table: t.Name, Name: name}]
			if c == nil || !strings.Contains(clause, ident(c.Name)) {
				r.lostCheck(t, clause)
			} else {
				c.Attrs["check"] = clause
			}
			return nil
		}
		pos++
		o := newObject("check", t.Name, name)
		o.Pos = pos
		put(o, "clause", clause)
		flag(o, "not_enforced", idle[name])
		r.add(o)
		if !r.f.escaped && periodCheck().MatchString(clause) {
			r.maybePeriod(t)
		}
		return nil
	})
}

// checkTables tells, for MySQL, the table of each check, whose names are unique in
// a database there, and which are not enforced.
func (r *reader) checkTables() (tables map[string]string, idle map[string]bool, err error) {
	tables, idle = map[string]string{}, map[string]bool{}
	if r.f.checkTables == "" {
		return tables, idle, nil
	}
	err = r.each(r.f.checkTables, func(w row) error {
		tables[w.s(0)], idle[w.s(0)] = w.s(1), w.s(2) == "NO"
		return nil
	})
	return tables, idle, err
}

// lostCheck finds the column of a check in SHOW CREATE TABLE: information_schema of
// MariaDB 10.11 still has the name that the column had before RENAME COLUMN.
func (r *reader) lostCheck(t *catalog.Object, clause string) {
	r.want("TABLE", t.Key, func(text string) error {
		for _, o := range r.objects {
			if o.Kind == "column" && o.Table == t.Name && strings.HasSuffix(strings.TrimSuffix(columnLine(text, o.Name), ","), " CHECK ("+clause+")") {
				o.Attrs["check"] = clause
			}
		}
		return nil
	})
}

// periodCheck is the check that MariaDB makes for PERIOD FOR name (a, b).
var periodCheck = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^`(?:[^`]|``)+` < `(?:[^`]|``)+`$") })

var periodLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?m)^  PERIOD FOR `") })

// maybePeriod gives a table up that has an application-time period: nothing in
// MariaDB 10.11's information_schema tells it from a check.
func (r *reader) maybePeriod(t *catalog.Object) {
	r.want("TABLE", t.Key, func(text string) error {
		if periodLine().MatchString(text) {
			r.giveUp(t.Key)
		}
		return nil
	})
}

func checkDef(o *catalog.Object) string {
	def := "CONSTRAINT " + ident(o.Name) + " CHECK (" + o.Attrs["clause"] + ")"
	if o.Attrs["not_enforced"] != "" {
		def += " NOT ENFORCED"
	}
	return def
}

func (r *reader) readForeignKeys() error {
	found := map[catalog.Key]*catalog.Object{}
	rules := "SELECT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS " +
		"WHERE CONSTRAINT_SCHEMA = {home}"
	err := r.each(rules, func(w row) error {
		t := r.tables[w.s(0)]
		if t == nil {
			return nil
		}
		o := newObject("foreign_key", t.Name, w.s(1))
		for i, rule := range []string{"on_delete", "on_update"} {
			if w.s(2+i) != r.f.fkRule {
				put(o, rule, w.s(2+i))
			}
		}
		found[o.Key] = o
		r.add(o)
		return nil
	})
	if err != nil {
		return err
	}
	columns := "SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, " +
		"REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = {home} " +
		"AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"
	return r.each(columns, func(w row) error {
		if o := found[catalog.Key{Kind: "foreign_key", Table: w.s(0), Name: w.s(1)}]; o != nil {
			r.foreignKeyColumn(o, w)
		}
		return nil
	})
}

func (r *reader) foreignKeyColumn(o *catalog.Object, w row) {
	sep := ""
	if o.Attrs["columns"] != "" {
		sep = ","
	}
	o.Attrs["columns"] += sep + ident(w.s(2))
	o.Attrs["ref_columns"] += sep + ident(w.s(5))
	o.Deps = append(o.Deps, catalog.Key{Kind: "column", Table: o.Table, Name: w.s(2)})
	if w.s(3) != r.home {
		o.Attrs["references"] = ident(w.s(3)) + "." + ident(w.s(4))
		return
	}
	if sep == "" {
		o.Attrs["references"] = ident(w.s(4))
		o.Deps = append(o.Deps, catalog.Key{Kind: "table", Name: w.s(4)})
	}
	o.Deps = append(o.Deps, catalog.Key{Kind: "column", Table: w.s(4), Name: w.s(5)})
}

func foreignKeyDef(o *catalog.Object) string {
	a := o.Attrs
	def := "CONSTRAINT " + ident(o.Name) + " FOREIGN KEY (" + a["columns"] + ") REFERENCES " + a["references"] + " (" + a["ref_columns"] + ")"
	if a["on_delete"] != "" {
		def += " ON DELETE " + a["on_delete"]
	}
	if a["on_update"] != "" {
		def += " ON UPDATE " + a["on_update"]
	}
	return def
}
