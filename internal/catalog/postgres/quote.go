package postgres

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// ident writes a name, in quotes only where they are needed.
func ident(name string) string { return sqltext.Ident(sqltext.Postgres, name) }

// literal writes a string constant.
func literal(s string) string { return sqltext.QuoteLiteral(sqltext.Postgres, s) }

// qualified writes the name of what stands alone.
func qualified(k catalog.Key) string { return dotted(k.Schema, k.Name) }

// tableOf writes the name of the table that a part belongs to.
func tableOf(k catalog.Key) string { return dotted(k.Schema, k.Table) }

func dotted(schema, name string) string {
	if schema == "" {
		return ident(name)
	}
	return ident(schema) + "." + ident(name)
}

// idents writes a list of names.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}

// list reads an array that the server wrote as JSON; nil for NULL.
func list(js string) []string {
	if js == "" {
		return nil
	}
	var l []string
	if json.Unmarshal([]byte(js), &l) != nil {
		return nil
	}
	return l
}

// options writes storage parameters (pg_class.reloptions as JSON) as they stand in WITH (…).
func options(js, prefix string) []string {
	var out []string
	for _, o := range list(js) {
		name, value, _ := strings.Cut(o, "=")
		if ident(value) != value || value == "" {
			value = literal(value)
		}
		out = append(out, prefix+ident(name)+"="+value)
	}
	return out
}

// setOptions notes an object's storage parameters: compared in alphabetical
// order, written in the order in which the server keeps them.
func setOptions(o *catalog.Object, opts []string) {
	if len(opts) == 0 {
		return
	}
	o.Info["options"] = strings.Join(opts, ", ")
	sorted := slices.Sorted(slices.Values(opts))
	o.Attrs["options"] = strings.Join(sorted, ", ")
}

// comment writes COMMENT ON; an empty comment removes it.
func comment(what, name, text string) string {
	if text == "" {
		return "COMMENT ON " + what + " " + name + " IS NULL"
	}
	return "COMMENT ON " + what + " " + name + " IS " + literal(text)
}

// withComment appends an object's comment, where it has one, to its statements.
func withComment(stmts []string, what, name string, o *catalog.Object) []string {
	if text := o.Attrs["comment"]; text != "" {
		return append(stmts, comment(what, name, text))
	}
	return stmts
}

// inDefault writes an expression so that it may follow DEFAULT in a definition, where the
// server's grammar takes no AND, NOT, IS, IN, COLLATE and their like outside of parentheses.
func inDefault(expr string) string {
	depth, bare := 0, false
	sqltext.Scan(sqltext.Postgres, expr, func(t sqltext.Token) bool {
		switch {
		case t.Text == "(":
			depth++
		case t.Text == ")":
			depth--
		case depth == 0:
			bare = notInDefault[t.Upper()]
		}
		return !bare
	})
	return either(bare, "("+expr+")", expr)
}

var notInDefault = map[string]bool{
	"AND": true, "OR": true, "NOT": true, "IS": true, "ISNULL": true, "NOTNULL": true, "IN": true, "LIKE": true, "ILIKE": true,
	"SIMILAR": true, "BETWEEN": true, "COLLATE": true, "AT": true, "OVERLAPS": true,
}

// spaced puts the blank into "FROM (VALUES" that the server writes itself once a
// view which was made of a bare VALUES has been read again.
func spaced(def string) string {
	if !strings.Contains(def, "(VALUES ") {
		return def
	}
	b := &strings.Builder{}
	done, open := 0, -1
	sqltext.Scan(sqltext.Postgres, def, func(t sqltext.Token) bool {
		if t.Upper() == "VALUES" && open == t.Off-1 {
			b.WriteString(def[done:t.Off] + " ")
			done = t.Off
		}
		open = -1
		if t.Text == "(" {
			open = t.Off
		}
		return true
	})
	return b.String() + def[done:]
}

// plainer chooses between the server's two ways of writing an expression. The
// pretty one leaves out needless parentheses, but also those that group one AND
// within another, which do not come back when it is read again; so a text
// with more than one AND or OR stays as the server stores it.
func plainer(pretty, exact string) string { return settled(chosen(pretty, exact)) }

func chosen(pretty, exact string) string {
	if strings.Count(exact, " AND ")+strings.Count(exact, " OR ") > 1 {
		return exact
	}
	return pretty
}

// castList finds string constants, names in quotation marks, and a list of
// constants that is cast as a whole.
var castList = sync.OnceValue(func() *regexp.Regexp {
	const constant = `E?'(?:[^']|'')*'::[a-z_][\w ]*(?:\(\d+\))?`
	const items, cast = `ARRAY\[(` + constant + `(?:, ` + constant + `)*)\]`, `::([a-z_][\w ]*)\[\]`
	return regexp.MustCompile(items + cast + `|\(` + items + `\)` + cast + `|'(?:[^']|'')*'|"[^"]*"`)
})

var listItem = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(E?'(?:[^']|'')*'::[^,]*)(, |$)`) })

// settled writes an expression as the server does when it has read its own words
// once. What was x IN ('a', 'b') on a varchar is printed as a list that is cast to
// text[]; reading that, the server casts each item, and prints it so ever after
// (PostgreSQL 15 and 18).
func settled(expr string) string {
	if expr = flat(expr); !strings.Contains(expr, "ARRAY[") {
		return expr
	}
	list := castList()
	return list.ReplaceAllStringFunc(expr, func(m string) string {
		p := list.FindStringSubmatch(m)
		switch {
		case p[1] != "":
			return "ARRAY[" + listItem().ReplaceAllString(p[1], "${1}::"+p[2]+"${2}") + "]"
		case p[3] != "":
			return "ARRAY[" + listItem().ReplaceAllString(p[3], "(${1})::"+p[4]+"${2}") + "]"
		}
		return m
	})
}

// grouped is the condition that a stored expression holds an AND, OR or NOT: without
// one plainer needs no exact text, and the server need not write it.
func grouped(expr string) string { return expr + "::text LIKE '%{BOOLEXPR %'" }
