package postgres

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readConstraints reads the constraints of tables. Those that a partition or child
// has from its parent are the parent's; named NOT NULL constraints (version 18)
// belong to their column; those of domains were read with the domain.
func (r *reader) readConstraints() error {
	return r.each(`SELECT con.oid::int8 AS oid, con.conrelid::int8 AS rel, con.contypid::int8 AS typ, con.conname AS name, con.contype,
		CASE WHEN con.contype IN ('p', 'u', 'x', 'c', 'f') AND con.conrelid <> 0
			THEN pg_get_constraintdef(con.oid, true) END AS pretty,
		CASE WHEN con.conrelid <> 0 AND (con.contype = 'x' OR con.contype = 'c' AND `+grouped("con.conbin")+`) THEN pg_get_constraintdef(con.oid) END AS exact,
		con.condeferrable, con.condeferred, con.convalidated, `+r.since(180000, "con.conenforced", "true")+` AS enforced,
		con.conparentid::int8 AS parent, con.conislocal, con.coninhcount, con.connoinherit,
		CASE WHEN con.contype IN ('p', 'u', 'x') THEN con.conindid::int8 ELSE 0 END AS index, con.conkey[1] AS firstcol,
		CASE WHEN con.contype IN ('p', 'u', 'n') THEN (SELECT json_agg(a.attname ORDER BY k.ord) FROM unnest(con.conkey) WITH ORDINALITY AS k(num, ord)
			JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.num)::text END AS columns,
		i.indisclustered, i.indisreplident, to_json(ic.reloptions)::text AS options, ts.spcname, `+attachedTo("ic")+`
		FROM pg_constraint con
		LEFT JOIN pg_index i ON i.indexrelid = con.conindid AND con.contype IN ('p', 'u', 'x')
		LEFT JOIN pg_class ic ON ic.oid = i.indexrelid
		LEFT JOIN pg_tablespace ts ON ts.oid = ic.reltablespace
		WHERE con.connamespace IN ({schemas})
		ORDER BY con.conrelid, con.oid`, r.addConstraint)
}

var constraintKinds = map[string]string{"p": "primary_key", "u": "unique", "x": "exclude", "c": "check", "f": "foreign_key"}

func (r *reader) addConstraint(w row) {
	at := ref{class: pgConstraint, oid: w.i("oid")}
	if typ := w.i("typ"); typ != 0 {
		r.keys[at] = r.keys[ref{class: pgType, oid: typ}]
		return
	}
	table := r.tables[w.i("rel")]
	if table == nil {
		return
	}
	if w.s("contype") == "n" {
		r.addNotNull(w, at)
		return
	}
	kind := constraintKinds[w.s("contype")]
	if kind == "" { // of a constraint trigger
		return
	}
	index := ref{class: pgClass, oid: w.i("index")}
	if w.i("parent") != 0 || w.i("coninhcount") > 0 && (!w.b("conislocal") || kind == "check") {
		had := r.part(kind, w.i("rel"), w.s("name"), at)
		if w.i("parent") == 0 && w.b("conislocal") {
			had.Info["local"] = "yes"
		}
		constraintAttrs(had, w)
		inherits(table.obj, had)
		delete(r.byRef, at)
		if kind == "foreign_key" && table.obj.Attrs["partition_of"] == "" {
			delete(r.keys, at) // for one partition of the table that the key references: that is no dependence of its own
			return
		}
		r.keys[at] = table.key
		if index.oid != 0 {
			r.keys[index] = table.key
			r.attached(table, had, w)
		}
		return
	}
	o := r.part(kind, w.i("rel"), w.s("name"), at)
	if index.oid != 0 {
		r.keys[index] = o.Key
		if c := r.comments[index]; c != "" {
			o.Attrs["index_comment"] = c
		}
	}
	constraintAttrs(o, w)
	r.add(o, at)
}

func constraintAttrs(o *catalog.Object, w row) {
	a, def := o.Attrs, plainer(w.s("pretty"), w.s("exact"))
	for _, suffix := range []string{" NOT VALID", " NOT ENFORCED", " INITIALLY DEFERRED", " DEFERRABLE"} {
		def = strings.TrimSuffix(def, suffix)
	}
	a["def"] = def
	if w.b("condeferrable") {
		a["deferrable"] = "DEFERRABLE" + either(w.b("condeferred"), " INITIALLY DEFERRED", "")
	}
	if !w.b("enforced") {
		a["not_enforced"] = "yes"
	} else if !w.b("convalidated") {
		a["not_valid"] = "yes"
	}
	if o.Kind == "primary_key" || o.Kind == "unique" {
		setOptions(o, options(w.s("options"), ""))
	}
	put(a, "tablespace", w.s("spcname"))
	indexMarks(o, w)
	put(o.Info, "columns", w.s("columns"))
}

// addNotNull gives a column the name of its NOT NULL constraint, where it is not
// the one that the server chooses.
func (r *reader) addNotNull(w row, at ref) {
	o := r.byRef[ref{pgClass, w.i("rel"), w.i("firstcol")}]
	if o == nil || o.Kind == "inherited_column" {
		if columns := list(w.s("columns")); len(columns) == 1 {
			r.tables[w.i("rel")].inheritedNotNull(columns[0], w.s("name"))
		}
		return
	}
	r.keys[at] = o.Key
	o.Info["notnull_name"] = w.s("name")
	if name := w.s("name"); o.Kind == "column" && name != notNullName(o.Table, o.Name) {
		o.Attrs["notnull_name"] = name
	}
	if w.b("connoinherit") {
		o.Attrs["notnull_inherit"] = "NO INHERIT"
	}
	if !w.b("convalidated") {
		o.Attrs["notnull_invalid"] = "yes"
	}
	if c := r.comments[at]; c != "" {
		o.Attrs["notnull_comment"] = c
	}
}

// notNullName is the name that version 18 gives to a column's NOT NULL constraint.
func notNullName(table, column string) string { return objectName(table, column, "not_null") }

// indexMarks notes what a table says of one of its indexes.
func indexMarks(o *catalog.Object, w row) {
	if w.b("indisclustered") {
		o.Attrs["clustered"] = "yes"
	}
	if w.b("indisreplident") {
		o.Attrs["replica_identity"] = "yes"
	}
}

// constraintKind is what primary keys, unique, check, exclusion and foreign key constraints share.
func constraintKind(name, report, namespace string) catalog.Kind {
	return catalog.Kind{
		Name: name, Report: report, How: catalog.Inline, Namespace: namespace, Carried: true, GoesWith: true, Single: name == "primary_key",
		Create: createConstraint, Drop: dropConstraint, Alter: alterConstraint, Rename: renameConstraint, Hazards: constraintHazards,
	}
}

// constraintDef writes a constraint as it stands in CREATE TABLE and ADD.
func constraintDef(o *catalog.Object) string {
	def := "CONSTRAINT " + ident(o.Name) + " " + o.Attrs["def"]
	if v := o.Info["options"]; v != "" {
		def += " WITH (" + v + ")"
	}
	if v := o.Attrs["tablespace"]; v != "" {
		def += " USING INDEX TABLESPACE " + ident(v)
	}
	if v := o.Attrs["deferrable"]; v != "" {
		def += " " + v
	}
	if o.Attrs["not_enforced"] != "" {
		def += " NOT ENFORCED"
	}
	if o.Attrs["not_valid"] != "" {
		def += " NOT VALID"
	}
	return def
}

// constraintExtras are the statements for what a constraint's definition cannot
// say. from is nil for a new one.
func constraintExtras(p *catalog.Ctx, from, to *catalog.Object) []string {
	old := map[string]string{}
	if from != nil {
		old = from.Attrs
	}
	stmts := markIndex(p, old, to)
	if v := to.Attrs["comment"]; v != old["comment"] {
		stmts = append(stmts, comment("CONSTRAINT", ident(to.Name)+" ON "+tableOf(to.Key), v))
	}
	if v := to.Attrs["index_comment"]; v != old["index_comment"] {
		stmts = append(stmts, comment("INDEX", dotted(to.Schema, to.Name), v))
	}
	return stmts
}

// markIndex has the table name an index as its order of clustering or its
// replica identity, or no longer. Another that takes the mark takes it away from this one.
func markIndex(p *catalog.Ctx, old map[string]string, to *catalog.Object) []string {
	alter := "ALTER TABLE " + tableOf(to.Key) + " "
	var stmts []string
	if v := to.Attrs["clustered"]; v != old["clustered"] && (v != "" || !marked(p.To, to, "clustered")) {
		stmts = append(stmts, alter+either(v != "", "CLUSTER ON "+ident(to.Name), "SET WITHOUT CLUSTER"))
	}
	if v := to.Attrs["replica_identity"]; v != old["replica_identity"] && (v != "" || !marked(p.To, to, "replica_identity")) {
		stmts = append(stmts, alter+"REPLICA IDENTITY "+either(v != "", "USING INDEX "+ident(to.Name), "DEFAULT"))
	}
	return stmts
}

// marked tells whether a table of that catalog, or one of its indexes, has a mark.
func marked(c *catalog.Catalog, index *catalog.Object, mark string) bool {
	if t := c.Get(index.TableKey()); t != nil && t.Attrs[mark] != "" {
		return true
	}
	return slices.ContainsFunc(c.Parts(index.TableKey(), ""), func(o *catalog.Object) bool { return o.Attrs[mark] != "" && o.Kind != "column" })
}

func createConstraint(p *catalog.Ctx, o *catalog.Object) []string {
	if stays(p, p.From, o) {
		return constraintExtras(p, inheritedIn(p.From, o), o)
	}
	alter := "ALTER TABLE " + tableOf(o.Key) + " "
	add := alter + "ADD " + constraintDef(o)
	extras := constraintExtras(p, nil, o)
	old := p.Online && p.From.Get(o.TableKey()) != nil && p.From.Get(o.TableKey()).Attrs["partition_key"] == ""
	temporal := strings.Contains(o.Attrs["def"], " WITHOUT OVERLAPS") // an index that CREATE INDEX cannot make (version 18)
	if old && !temporal && (o.Kind == "unique" || o.Kind == "primary_key") {
		return append(onlineUnique(o, alter), extras...)
	}
	return append(append(ownNamed(p, o), add), extras...)
}

// onlineUnique builds the index of a unique constraint without blocking writes.
func onlineUnique(o *catalog.Object, alter string) []string {
	word, rest := "UNIQUE", strings.TrimPrefix(o.Attrs["def"], "UNIQUE ")
	if o.Kind == "primary_key" {
		word, rest = "PRIMARY KEY", strings.TrimPrefix(o.Attrs["def"], "PRIMARY KEY ")
	}
	if nulls := "NULLS NOT DISTINCT "; strings.HasPrefix(rest, nulls) { // after the columns in CREATE INDEX
		rest = strings.TrimPrefix(rest, nulls) + " NULLS NOT DISTINCT"
	}
	index := "CREATE UNIQUE INDEX CONCURRENTLY " + ident(o.Name) + " ON " + tableOf(o.Key) + " " + rest
	if v := o.Info["options"]; v != "" {
		index += " WITH (" + v + ")"
	}
	if v := o.Attrs["tablespace"]; v != "" {
		index += " TABLESPACE " + ident(v)
	}
	add := alter + "ADD CONSTRAINT " + ident(o.Name) + " " + word + " USING INDEX " + ident(o.Name)
	if v := o.Attrs["deferrable"]; v != "" {
		add += " " + v
	}
	return []string{index, add}
}

func dropConstraint(p *catalog.Ctx, o *catalog.Object) []string {
	if stays(p, p.To, o) {
		return nil
	}
	drop := "DROP CONSTRAINT " + ident(o.Name)
	if o.Kind == "check" && !strings.HasSuffix(o.Attrs["def"], " NO INHERIT") {
		return dropInherited(p, o, drop)
	}
	return []string{"ALTER TABLE " + tableOf(o.Key) + " " + drop}
}

func renameConstraint(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	return []string{"ALTER TABLE " + tableOf(o.Key) + " RENAME CONSTRAINT " + ident(o.Name) + " TO " + ident(to.Name)}
}

// alterConstraint changes what the server can change in place: a foreign key's
// deferrability, a constraint that becomes valid, marks and comments.
func alterConstraint(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	from, to := d.From, d.To
	alter := "ALTER TABLE " + tableOf(to.Key) + " "
	var stmts []string
	for _, name := range d.Attrs {
		switch name {
		case "comment", "index_comment", "clustered", "replica_identity":
		case "options":
			stmts = append(stmts, changeOptions("INDEX "+dotted(to.Schema, to.Name), from, to)...)
		case "tablespace":
			ts := to.Attrs["tablespace"]
			stmts = append(stmts, "ALTER INDEX "+dotted(to.Schema, to.Name)+" SET TABLESPACE "+ident(either(ts != "", ts, "pg_default")))
		case "deferrable":
			if to.Kind != "foreign_key" {
				return catalog.Alteration{Replace: true}
			}
			v := to.Attrs["deferrable"]
			if v == "DEFERRABLE" && from.Attrs["deferrable"] != "" {
				v = "DEFERRABLE INITIALLY IMMEDIATE"
			}
			stmts = append(stmts, alter+"ALTER CONSTRAINT "+ident(to.Name)+" "+either(v != "", v, "NOT DEFERRABLE"))
		case "not_valid":
			if to.Attrs["not_valid"] != "" {
				return catalog.Alteration{Replace: true}
			}
			stmts = append(stmts, alter+"VALIDATE CONSTRAINT "+ident(to.Name))
		default:
			return catalog.Alteration{Replace: true}
		}
	}
	return catalog.Alteration{SQL: append(stmts, constraintExtras(p, from, to)...)}
}

func constraintHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if to == nil || to.Kind == "check" || to.Kind == "foreign_key" || from != nil && from.Attrs["def"] == to.Attrs["def"] || stays(p, p.From, to) {
		return nil
	}
	return []catalog.Hazard{{
		Code: "add-unique", Object: to.Path(), Why: "fails where rows of " + tableOf(to.Key) + " have equal values",
		Count: countEqual(to, list(to.Info["columns"])),
	}}
}

// countEqual counts the groups of rows that a unique key would refuse.
func countEqual(o *catalog.Object, columns []string) string {
	if o.Kind == "exclude" || len(columns) == 0 {
		return ""
	}
	where := ""
	if o.Kind != "primary_key" && !strings.Contains(o.Attrs["def"], "NULLS NOT DISTINCT") {
		where = " WHERE (" + idents(columns) + ") IS NOT NULL"
		if len(columns) > 1 {
			where = " WHERE ROW(" + idents(columns) + ") IS NOT NULL"
		}
	}
	return "SELECT count(*) FROM (SELECT 1 FROM " + tableOf(o.Key) + where + " GROUP BY " + idents(columns) + " HAVING count(*) > 1) AS equal"
}
