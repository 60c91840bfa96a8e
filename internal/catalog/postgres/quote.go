package postgres

import (
	"encoding/json"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// literal writes a string constant.
func literal(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

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

// options writes storage parameters (pg_class.reloptions as JSON) as they are
// written in WITH (…). The server keeps them in the order they were given:
// sorted, so that the order is no difference.
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
