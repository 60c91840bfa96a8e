package sqlite

import (
	"cmp"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// createTable writes a table with its parts.
func createTable(p *catalog.Ctx, o *catalog.Object) []string {
	if o.Attrs["virtual"] != "" {
		return []string{"CREATE VIRTUAL TABLE " + tableName(o, o.Name) + " USING " + o.Attrs["virtual"]}
	}
	return []string{tableText(o, o.Name, p.Inline)}
}

// tableText writes a CREATE TABLE under a name, one column or constraint to a
// line: columns as they were declared, with the constraints declared at them,
// then the table's own constraints.
func tableText(o *catalog.Object, name string, parts []*catalog.Object) string {
	var lines []string
	for _, c := range byPlace(parts, true) {
		lines = append(lines, "  "+requalified(c.Info["sql"], o.Name, name))
	}
	for _, c := range byPlace(parts, false) {
		if c.Info["inline"] == "" {
			lines = append(lines, "  "+requalified(c.Info["sql"], o.Name, name))
		}
	}
	text := "CREATE TABLE " + tableName(o, name) + " (\n" + strings.Join(lines, ",\n") + "\n)"
	if o.Info["options"] != "" {
		text += " " + o.Info["options"]
	}
	return text
}

// tableName writes the name of a table, in the user's own quotes if it is the
// name that the user wrote.
func tableName(o *catalog.Object, name string) string {
	if toks := lex(o.Info["name"]); len(toks) == 1 && toks[0].name() == name {
		return o.Info["name"]
	}
	return ident(name)
}

// byPlace returns the columns of a table, or its constraints, in their order.
func byPlace(parts []*catalog.Object, columns bool) []*catalog.Object {
	var of []*catalog.Object
	for _, o := range parts {
		if (o.Kind == "column") == columns && o.Kind != "index" && o.Kind != "trigger" {
			of = append(of, o)
		}
	}
	slices.SortStableFunc(of, func(a, b *catalog.Object) int { return cmp.Compare(a.Pos, b.Pos) })
	return of
}

// requalified writes t.column as new.column: a CHECK may name its own table.
func requalified(text, table, name string) string {
	if table == name {
		return text
	}
	var b strings.Builder
	toks, end := lex(text), 0
	for i, t := range toks {
		if t.sort != op && i+1 < len(toks) && toks[i+1].is(".") && fold(t.name()) == fold(table) {
			b.WriteString(text[end:t.start])
			b.WriteString(ident(name))
			end = t.end
		}
	}
	return b.String() + text[end:]
}

func dropTable(_ *catalog.Ctx, o *catalog.Object) []string {
	return []string{"DROP TABLE " + ident(o.Name)}
}

// renameTable renames a table; SQLite rewrites what names it (3.26). A name that
// differs in case only is taken, so that goes by way of another name.
func renameTable(p *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	if fold(o.Name) != fold(to.Name) {
		return []string{"ALTER TABLE " + ident(o.Name) + " RENAME TO " + ident(to.Name)}
	}
	by := freeName(p, "_migr_new_"+o.Name)
	return []string{
		"ALTER TABLE " + ident(o.Name) + " RENAME TO " + ident(by),
		"ALTER TABLE " + ident(by) + " RENAME TO " + ident(to.Name),
	}
}

func renameColumn(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	return []string{"ALTER TABLE " + ident(o.Table) + " RENAME COLUMN " + ident(o.Name) + " TO " + ident(to.Name)}
}

// freeName returns the name, with underscores after it while it is taken.
func freeName(p *catalog.Ctx, name string) string {
	for {
		taken := false
		for _, c := range []*catalog.Catalog{p.From, p.To} {
			for _, kind := range []string{"table", "view"} {
				taken = taken || c != nil && c.Get(catalog.Key{Kind: kind, Name: name}) != nil
			}
		}
		if !taken {
			return name
		}
		name += "_"
	}
}
