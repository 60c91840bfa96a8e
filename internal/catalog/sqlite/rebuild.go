package sqlite

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// rebuild makes the table anew and moves its rows, in the order that
// https://www.sqlite.org/lang_altertable.html, section 8, gives: create, copy,
// drop, rename. Indexes and triggers go with the old table, and what names the
// table is dropped before, so that RENAME finds no view without its table.
func (c *change) rebuild(p *catalog.Ctx) []string {
	name := freeName(p, "_migr_new_"+c.to.Name)
	parts := p.To.Parts(c.to.Key, "")
	sql := []string{tableText(c.to, name, parts), c.copy(p, name)}
	if autoincrement(p.From, c.from) && autoincrement(p.To, c.to) {
		// the highest id ever given, also of rows that are gone
		sql = append(sql,
			"DELETE FROM sqlite_sequence WHERE name = "+literal(name),
			"INSERT INTO sqlite_sequence (name, seq) SELECT "+literal(name)+
				", seq FROM sqlite_sequence WHERE name = "+literal(c.from.Name))
	}
	return append(sql,
		"DROP TABLE "+ident(c.from.Name),
		"ALTER TABLE "+ident(name)+" RENAME TO "+ident(c.to.Name))
}

func primaryKey(in *catalog.Catalog, table *catalog.Object) *catalog.Object {
	for _, o := range in.Parts(table.Key, "primary_key") {
		return o
	}
	return nil
}

func autoincrement(in *catalog.Catalog, table *catalog.Object) bool {
	pk := primaryKey(in, table)
	return pk != nil && pk.Attrs["autoincrement"] != ""
}

// rowidColumn names the column that is another name of the rowid, or "".
func rowidColumn(in *catalog.Catalog, table *catalog.Object) string {
	if pk := primaryKey(in, table); pk != nil && pk.Attrs["rowid"] != "" {
		return unquoted(pk.Attrs["columns"])
	}
	return ""
}

// copy writes the INSERT that moves the rows.
func (c *change) copy(p *catalog.Ctx, name string) string {
	var cols, values []string
	rowid, alias := c.rowid(p), rowidColumn(p.To, c.to)
	if rowid != "" && alias == "" {
		// rows keep the rowid by which other tables may know them
		cols, values = append(cols, rowid), append(values, rowid)
	}
	for _, o := range byPlace(p.To.Parts(c.to.Key, ""), true) {
		was := c.source(p, o)
		switch {
		case o.Attrs["generated"] != "":
		case was != nil:
			cols, values = append(cols, ident(o.Name)), append(values, c.value(was, o))
		case rowid != "" && fold(o.Name) == alias:
			cols, values = append(cols, ident(o.Name)), append(values, rowid)
		}
	}
	if len(cols) == 0 {
		// no column stays: there are as many rows as before, of defaults, or it fails
		for _, o := range byPlace(p.To.Parts(c.to.Key, ""), true) {
			if o.Attrs["generated"] == "" {
				cols, values = []string{ident(o.Name)}, []string{"NULL"}
				if def := o.Attrs["default"]; def != "" {
					values[0] = defaultValue(def)
				}
				break
			}
		}
	}
	return c.insert(p) + ident(name) + " (" + strings.Join(cols, ", ") + ")\nSELECT " +
		strings.Join(values, ", ") + " FROM " + ident(c.from.Name)
}

// insert begins the INSERT. A conflict clause in the new table must not make
// rows vanish or change on the way: OR ABORT overrides it.
func (c *change) insert(p *catalog.Ctx) string {
	for _, o := range p.To.Parts(c.to.Key, "") {
		if o.Attrs["conflict"] != "" || o.Attrs["not_null_conflict"] != "" {
			return "INSERT OR ABORT INTO "
		}
	}
	return "INSERT INTO "
}

// rowid is a name of the rowid that no column of either table takes, or "" if
// one of the tables has no rowid.
func (c *change) rowid(p *catalog.Ctx) string {
	if c.from.Attrs["without_rowid"] != "" || c.to.Attrs["without_rowid"] != "" {
		return ""
	}
	taken := map[string]bool{}
	for _, o := range append(p.From.Parts(c.from.Key, "column"), p.To.Parts(c.to.Key, "column")...) {
		taken[fold(o.Name)] = true
	}
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		if !taken[name] {
			return name
		}
	}
	return ""
}

// source is the old column whose values a new one takes, or nil.
func (c *change) source(p *catalog.Ctx, to *catalog.Object) *catalog.Object {
	name := to.Name
	for _, r := range c.renamed {
		if fold(r.from) == fold(to.Name) {
			name = "" // that name was another column's
		}
	}
	for _, r := range c.renamed {
		if r.to == to.Name {
			name = r.from
		}
	}
	if name == "" {
		return nil
	}
	for _, o := range p.From.Parts(c.from.Key, "column") {
		if fold(o.Name) == fold(name) {
			return o
		}
	}
	return nil
}

// value writes what a row's old column becomes in the new one. SQLite converts
// by the new column's affinity; a STRICT table refuses what does not fit, and
// only between text and blob a CAST loses nothing that a refusal would save.
func (c *change) value(from, to *catalog.Object) string {
	v := ident(from.Name)
	strictBlob := c.to.Attrs["strict"] != "" &&
		(to.Attrs["type"] == "BLOB") != (from.Attrs["type"] == "BLOB") &&
		(to.Attrs["type"] == "BLOB" || to.Attrs["type"] == "TEXT")
	if strictBlob {
		v = "CAST(" + v + " AS " + to.Attrs["type"] + ")"
	}
	if to.Attrs["not_null"] != "" && from.Attrs["not_null"] == "" && to.Attrs["default"] != "" && !isNull(to.Attrs["default"]) {
		v = "coalesce(" + v + ", " + defaultValue(to.Attrs["default"]) + ")"
	}
	return v
}

// defaultValue writes a default as an expression: a bare or double-quoted word
// is a string in a DEFAULT, and a column elsewhere.
func defaultValue(def string) string {
	toks := lex(def)
	if len(toks) == 1 && (toks[0].sort == quoted || toks[0].sort == word && !keyword(toks[0].text)) {
		return literal(toks[0].name())
	}
	return def
}
