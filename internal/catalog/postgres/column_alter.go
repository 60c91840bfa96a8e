package postgres

import (
	"slices"
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
		if table, is := inKey(p.From, from); is {
			return catalog.Alteration{Rebuild: []catalog.Key{table}}
		}
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
	alt.SQL = append(append(c.stmts, columnExtras(p, from, to)...), overridden(p, d)...)
	if d.Changed("type") && !mix(from.Attrs["type"], to.Attrs["type"]) {
		alt.Rebuild = foreignKeys(p.From, from.Key)
	}
	return alt
}

// overridden says again what the children of a column's table have otherwise: a
// change of the column reaches them too.
func overridden(p *catalog.Ctx, d *catalog.Delta) []string {
	var stmts []string
	for _, o := range p.To.Objects {
		if o.Kind != "inherited_column" || o.Name != d.To.Name || !dependsOn(o, d.To.Key) {
			continue
		}
		was := p.From.Get(o.Key)
		if was == nil {
			continue
		}
		lost := was.Clone()
		for _, name := range d.Attrs {
			delete(lost.Attrs, name)
		}
		now := o.Clone() // what differs is the override's own change
		for name := range now.Attrs {
			if now.Attrs[name] != was.Attrs[name] {
				delete(now.Attrs, name)
			}
		}
		for name := range lost.Attrs {
			if now.Attrs[name] == "" {
				delete(lost.Attrs, name)
			}
		}
		stmts = append(stmts, override(p, lost, now)...)
	}
	return stmts
}

// mix tells whether values of two types can be compared, as a foreign key must do
// while its columns change one after the other.
func mix(a, b string) bool {
	a, _ = splitType(a)
	b, _ = splitType(b)
	return a == b || numbers[a] && numbers[b] || strs[a] && strs[b]
}

// foreignKeys lists those that stand on a column.
func foreignKeys(c *catalog.Catalog, column catalog.Key) []catalog.Key {
	var keys []catalog.Key
	for _, o := range c.Objects {
		if o.Kind == "foreign_key" && dependsOn(o, column) {
			keys = append(keys, o.Key)
		}
	}
	return keys
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
	c.stmts = append(c.stmts, fillSequence(c.to, sequence))
}

// fillSequence has the sequence of a column go on after the rows that are there.
func fillSequence(column *catalog.Object, sequence string) string {
	name := ident(column.Name)
	return "SELECT setval(" + literal(dotted(column.Schema, sequence)) + ", max(" + name + ")) FROM " + tableOf(column.Key) + " HAVING max(" + name + ") >= 1"
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
	if gone.Kind == "collation" && from.Attrs["collation"] != "" && from.Attrs["type"] == to.Attrs["type"] {
		typ := from.Attrs["type"]
		before = []string{retype(&catalog.Object{Key: from.Key}, "", typ+` COLLATE pg_catalog."default"`, "")}
		if v := to.Attrs["collation"]; v != "" {
			after = []string{retype(&catalog.Object{Key: to.Key}, "", typ+" COLLATE "+v, "")}
		}
		return before, after
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

// yieldType stores the column as the type below a domain, or as text, while its type
// is away; where a composite type gets other attributes, as JSON: text knows no names.
func yieldType(p *catalog.Ctx, from, to *catalog.Object, gone catalog.Key, dims string) (before, after []string) {
	meanwhile := "text" + dims
	if gone.Kind == "domain" {
		meanwhile = p.From.Get(gone).Attrs["type"] + dims
	}
	h := hold(p, from, to, meanwhile)
	before = []string{retype(from, "", h.typ, h.away)}
	after = append(append(after, h.begin...), retype(to, to.Attrs["default"], to.Attrs["type"], h.back))
	return before, append(after, h.end...)
}

// A holding is how values are kept while their type is away: as what type, how they
// get there and back, and what must stand around the way back.
type holding struct {
	typ, away, back string
	begin, end      []string
}

// hold says how the values of a column of a type of its own are kept as another type,
// or as JSON where a composite type gets other attributes.
func hold(p *catalog.Ctx, from, to *catalog.Object, meanwhile string) holding {
	col, typ := ident(to.Name), to.Attrs["type"]
	h := holding{typ: meanwhile, away: col + "::" + meanwhile, back: col + "::" + typ}
	base, dims := element(from.Attrs["type"])
	i := slices.IndexFunc(from.Deps, func(d catalog.Key) bool { return d.Kind == "composite" && qualified(d) == base })
	if i < 0 || from.Attrs["type"] != typ || !reshaped(p, from.Deps[i]) {
		return h
	}
	h.typ, h.away = "jsonb", "to_jsonb("+col+")"
	h.back = "jsonb_populate_record(NULL::" + typ + ", " + col + ")"
	if dims != "" { // an array stands in a record of one attribute while it is read
		in := from.Deps[i]
		in.Name = clip(in.Name, 54) + "_migr_in"
		h.back = "(jsonb_populate_record(NULL::" + qualified(in) + ", jsonb_build_object('v', " + col + "))).v"
		h.begin, h.end = []string{"CREATE TYPE " + qualified(in) + " AS (v " + typ + ")"}, []string{"DROP TYPE " + qualified(in)}
	}
	return h
}

// retype gives a column a type and a default, without one in between.
func retype(o *catalog.Object, def, typ, using string) string {
	col := "ALTER COLUMN " + ident(o.Name) + " "
	var clauses []string
	if o.Attrs["default"] != "" && def == "" {
		clauses = append(clauses, col+"DROP DEFAULT")
	}
	clauses = append(clauses, col+"TYPE "+typ+either(using != "", " USING "+using, ""))
	if def != "" {
		clauses = append(clauses, col+"SET DEFAULT "+def)
	}
	return "ALTER TABLE " + tableOf(o.Key) + "\n  " + strings.Join(clauses, ",\n  ")
}

// reshaped tells whether a composite type gets other attributes, or others in their places.
func reshaped(p *catalog.Ctx, typ catalog.Key) bool {
	from, to := p.From.Get(typ), p.To.Get(typ)
	if typ.Kind != "composite" || from == nil || to == nil {
		return false
	}
	return !slices.EqualFunc(members(from.Attrs["attributes"]), members(to.Attrs["attributes"]), func(a, b member) bool { return a.Name == b.Name })
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
