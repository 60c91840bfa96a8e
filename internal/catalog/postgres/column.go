package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readColumns reads the columns of all tables. What a child table has only from
// its parents is no object; where it differs there from the parent (a default of its
// own, a comment) the difference is an "inherited_column".
func (r *reader) readColumns() error {
	parents := map[int64]map[string][]*catalog.Object{} // children → column → the parents' columns
	links := map[int64][]int64{}
	all := map[int64]map[string]*catalog.Object{}
	defaults := map[ref]ref{}
	var inherited []inheritedColumn
	err := r.each(`SELECT a.attrelid::int8 AS rel, a.attnum, a.attname AS name,
		format_type(a.atttypid, a.atttypmod) AS type, t.typtype, coalesce(et.typtype, '') AS elemtype,
		CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
		a.attnotnull, CASE WHEN `+grouped("d.adbin")+` THEN pg_get_expr(d.adbin, d.adrelid) END AS expr, pg_get_expr(d.adbin, d.adrelid, true) AS pretty, d.oid::int8 AS attrdef, a.attidentity, a.attgenerated,
		CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage,
		`+r.since(140000, "a.attcompression", "''")+` AS compression, coalesce(a.attstattarget, -1) AS statistics,
		to_json(a.attoptions)::text AS options, a.attislocal, a.attinhcount,
		CASE WHEN a.attinhcount > 0 THEN (SELECT json_agg(h.inhparent::text ORDER BY h.inhseqno) FROM pg_inherits h WHERE h.inhrelid = c.oid)::text END AS parents
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_type et ON et.oid = t.typelem AND t.typlen = -1
		LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND c.relnamespace IN ({schemas})
		ORDER BY a.attrelid, a.attnum`, func(w row) {
		rel, num := w.i("rel"), w.i("attnum")
		at := ref{pgClass, rel, num}
		o := r.part("column", rel, w.s("name"), at)
		if o == nil {
			return
		}
		columnAttrs(o, w)
		if n := w.i("attrdef"); n != 0 {
			defaults[ref{class: pgAttrdef, oid: n}] = at
		}
		if all[rel] == nil {
			all[rel] = map[string]*catalog.Object{}
		}
		all[rel][o.Name] = o
		if w.i("attinhcount") > 0 {
			for _, parent := range list(w.s("parents")) {
				links[rel] = append(links[rel], atoi(parent))
			}
		}
		if w.i("attinhcount") > 0 {
			if w.b("attislocal") {
				o.Info["local"] = "yes"
			}
			inherited = append(inherited, inheritedColumn{o, rel, at})
			return
		}
		r.add(o, at)
	})
	if err != nil {
		return err
	}
	for child, of := range links {
		parents[child] = map[string][]*catalog.Object{}
		for _, parent := range of {
			for name, o := range all[parent] {
				parents[child][name] = append(parents[child][name], o)
			}
		}
	}
	for _, c := range inherited {
		r.addInherited(c, parents[c.rel][c.obj.Name])
	}
	for def, at := range defaults {
		r.keys[def] = r.keys[at]
	}
	return nil
}

type inheritedColumn struct {
	obj *catalog.Object
	rel int64
	at  ref
}

// overridable are the attributes that a child table may have otherwise than its parent.
var overridable = []string{"default", "notnull", "storage", "compression", "statistics", "options", "comment"}

func (r *reader) addInherited(c inheritedColumn, parents []*catalog.Object) {
	o := c.obj
	inherits(r.tables[c.rel].obj, o)
	delete(r.byRef, c.at)
	key := o.Key
	key.Kind = "inherited_column"
	r.keys[c.at] = key // what depends on it depends on its table: see resolve
	for _, p := range parents {
		r.origin[key] = append(r.origin[key], catalog.Key{Kind: "column", Schema: p.Schema, Table: p.Table, Name: p.Name})
	}
	if len(parents) == 0 {
		return
	}
	own := map[string]string{}
	for _, name := range overridable {
		from := parents[0].Attrs[name]
		if name == "comment" { // a comment is never inherited
			from = ""
		}
		if (name == "storage" || name == "compression") && r.version < 140000 {
			continue
		}
		if v := o.Attrs[name]; v != from {
			own[name] = either(v == "", "none", v)
		}
	}
	if len(own) == 0 {
		return
	}
	o.Key, o.Attrs = key, own
	r.byRef[c.at] = o
	r.add(o, c.at)
}

func columnAttrs(o *catalog.Object, w row) {
	o.Pos = int(w.i("attnum"))
	a := o.Attrs
	a["type"] = w.s("type")
	put(a, "collation", w.s("collation"))
	for _, name := range []string{"typtype", "elemtype"} {
		if v := w.s(name); v != "b" { // as most are
			put(o.Info, name, v)
		}
	}
	if w.b("attnotnull") {
		a["notnull"] = "yes"
	}
	switch w.s("attgenerated") {
	case "s":
		a["generated"], a["stored"] = plainer(w.s("pretty"), w.s("expr")), "STORED"
	case "v":
		a["generated"], a["stored"] = plainer(w.s("pretty"), w.s("expr")), "VIRTUAL"
	default:
		put(a, "default", plainer(w.s("pretty"), w.s("expr")))
	}
	switch w.s("attidentity") {
	case "a":
		a["identity"] = "ALWAYS"
	case "d":
		a["identity"] = "BY DEFAULT"
	}
	put(a, "storage", storageNames[w.s("storage")])
	put(a, "compression", compressionNames[w.s("compression")])
	if n := w.s("statistics"); n != "-1" {
		a["statistics"] = n
	}
	setOptions(o, options(w.s("options"), ""))
}

var compressionNames = map[string]string{"p": "pglz", "l": "lz4"}

var storageNames = map[string]string{"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}

var columnKind = catalog.Kind{
	Name: "column", How: catalog.Inline,
	Create: createColumn, Drop: dropColumn, Alter: alterColumn, Rename: renameColumn,
	Yield: yieldColumn, Hazards: columnHazards,
}

var inheritedColumnKind = catalog.Kind{
	Name: "inherited_column", Report: "column", GoesWith: true, Carried: true,
	Create: func(p *catalog.Ctx, o *catalog.Object) []string { return override(p, nil, o) },
	Drop:   dropOverride,
	Alter: func(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		return catalog.Alteration{SQL: override(p, d.From, d.To)}
	},
}

// columnDef writes a column as it stands in CREATE TABLE and ADD COLUMN.
func columnDef(p *catalog.Ctx, o *catalog.Object) string {
	b := &strings.Builder{}
	b.WriteString(ident(o.Name) + " ")
	if serial := serialType(p, o); serial != "" {
		b.WriteString(serial)
		return b.String()
	}
	b.WriteString(o.Attrs["type"])
	if v := o.Attrs["collation"]; v != "" {
		b.WriteString(" COLLATE " + v)
	}
	if v := o.Attrs["compression"]; v != "" {
		b.WriteString(" COMPRESSION " + v)
	}
	valid := o.Attrs["notnull"] != "" && o.Attrs["notnull_invalid"] == ""
	if v := o.Attrs["notnull_name"]; v != "" && valid {
		b.WriteString(" CONSTRAINT " + ident(v))
	}
	if valid {
		b.WriteString(" NOT NULL")
	}
	if v := o.Attrs["notnull_inherit"]; v != "" && valid {
		b.WriteString(" " + v)
	}
	if v := o.Attrs["default"]; v != "" {
		b.WriteString(" DEFAULT " + inDefault(v))
	}
	if v := o.Attrs["generated"]; v != "" {
		b.WriteString(" GENERATED ALWAYS AS (" + v + ") " + o.Attrs["stored"])
	}
	if v := identityDef(o); v != "" {
		b.WriteString(" " + v)
	}
	return b.String()
}

// identityDef writes GENERATED … AS IDENTITY, with the sequence's options that
// differ from what the server takes by itself.
func identityDef(o *catalog.Object) string {
	kind := o.Attrs["identity"]
	if kind == "" {
		return ""
	}
	var opts []string
	if name := o.Attrs["identity_name"]; name != "" && name != sequenceName(o.Table, o.Name) {
		opts = append(opts, "SEQUENCE NAME "+dotted(o.Schema, name))
	}
	if v := o.Attrs["identity_options"]; v != "" {
		opts = append(opts, v)
	}
	def := "GENERATED " + kind + " AS IDENTITY"
	if len(opts) > 0 {
		def += " (" + strings.Join(opts, " ") + ")"
	}
	return def
}

// columnExtras are the statements for what a column's definition cannot say.
// from is nil for a new column.
func columnExtras(_ *catalog.Ctx, from, to *catalog.Object) []string {
	old := map[string]string{}
	if from != nil {
		old = from.Attrs
	}
	alter := "ALTER TABLE " + tableOf(to.Key) + " ALTER COLUMN " + ident(to.Name) + " "
	var stmts []string
	if from == nil && to.Attrs["notnull_invalid"] != "" { // CREATE TABLE would check it
		stmts = append(stmts, notNullConstraint(to))
	}
	if v := to.Attrs["notnull_comment"]; from == nil && v != "" {
		stmts = append(stmts, comment("CONSTRAINT", ident(to.Info["notnull_name"])+" ON "+tableOf(to.Key), v))
	}
	// a change of the type sets the new type's own storage
	if v, retyped := to.Attrs["storage"], from != nil && old["type"] != to.Attrs["type"]; v != "" && (retyped || v != old["storage"]) {
		stmts = append(stmts, alter+"SET STORAGE "+v)
	} else if v != old["storage"] && !retyped {
		stmts = append(stmts, alter+"SET STORAGE "+defaultStorage(to.Attrs["type"]))
	}
	if v := to.Attrs["statistics"]; v != old["statistics"] {
		stmts = append(stmts, alter+"SET STATISTICS "+either(v != "", v, "-1"))
	}
	if to.Attrs["options"] != old["options"] {
		was := &catalog.Object{Attrs: old}
		stmts = append(stmts, changeOptions("TABLE "+tableOf(to.Key)+" ALTER COLUMN "+ident(to.Name), was, to)...)
	}
	if v := to.Attrs["comment"]; v != old["comment"] {
		stmts = append(stmts, comment("COLUMN", tableOf(to.Key)+"."+ident(to.Name), v))
	}
	return stmts
}

// defaultStorage is the storage that a type has by itself (pg_type.typstorage),
// for those types that can have another. SET STORAGE DEFAULT is known from
// version 16 only.
func defaultStorage(typ string) string {
	base, _ := splitType(typ)
	switch base {
	case "numeric", "inet", "cidr", "point[]":
		return "MAIN"
	}
	return "EXTENDED"
}

func createColumn(p *catalog.Ctx, o *catalog.Object) []string {
	if had := inheritedIn(p.From, o); had != nil {
		return become(p, had, o)
	}
	if o.Attrs["identity"] != "" && hasHeirs(p, o.TableKey()) {
		return append(identityOfHeirs(p, o), columnExtras(p, nil, o)...)
	}
	def := "ALTER TABLE " + tableOf(o.Key) + " ADD COLUMN " + columnDef(p, o)
	return append([]string{def}, columnExtras(p, nil, o)...)
}

// hasHeirs tells whether the server adds no identity column to a table because it would be
// one of other tables, too: those that inherit, and before version 17 partitions.
func hasHeirs(p *catalog.Ctx, table catalog.Key) bool {
	return slices.ContainsFunc(append(slices.Clone(p.From.Objects), p.To.Objects...), func(o *catalog.Object) bool {
		return o.Kind == "table" && (o.Attrs["inherits"] != "" || p.To.Version < 170000) && slices.Contains(parents(o), table)
	})
}

// identityOfHeirs adds a column that a sequence fills in the rows there are, and makes it an identity then.
func identityOfHeirs(p *catalog.Ctx, o *catalog.Object) []string {
	seq := asideOf(o.TableKey())
	plain := o.Clone()
	plain.Attrs["identity"], plain.Attrs["default"] = "", "nextval("+literal(qualified(seq))+"::regclass)"
	alter := "ALTER TABLE " + tableOf(o.Key) + " "
	column := alter + "ALTER COLUMN " + ident(o.Name) + " "
	return []string{
		"CREATE SEQUENCE " + qualified(seq),
		alter + "ADD COLUMN " + columnDef(p, plain),
		column + "DROP DEFAULT",
		"DROP SEQUENCE " + qualified(seq),
		column + "ADD " + identityDef(o),
		fillSequence(o, o.Attrs["identity_name"]),
	}
}

func dropColumn(p *catalog.Ctx, o *catalog.Object) []string {
	if keeps := inheritedIn(p.To, o); keeps != nil {
		return become(p, o, keeps)
	}
	return dropInherited(p, o, "DROP COLUMN "+ident(o.Name))
}

func renameColumn(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	return []string{"ALTER TABLE " + tableOf(o.Key) + " RENAME COLUMN " + ident(o.Name) + " TO " + ident(to.Name)}
}

// override writes what a child table has otherwise than its parent; "none" says
// that the child has nothing where the parent has something. What it no longer has
// otherwise is made what the parent has.
func override(p *catalog.Ctx, from, to *catalog.Object) []string {
	old := map[string]string{}
	column := to.Clone()
	column.Kind = "column"
	inherited := inheritedIn(p.To, column)
	if from != nil {
		old = from.Attrs
	}
	alter := fmt.Sprintf("ALTER TABLE ONLY %s ALTER COLUMN %s ", tableOf(to.Key), ident(to.Name))
	var stmts []string
	for _, name := range overridable {
		v := to.Attrs[name]
		if v == old[name] {
			continue
		}
		if v == "" && inherited != nil {
			v = inherited.Attrs[name]
		}
		unset := v == "" || v == "none"
		switch name {
		case "default":
			stmts = append(stmts, alter+either(unset, "DROP DEFAULT", "SET DEFAULT "+v))
		case "notnull":
			stmts = append(stmts, alter+either(unset, "DROP", "SET")+" NOT NULL")
		case "storage":
			stmts = append(stmts, alter+"SET STORAGE "+either(unset, "DEFAULT", v))
		case "compression":
			stmts = append(stmts, alter+"SET COMPRESSION "+either(unset, "default", v))
		case "statistics":
			stmts = append(stmts, alter+"SET STATISTICS "+either(unset, "-1", v))
		case "options":
			if !unset {
				stmts = append(stmts, alter+"SET ("+v+")")
			}
		case "comment":
			stmts = append(stmts, comment("COLUMN", tableOf(to.Key)+"."+ident(to.Name), either(unset, "", v)))
		}
	}
	return stmts
}

// dropOverride makes a child's column follow its parent again. Where the parent
// is gone (the child was detached) the column is the child's own: nothing to do.
func dropOverride(p *catalog.Ctx, o *catalog.Object) []string {
	if p.To.Get(catalog.Key{Kind: "column", Schema: o.Schema, Table: o.Table, Name: o.Name}) != nil {
		return nil
	}
	like := &catalog.Object{Key: o.Key, Attrs: map[string]string{}}
	return override(p, o, like)
}

// splitType takes a type as format_type prints it apart: "character varying(10)"
// is "character varying" and [10], "timestamp(3) with time zone" is "timestamp with time zone" and [3].
func splitType(typ string) (base string, mods []int64) {
	open := strings.IndexByte(typ, '(')
	end := strings.IndexByte(typ, ')')
	if open < 0 || end < open || strings.HasPrefix(typ, `"`) {
		return typ, nil
	}
	for _, m := range strings.Split(typ[open+1:end], ",") {
		mods = append(mods, atoi(strings.TrimSpace(m)))
	}
	return strings.TrimSpace(typ[:open]) + typ[end+1:], mods
}

// dependsOn tells whether an object names a key among its dependencies.
func dependsOn(o *catalog.Object, k catalog.Key) bool { return slices.Contains(o.Deps, k) }
