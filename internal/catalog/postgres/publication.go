package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readPublications reads logical replication publications with their tables,
// the row filters and column lists, and (from version 15) schemas.
func (r *reader) readPublications() error {
	filter := r.since(150000, `|| CASE WHEN pr.prattrs IS NOT NULL THEN ' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.ord)
			FROM unnest(pr.prattrs) WITH ORDINALITY AS k(num, ord) JOIN pg_attribute a ON a.attrelid = pr.prrelid AND a.attnum = k.num) || ')' ELSE '' END
		|| CASE WHEN pr.prqual IS NOT NULL THEN ' WHERE (' || pg_get_expr(pr.prqual, pr.prrelid, true) || ')' ELSE '' END`, "")
	schemas := r.since(150000, `(SELECT string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname) FROM pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid)`, "NULL")
	return r.each(`SELECT p.oid::int8 AS oid, p.pubname AS name, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
		`+r.since(180000, "p.pubgencols", "'n'")+` AS gencols,
		(SELECT json_agg(pr.prrelid::regclass::text `+filter+` ORDER BY pr.prrelid::regclass::text) FROM pg_publication_rel pr WHERE pr.prpubid = p.oid)::text AS tables,
		(SELECT json_agg(pr.prrelid::text) FROM pg_publication_rel pr WHERE pr.prpubid = p.oid)::text AS rels,
		(SELECT json_agg(pr.oid::text) FROM pg_publication_rel pr WHERE pr.prpubid = p.oid)::text AS entries,
		`+schemas+` AS schemas
		FROM pg_publication p ORDER BY p.pubname`, func(w row) {
		at := ref{class: pgPublication, oid: w.i("oid")}
		o := r.object(catalog.Key{Kind: "publication", Name: w.s("name")}, at)
		if w.b("puballtables") {
			o.Attrs["all_tables"] = "yes"
		}
		o.Attrs["tables"] = strings.Join(list(w.s("tables")), ", ")
		o.Attrs["schemas"] = w.s("schemas")
		var ops []string
		for _, op := range []string{"insert", "update", "delete", "truncate"} {
			if w.b("pub" + op) {
				ops = append(ops, op)
			}
		}
		if len(ops) < 4 {
			o.Attrs["publish"] = either(len(ops) == 0, "none", strings.Join(ops, ", "))
		}
		if w.b("pubviaroot") {
			o.Attrs["via_root"] = "true"
		}
		if w.s("gencols") == "s" {
			o.Attrs["generated_columns"] = "stored"
		}
		for _, rel := range list(w.s("rels")) {
			if t := r.tables[atoi(rel)]; t != nil {
				o.Deps = append(o.Deps, t.key)
			}
		}
		for _, entry := range list(w.s("entries")) { // they depend on the columns that they name
			r.keys[ref{class: pgPublished, oid: atoi(entry)}] = o.Key
		}
		r.add(o, at)
	})
}

var publicationKind = catalog.Kind{
	Name: "publication", Create: createPublication, Drop: dropAs("PUBLICATION"), Alter: alterPublication, Rename: renameAs("PUBLICATION"),
	Yield: yieldPublication,
}

// yieldPublication takes a table out while a column that its filter names is changed,
// and puts it in again. A table that is dropped leaves by itself.
func yieldPublication(p *catalog.Ctx, from, to *catalog.Object, gone catalog.Key) (before, after []string) {
	alter := "ALTER PUBLICATION " + ident(to.Name) + " "
	if gone.Kind == "column" {
		before = []string{alter + "DROP TABLE " + tableOf(gone)}
	}
	if what := publicationFor(to); what != "" && p.To.Get(gone) != nil {
		after = []string{alter + "SET " + what}
	}
	return before, after
}

// publicationFor writes what a publication publishes; "" for nothing.
func publicationFor(o *catalog.Object) string {
	var parts []string
	if v := o.Attrs["tables"]; v != "" {
		parts = append(parts, "TABLE "+v)
	}
	if v := o.Attrs["schemas"]; v != "" {
		parts = append(parts, "TABLES IN SCHEMA "+v)
	}
	return strings.Join(parts, ", ")
}

func publicationOptions(old map[string]string, o *catalog.Object) string {
	var opts []string
	for _, opt := range [][3]string{
		{"publish", "publish", "insert, update, delete, truncate"},
		{"via_root", "publish_via_partition_root", "false"},
		{"generated_columns", "publish_generated_columns", "none"},
	} {
		v := o.Attrs[opt[0]]
		if v == old[opt[0]] {
			continue
		}
		if v == "" {
			v = opt[2]
		} else if v == "none" {
			v = ""
		}
		opts = append(opts, opt[1]+" = "+literal(v))
	}
	return strings.Join(opts, ", ")
}

func createPublication(_ *catalog.Ctx, o *catalog.Object) []string {
	b := "CREATE PUBLICATION " + ident(o.Name)
	if o.Attrs["all_tables"] != "" {
		b += " FOR ALL TABLES"
	} else if v := publicationFor(o); v != "" {
		b += " FOR " + v
	}
	if opts := publicationOptions(nil, o); opts != "" {
		b += " WITH (" + opts + ")"
	}
	return withComment([]string{b}, "PUBLICATION", ident(o.Name), o)
}

func alterPublication(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	to := d.To
	what := publicationFor(to)
	if d.Changed("all_tables") || what == "" && (d.Changed("tables") || d.Changed("schemas")) {
		return catalog.Alteration{Replace: true}
	}
	alter := "ALTER PUBLICATION " + ident(to.Name) + " SET "
	var stmts []string
	if d.Changed("tables") || d.Changed("schemas") {
		stmts = append(stmts, alter+what)
	}
	if opts := publicationOptions(d.From.Attrs, to); opts != "" {
		stmts = append(stmts, alter+"("+opts+")")
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("PUBLICATION", ident(to.Name), to.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}
