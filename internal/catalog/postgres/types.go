package postgres

import (
	"encoding/json"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readTypes reads enums, domains, composite and range types. An array type, the
// row type of a table and a multirange belong to what they are made with: see readDepends.
func (r *reader) readTypes() error {
	multirange := r.since(140000, `CASE WHEN t.typtype = 'r' THEN (SELECT m.typname FROM pg_type m WHERE m.oid = rg.rngmultitypid) END`, "NULL")
	return r.each(`SELECT t.oid::int8 AS oid, t.typarray::int8 AS typarray, t.typrelid::int8 AS rel, t.typnamespace::int8 AS nsp, t.typname AS name,
		t.typtype, tc.relkind, t.typelem::int8 AS elem, t.typisdefined,
		CASE WHEN t.typtype = 'e' THEN (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)::text END AS labels,
		CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base, t.typnotnull,
		CASE WHEN t.typtype = 'd' THEN coalesce(pg_get_expr(t.typdefaultbin, 0, true), t.typdefault) END AS typdefault,
		CASE WHEN t.typtype = 'd' AND t.typcollation <> 0 AND t.typcollation <> bt.typcollation THEN t.typcollation::regcollation::text END AS collation,
		CASE WHEN t.typtype = 'd' THEN (SELECT json_agg(json_build_object('name', con.conname, 'pretty', pg_get_constraintdef(con.oid, true), 'exact', pg_get_constraintdef(con.oid),
			'comment', coalesce(obj_description(con.oid, 'pg_constraint'), '')) ORDER BY con.conname)
			FROM pg_constraint con WHERE con.contypid = t.oid AND con.contype = 'c')::text END AS checks,
		CASE WHEN tc.relkind = 'c' THEN (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
			'collation', CASE WHEN a.attcollation <> 0 AND a.attcollation <> ct.typcollation THEN a.attcollation::regcollation::text ELSE '' END,
			'comment', coalesce(col_description(tc.oid, a.attnum), '')) ORDER BY a.attnum)
			FROM pg_attribute a JOIN pg_type ct ON ct.oid = a.atttypid WHERE a.attrelid = tc.oid AND a.attnum > 0 AND NOT a.attisdropped)::text END AS attributes,
		CASE WHEN t.typtype = 'r' THEN format_type(rg.rngsubtype, NULL) END AS subtype,
		CASE WHEN t.typtype = 'r' AND rg.rngcollation <> 0 AND rg.rngcollation <> st.typcollation THEN rg.rngcollation::regcollation::text END AS rngcollation,
		CASE WHEN t.typtype = 'r' AND NOT opc.opcdefault THEN quote_ident(opn.nspname) || '.' || quote_ident(opc.opcname) END AS opclass,
		CASE WHEN t.typtype = 'r' AND rg.rngsubdiff <> 0 THEN rg.rngsubdiff::text END AS subdiff,
		CASE WHEN t.typtype = 'r' AND rg.rngcanonical <> 0 THEN rg.rngcanonical::text END AS canonical,
		rg.rngsubdiff::oid::int8 AS subdiffoid, `+multirange+` AS multirange
		FROM pg_type t LEFT JOIN pg_class tc ON tc.oid = t.typrelid
		LEFT JOIN pg_type bt ON bt.oid = t.typbasetype
		LEFT JOIN pg_range rg ON rg.rngtypid = t.oid
		LEFT JOIN pg_type st ON st.oid = rg.rngsubtype
		LEFT JOIN pg_opclass opc ON opc.oid = rg.rngsubopc
		LEFT JOIN pg_namespace opn ON opn.oid = opc.opcnamespace
		WHERE t.typnamespace IN ({schemas}) AND NOT (t.typelem <> 0 AND t.typlen = -1 AND t.typtype = 'b' AND left(t.typname, 1) = '_')
			AND (tc.relkind IS NULL OR tc.relkind = 'c')
		ORDER BY t.oid`, r.addType)
}

func (r *reader) addType(w row) {
	oid := w.i("oid")
	at := ref{class: pgType, oid: oid}
	array := ref{class: pgType, oid: w.i("typarray")}
	if r.members[at] {
		return
	}
	kind := map[string]string{"e": "enum", "d": "domain", "r": "range"}[w.s("typtype")]
	switch {
	case w.s("typtype") == "c" && w.s("relkind") == "c":
		kind = "composite"
	case w.s("typtype") == "m":
		return // pg_depend has it depend on its range
	case kind == "":
		if w.b("typisdefined") {
			r.unknown = append(r.unknown, catalog.Key{Kind: "base type", Schema: r.schemas[w.i("nsp")], Name: w.s("name")})
		}
		return
	}
	o := r.object(catalog.Key{Kind: kind, Schema: r.schemas[w.i("nsp")], Name: w.s("name")}, at)
	r.typeAttrs(o, w)
	if !r.add(o, at) {
		return
	}
	r.keys[array] = o.Key
	if kind == "composite" {
		r.keys[ref{class: pgClass, oid: w.i("rel")}] = o.Key
	}
}

func (r *reader) typeAttrs(o *catalog.Object, w row) {
	a := o.Attrs
	switch o.Kind {
	case "enum":
		a["labels"] = w.s("labels")
	case "domain":
		a["type"], a["default"], a["collation"] = w.s("base"), w.s("typdefault"), w.s("collation")
		if w.b("typnotnull") {
			a["notnull"] = "yes"
		}
		a["checks"] = checks(w.s("checks"))
	case "composite":
		a["attributes"] = w.s("attributes")
	case "range":
		a["subtype"], a["collation"], a["opclass"] = w.s("subtype"), w.s("rngcollation"), w.s("opclass")
		a["subtype_diff"], a["canonical"] = r.local(w.s("subdiff")), r.local(w.s("canonical"))
		a["multirange"] = w.s("multirange")
	}
}

// A type shares its namespace with tables and views, each of which has a row type
// of its name.
var enumKind = catalog.Kind{
	Name: "enum", Namespace: "relation", Create: createEnum, Drop: dropAs("TYPE"), Alter: alterEnum, Rename: renameAs("TYPE"), Hazards: enumHazards,
}

var domainKind = catalog.Kind{
	Name: "domain", Namespace: "relation", Create: createDomain, Drop: dropAs("DOMAIN"), Alter: alterDomain, Rename: renameAs("DOMAIN"),
}

var compositeKind = catalog.Kind{
	Name: "composite", Report: "type", Namespace: "relation", Create: createComposite, Drop: dropAs("TYPE"), Alter: alterComposite, Rename: renameAs("TYPE"),
	Hazards: compositeHazards,
}

// compositeHazards: an attribute that goes takes its values along, in every column of the type.
func compositeHazards(_ *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if from == nil || to == nil {
		return nil
	}
	var all []catalog.Hazard
	for _, m := range members(from.Attrs["attributes"]) {
		if named(members(to.Attrs["attributes"]), m.Name) < 0 {
			name := from.Path() + "." + m.Name
			all = append(all, catalog.Hazard{Code: "drop-column", Object: name, Why: "the values of attribute " + name + " are lost in all columns of its type"})
		}
	}
	return all
}

var rangeKind = catalog.Kind{
	Name: "range", Report: "type", Namespace: "relation", Create: createRange, Drop: dropAs("TYPE"), Alter: alterComment("TYPE"), Rename: renameAs("TYPE"),
}

func createEnum(_ *catalog.Ctx, o *catalog.Object) []string {
	return withComment([]string{enumSQL(qualified(o.Key), o)}, "TYPE", qualified(o.Key), o)
}

func enumSQL(name string, o *catalog.Object) string {
	labels := list(o.Attrs["labels"])
	for i, l := range labels {
		labels[i] = literal(l)
	}
	in := strings.Join(labels, ", ")
	if len(in) > 80 {
		in = "\n  " + strings.Join(labels, ",\n  ") + "\n"
	}
	return "CREATE TYPE " + name + " AS ENUM (" + in + ")"
}

// A part is a named member of a type, as the server wrote it in JSON: an
// attribute of a composite type or a check of a domain.
type member struct {
	Name            string
	Type, Collation string `json:",omitempty"`
	Def, Comment    string `json:",omitempty"`
	Pretty, Exact   string `json:",omitempty"`
}

func members(js string) []member {
	var m []member
	if js != "" && json.Unmarshal([]byte(js), &m) != nil {
		return nil
	}
	return m
}

// checks chooses how each check of a domain is written.
func checks(js string) string {
	ms := members(js)
	if len(ms) == 0 {
		return ""
	}
	for i, m := range ms {
		ms[i] = member{Name: m.Name, Def: plainer(m.Pretty, m.Exact), Comment: m.Comment}
	}
	out, err := json.Marshal(ms)
	if err != nil {
		return js
	}
	return string(out)
}

func createDomain(_ *catalog.Ctx, o *catalog.Object) []string {
	name := qualified(o.Key)
	b := "CREATE DOMAIN " + name + " AS " + o.Attrs["type"]
	if v := o.Attrs["collation"]; v != "" {
		b += " COLLATE " + v
	}
	if v := o.Attrs["default"]; v != "" {
		b += " DEFAULT " + inDefault(v)
	}
	if o.Attrs["notnull"] != "" {
		b += " NOT NULL"
	}
	stmts := []string{}
	var later []string
	for _, c := range members(o.Attrs["checks"]) {
		if strings.HasSuffix(c.Def, " NOT VALID") {
			later = append(later, "ALTER DOMAIN "+name+" ADD CONSTRAINT "+ident(c.Name)+" "+c.Def)
		} else {
			b += "\n  CONSTRAINT " + ident(c.Name) + " " + c.Def
		}
		if c.Comment != "" {
			later = append(later, comment("CONSTRAINT", ident(c.Name)+" ON DOMAIN "+name, c.Comment))
		}
	}
	stmts = append(append(stmts, b), later...)
	return withComment(stmts, "DOMAIN", name, o)
}

func createComposite(_ *catalog.Ctx, o *catalog.Object) []string {
	name := qualified(o.Key)
	var lines, later []string
	for _, m := range members(o.Attrs["attributes"]) {
		lines = append(lines, attribute(m))
		if m.Comment != "" {
			later = append(later, comment("COLUMN", name+"."+ident(m.Name), m.Comment))
		}
	}
	body := "()"
	if len(lines) > 0 {
		body = "(\n  " + strings.Join(lines, ",\n  ") + "\n)"
	}
	return withComment(append([]string{"CREATE TYPE " + name + " AS " + body}, later...), "TYPE", name, o)
}

func attribute(m member) string {
	def := ident(m.Name) + " " + m.Type
	if m.Collation != "" {
		def += " COLLATE " + m.Collation
	}
	return def
}

func createRange(_ *catalog.Ctx, o *catalog.Object) []string {
	name := qualified(o.Key)
	parts := []string{"subtype = " + o.Attrs["subtype"]}
	for _, opt := range [][2]string{{"opclass", "subtype_opclass"}, {"collation", "collation"}, {"canonical", "canonical"}, {"subtype_diff", "subtype_diff"}} {
		if v := o.Attrs[opt[0]]; v != "" {
			parts = append(parts, opt[1]+" = "+v)
		}
	}
	if v := o.Attrs["multirange"]; v != "" {
		parts = append(parts, "multirange_type_name = "+dotted(o.Schema, v))
	}
	return withComment([]string{"CREATE TYPE " + name + " AS RANGE (\n  " + strings.Join(parts, ",\n  ") + "\n)"}, "TYPE", name, o)
}

// alterComment is the Alter of what can be changed in its comment only.
func alterComment(what string) func(*catalog.Ctx, *catalog.Delta) catalog.Alteration {
	return func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		if len(d.Attrs) != 1 || !d.Changed("comment") {
			return catalog.Alteration{Replace: true}
		}
		return catalog.Alteration{SQL: []string{comment(what, qualified(d.To.Key), d.To.Attrs["comment"])}}
	}
}
