package postgres

import (
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// element takes the brackets off an array type.
func element(typ string) (elem, dims string) {
	elem = typ
	for strings.HasSuffix(elem, "[]") {
		elem, dims = elem[:len(elem)-2], dims+"[]"
	}
	return elem, dims
}

// sameBase tells whether two types differ at most in their modifiers.
func sameBase(a, b string) bool {
	x, _ := splitType(a)
	y, _ := splitType(b)
	return x == y
}

var numbers = map[string]bool{
	"smallint": true, "integer": true, "bigint": true, "numeric": true, "real": true, "double precision": true,
}

var strs = map[string]bool{"text": true, "character varying": true, "character": true, "citext": true}

// assigned are the casts that the server applies by itself in an assignment
// (pg_cast.castcontext 'a' or 'i'; versions 13 to 18), besides those among numbers
// and from anything to a string.
var assigned = map[string][]string{
	"date":                        {"timestamp without time zone", "timestamp with time zone"},
	"timestamp without time zone": {"timestamp with time zone", "date", "time without time zone"},
	"timestamp with time zone":    {"timestamp without time zone", "date", "time without time zone", "time with time zone"},
	"time without time zone":      {"time with time zone", "interval"},
	"time with time zone":         {"time without time zone"},
	"interval":                    {"time without time zone"},
	"json":                        {"jsonb"},
	"jsonb":                       {"json"},
	"cidr":                        {"inet"},
	"inet":                        {"cidr"},
	"bit":                         {"bit varying"},
	"bit varying":                 {"bit"},
}

// explicit are casts that the server knows but must be asked for.
var explicit = map[string][]string{
	"boolean": {"integer"},
	"integer": {"boolean", "bit"},
	"bigint":  {"bit"},
	"jsonb":   {"boolean", "numeric", "smallint", "integer", "bigint", "real", "double precision"},
}

func has(casts map[string][]string, from, to string) bool {
	for _, t := range casts[from] {
		if t == to {
			return true
		}
	}
	return false
}

// conversion writes the USING of a type change, or "" where the server needs none.
func conversion(from, to *catalog.Object) string {
	col, typ := ident(to.Name), to.Attrs["type"]
	a, _ := splitType(from.Attrs["type"])
	b, _ := splitType(typ)
	ea, da := element(a)
	eb, db := element(b)
	switch {
	case a == b:
		return ""
	case db == da+"[]" && ea == eb:
		return "ARRAY[" + col + "]"
	case da == db+"[]" && ea == eb:
		return col + "[1]"
	case db == da+"[]" && numbers[ea] && numbers[eb]:
		return "ARRAY[" + col + "]::" + typ
	case da == db+"[]" && (strs[ea] || numbers[ea] && numbers[eb]):
		return col + "[1]" + either(strs[ea], "::"+typ, "")
	case da != db && !strs[ea] && !strs[eb]:
		return col + "::text::" + typ
	case da != db || db == "" && strs[eb]:
		return either(strs[eb] && db == "" && eb != "citext", "", col+"::"+typ)
	case numbers[ea] && numbers[eb], strs[ea] && strs[eb] && ea != "citext" && eb != "citext", has(assigned, ea, eb):
		return either(db == "", "", col+"::"+typ)
	case strs[ea], has(explicit, ea, eb):
		return col + "::" + typ
	case isType(from, "d") || isType(to, "d"): // a domain has the casts of its base type
		return col + "::" + typ
	}
	return col + "::text" + da + "::" + typ
}

func isType(o *catalog.Object, typtype string) bool {
	return o.Info["typtype"] == typtype || o.Info["elemtype"] == typtype
}

// widens tells whether every value of one type is a value of the other.
func widens(from, to string) bool {
	a, am := splitType(from)
	b, bm := splitType(to)
	ea, da := element(a)
	eb, db := element(b)
	if da != db {
		return db == da+"[]" && ea == eb || db == "" && eb == "text"
	}
	if ea == eb {
		return wider(ea, am, bm)
	}
	switch {
	case strs[eb] && len(bm) == 0 && eb != "character": // text and its like hold anything
		return eb != "citext" || strs[ea]
	case ea == "character" && eb == "character varying", ea == "character varying" && eb == "character":
		return len(am) == 1 && len(bm) == 1 && am[0] <= bm[0]
	case eb == "numeric" && len(bm) == 2:
		return digits[ea] > 0 && bm[0]-bm[1] >= digits[ea]
	case strings.HasPrefix(eb, "timestamp"):
		return (ea == "date" || ea == "timestamp without time zone") && precision(bm) >= min(precision(am), 6)
	}
	return has(widenings, ea, eb)
}

var digits = map[string]int64{"smallint": 5, "integer": 10, "bigint": 19}

var widenings = map[string][]string{
	"smallint": {"integer", "bigint", "numeric", "real", "double precision"},
	"integer":  {"bigint", "numeric", "double precision"},
	"bigint":   {"numeric"},
	"real":     {"double precision"},
	"cidr":     {"inet"},
	"jsonb":    {"json"},
	"bit":      {"bit varying"},
}

// precision is the number of digits of a second; six where none is named.
func precision(mods []int64) int64 {
	if len(mods) == 0 {
		return 6
	}
	return mods[0]
}

// wider compares the modifiers of one type.
func wider(base string, from, to []int64) bool {
	switch {
	case len(to) == 0 || len(from) == len(to) && len(to) == 1 && from[0] <= to[0]:
		return base != "character" && base != "bit" || len(from) > 0 && len(to) > 0
	case len(from) == 0:
		return false
	case base == "numeric" && len(from) == 2 && len(to) == 2:
		return to[1] >= from[1] && to[0]-to[1] >= from[0]-from[1]
	}
	return false
}

func columnHazards(p *catalog.Ctx, from, to *catalog.Object) []catalog.Hazard {
	switch {
	case to == nil:
		if inheritedIn(p.To, from) != nil {
			return nil
		}
		return dropColumnHazards(from)
	case from == nil && inheritedIn(p.From, to) != nil:
		return nil
	case from == nil:
		a := to.Attrs
		if a["notnull"] == "" || a["notnull_invalid"] != "" || a["default"] != "" || a["identity"] != "" || a["generated"] != "" {
			return nil
		}
		return []catalog.Hazard{{
			Code: "add-not-null", Object: to.Path(), Why: "fails where " + tableOf(to.Key) + " has rows: the new column has no default",
			Count: "SELECT count(*) FROM " + tableOf(to.Key),
		}}
	}
	var hazards []catalog.Hazard
	col, table := ident(from.Name), tableOf(from.Key)
	if from.Attrs["notnull"] == "" && to.Attrs["notnull"] != "" && to.Attrs["notnull_invalid"] == "" {
		hazards = append(hazards, catalog.Hazard{
			Code: "add-not-null", Object: to.Path(), Why: "fails where " + col + " is NULL",
			Count: "SELECT count(*) FROM " + table + " WHERE " + col + " IS NULL",
		})
	}
	if a, b := from.Attrs["type"], to.Attrs["type"]; a != b && from.Attrs["generated"] == "" && !widens(a, b) {
		hazards = append(hazards, catalog.Hazard{
			Code: "narrow-type", Object: to.Path(), Why: "not every " + a + " is a " + b, Count: countNarrow(table, col, a, b),
		})
	}
	return hazards
}

func dropColumnHazards(from *catalog.Object) []catalog.Hazard {
	if from.Attrs["generated"] != "" { // computed, not stored by anyone
		return nil
	}
	return []catalog.Hazard{{
		Code: "drop-column", Object: from.Path(), Why: "the values of " + ident(from.Name) + " are lost",
		Count: "SELECT count(" + ident(from.Name) + ") FROM " + tableOf(from.Key),
	}}
}

// countNarrow counts the values that do not fit, where that is easily said, or else all values.
func countNarrow(table, col, from, to string) string {
	base, mods := splitType(to)
	a, _ := splitType(from)
	where := ""
	switch {
	case strs[base] && strs[a] && len(mods) == 1:
		where = "length(" + col + ") > " + strconv.FormatInt(mods[0], 10)
	case digits[base] > 0 && numbers[a]:
		low, high := limits(base)
		where = col + " NOT BETWEEN " + strconv.FormatInt(low, 10) + " AND " + strconv.FormatInt(high, 10)
	default:
		return "SELECT count(" + col + ") FROM " + table
	}
	return "SELECT count(*) FROM " + table + " WHERE " + where
}
