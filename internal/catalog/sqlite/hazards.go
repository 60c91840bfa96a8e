package sqlite

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// tableHazards: a table that goes takes its rows along, a virtual one too.
func tableHazards(_ *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if from == nil || to != nil {
		return nil
	}
	return []catalog.Hazard{{
		Code: "drop-table", Object: from.Path(), Why: "the rows of " + from.Name + " are lost",
		Count: "SELECT count(*) FROM " + ident(from.Name),
	}}
}

// columnHazards tells what a column's change loses. Generated columns hold
// nothing of their own.
func columnHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	switch {
	case from == nil:
		return newColumnHazards(p, to)
	case to == nil && sameColumn(p.To, from) != nil:
		return nil // only the case of its name changes
	case from.Attrs["generated"] != "":
		return nil
	case to == nil || to.Attrs["generated"] != "":
		return []catalog.Hazard{{
			Code: "drop-column", Object: from.Path(), Why: "the values of " + from.Path() + " are lost",
			Count: count(from, "IS NOT NULL"),
		}}
	}
	var found []catalog.Hazard
	if to.Attrs["not_null"] != "" && from.Attrs["not_null"] == "" && (to.Attrs["default"] == "" || isNull(to.Attrs["default"])) {
		found = append(found, catalog.Hazard{
			Code: "add-not-null", Object: to.Path(), Why: "fails on rows in which " + to.Path() + " is NULL",
			Count: count(from, "IS NULL"),
		})
	}
	return append(found, typeHazards(p, from, to)...)
}

// sameColumn finds a column whose name differs in case at most.
func sameColumn(in *catalog.Catalog, o *catalog.Object) *catalog.Object {
	for _, c := range in.Parts(o.TableKey(), "column") {
		if fold(c.Name) == fold(o.Name) {
			return c
		}
	}
	return nil
}

func newColumnHazards(p *catalog.Ctx, to *catalog.Object) []catalog.Hazard {
	def := to.Attrs["default"]
	if sameColumn(p.From, to) != nil || to.Attrs["not_null"] == "" || to.Attrs["generated"] != "" || def != "" && !isNull(def) {
		return nil
	}
	if rowidColumn(p.To, &catalog.Object{Key: to.TableKey()}) == fold(to.Name) {
		return nil // filled with the rowid
	}
	return []catalog.Hazard{{
		Code: "add-not-null", Object: to.Path(), Why: "fails on a table with rows: " + to.Path() + " has no default",
		Count: "SELECT count(*) FROM " + ident(to.Table),
	}}
}

func count(o *catalog.Object, condition string) string {
	return "SELECT count(*) FROM " + ident(o.Table) + " WHERE " + ident(o.Name) + " " + condition
}

// typeHazards tells what a change of type loses. SQLite enforces no length; it
// converts text that reads as a number where the new affinity is numeric, and
// integers beyond 2^53 where it is REAL. A STRICT table refuses what does not fit.
func typeHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if from.Attrs["type"] == to.Attrs["type"] {
		return nil
	}
	hazard := func(why, condition string) []catalog.Hazard {
		return []catalog.Hazard{{Code: "narrow-type", Object: to.Path(), Why: why, Count: count(from, condition)}}
	}
	name, was, is := ident(from.Name), affinity(from.Attrs["type"]), affinity(to.Attrs["type"])
	if t := p.To.Get(to.TableKey()); t != nil && t.Attrs["strict"] != "" {
		return strictHazards(from, to)
	}
	numeric := is == "INTEGER" || is == "REAL" || is == "NUMERIC"
	switch {
	case (was == "TEXT" || was == "BLOB") && numeric:
		return hazard("text that reads as a number becomes one: '007' is stored as 7",
			"GLOB '*[0-9]*' AND typeof("+name+") = 'text' AND "+name+" NOT GLOB '*[^0-9.eE+ -]*' AND "+name+
				" <> CAST(CAST("+name+" AS NUMERIC) AS TEXT)")
	case (was == "INTEGER" || was == "NUMERIC") && is == "REAL":
		return hazard("integers beyond 2^53 lose their last digits",
			"NOT BETWEEN -9007199254740992 AND 9007199254740992 AND typeof("+name+") = 'integer'")
	}
	return nil
}

func strictHazards(from, to *catalog.Object) []catalog.Hazard {
	is := affinity(to.Attrs["type"])
	if to.Attrs["type"] == "ANY" || is == "TEXT" || is == "BLOB" || is == affinity(from.Attrs["type"]) {
		return nil
	}
	good := "('null', 'integer', 'real')"
	if is == "INTEGER" {
		good = "('null', 'integer')"
	}
	return []catalog.Hazard{{
		Code: "narrow-type", Object: to.Path(),
		Why:   "a STRICT table refuses values of " + from.Path() + " that are no " + to.Attrs["type"],
		Count: "SELECT count(*) FROM " + ident(from.Table) + " WHERE typeof(" + ident(from.Name) + ") NOT IN " + good,
	}}
}

// affinity is what SQLite makes of a declared type
// (https://www.sqlite.org/datatype3.html, section 3.1).
func affinity(typ string) string {
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(typ, w) })
	}
	switch {
	case has("INT"):
		return "INTEGER"
	case has("CHAR", "CLOB", "TEXT"):
		return "TEXT"
	case typ == "" || has("BLOB"):
		return "BLOB"
	case has("REAL", "FLOA", "DOUB"):
		return "REAL"
	}
	return "NUMERIC"
}

// uniqueHazards is for primary keys, unique constraints and unique indexes.
func uniqueHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if to == nil || to.Kind == "index" && to.Attrs["unique"] == "" || p.From.Get(to.TableKey()) == nil {
		return nil
	}
	same := from != nil && from.Attrs["columns"] == to.Attrs["columns"] &&
		(to.Kind != "index" || from.Attrs["unique"] != "" && from.Attrs["where"] == to.Attrs["where"])
	if same || alreadyUnique(p.From, to) || newRowid(p, to) {
		return nil
	}
	return []catalog.Hazard{{
		Code: "add-unique", Object: to.Path(), Why: "fails if " + to.Table + " holds duplicates in " + to.Attrs["columns"],
		Count: duplicates(p.From, to),
	}}
}

// alreadyUnique tells whether something in the old table holds the same columns unique.
func alreadyUnique(from *catalog.Catalog, to *catalog.Object) bool {
	return slices.ContainsFunc(from.Parts(to.TableKey(), ""), func(o *catalog.Object) bool {
		unique := o.Kind == "unique" || o.Kind == "primary_key" || o.Kind == "index" && o.Attrs["unique"] != ""
		return unique && o.Attrs["columns"] == to.Attrs["columns"] && o.Attrs["where"] == ""
	})
}

// newRowid tells whether a primary key is a new column that takes the rowid.
func newRowid(p *catalog.Ctx, to *catalog.Object) bool {
	return to.Attrs["rowid"] != "" && p.From.Get(catalog.Key{Kind: "column", Table: to.Table, Name: lex(to.Attrs["columns"])[0].name()}) == nil
}

// duplicates counts the keys that occur more than once; "" where a column of
// the key is not there yet.
func duplicates(from *catalog.Catalog, to *catalog.Object) string {
	var terms, conditions []string
	for _, part := range splitCommas(lex(to.Attrs["columns"])) {
		if n := len(part); n > 1 && part[n-1].is("DESC") {
			part = part[:n-1]
		}
		if len(part) == 1 && from.Get(catalog.Key{Kind: "column", Table: to.Table, Name: part[0].name()}) == nil {
			return ""
		}
		term := reflow(part)
		terms = append(terms, term)
		conditions = append(conditions, term+" IS NOT NULL")
	}
	if to.Attrs["where"] != "" {
		conditions = append(conditions, "("+to.Attrs["where"]+")")
	}
	return "SELECT count(*) FROM (SELECT 1 FROM " + ident(to.Table) + " WHERE " + strings.Join(conditions, " AND ") +
		" GROUP BY " + strings.Join(terms, ", ") + " HAVING count(*) > 1)"
}

// renameCandidate tells whether what came may be what went, under another name:
// a column of the same affinity, or a table that shares most of its columns.
func renameCandidate(gone, come *catalog.Object, from, to *catalog.Catalog) bool {
	switch gone.Kind {
	case "column":
		return gone.Attrs["generated"] == come.Attrs["generated"] &&
			affinity(gone.Attrs["type"]) == affinity(come.Attrs["type"])
	case "table":
		return gone.Attrs["virtual"] == "" && come.Attrs["virtual"] == "" && alike(gone, come, from, to)
	}
	return false
}

// alike tells whether two tables share at least two thirds of the larger's
// columns, by name and affinity.
func alike(gone, come *catalog.Object, from, to *catalog.Catalog) bool {
	shared, most := catalog.SharedColumns(gone, come, from, to, func(c *catalog.Object) (name, typ string) {
		return fold(c.Name), affinity(c.Attrs["type"])
	})
	return shared > 0 && 3*shared >= 2*most
}
