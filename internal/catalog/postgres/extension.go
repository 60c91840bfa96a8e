package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

var schemaKind = catalog.Kind{
	Name: "schema",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		return withComment([]string{"CREATE SCHEMA " + ident(o.Name)}, "SCHEMA", ident(o.Name), o)
	},
	Drop:  dropAs("SCHEMA"),
	Alter: alterComment("SCHEMA"),
	Rename: func(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
		return []string{"ALTER SCHEMA " + ident(o.Name) + " RENAME TO " + ident(to.Name)}
	},
	Hazards: func(_ *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
		if from == nil || to != nil {
			return nil
		}
		return []catalog.Hazard{{Code: "drop-schema", Object: from.Path(), Why: "all that is in schema " + ident(from.Name) + " is lost"}}
	},
}

// readExtensions reads extensions, but for those that every database is born with.
func (r *reader) readExtensions() error {
	return r.each(`SELECT e.oid::int8 AS oid, e.extname AS name, e.extversion, n.nspname, n.oid::int8 AS nsp,
		(SELECT a.default_version FROM pg_available_extensions() a WHERE a.name = e.extname) AS usual
		FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.oid >= 16384 ORDER BY e.extname`, func(w row) {
		at := ref{class: pgExtension, oid: w.i("oid")}
		o := r.object(catalog.Key{Kind: "extension", Name: w.s("name")}, at)
		delete(o.Attrs, "comment") // it comes with the extension, in the words of its version
		if w.s("nspname") != r.home {
			o.Attrs["schema"] = w.s("nspname")
			o.Deps = append(o.Deps, catalog.Key{Kind: "schema", Name: w.s("nspname")})
		}
		if v := w.s("extversion"); v != w.s("usual") { // no difference: a model seldom names one, and the server's changes with its packages
			o.Info["version"] = v
		}
		r.add(o, at)
	})
}

var extensionKind = catalog.Kind{
	Name: "extension",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		b := "CREATE EXTENSION " + ident(o.Name)
		if v := o.Attrs["schema"]; v != "" && v != "pg_catalog" {
			b += " SCHEMA " + ident(v)
		}
		if v := o.Info["version"]; v != "" {
			b += " VERSION " + literal(v)
		}
		return []string{b}
	},
	Drop: dropAs("EXTENSION"),
	Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		if v := d.To.Attrs["schema"]; v != "" {
			return catalog.Alteration{SQL: []string{"ALTER EXTENSION " + ident(d.To.Name) + " SET SCHEMA " + ident(v)}}
		}
		return catalog.Alteration{Replace: true} // the home schema has no name here
	},
}

// readCollations reads collations made by users.
func (r *reader) readCollations() error {
	locale := "NULL"
	switch {
	case r.version >= 170000:
		locale = "c.colllocale"
	case r.version >= 150000:
		locale = "c.colliculocale"
	}
	return r.each(`SELECT c.oid::int8 AS oid, c.collnamespace::int8 AS nsp, c.collname AS name, c.collprovider, c.collisdeterministic,
		c.collcollate, c.collctype, `+locale+` AS locale, `+r.since(160000, "c.collicurules", "NULL")+` AS rules
		FROM pg_collation c WHERE c.collnamespace IN ({schemas}) ORDER BY c.oid`, func(w row) {
		at := ref{class: pgCollation, oid: w.i("oid")}
		o := r.object(catalog.Key{Kind: "collation", Schema: r.schemas[w.i("nsp")], Name: w.s("name")}, at)
		o.Attrs["provider"] = map[string]string{"i": "icu", "c": "libc", "b": "builtin"}[w.s("collprovider")]
		switch {
		case w.s("locale") != "":
			o.Attrs["locale"] = w.s("locale")
		case w.s("collcollate") == w.s("collctype"):
			o.Attrs["locale"] = w.s("collcollate")
		default:
			o.Attrs["lc_collate"], o.Attrs["lc_ctype"] = w.s("collcollate"), w.s("collctype")
		}
		if !w.b("collisdeterministic") {
			o.Attrs["deterministic"] = "false"
		}
		o.Attrs["rules"] = w.s("rules")
		r.add(o, at)
	})
}

var collationKind = catalog.Kind{
	Name:   "collation",
	Create: createCollation, Drop: dropAs("COLLATION"), Alter: alterComment("COLLATION"), Rename: renameAs("COLLATION"),
}

func createCollation(_ *catalog.Ctx, o *catalog.Object) []string {
	parts := []string{"provider = " + o.Attrs["provider"]}
	for _, name := range []string{"locale", "lc_collate", "lc_ctype", "rules"} {
		if v := o.Attrs[name]; v != "" {
			parts = append(parts, name+" = "+literal(v))
		}
	}
	if v := o.Attrs["deterministic"]; v != "" {
		parts = append(parts, "deterministic = "+v)
	}
	name := qualified(o.Key)
	return withComment([]string{"CREATE COLLATION " + name + " (" + strings.Join(parts, ", ") + ")"}, "COLLATION", name, o)
}

// readStatistics reads extended statistics objects.
func (r *reader) readStatistics() error {
	return r.each(`SELECT s.oid::int8 AS oid, s.stxnamespace::int8 AS nsp, s.stxname AS name, s.stxrelid::int8 AS rel, pg_get_statisticsobjdef(s.oid) AS def,
		quote_ident(n.nspname) || '.' || quote_ident(s.stxname) AS path, coalesce(s.stxstattarget, -1) AS target
		FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
		WHERE s.stxnamespace IN ({schemas}) ORDER BY s.oid`, func(w row) {
		at := ref{class: pgStatisticExt, oid: w.i("oid")}
		o := r.object(catalog.Key{Kind: "statistics", Schema: r.schemas[w.i("nsp")], Name: w.s("name")}, at)
		o.Attrs["def"] = strings.TrimPrefix(w.s("def"), "CREATE STATISTICS "+w.s("path"))
		if t := w.s("target"); t != "-1" {
			o.Attrs["target"] = t
		}
		if t := r.tables[w.i("rel")]; t != nil {
			o.Info["owner"] = t.key.Path()
		}
		r.add(o, at)
	})
}

var statisticsKind = catalog.Kind{
	Name: "statistics", Report: "index", GoesWith: true, Carried: true,
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		name := qualified(o.Key)
		stmts := []string{"CREATE STATISTICS " + name + o.Attrs["def"]}
		if v := o.Attrs["target"]; v != "" {
			stmts = append(stmts, "ALTER STATISTICS "+name+" SET STATISTICS "+v)
		}
		return withComment(stmts, "STATISTICS", name, o)
	},
	Drop: dropAs("STATISTICS"), Rename: renameAs("STATISTICS"),
	Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		if d.Changed("def") {
			return catalog.Alteration{Replace: true}
		}
		name := qualified(d.To.Key)
		var stmts []string
		if d.Changed("target") {
			v := d.To.Attrs["target"]
			stmts = append(stmts, "ALTER STATISTICS "+name+" SET STATISTICS "+either(v != "", v, "-1"))
		}
		if d.Changed("comment") {
			stmts = append(stmts, comment("STATISTICS", name, d.To.Attrs["comment"]))
		}
		return catalog.Alteration{SQL: stmts}
	},
}
