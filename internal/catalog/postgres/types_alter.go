package postgres

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// alterEnum adds labels in place. Labels cannot be taken away or moved: then the
// type is made anew under its name and every column converted by way of text.
func alterEnum(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	alt := catalog.Alteration{}
	if d.Changed("labels") {
		old, now := list(d.From.Attrs["labels"]), list(d.To.Attrs["labels"])
		if subsequence(old, now) {
			alt.SQL = addLabels(qualified(d.To.Key), old, now)
		} else {
			alt = rebuildEnum(p, d)
		}
	}
	if d.Changed("comment") || len(alt.Detach) > 0 && d.To.Attrs["comment"] != "" {
		alt.SQL = append(alt.SQL, comment("TYPE", qualified(d.To.Key), d.To.Attrs["comment"]))
	}
	return alt
}

// subsequence tells whether all of part stands in whole, in its order.
func subsequence(part, whole []string) bool {
	i := 0
	for _, w := range whole {
		if i < len(part) && part[i] == w {
			i++
		}
	}
	return i == len(part)
}

func addLabels(name string, old, now []string) []string {
	var stmts []string
	last := -1
	for i, l := range now {
		if slices.Contains(old, l) {
			last = i
		}
	}
	for i, l := range now {
		if slices.Contains(old, l) {
			continue
		}
		s := "ALTER TYPE " + name + " ADD VALUE " + literal(l)
		switch {
		case i > last: // at the end
		case i > 0:
			s += " AFTER " + literal(now[i-1])
		default:
			s += " BEFORE " + literal(old[0])
		}
		stmts = append(stmts, s)
	}
	return stmts
}

func rebuildEnum(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	name := qualified(d.To.Key)
	aside := d.From.Key
	aside.Name = clip(d.From.Name, 54) + "_migr_old"
	alt := catalog.Alteration{Detach: []catalog.Key{d.From.Key}}
	alt.SQL = append(alt.SQL, "ALTER TYPE "+name+" RENAME TO "+ident(aside.Name), enumSQL(name, d.To))
	for _, c := range lasting(p, d.From.Key) {
		to := p.To.Get(c.obj.Key)
		if table, is := inKey(p.From, c.obj); is {
			alt.Rebuild = append(alt.Rebuild, table)
		}
		alt.Detach = append(alt.Detach, c.obj.Key)
		if anew(p, c.obj.TableKey()) { // with columns of the new type
			continue
		}
		alt.SQL = append(alt.SQL, convertEnum(c, to, name))
	}
	alt.SQL = append(append(alt.SQL, restored(p, d.To)...), "DROP TYPE "+qualified(aside))
	return alt
}

// An enumColumn is a column that holds labels: dims are the brackets of its type,
// domain tells that it is of a domain over the enum (and stored as the enum while the domain is away).
type enumColumn struct {
	obj    *catalog.Object
	dims   string
	domain bool
}

// lasting lists the columns that hold labels before and after; what leaves the
// enum or is dropped does so before the enum changes.
func lasting(p *catalog.Ctx, enum catalog.Key) []enumColumn {
	after := map[catalog.Key]bool{}
	for _, c := range enumColumns(p.To, enum) {
		after[c.obj.Key] = true
	}
	return slices.DeleteFunc(enumColumns(p.From, enum), func(c enumColumn) bool { return !after[c.obj.Key] })
}

func enumColumns(c *catalog.Catalog, enum catalog.Key) []enumColumn {
	bases := map[string]string{qualified(enum): ""}
	domains := map[string]bool{}
	for _, o := range c.Objects {
		if o.Kind == "domain" {
			if elem, dims := element(o.Attrs["type"]); elem == qualified(enum) {
				bases[qualified(o.Key)], domains[qualified(o.Key)] = dims, true
			}
		}
	}
	var cols []enumColumn
	for _, o := range c.Objects {
		if o.Kind != "column" || o.Attrs["generated"] != "" {
			continue
		}
		elem, dims := element(o.Attrs["type"])
		if below, is := bases[elem]; is {
			cols = append(cols, enumColumn{o, below + dims, domains[elem]})
		}
	}
	return cols
}

func convertEnum(c enumColumn, to *catalog.Object, name string) string {
	col, typ := ident(c.obj.Name), name+c.dims
	alter := "ALTER COLUMN " + col + " "
	var clauses []string
	if c.obj.Attrs["default"] != "" && !c.domain {
		clauses = append(clauses, alter+"DROP DEFAULT")
	}
	clauses = append(clauses, alter+"TYPE "+typ+" USING "+col+"::text"+c.dims+"::"+typ)
	if v := to.Attrs["default"]; v != "" && !c.domain && to.Attrs["type"] == c.obj.Attrs["type"] {
		clauses = append(clauses, alter+"SET DEFAULT "+v)
	}
	if len(clauses) == 1 {
		return "ALTER TABLE " + tableOf(c.obj.Key) + " " + clauses[0]
	}
	return "ALTER TABLE " + tableOf(c.obj.Key) + "\n  " + strings.Join(clauses, ",\n  ")
}

func enumHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if from == nil || to == nil {
		return nil
	}
	now := list(to.Attrs["labels"])
	var gone []string
	for _, l := range list(from.Attrs["labels"]) {
		if !slices.Contains(now, l) {
			gone = append(gone, literal(l))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	var counts []string
	for _, c := range lasting(p, from.Key) {
		where := ident(c.obj.Name) + "::text IN (" + strings.Join(gone, ", ") + ")"
		if c.dims != "" {
			where = ident(c.obj.Name) + "::text[] && ARRAY[" + strings.Join(gone, ", ") + "]"
		}
		counts = append(counts, "(SELECT count(*) FROM "+tableOf(c.obj.Key)+" WHERE "+where+")")
	}
	count := ""
	if len(counts) > 0 {
		count = "SELECT " + strings.Join(counts, " + ")
	}
	return []catalog.Hazard{{Code: "drop-enum-value", Object: to.Path(), Why: "fails where a row holds " + strings.Join(gone, " or "), Count: count}}
}

// alterDomain changes all but the type below.
func alterDomain(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.Changed("type") || d.Changed("collation") {
		return catalog.Alteration{Replace: true}
	}
	name := qualified(d.To.Key)
	alter := "ALTER DOMAIN " + name + " "
	var stmts []string
	old, now := members(d.From.Attrs["checks"]), members(d.To.Attrs["checks"])
	for _, m := range old {
		if i := named(now, m.Name); i < 0 || !validated(m, now[i]) {
			stmts = append(stmts, alter+"DROP CONSTRAINT "+ident(m.Name))
		}
	}
	if d.Changed("default") {
		v := d.To.Attrs["default"]
		stmts = append(stmts, alter+either(v != "", "SET DEFAULT "+v, "DROP DEFAULT"))
	}
	if d.Changed("notnull") {
		stmts = append(stmts, alter+either(d.To.Attrs["notnull"] != "", "SET", "DROP")+" NOT NULL")
	}
	for _, m := range now {
		i := named(old, m.Name)
		switch {
		case i < 0 || !validated(old[i], m):
			stmts = append(stmts, alter+"ADD CONSTRAINT "+ident(m.Name)+" "+m.Def)
			i = -1
		case old[i].Def != m.Def:
			stmts = append(stmts, alter+"VALIDATE CONSTRAINT "+ident(m.Name))
		}
		if was := either(i >= 0, "", "\x00"); was == "" && old[i].Comment != m.Comment || was != "" && m.Comment != "" {
			stmts = append(stmts, comment("CONSTRAINT", ident(m.Name)+" ON DOMAIN "+name, m.Comment))
		}
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("DOMAIN", name, d.To.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}

// validated tells whether a check stays, at most by being validated.
func validated(from, to member) bool {
	return from.Def == to.Def || strings.TrimSuffix(from.Def, " NOT VALID") == to.Def
}

func named(ms []member, name string) int {
	return slices.IndexFunc(ms, func(m member) bool { return m.Name == name })
}

// alterComposite adds, drops and retypes attributes, as far as that gives their
// order. The server changes no attribute's type while a column uses the type.
func alterComposite(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	name := qualified(d.To.Key)
	var stmts []string
	if d.Changed("attributes") {
		changes, possible := attributeChanges(p, d)
		if !possible {
			return catalog.Alteration{Replace: true}
		}
		if len(changes) > 0 {
			stmts = append(stmts, "ALTER TYPE "+name+"\n  "+strings.Join(changes, ",\n  "))
		}
		stmts = append(stmts, attributeComments(d, name)...)
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("TYPE", name, d.To.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}

func attributeComments(d *catalog.Delta, name string) []string {
	old, now := members(d.From.Attrs["attributes"]), members(d.To.Attrs["attributes"])
	var stmts []string
	for _, m := range now {
		was := ""
		if i := named(old, m.Name); i >= 0 {
			was = old[i].Comment
		}
		if was != m.Comment {
			stmts = append(stmts, comment("COLUMN", name+"."+ident(m.Name), m.Comment))
		}
	}
	return stmts
}

func attributeChanges(p *catalog.Ctx, d *catalog.Delta) (changes []string, possible bool) {
	old, now := members(d.From.Attrs["attributes"]), members(d.To.Attrs["attributes"])
	var order []string
	for _, m := range old {
		if named(now, m.Name) < 0 {
			changes = append(changes, "DROP ATTRIBUTE "+ident(m.Name)+" CASCADE")
			continue
		}
		order = append(order, m.Name)
	}
	for _, m := range now {
		i := named(old, m.Name)
		switch {
		case i < 0:
			changes = append(changes, "ADD ATTRIBUTE "+attribute(m)+" CASCADE")
			order = append(order, m.Name)
		case old[i].Type != m.Type || old[i].Collation != m.Collation:
			if usedByColumn(p.From, d.From.Key) {
				return nil, false
			}
			changes = append(changes, "ALTER ATTRIBUTE "+ident(m.Name)+" TYPE "+strings.TrimPrefix(attribute(m), ident(m.Name)+" ")+" CASCADE")
		}
	}
	for i, m := range now {
		if order[i] != m.Name {
			return nil, false
		}
	}
	return changes, true
}

func usedByColumn(c *catalog.Catalog, typ catalog.Key) bool {
	return slices.ContainsFunc(c.Objects, func(o *catalog.Object) bool { return o.Kind == "column" && dependsOn(o, typ) })
}
