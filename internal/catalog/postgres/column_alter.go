package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// alterColumn changes a column in place, in one ALTER TABLE as far as that goes.
func alterColumn(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	from, to := d.From, d.To
	if replaceGenerated(p, d) {
		return catalog.Alteration{Replace: true}
	}
	c := &columnChange{p: p, d: d, from: from, to: to, name: ident(to.Name), table: tableOf(to.Key)}
	alt := catalog.Alteration{}
	dropped := to.Attrs["identity"] == "" && from.Attrs["identity"] != ""
	if base, _ := splitType(to.Attrs["type"]); dropped && d.Changed("type") && !integers[base] {
		c.dropIdentity() // an identity has no other type, not for a moment
		c.flush()
		dropped = false
	}
	if d.Changed("type") || d.Changed("collation") {
		alt.Detach = []catalog.Key{from.Key}
		c.typeAndDefault()
	} else if d.Changed("default") {
		c.setDefault()
	}
	if d.Changed("generated") {
		c.clause(either(to.Attrs["generated"] != "", "SET EXPRESSION AS ("+to.Attrs["generated"]+")", "DROP EXPRESSION"))
	}
	if d.Changed("compression") {
		v := to.Attrs["compression"]
		c.clause("SET COMPRESSION " + either(v != "", v, "default"))
	}
	if dropped {
		c.dropIdentity()
	}
	c.notNull()
	c.flush()
	c.identity()
	c.fillSequence()
	alt.SQL = append(c.stmts, columnExtras(p, from, to)...)
	return alt
}

// replaceGenerated tells whether a generated column must be dropped and added:
// before version 17 its expression cannot change, and a plain column cannot become generated.
func replaceGenerated(p *catalog.Ctx, d *catalog.Delta) bool {
	from, to := d.From.Attrs["generated"], d.To.Attrs["generated"]
	if from == "" && to == "" {
		return false
	}
	if from == "" || d.Changed("stored") && to != "" || to == "" && d.From.Attrs["stored"] == "VIRTUAL" || d.Changed("type") && from != "" {
		return true
	}
	if from == to || to == "" {
		return false
	}
	if p.To.Version < 170000 {
		return true
	}
	for _, dep := range d.From.Deps { // what it is made of changes its type: it has to go anyway
		f, t := p.From.Get(dep), p.To.Get(dep)
		if dep.Kind == "column" && f != nil && t != nil && f.Attrs["type"] != t.Attrs["type"] {
			return true
		}
	}
	return false
}

// integers are the types that an identity may have.
var integers = map[string]bool{"smallint": true, "integer": true, "bigint": true}

// A columnChange gathers the clauses of an ALTER TABLE, and the statements around it.
type columnChange struct {
	p           *catalog.Ctx
	d           *catalog.Delta
	from, to    *catalog.Object
	name, table string
	clauses     []string
	stmts       []string
}

func (c *columnChange) clause(s string) {
	c.clauses = append(c.clauses, "ALTER COLUMN "+c.name+" "+s)
}

// flush writes the clauses gathered so far as one statement.
func (c *columnChange) flush() {
	switch len(c.clauses) {
	case 0:
	case 1:
		c.stmts = append(c.stmts, "ALTER TABLE "+c.table+" "+c.clauses[0])
	default:
		c.stmts = append(c.stmts, "ALTER TABLE "+c.table+"\n  "+strings.Join(c.clauses, ",\n  "))
	}
	c.clauses = nil
}

func (c *columnChange) setDefault() {
	v := c.to.Attrs["default"]
	c.clause(either(v != "", "SET DEFAULT "+v, "DROP DEFAULT"))
}

// typeAndDefault changes the type. A default of the old type goes before and
// comes back after: the server converts it only where an assignment cast exists, and then
// keeps the words of the old type.
func (c *columnChange) typeAndDefault() {
	old, now := c.from.Attrs["default"], c.to.Attrs["default"]
	again := old != "" && !sameBase(c.from.Attrs["type"], c.to.Attrs["type"])
	if again {
		c.clause("DROP DEFAULT")
	}
	c.clause(typeClause(c.from, c.to))
	if now != "" && (again || now != old) {
		c.clause("SET DEFAULT " + now)
	} else if now == "" && old != "" && !again {
		c.clause("DROP DEFAULT")
	}
}

func typeClause(from, to *catalog.Object) string {
	s := "TYPE " + to.Attrs["type"]
	if v := to.Attrs["collation"]; v != "" {
		s += " COLLATE " + v
	}
	if using := conversion(from, to); using != "" {
		s += " USING " + using
	}
	return s
}

func (c *columnChange) dropIdentity() {
	c.clause("DROP IDENTITY")
	seq := owned(c.p.To, c.to)
	if seq == nil || !fromIdentity(c.p, c.to, seq) {
		return
	}
	// the sequence of the identity may have the name of the one that comes
	keep := c.clauses
	c.clauses = nil
	for _, s := range keep {
		if !strings.Contains(s, " SET DEFAULT ") {
			c.clauses = append(c.clauses, s)
		}
	}
	c.flush()
	c.stmts = append(c.stmts, sequenceSQL(seq)...)
	if v := c.to.Attrs["default"]; v != "" {
		c.clause("SET DEFAULT " + v)
	}
}

// notNull sets or drops NOT NULL; from version 18 on it is a constraint with a name.
func (c *columnChange) notNull() {
	from, to := c.from.Attrs, c.to.Attrs
	name := to["notnull_name"]
	switch {
	case from["notnull"] != "" && to["notnull"] == "":
		c.clause("DROP NOT NULL")
	case from["notnull"] == "" && to["notnull"] != "":
		c.addNotNull(name)
	case c.d.Changed("notnull_invalid") && to["notnull_invalid"] != "", c.d.Changed("notnull_inherit"):
		c.clause("DROP NOT NULL")
		c.flush()
		c.addNotNull(name)
	case to["notnull"] != "":
		alter := "ALTER TABLE " + c.table + " "
		old, now := c.from.Info["notnull_name"], c.to.Info["notnull_name"]
		if c.d.Changed("notnull_name") && old != "" && now != "" {
			c.stmts = append(c.stmts, alter+"RENAME CONSTRAINT "+ident(old)+" TO "+ident(now))
		}
		if c.d.Changed("notnull_invalid") {
			c.stmts = append(c.stmts, alter+"VALIDATE CONSTRAINT "+ident(now))
		}
	}
	if c.d.Changed("notnull_comment") && to["notnull"] != "" {
		c.flush()
		c.stmts = append(c.stmts, comment("CONSTRAINT", ident(c.to.Info["notnull_name"])+" ON "+c.table, to["notnull_comment"]))
	}
}

func (c *columnChange) addNotNull(name string) {
	a := c.to.Attrs
	if name == "" && a["notnull_invalid"] == "" && a["notnull_inherit"] == "" {
		c.clause("SET NOT NULL")
		return
	}
	c.flush()
	c.stmts = append(c.stmts, notNullConstraint(c.to))
}

// notNullConstraint writes a NOT NULL constraint by itself (version 18).
func notNullConstraint(o *catalog.Object) string {
	s := "ALTER TABLE " + tableOf(o.Key) + " ADD CONSTRAINT " + ident(o.Info["notnull_name"]) + " NOT NULL " + ident(o.Name)
	if v := o.Attrs["notnull_inherit"]; v != "" {
		s += " " + v
	}
	if o.Attrs["notnull_invalid"] != "" {
		s += " NOT VALID"
	}
	return s
}

// identity makes the column an identity, or changes the identity it is.
func (c *columnChange) identity() {
	from, to := c.from.Attrs, c.to.Attrs
	if to["identity"] == "" {
		return
	}
	if from["identity"] == "" {
		if seq := owned(c.p.From, c.from); seq != nil && toIdentity(c.p, c.from, seq) {
			c.stmts = append(c.stmts, "DROP SEQUENCE "+qualified(seq.Key))
		}
		c.clause("ADD " + identityDef(c.to))
		c.flush()
		c.fill(to["identity_name"])
		return
	}
	var set string
	if c.d.Changed("identity") {
		set = " SET GENERATED " + to["identity"]
	}
	for _, opt := range changedOptions(from["identity_options"], to["identity_options"]) {
		set += either(opt == "RESTART", " ", " SET ") + opt
	}
	if set != "" {
		c.clause(strings.TrimPrefix(set, " "))
		c.flush()
	}
	if c.d.Changed("identity_name") {
		c.stmts = append(c.stmts, "ALTER SEQUENCE "+dotted(c.to.Schema, from["identity_name"])+" RENAME TO "+ident(to["identity_name"]))
	}
}

// fillSequence has the sequence of a column that becomes a serial go on after the rows that are there.
func (c *columnChange) fillSequence() {
	seq := owned(c.p.To, c.to)
	if seq != nil && c.d.Changed("default") && c.p.From.Get(seq.Key) == nil && strings.HasPrefix(c.to.Attrs["default"], "nextval(") {
		c.fill(seq.Name)
	}
}

func (c *columnChange) fill(sequence string) {
	base, _ := splitType(c.to.Attrs["type"])
	if c.from.Attrs["type"] != c.to.Attrs["type"] && !numbers[base] {
		return
	}
	c.stmts = append(c.stmts, "SELECT setval("+literal(dotted(c.to.Schema, sequence))+", max("+c.name+")) FROM "+c.table+" HAVING max("+c.name+") >= 1")
}

// yieldColumn takes away what in a column depends on a thing that is dropped
// and made anew, and brings it back; the column's data stay.
func yieldColumn(p *catalog.Ctx, from, to *catalog.Object, gone catalog.Key) (before, after []string) {
	if from.Attrs["generated"] != "" { // its values can be computed again
		if to.Attrs["generated"] == "" {
			return nil, nil
		}
		return dropColumn(p, from), append(createColumn(p, to), partsAlong(p, from)...)
	}
	base, dims := element(from.Attrs["type"])
	if base == qualified(gone) && from.Attrs["type"] == to.Attrs["type"] && p.From.Get(gone) != nil && typeKinds[gone.Kind] {
		if gone.Kind == "enum" && p.To.Get(gone) != nil {
			return nil, nil // the enum's change converts its columns itself
		}
		return yieldType(p, from, to, gone, dims)
	}
	if !dependsOn(to, gone) {
		return nil, nil // the column's own change takes the dependence away
	}
	alter := "ALTER TABLE " + tableOf(to.Key) + " "
	col := "ALTER COLUMN " + ident(to.Name) + " "
	if from.Attrs["default"] != "" {
		before = append(before, alter+col+"DROP DEFAULT")
	}
	if v := to.Attrs["default"]; v != "" {
		after = append(after, alter+col+"SET DEFAULT "+v)
	}
	return before, after
}

var typeKinds = map[string]bool{"enum": true, "domain": true, "composite": true, "range": true}

// yieldType stores the column as the type below a domain, or as text, while its type is away.
func yieldType(p *catalog.Ctx, from, to *catalog.Object, gone catalog.Key, dims string) (before, after []string) {
	alter := "ALTER TABLE " + tableOf(to.Key) + "\n  "
	col := "ALTER COLUMN " + ident(to.Name) + " "
	meanwhile := "text"
	if gone.Kind == "domain" {
		meanwhile = p.From.Get(gone).Attrs["type"]
	}
	meanwhile += dims
	away := []string{}
	if from.Attrs["default"] != "" {
		away = append(away, col+"DROP DEFAULT")
	}
	away = append(away, col+"TYPE "+meanwhile+" USING "+ident(from.Name)+"::"+meanwhile)
	back := []string{col + "TYPE " + to.Attrs["type"] + " USING " + ident(to.Name) + "::" + to.Attrs["type"]}
	if v := to.Attrs["default"]; v != "" {
		back = append(back, col+"SET DEFAULT "+v)
	}
	return []string{alter + strings.Join(away, ",\n  ")}, []string{alter + strings.Join(back, ",\n  ")}
}

// partsAlong makes again the indexes and constraints that went with a dropped column.
func partsAlong(p *catalog.Ctx, column *catalog.Object) []string {
	var stmts []string
	for _, o := range p.From.Parts(column.TableKey(), "") {
		to := p.To.Get(o.Key)
		if to == nil || !dependsOn(o, column.Key) || !o.Equal(to) {
			continue
		}
		switch o.Kind {
		case "index":
			stmts = append(stmts, createIndex(p, to)...)
		case "primary_key", "unique", "exclude", "check", "foreign_key":
			stmts = append(stmts, createConstraint(p, to)...)
		}
	}
	return stmts
}
