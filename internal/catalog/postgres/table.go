package postgres

import (
	"cmp"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readTables reads tables, partitioned tables and partitions.
func (r *reader) readTables() error {
	return r.each(`SELECT c.oid::int8 AS oid, c.relnamespace::int8 AS nsp, c.relname AS name, c.relkind, c.relpersistence,
		c.relrowsecurity AS rls, c.relforcerowsecurity AS force, c.relreplident AS replident,
		am.amname, ts.spcname, to_json(c.reloptions)::text AS options, to_json(tc.reloptions)::text AS toast,
		CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partkey,
		CASE WHEN c.relkind = 'p' THEN (SELECT json_agg(a.attname) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
			WHERE d.classid = 1259 AND d.objid = c.oid AND d.refclassid = 1259 AND d.refobjid = c.oid AND d.refobjsubid = 0 AND d.deptype = 'i')::text END AS keycolumns,
		CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
		(SELECT json_agg(h.inhparent::regclass::text ORDER BY h.inhseqno) FROM pg_inherits h WHERE h.inhrelid = c.oid)::text AS parents,
		CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS oftype
		FROM pg_class c
		LEFT JOIN pg_am am ON am.oid = c.relam
		LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
		LEFT JOIN pg_class tc ON tc.oid = c.reltoastrelid
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ({schemas})
		ORDER BY c.oid`, r.addTable)
}

func (r *reader) addTable(w row) {
	oid := w.i("oid")
	at := ref{class: pgClass, oid: oid}
	o := r.object(catalog.Key{Kind: "table", Schema: r.schemas[w.i("nsp")], Name: w.s("name")}, at)
	parents := list(w.s("parents"))
	o.Attrs["partition_key"] = w.s("partkey")
	put(o.Info, "key_columns", w.s("keycolumns"))
	o.Attrs["of_type"] = w.s("oftype")
	o.Attrs["tablespace"] = w.s("spcname")
	if bound := w.s("bound"); bound != "" && len(parents) == 1 {
		o.Attrs["partition_of"], o.Attrs["bound"] = parents[0], bound
	} else {
		o.Attrs["inherits"] = strings.Join(parents, ", ")
	}
	if w.s("relpersistence") == "u" {
		o.Attrs["unlogged"] = "yes"
	}
	if am := w.s("amname"); am != "heap" {
		o.Attrs["access_method"] = am
	}
	if w.b("rls") {
		o.Attrs["row_security"] = "enabled"
	}
	if w.b("force") {
		o.Attrs["force_row_security"] = "yes"
	}
	switch w.s("replident") {
	case "f":
		o.Attrs["replica_identity"] = "FULL"
	case "n":
		o.Attrs["replica_identity"] = "NOTHING"
	}
	setOptions(o, append(options(w.s("options"), ""), options(w.s("toast"), "toast.")...))
	if r.add(o, at) {
		r.relate(oid, w.s("relkind"), o)
	} else {
		r.left[oid] = true
	}
}

var tableKind = catalog.Kind{
	Name: "table", Namespace: "relation",
	Create: createTable, Alter: alterTable, Drop: dropTable, Rename: renameAs("TABLE"),
	Yield: yieldTable, Within: withinTable, Joins: parents, Refill: refillTable, Hazards: tableHazards,
	Slot: func(o *catalog.Object) (parent, bound string) { return o.Attrs["partition_of"], o.Attrs["bound"] },
}

// createTable writes the table with the parts that may stand in it, one a line,
// and then what can only be said afterwards.
func createTable(p *catalog.Ctx, o *catalog.Object) []string {
	if wasAttached(p.To, o) {
		return createAttached(p, o)
	}
	name := qualified(o.Key)
	var lines, after []string
	keys := map[string]bool{}
	if o.Attrs["partition_of"] == "" {
		for _, part := range declared(p.To, o) {
			if part.Kind == "column" {
				lines = append(lines, columnDef(p, part))
			} else {
				after = append(after, createConstraint(p, part)...)
			}
		}
	}
	for _, part := range p.Inline {
		if part.Attrs["not_valid"] != "" { // CREATE TABLE takes NOT VALID and ignores it
			after = append(after, createConstraint(p, part)...)
			continue
		}
		if part.Kind == "column" {
			if def := columnDef(p, part); o.Attrs["of_type"] == "" {
				lines = append(lines, def)
			} else if more := strings.TrimPrefix(def, ident(part.Name)+" "+part.Attrs["type"]); more != "" {
				lines = append(lines, ident(part.Name)+" WITH OPTIONS"+more)
			}
			after = append(after, columnExtras(p, nil, part)...)
			continue
		}
		same := keyColumns(part)
		if same != "" && keys[same] { // CREATE TABLE makes one of two equal keys
			after = append(after, createConstraint(p, part)...)
			continue
		}
		keys[same] = true
		lines = append(lines, constraintDef(part))
		after = append(after, constraintExtras(p, nil, part)...)
	}
	b := &strings.Builder{}
	b.WriteString("CREATE ")
	if o.Attrs["unlogged"] != "" {
		b.WriteString("UNLOGGED ")
	}
	b.WriteString("TABLE " + name)
	partition := o.Attrs["partition_of"] != ""
	switch {
	case partition:
		b.WriteString(" PARTITION OF " + o.Attrs["partition_of"])
	case o.Attrs["of_type"] != "":
		b.WriteString(" OF " + o.Attrs["of_type"])
	}
	if len(lines) > 0 {
		b.WriteString(" (\n  " + strings.Join(lines, ",\n  ") + "\n)")
	} else if !partition && o.Attrs["of_type"] == "" {
		b.WriteString(" ()")
	}
	writeTableTail(b, o)
	stmts := append([]string{b.String()}, tableExtras(nil, o)...)
	return append(withComment(stmts, "TABLE", name, o), after...)
}

// keyColumns is what a unique or primary key is made of; "" for other constraints.
func keyColumns(o *catalog.Object) string {
	if o.Kind != "unique" && o.Kind != "primary_key" {
		return ""
	}
	_, columns, _ := strings.Cut(o.Attrs["def"], "(")
	return columns
}

func writeTableTail(b *strings.Builder, o *catalog.Object) {
	if v := o.Attrs["inherits"]; v != "" {
		b.WriteString("\nINHERITS (" + v + ")")
	}
	if v := o.Attrs["bound"]; v != "" {
		b.WriteString("\n" + v)
	}
	if v := o.Attrs["partition_key"]; v != "" {
		b.WriteString("\nPARTITION BY " + v)
	}
	if v := o.Attrs["access_method"]; v != "" {
		b.WriteString("\nUSING " + ident(v))
	}
	if v := o.Info["options"]; v != "" {
		b.WriteString("\nWITH (" + v + ")")
	}
	if v := o.Attrs["tablespace"]; v != "" {
		b.WriteString("\nTABLESPACE " + ident(v))
	}
}

// tableExtras are the statements for what CREATE TABLE cannot say. from is nil for a new table.
func tableExtras(from, to *catalog.Object) []string {
	old := map[string]string{}
	if from != nil {
		old = from.Attrs
	}
	alter := "ALTER TABLE " + qualified(to.Key) + " "
	var stmts []string
	if v := to.Attrs["row_security"]; v != old["row_security"] {
		stmts = append(stmts, alter+either(v != "", "ENABLE", "DISABLE")+" ROW LEVEL SECURITY")
	}
	if v := to.Attrs["force_row_security"]; v != old["force_row_security"] {
		stmts = append(stmts, alter+either(v != "", "", "NO ")+"FORCE ROW LEVEL SECURITY")
	}
	if v := to.Attrs["replica_identity"]; v != old["replica_identity"] {
		stmts = append(stmts, alter+"REPLICA IDENTITY "+either(v != "", v, "DEFAULT"))
	}
	return stmts
}

func either(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

// alterTable changes what belongs to the table itself. What a table is made of
// (its partition key, its access method before version 15) cannot change.
func alterTable(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.Changed("partition_key") || d.Changed("access_method") && p.To.Version < 150000 {
		return catalog.Alteration{Replace: true}
	}
	from, to := d.From, d.To
	alter := "ALTER TABLE " + qualified(to.Key) + " "
	var stmts []string
	if d.Changed("partition_of") || d.Changed("bound") {
		stmts = append(stmts, rebound(p, from, to)...)
	}
	if d.Changed("of_type") {
		typ := to.Attrs["of_type"]
		stmts = append(stmts, alter+either(typ != "", "OF "+typ, "NOT OF"))
	}
	if d.Changed("inherits") {
		stmts = append(stmts, reinherit(p, alter, from, to)...)
	}
	if d.Changed("unlogged") {
		stmts = append(stmts, alter+"SET "+either(to.Attrs["unlogged"] != "", "UNLOGGED", "LOGGED"))
	}
	if d.Changed("access_method") {
		am := to.Attrs["access_method"]
		stmts = append(stmts, alter+"SET ACCESS METHOD "+ident(either(am != "", am, "heap")))
	}
	if d.Changed("tablespace") {
		ts := to.Attrs["tablespace"]
		stmts = append(stmts, alter+"SET TABLESPACE "+ident(either(ts != "", ts, "pg_default")))
	}
	if d.Changed("options") {
		stmts = append(stmts, changeOptions("TABLE "+qualified(to.Key), from, to)...)
	}
	stmts = append(stmts, tableExtras(from, to)...)
	if d.Changed("comment") {
		stmts = append(stmts, comment("TABLE", qualified(to.Key), to.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}

// rebound gives a partition other bounds, and with the first of those that change
// all its siblings: none of them can take what another one still holds.
func rebound(p *catalog.Ctx, from, to *catalog.Object) []string {
	parent := to.Attrs["partition_of"]
	if from.Attrs["partition_of"] != parent {
		return reattach(p, from, to)
	}
	var off, on []string
	for _, o := range p.To.Objects {
		was := p.From.Get(o.Key)
		if o.Kind != "table" || o.Attrs["partition_of"] != parent || was == nil || was.Attrs["partition_of"] != parent || was.Attrs["bound"] == o.Attrs["bound"] || anew(p, o.Key) {
			continue
		}
		if len(off) == 0 && o.Key != to.Key {
			return nil
		}
		off = append(off, detachPartition(parent, o))
		on = append(on, attachPartition(o)) // it is as its parent is, before and after
	}
	return append(off, on...)
}

// reattach moves a table into, out of, or between partitioned tables.
func reattach(p *catalog.Ctx, from, to *catalog.Object) []string {
	var stmts []string
	if parent := from.Attrs["partition_of"]; parent != "" {
		stmts = append(stmts, detachPartition(parent, to))
		stmts = append(stmts, left(p, to.Key)...)
	}
	if parent := to.Attrs["partition_of"]; parent != "" {
		stmts = append(stmts, joining(p, to.Key)...)
		stmts = append(stmts, attachPartition(to))
	}
	return stmts
}

func detachPartition(parent string, o *catalog.Object) string {
	return "ALTER TABLE " + parent + " DETACH PARTITION " + qualified(o.Key)
}

func attachPartition(o *catalog.Object) string {
	return "ALTER TABLE " + o.Attrs["partition_of"] + " ATTACH PARTITION " + qualified(o.Key) + " " + o.Attrs["bound"]
}

// reinherit gives a table other parents. Their order is their order of addition,
// so all after the first that differs are taken off and put on again.
func reinherit(p *catalog.Ctx, alter string, from, to *catalog.Object) []string {
	old, now := splitList(from.Attrs["inherits"]), splitList(to.Attrs["inherits"])
	same := 0
	for same < len(old) && same < len(now) && old[same] == now[same] {
		same++
	}
	var stmts []string
	for _, parent := range old[same:] {
		stmts = append(stmts, alter+"NO INHERIT "+parent)
	}
	stmts = append(append(stmts, left(p, to.Key)...), joining(p, to.Key)...)
	for _, parent := range now[same:] {
		stmts = append(stmts, alter+"INHERIT "+parent)
	}
	return stmts
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ", ")
}

// changeOptions sets and resets storage parameters; what is "TABLE t", "INDEX i" or "VIEW v".
func changeOptions(what string, from, to *catalog.Object) []string {
	old, now := optionMap(from.Attrs["options"]), optionMap(to.Attrs["options"])
	var set, reset []string
	for _, o := range splitList(to.Info["options"]) {
		name, value, _ := strings.Cut(o, "=")
		if v, there := old[name]; !there || v != value {
			set = append(set, o)
		}
	}
	for _, o := range splitList(from.Attrs["options"]) {
		name, _, _ := strings.Cut(o, "=")
		if _, there := now[name]; !there {
			reset = append(reset, name)
		}
	}
	var stmts []string
	if len(set) > 0 {
		stmts = append(stmts, "ALTER "+what+" SET ("+strings.Join(set, ", ")+")")
	}
	if len(reset) > 0 {
		stmts = append(stmts, "ALTER "+what+" RESET ("+strings.Join(reset, ", ")+")")
	}
	return stmts
}

func optionMap(opts string) map[string]string {
	m := map[string]string{}
	for _, o := range splitList(opts) {
		name, value, _ := strings.Cut(o, "=")
		m[name] = value
	}
	return m
}

// yieldTable takes a table away from a parent that is dropped and made anew: its
// rows stay. A partition is made anew with its parent, and one that leaves leaves before.
func yieldTable(_ *catalog.Ctx, from, to *catalog.Object, gone catalog.Key) (before, after []string) {
	if gone.Kind != "table" {
		return nil, nil
	}
	parent := qualified(gone)
	if slices.Contains(splitList(from.Attrs["inherits"]), parent) {
		before = append(before, "ALTER TABLE "+qualified(from.Key)+" NO INHERIT "+parent)
		if slices.Contains(splitList(to.Attrs["inherits"]), parent) {
			after = append(after, "ALTER TABLE "+qualified(to.Key)+" INHERIT "+parent)
		}
	}
	return before, after
}

func tableHazards(_ *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if from == nil || to != nil {
		return nil
	}
	name := qualified(from.Key)
	return []catalog.Hazard{{
		Code: "drop-table", Object: from.Path(), Why: "all rows of " + name + " are lost",
		Count: "SELECT count(*) FROM " + name,
	}}
}

// dropAs is the Drop of a kind whose DROP needs its name only.
func dropAs(what string) func(*catalog.Ctx, *catalog.Object) []string {
	return func(_ *catalog.Ctx, o *catalog.Object) []string {
		return []string{"DROP " + what + " " + qualified(o.Key)}
	}
}

// renameAs is the Rename of what stands alone: another name, another schema, or both.
func renameAs(what string) func(*catalog.Ctx, *catalog.Object, catalog.Key) []string {
	return func(p *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
		var stmts []string
		now := o.Key
		if now.Name != to.Name {
			stmts = append(stmts, "ALTER "+what+" "+qualified(now)+" RENAME TO "+ident(to.Name))
			now.Name = to.Name
		}
		schema := to.Schema
		if schema == "" && now.Schema != "" {
			schema = cmp.Or(p.From.Home, p.To.Home)
		}
		return append(stmts, moveTo(what, qualified(now), now.Schema, schema)...)
	}
}

// moveTo puts an object into another schema: the home schema under its own name.
func moveTo(what, name, from, to string) []string {
	if from == to || to == "" {
		return nil
	}
	return []string{"ALTER " + what + " " + name + " SET SCHEMA " + ident(to)}
}
