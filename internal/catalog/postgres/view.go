package postgres

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A viewColumn is what is known of a column of a view, as the server wrote it in JSON.
type viewColumn struct{ Name, Type, Collation, Default, Comment, Statistics, Storage, Compression, Options string }

// readViews reads views and materialized views.
func (r *reader) readViews() error {
	return r.each(`SELECT c.oid::int8 AS oid, c.relnamespace::int8 AS nsp, c.relname AS name, c.relkind, pg_get_viewdef(c.oid, true) AS pretty, pg_get_viewdef(c.oid) AS exact,
		to_json(c.reloptions)::text AS options, am.amname, ts.spcname,
		(SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'collation', a.attcollation::regcollation::text,
			'default', coalesce(pg_get_expr(d.adbin, d.adrelid, true), ''), 'comment', coalesce(col_description(c.oid, a.attnum), ''),
			'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text ELSE '' END,
			'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage ELSE '' END, 'compression', `+r.since(140000, "a.attcompression", "''")+`,
			'options', coalesce(array_to_string(a.attoptions, ', '), '')) ORDER BY a.attnum)
			FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
			WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text AS columns
		FROM pg_class c LEFT JOIN pg_am am ON am.oid = c.relam LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
		WHERE c.relkind IN ('v', 'm') AND c.relnamespace IN ({schemas})
		ORDER BY c.oid`, r.addView)
}

func (r *reader) addView(w row) {
	at := ref{class: pgClass, oid: w.i("oid")}
	kind := either(w.s("relkind") == "m", "materialized_view", "view")
	o := r.object(catalog.Key{Kind: kind, Schema: r.schemas[w.i("nsp")], Name: w.s("name")}, at)
	o.Attrs["def"] = spaced(strings.TrimSuffix(strings.TrimSpace(plainer(w.s("pretty"), w.s("exact"))), ";"))
	setOptions(o, options(w.s("options"), ""))
	if am := w.s("amname"); am != "heap" {
		o.Attrs["access_method"] = am
	}
	o.Attrs["tablespace"] = w.s("spcname")
	var columns []viewColumn
	if json.Unmarshal([]byte(w.s("columns")), &columns) == nil {
		o.Info["columns"] = viewShape(columns)
		for _, c := range columns {
			o.Attrs["default of "+c.Name] = c.Default
			o.Attrs["comment of "+c.Name] = c.Comment
			o.Attrs["statistics of "+c.Name] = c.Statistics
			o.Attrs["options of "+c.Name] = c.Options
			if kind == "materialized_view" {
				o.Attrs["storage of "+c.Name] = storageNames[c.Storage]
				o.Attrs["compression of "+c.Name] = compressionNames[c.Compression]
				o.Info["type of "+c.Name] = c.Type
			}
		}
	}
	if r.add(o, at) {
		r.relate(w.i("oid"), w.s("relkind"), o)
	} else {
		r.left[w.i("oid")] = true
	}
}

// viewShape is what CREATE OR REPLACE VIEW must not change of the columns, one a line.
func viewShape(columns []viewColumn) string {
	b := &strings.Builder{}
	for _, c := range columns {
		b.WriteString(ident(c.Name) + " " + c.Type + " " + c.Collation + "\n")
	}
	return b.String()
}

var viewKind = catalog.Kind{
	Name: "view", Namespace: "relation", Create: createView, Drop: dropAs("VIEW"), Alter: alterView, Rename: renameAs("VIEW"),
}

var materializedViewKind = catalog.Kind{
	Name: "materialized_view", Namespace: "relation",
	Create: createMaterializedView, Drop: dropAs("MATERIALIZED VIEW"), Alter: alterMaterializedView, Rename: renameAs("MATERIALIZED VIEW"),
}

func viewSQL(o *catalog.Object, replace bool) string {
	b := "CREATE " + either(replace, "OR REPLACE ", "") + "VIEW " + qualified(o.Key)
	if v := o.Info["options"]; v != "" {
		b += " WITH (" + v + ")"
	}
	return b + " AS\n" + indented(o.Attrs["def"])
}

// indented puts back the blank that pg_get_viewdef begins with.
func indented(def string) string { return " " + def }

func createView(_ *catalog.Ctx, o *catalog.Object) []string {
	stmts := withComment([]string{viewSQL(o, false)}, "VIEW", qualified(o.Key), o)
	return append(stmts, viewColumns(nil, o)...)
}

// viewColumns are the statements for the defaults, comments and statistics of columns.
func viewColumns(old map[string]string, o *catalog.Object) []string {
	what := "VIEW "
	if o.Kind == "materialized_view" {
		what = "MATERIALIZED VIEW "
	}
	names := map[string]bool{}
	for name := range o.Attrs {
		names[name] = true
	}
	for name := range old {
		names[name] = true
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	var stmts []string
	for _, name := range sorted {
		v := o.Attrs[name]
		if v == old[name] {
			continue
		}
		alter := "ALTER " + what + qualified(o.Key) + " ALTER COLUMN "
		if col, is := strings.CutPrefix(name, "default of "); is {
			stmts = append(stmts, alter+ident(col)+either(v != "", " SET DEFAULT "+v, " DROP DEFAULT"))
		} else if col, is := strings.CutPrefix(name, "comment of "); is {
			stmts = append(stmts, comment("COLUMN", qualified(o.Key)+"."+ident(col), v))
		} else if col, is := strings.CutPrefix(name, "statistics of "); is {
			stmts = append(stmts, alter+ident(col)+" SET STATISTICS "+either(v != "", v, "-1"))
		} else if col, is := strings.CutPrefix(name, "storage of "); is {
			stmts = append(stmts, alter+ident(col)+" SET STORAGE "+either(v != "", v, defaultStorage(o.Info["type of "+col])))
		} else if col, is := strings.CutPrefix(name, "compression of "); is {
			stmts = append(stmts, alter+ident(col)+" SET COMPRESSION "+either(v != "", v, "default"))
		} else if col, is := strings.CutPrefix(name, "options of "); is {
			was := &catalog.Object{Attrs: map[string]string{"options": old[name]}}
			now := &catalog.Object{Attrs: map[string]string{"options": v}, Info: map[string]string{"options": v}}
			stmts = append(stmts, changeOptions(what+qualified(o.Key)+" ALTER COLUMN "+ident(col), was, now)...)
		}
	}
	return stmts
}

// alterView replaces the view's query where its first columns stay as they were.
func alterView(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	from, to := d.From, d.To
	name := qualified(to.Key)
	var stmts []string
	if d.Changed("def") {
		if !strings.HasPrefix(to.Info["columns"], from.Info["columns"]) {
			return catalog.Alteration{Replace: true}
		}
		stmts = append(stmts, viewSQL(to, true))
	} else if d.Changed("options") {
		stmts = append(stmts, changeOptions("VIEW "+name, from, to)...)
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("VIEW", name, to.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: append(stmts, viewColumns(from.Attrs, to)...)}
}

func createMaterializedView(_ *catalog.Ctx, o *catalog.Object) []string {
	b := "CREATE MATERIALIZED VIEW " + qualified(o.Key)
	if v := o.Attrs["access_method"]; v != "" {
		b += " USING " + ident(v)
	}
	if v := o.Info["options"]; v != "" {
		b += " WITH (" + v + ")"
	}
	if v := o.Attrs["tablespace"]; v != "" {
		b += " TABLESPACE " + ident(v)
	}
	b += " AS\n" + indented(o.Attrs["def"])
	stmts := withComment([]string{b}, "MATERIALIZED VIEW", qualified(o.Key), o)
	return append(stmts, viewColumns(nil, o)...)
}

func alterMaterializedView(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.Changed("def") || d.Changed("access_method") {
		return catalog.Alteration{Replace: true}
	}
	from, to := d.From, d.To
	name := qualified(to.Key)
	stmts := changeOptions("MATERIALIZED VIEW "+name, from, to)
	if d.Changed("tablespace") {
		ts := to.Attrs["tablespace"]
		stmts = append(stmts, "ALTER MATERIALIZED VIEW "+name+" SET TABLESPACE "+ident(either(ts != "", ts, "pg_default")))
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("MATERIALIZED VIEW", name, to.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: append(stmts, viewColumns(from.Attrs, to)...)}
}
