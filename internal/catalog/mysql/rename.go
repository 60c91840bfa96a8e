package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// renameCandidate tells whether what came may be what went, under another name: a
// column whose values all fit, a table that shares half of its columns, anything
// else that is equal.
func renameCandidate(gone, come *catalog.Object, from, to *catalog.Catalog) bool {
	switch gone.Kind {
	case "column":
		a, b := parseType(gone.Attrs["type"]), parseType(come.Attrs["type"])
		return gone.Attrs["generated"] == come.Attrs["generated"] &&
			(gone.Attrs["type"] == come.Attrs["type"] || a.sort() == b.sort() && !narrows(a, b, gone.Attrs["collation"], come.Attrs["collation"]))
	case "index", "unique", "view", "sequence":
		return gone.Equal(come)
	}
	return gone.Kind == "table" && alike(gone, come, from, to)
}

// alike tells whether two tables share at least half of their columns, and one at least.
func alike(gone, come *catalog.Object, from, to *catalog.Catalog) bool {
	shared, most := catalog.SharedColumns(gone, come, from, to, func(c *catalog.Object) (name, typ string) {
		return strings.ToLower(c.Name), c.Attrs["type"]
	})
	return shared > 0 && 2*shared >= most
}

// sameName: columns and indexes have one name in whatever case; for tables that
// depends on the server's lower_case_table_names.
func sameName(kind, a, b string) bool {
	return (kind == "column" || kind == "index" || kind == "unique") && strings.EqualFold(a, b)
}

// labels are the values of an enum column, or the members of a set.
func labels(o *catalog.Object) []string {
	if o.Kind != "column" {
		return nil
	}
	t := parseType(o.Attrs["type"])
	if t.sort() != listed {
		return nil
	}
	out := make([]string, len(t.args))
	for i, raw := range t.args {
		out[i] = unquoted(raw)
	}
	return out
}

func unquoted(raw string) string {
	if len(raw) < 2 || raw[0] != '\'' {
		return raw
	}
	return unescape(strings.ReplaceAll(raw[1:len(raw)-1], "''", "'"))
}

// renameLabel gives a value of an enum column another name. A row holds the number
// of its value, but ALTER TABLE converts by the name and refuses rows whose value is
// not in the new list (error 1265, MySQL 9.7 and MariaDB 10.11 in strict mode; else
// they become ”). So the new name is added, the rows are given it, and the old one
// is taken away. A check that names the column is away meanwhile, as it may speak of
// the old value; where it is wanted with the new one it comes back, else the plan
// makes it, once all values have their new names. So are the triggers on UPDATE: this
// is no change of the rows' meaning, and they may name what has another name by now.
func renameLabel(p *catalog.Ctx, o *catalog.Object, from, to string) []string {
	f, table := flavourIn(p), p.From.Get(o.TableKey())
	if table == nil {
		return nil
	}
	old, now := quote(from), quote(to)
	wide, last := o.Clone(), o.Clone()
	t := parseType(o.Attrs["type"])
	wide.Attrs["type"] = t.base + "(" + strings.Join(append(slices.Clone(t.args), now), ",") + ")"
	values := slices.Clone(t.args)
	for i, raw := range values {
		if unquoted(raw) == from {
			values[i] = now
		}
	}
	last.Attrs["type"] = t.base + "(" + strings.Join(values, ",") + ")"
	col := ident(o.Name)
	set, where := col+" = "+now, col+" = "+old
	if t.base == "set" { // of its members one has another name: no member holds a comma
		set = col + " = TRIM(BOTH ',' FROM REPLACE(CONCAT(',', " + col + ", ','), " + quote(","+from+",") + ", " + quote(","+to+",") + "))"
		where = "FIND_IN_SET(" + old + ", " + col + ") > 0"
	}
	if d := o.Attrs["default"]; strings.HasPrefix(d, "'") {
		members := strings.Split(unquoted(d), ",")
		if t.base == "enum" {
			members = []string{unquoted(d)}
		}
		for i, m := range members {
			if m == from {
				members[i] = to
				last.Attrs["default"] = quote(strings.Join(members, ","))
			}
		}
	}
	delete(wide.Attrs, "check")
	delete(last.Attrs, "check")
	same := func(was, wanted string) bool { return strings.ReplaceAll(was, old, now) == wanted }
	if c := p.To.Get(o.Key); c != nil && same(o.Attrs["check"], c.Attrs["check"]) {
		put(last, "check", c.Attrs["check"])
	}
	alter := "ALTER TABLE " + ident(o.Table) + "\n  "
	drops, adds := checksAround(p, o, same)
	away, again := triggersAround(p, o)
	return slices.Concat(away, []string{
		alter + strings.Join(append(drops, "MODIFY COLUMN "+columnDef(f, table, wide)), ",\n  "),
		"UPDATE " + ident(o.Table) + " SET " + strings.Join(append([]string{set}, unmoved(p, o)...), ", ") + " WHERE " + where,
		alter + strings.Join(append([]string{"MODIFY COLUMN " + columnDef(f, table, last)}, adds...), ",\n  "),
	}, again)
}

// triggersAround are the statements that take the triggers on UPDATE away, and bring
// back those that are wanted as they are; the others the plan makes.
func triggersAround(p *catalog.Ctx, o *catalog.Object) (away, again []string) {
	back := map[string]bool{"": true}
	for _, t := range p.From.Parts(o.TableKey(), "trigger") {
		if !strings.Contains(t.Attrs["event"], "UPDATE") {
			continue
		}
		away = append(away, "DROP TRIGGER "+ident(t.Name))
		if w := p.To.Get(t.Key); w != nil && w.Equal(t) && back[t.Attrs["follows"]] {
			back[t.Name] = true
			again = append(again, createTrigger(p, t)...)
		}
	}
	return away, again
}

// checksAround are the clauses that take the checks on a column away, and bring back
// those that are wanted and differ in nothing but the value.
func checksAround(p *catalog.Ctx, o *catalog.Object, same func(was, wanted string) bool) (drops, adds []string) {
	for _, c := range p.From.Parts(o.TableKey(), "check") {
		if !strings.Contains(c.Attrs["clause"], ident(o.Name)) {
			continue
		}
		drops = append(drops, "DROP CONSTRAINT "+ident(c.Name))
		if w := p.To.Get(c.Key); w != nil && same(c.Attrs["clause"], w.Attrs["clause"]) {
			adds = append(adds, "ADD "+checkDef(w))
		}
	}
	return drops, adds
}

// unmoved keeps the columns that an UPDATE would set to the time of it.
func unmoved(p *catalog.Ctx, o *catalog.Object) []string {
	var sets []string
	for _, c := range p.From.Parts(o.TableKey(), "column") {
		if c.Attrs["on_update"] != "" {
			sets = append(sets, ident(c.Name)+" = "+ident(c.Name))
		}
	}
	return sets
}
