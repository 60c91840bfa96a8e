package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

func tableHazards(_ *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if from == nil {
		return nil
	}
	if to == nil {
		return []catalog.Hazard{{
			Code: "drop-table", Object: from.Path(), Why: "the rows of table " + from.Path() + " are lost",
			Count: "SELECT COUNT(*) FROM " + ident(from.Name),
		}}
	}
	var all []catalog.Hazard
	if from.Attrs["versioned"] != "" && to.Attrs["versioned"] == "" {
		all = append(all, catalog.Hazard{
			Code: "drop-table", Object: from.Path(), Why: "the history of the rows of table " + from.Path() + " is lost",
			Count: "SELECT COUNT(*) FROM " + ident(from.Name) + " FOR SYSTEM_TIME ALL",
		})
	}
	if gone, _, ok := partitionChanges(from.Attrs["partition"], to.Attrs["partition"]); ok {
		for _, name := range gone {
			all = append(all, catalog.Hazard{
				Code: "drop-table", Object: from.Path() + "." + name, Why: "the rows of partition " + name + " of table " + from.Path() + " are lost",
				Count: "SELECT COUNT(*) FROM " + ident(from.Name) + " PARTITION (" + ident(name) + ")",
			})
		}
	}
	return all
}

func columnHazards(_ *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	switch {
	case from == nil:
		return addedColumnHazards(to)
	case to == nil || rebuilt(from, to):
		if from.Attrs["generated"] != "" { // it can be computed again
			return nil
		}
		return []catalog.Hazard{{
			Code: "drop-column", Object: from.Path(), Why: "the values of column " + from.Path() + " are lost",
			Count: countWhere(from, ident(from.Name)+" IS NOT NULL"),
		}}
	}
	var all []catalog.Hazard
	if from.Attrs["not_null"] == "" && to.Attrs["not_null"] != "" {
		all = append(all, catalog.Hazard{
			Code: "add-not-null", Object: to.Path(), Why: "fails where column " + to.Path() + " is null",
			Count: countWhere(from, ident(from.Name)+" IS NULL"),
		})
	}
	return append(all, typeHazards(from, to)...)
}

// addedColumnHazards: a new NOT NULL column without a default gets the type's zero in
// each row; only dates have none (NO_ZERO_DATE, part of the default sql_mode of MySQL).
func addedColumnHazards(to *catalog.Object) []catalog.Hazard {
	t := parseType(to.Attrs["type"])
	dated := t.sort() == datetimes || t.base == "date"
	if !dated || to.Attrs["not_null"] == "" || to.Attrs["default"] != "" || to.Attrs["generated"] != "" {
		return nil
	}
	return []catalog.Hazard{{
		Code: "add-not-null", Object: to.Path(), Why: "rows that are there have no value for column " + to.Path(),
		Count: "SELECT COUNT(*) FROM " + ident(to.Table),
	}}
}

func typeHazards(from, to *catalog.Object) []catalog.Hazard {
	a, b := parseType(from.Attrs["type"]), parseType(to.Attrs["type"])
	if gone := lost(a, b); len(gone) > 0 {
		return []catalog.Hazard{{
			Code: "drop-enum-value", Object: to.Path(), Why: "column " + to.Path() + " no longer takes " + strings.Join(gone, ", "),
			Count: countWhere(from, hasValue(a, from.Name, gone)),
		}}
	}
	narrow := from.Attrs["type"] != to.Attrs["type"] && narrows(a, b, from.Attrs["collation"], to.Attrs["collation"])
	if !narrow && !smallerCharset(from.Attrs["collation"], to.Attrs["collation"]) {
		return nil
	}
	why := "values of column " + to.Path() + " may not fit " + to.Attrs["type"]
	if !narrow {
		why = "characters of column " + to.Path() + " may not exist in " + charsetOf(to.Attrs["collation"])
	}
	return []catalog.Hazard{{Code: "narrow-type", Object: to.Path(), Why: why, Count: narrowCount(from, to, a, b)}}
}

func hasValue(t colType, column string, values []string) string {
	if t.base == "enum" {
		return ident(column) + " IN (" + strings.Join(values, ", ") + ")"
	}
	var tests []string
	for _, v := range values {
		tests = append(tests, "FIND_IN_SET("+v+", "+ident(column)+") > 0")
	}
	return strings.Join(tests, " OR ")
}

// narrowCount counts what does not fit, where one condition tells.
func narrowCount(from, to *catalog.Object, a, b colType) string {
	col := ident(from.Name)
	switch {
	case smallerCharset(from.Attrs["collation"], to.Attrs["collation"]) && b.sort() == strs:
		return countWhere(from, "CONVERT(CONVERT("+col+" USING "+charsetOf(to.Attrs["collation"])+") USING utf8mb4) <> CONVERT("+col+" USING utf8mb4)")
	case b.sort() == strs && lobBytes[b.base] == 0 && a.sort() == strs:
		return countWhere(from, "CHAR_LENGTH("+col+") > "+b.args[0])
	case b.sort() == strs || b.sort() == bins:
		return countWhere(from, "LENGTH("+col+") > "+itoa(b.capacity(to.Attrs["collation"])))
	case a.sort() == integers && b.sort() == integers:
		low, high := intRange(b)
		return countWhere(from, col+" NOT BETWEEN "+low+" AND "+high)
	default:
		return ""
	}
}

func intRange(t colType) (low, high string) {
	bits := uint(intBits[t.base])
	if t.unsigned {
		return "0", utoa(1<<(bits-1) - 1 + 1<<(bits-1))
	}
	return "-" + utoa(1<<(bits-1)), utoa(1<<(bits-1) - 1)
}

func countWhere(column *catalog.Object, condition string) string {
	return "SELECT COUNT(*) FROM " + ident(column.Table) + " WHERE " + condition
}

// uniqueHazards warns of rows that have the same key. There are none where a key
// on some of the columns was unique before, or where a column is new and null in all rows.
func uniqueHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	if to == nil || from != nil && from.Attrs["columns"] == to.Attrs["columns"] {
		return nil
	}
	columns := columnsOf(to)
	counted := !strings.Contains(to.Attrs["columns"], "(")
	var notNull []string
	for _, name := range columns {
		old := p.From.Get(catalog.Key{Kind: "column", Table: to.Table, Name: name})
		now := p.To.Get(catalog.Key{Kind: "column", Table: to.Table, Name: name})
		if old == nil && now != nil {
			if now.Attrs["auto_increment"] != "" || now.Attrs["not_null"] == "" && now.Attrs["default"] == "" && now.Attrs["generated"] == "" {
				return nil
			}
			counted = false
		}
		notNull = append(notNull, ident(name)+" IS NOT NULL")
	}
	if uniqueBefore(p.From, to, columns) {
		return nil
	}
	h := catalog.Hazard{Code: "add-unique", Object: to.Path(), Why: "fails where rows of " + to.Table + " have the same " + strings.Join(columns, ", ")}
	if counted {
		h.Count = "SELECT COUNT(*) FROM (SELECT 1 FROM " + ident(to.Table) + " WHERE " + strings.Join(notNull, " AND ") +
			" GROUP BY " + idents(columns) + " HAVING COUNT(*) > 1) AS same"
	}
	return []catalog.Hazard{h}
}

func uniqueBefore(c *catalog.Catalog, to *catalog.Object, columns []string) bool {
	for _, kind := range []string{"primary_key", "unique"} {
		for _, o := range c.Parts(to.TableKey(), kind) {
			old := columnsOf(o)
			if strings.Contains(o.Attrs["columns"], "(") || len(old) == 0 {
				continue
			}
			if !slices.ContainsFunc(old, func(n string) bool { return !slices.Contains(columns, n) }) && !strings.Contains(to.Attrs["columns"], "(") {
				return true
			}
		}
	}
	return false
}
