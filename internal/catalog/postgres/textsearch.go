package postgres

import (
	"encoding/json"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readTextSearch reads text search dictionaries and configurations in one query.
// A configuration's mapping is a list of lines, each a token type and its dictionaries.
func (r *reader) readTextSearch() error {
	return r.each(`SELECT 'ts_dictionary' AS kind, d.oid::int8 AS oid, d.dictnamespace::int8 AS nsp, d.dictname AS name,
			quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) AS base, d.dictinitoption AS options, NULL AS mapping
		FROM pg_ts_dict d JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
		WHERE d.dictnamespace IN ({schemas})
		UNION ALL
		SELECT 'ts_configuration', c.oid::int8, c.cfgnamespace::int8, c.cfgname,
			quote_ident(pn.nspname) || '.' || quote_ident(p.prsname), NULL,
			(SELECT json_agg(json_build_array(m.alias, m.dicts) ORDER BY m.tok) FROM (
				SELECT cm.maptokentype AS tok, tt.alias, string_agg(cm.mapdict::regdictionary::text, ', ' ORDER BY cm.mapseqno) AS dicts
				FROM pg_ts_config_map cm JOIN ts_token_type(c.cfgparser) tt ON tt.tokid = cm.maptokentype
				WHERE cm.mapcfg = c.oid GROUP BY cm.maptokentype, tt.alias) m)::text
		FROM pg_ts_config c JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace
		WHERE c.cfgnamespace IN ({schemas})
		ORDER BY 2`, func(w row) {
		class := int64(pgTSDict)
		if w.s("kind") == "ts_configuration" {
			class = pgTSConfig
		}
		at := ref{class: class, oid: w.i("oid")}
		o := r.object(catalog.Key{Kind: w.s("kind"), Schema: r.schemas[w.i("nsp")], Name: w.s("name")}, at)
		base := strings.TrimPrefix(strings.TrimPrefix(w.s("base"), ident(r.home)+"."), "pg_catalog.")
		if class == pgTSDict {
			o.Attrs["template"], o.Attrs["options"] = base, w.s("options")
		} else {
			o.Attrs["parser"], o.Attrs["mapping"] = base, w.s("mapping")
		}
		r.add(o, at)
	})
}

var tsDictionaryKind = catalog.Kind{
	Name: "ts_dictionary", Report: "type",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		name := qualified(o.Key)
		b := "CREATE TEXT SEARCH DICTIONARY " + name + " (\n  TEMPLATE = " + o.Attrs["template"]
		if v := o.Attrs["options"]; v != "" {
			b += ",\n  " + v
		}
		return withComment([]string{b + "\n)"}, "TEXT SEARCH DICTIONARY", name, o)
	},
	Drop: dropAs("TEXT SEARCH DICTIONARY"), Alter: alterComment("TEXT SEARCH DICTIONARY"), Rename: renameAs("TEXT SEARCH DICTIONARY"),
}

var tsConfigurationKind = catalog.Kind{
	Name: "ts_configuration", Report: "type",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		name := qualified(o.Key)
		stmts := []string{"CREATE TEXT SEARCH CONFIGURATION " + name + " (PARSER = " + ident1(o.Attrs["parser"]) + ")"}
		for _, m := range mappings(o.Attrs["mapping"]) {
			stmts = append(stmts, "ALTER TEXT SEARCH CONFIGURATION "+name+" ADD MAPPING FOR "+ident(m[0])+" WITH "+m[1])
		}
		return withComment(stmts, "TEXT SEARCH CONFIGURATION", name, o)
	},
	Drop: dropAs("TEXT SEARCH CONFIGURATION"), Alter: alterConfiguration, Rename: renameAs("TEXT SEARCH CONFIGURATION"),
}

// ident1 quotes the one parser whose name is a keyword.
func ident1(parser string) string { return either(parser == "default", `"default"`, parser) }

func mappings(js string) [][2]string {
	var m [][2]string
	if js != "" && json.Unmarshal([]byte(js), &m) != nil {
		return nil
	}
	return m
}

// alterConfiguration changes the mapping token type by token type.
func alterConfiguration(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.Changed("parser") {
		return catalog.Alteration{Replace: true}
	}
	old := map[string]string{}
	for _, m := range mappings(d.From.Attrs["mapping"]) {
		old[m[0]] = m[1]
	}
	name := qualified(d.To.Key)
	alter := "ALTER TEXT SEARCH CONFIGURATION " + name + " "
	var stmts []string
	for _, m := range mappings(d.To.Attrs["mapping"]) {
		was, there := old[m[0]]
		delete(old, m[0])
		if !there || was != m[1] {
			stmts = append(stmts, alter+either(there, "ALTER", "ADD")+" MAPPING FOR "+ident(m[0])+" WITH "+m[1])
		}
	}
	for _, m := range mappings(d.From.Attrs["mapping"]) {
		if _, left := old[m[0]]; left {
			stmts = append(stmts, alter+"DROP MAPPING FOR "+ident(m[0]))
		}
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("TEXT SEARCH CONFIGURATION", name, d.To.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}
