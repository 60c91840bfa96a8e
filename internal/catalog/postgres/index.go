package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readIndexes reads the indexes that are not behind a constraint. Those that a
// partition has because its parent has them are the parent's.
func (r *reader) readIndexes() error {
	return r.each(`SELECT i.indexrelid::int8 AS oid, i.indrelid::int8 AS rel, c.relname AS name, quote_ident(c.relname) AS qname,
		i.indrelid::regclass::text AS qtable, c.relkind, c.relispartition,
		pg_get_indexdef(i.indexrelid, 0, true) AS pretty,
		CASE WHEN `+grouped("i.indpred")+` THEN pg_get_indexdef(i.indexrelid) END AS exact,
		quote_ident(n.nspname) || '.' || quote_ident(t.relname) AS qpath,
		pg_get_expr(i.indpred, i.indrelid, true) AS prettypred, CASE WHEN `+grouped("i.indpred")+` THEN pg_get_expr(i.indpred, i.indrelid) END AS exactpred,
		i.indisunique, i.indisclustered, i.indisreplident, i.indisvalid, to_json(c.reloptions)::text AS options, ts.spcname,
		CASE WHEN i.indexprs IS NOT NULL THEN (SELECT json_agg(k.num || '=' || a.attstattarget) FROM pg_attribute a, LATERAL (SELECT a.attnum AS num) k
			WHERE a.attrelid = c.oid AND a.attstattarget >= 0)::text END AS statistics,
		CASE WHEN i.indisunique THEN (SELECT json_agg(a.attname ORDER BY k.ord) FROM unnest(i.indkey) WITH ORDINALITY AS k(num, ord)
			JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num WHERE k.ord <= i.indnkeyatts)::text END AS columns,
		i.indexprs IS NULL AND i.indpred IS NULL AS simple, `+attachedTo("c")+`
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
		LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
		LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')
		WHERE c.relnamespace IN ({schemas}) AND con.oid IS NULL
		ORDER BY i.indrelid, i.indexrelid`, r.addIndex)
}

func (r *reader) addIndex(w row) {
	at := ref{class: pgClass, oid: w.i("oid")}
	o := r.part("index", w.i("rel"), w.s("name"), at)
	if o == nil {
		return
	}
	indexAttrs(o, w)
	if w.b("indisunique") {
		o.Attrs["unique"] = "yes"
	}
	if w.b("relispartition") {
		table := r.tables[w.i("rel")]
		inherits(table.obj, o)
		delete(r.byRef, at)
		r.keys[at] = table.key
		r.attached(table, o, w)
		return
	}
	put(o.Attrs, "tablespace", w.s("spcname"))
	put(o.Attrs, "statistics", strings.Join(list(w.s("statistics")), ", "))
	indexMarks(o, w)
	if w.b("simple") {
		put(o.Info, "columns", w.s("columns"))
	}
	if !w.b("indisvalid") && w.s("relkind") != "I" {
		o.Attrs["invalid"] = "yes"
	}
	r.add(o, at)
}

// indexAttrs takes a definition apart: what comes before the storage
// parameters, these, and the condition of a partial index.
func indexAttrs(o *catalog.Object, w row) {
	body, where := indexDef(w, w.s("pretty"), w.s("qtable")), chosen(w.s("prettypred"), w.s("exactpred"))
	if where == w.s("prettypred") {
		body = strings.TrimSuffix(body, " WHERE "+where)
	} else {
		body = strings.TrimSuffix(indexDef(w, w.s("exact"), w.s("qpath")), " WHERE "+where)
	}
	put(o.Attrs, "where", settled(where))
	opts := options(w.s("options"), "")
	o.Attrs["def"] = settled(strings.TrimSuffix(body, " WITH ("+strings.Join(opts, ", ")+")"))
	setOptions(o, opts)
}

// indexDef takes CREATE INDEX, the index's name and its table's off a definition.
func indexDef(w row, def, table string) string {
	_, body, _ := strings.Cut(def, "INDEX "+w.s("qname")+" ON "+either(w.s("relkind") == "I", "ONLY ", "")+table+" ")
	return body
}

var indexKind = catalog.Kind{
	Name: "index", Namespace: "relation", Carried: true, GoesWith: true,
	Create: createIndex, Drop: dropIndex, Alter: alterIndex, Rename: renameIndex, Hazards: indexHazards,
}

// concurrently tells whether an index is made or removed without blocking: not
// on a partitioned table, where the server does not allow it.
func concurrently(p *catalog.Ctx, c *catalog.Catalog, o *catalog.Object) string {
	t := c.Get(o.TableKey())
	if !p.Online || p.From.Get(o.TableKey()) == nil || t == nil || t.Attrs["partition_key"] != "" {
		return ""
	}
	return "CONCURRENTLY "
}

func createIndex(p *catalog.Ctx, o *catalog.Object) []string {
	if stays(p, p.From, o) {
		return nil
	}
	stmts := ownNamed(p, o)
	b := &strings.Builder{}
	b.WriteString("CREATE " + either(o.Attrs["unique"] != "", "UNIQUE ", "") + "INDEX " + concurrently(p, p.To, o))
	b.WriteString(ident(o.Name) + " ON " + tableOf(o.Key) + " ")
	b.WriteString(indexBody(o))
	name := dotted(o.Schema, o.Name)
	stmts = append(append(stmts, b.String()), markIndex(p, nil, o)...)
	stmts = append(stmts, indexStatistics(nil, o)...)
	return withComment(stmts, "INDEX", name, o)
}

func indexBody(o *catalog.Object) string {
	body := o.Attrs["def"]
	if v := o.Info["options"]; v != "" {
		body += " WITH (" + v + ")"
	}
	if v := o.Attrs["tablespace"]; v != "" {
		body += " TABLESPACE " + ident(v)
	}
	if v := o.Attrs["where"]; v != "" {
		body += " WHERE " + v
	}
	return body
}

func indexStatistics(old map[string]string, o *catalog.Object) []string {
	if o.Attrs["statistics"] == old["statistics"] {
		return nil
	}
	was, is := optionMap(old["statistics"]), optionMap(o.Attrs["statistics"])
	alter := "ALTER INDEX " + dotted(o.Schema, o.Name) + " ALTER COLUMN "
	var stmts []string
	for _, kv := range splitList(old["statistics"]) {
		if num, _, _ := strings.Cut(kv, "="); is[num] == "" {
			stmts = append(stmts, alter+num+" SET STATISTICS -1")
		}
	}
	for _, kv := range splitList(o.Attrs["statistics"]) {
		if num, v, _ := strings.Cut(kv, "="); was[num] != v {
			stmts = append(stmts, alter+num+" SET STATISTICS "+v)
		}
	}
	return stmts
}

func dropIndex(p *catalog.Ctx, o *catalog.Object) []string {
	if stays(p, p.To, o) {
		return nil
	}
	return []string{"DROP INDEX " + concurrently(p, p.From, o) + dotted(o.Schema, o.Name)}
}

func renameIndex(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	return []string{"ALTER INDEX " + dotted(o.Schema, o.Name) + " RENAME TO " + ident(to.Name)}
}

func alterIndex(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.Changed("def") || d.Changed("where") || d.Changed("unique") || d.Changed("invalid") {
		return catalog.Alteration{Replace: true}
	}
	name := dotted(d.To.Schema, d.To.Name)
	var stmts []string
	if d.Changed("options") {
		stmts = append(stmts, changeOptions("INDEX "+name, d.From, d.To)...)
	}
	if d.Changed("tablespace") {
		ts := d.To.Attrs["tablespace"]
		stmts = append(stmts, "ALTER INDEX "+name+" SET TABLESPACE "+ident(either(ts != "", ts, "pg_default")))
	}
	stmts = append(stmts, markIndex(p, d.From.Attrs, d.To)...)
	stmts = append(stmts, indexStatistics(d.From.Attrs, d.To)...)
	if d.Changed("comment") {
		stmts = append(stmts, comment("INDEX", name, d.To.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}

func indexHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if to == nil || to.Attrs["unique"] == "" || stays(p, p.From, to) || p.From.Get(to.TableKey()) == nil ||
		from != nil && from.Attrs["unique"] != "" && from.Attrs["def"] == to.Attrs["def"] && from.Attrs["where"] == to.Attrs["where"] {
		return nil
	}
	return []catalog.Hazard{{
		Code: "add-unique", Object: to.Path(), Why: "fails where rows of " + tableOf(to.Key) + " have equal values",
		Count: countEqual(to, list(to.Info["columns"])),
	}}
}
