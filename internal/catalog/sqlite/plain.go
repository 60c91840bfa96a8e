package sqlite

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// plain writes the change as ALTER TABLE … RENAME, ADD and DROP COLUMN, if that
// is all it takes and SQLite allows it also for a table with rows
// (https://www.sqlite.org/lang_altertable.html). Detached are the columns that
// go: SQLite refuses while an index, a view or a trigger names them.
func (c *change) plain(p *catalog.Ctx) (sql []string, detach []catalog.Key, ok bool) {
	if c.other || !c.canRename(p) || !c.canDrop(p) {
		return nil, nil, false
	}
	alter := "ALTER TABLE " + ident(c.to.Name) + " "
	for _, r := range c.renamed {
		sql = append(sql, alter+"RENAME COLUMN "+ident(r.from)+" TO "+ident(r.to))
	}
	added, ok := c.addable()
	if !ok {
		return nil, nil, false
	}
	for _, text := range added {
		sql = append(sql, alter+"ADD COLUMN "+text)
	}
	for _, o := range c.dropped {
		sql = append(sql, alter+"DROP COLUMN "+ident(o.Name))
		detach = append(detach, o.Key)
	}
	return sql, detach, true
}

// canRename tells whether the new names are free while the old ones are there.
func (c *change) canRename(p *catalog.Ctx) bool {
	for _, o := range p.From.Parts(c.from.Key, "column") {
		for _, r := range c.renamed {
			if fold(o.Name) == fold(r.to) && o.Name != r.from {
				return false
			}
		}
	}
	return true
}

// canDrop tells whether nothing in the table names a column that goes.
func (c *change) canDrop(p *catalog.Ctx) bool {
	for _, o := range c.dropped {
		for _, part := range p.From.Parts(c.from.Key, "") {
			if merged(part) && part.Key != o.Key && mentions(part, o.Name) {
				return false
			}
		}
	}
	return true
}

// mentions tells whether a constraint or a generated column names a column.
func mentions(o *catalog.Object, column string) bool {
	text := o.Attrs["columns"] + " " + o.Attrs["expression"] + " " + o.Attrs["generated"] + " " + o.Attrs["ref_columns"]
	return slices.ContainsFunc(lex(text), func(t token) bool {
		return (t.sort == word || t.sort == quoted) && fold(t.name()) == fold(column)
	})
}

// addable returns the texts of the columns that come, each with the constraints
// that come with it; ok is false if one of them asks for more than ADD COLUMN does.
func (c *change) addable() (texts []string, ok bool) {
	for _, o := range c.added {
		if !addableColumn(o) {
			return nil, false
		}
		texts = append(texts, o.Info["sql"])
	}
	for _, con := range c.cons {
		i := slices.IndexFunc(c.added, func(o *catalog.Object) bool { return mentions(con, o.Name) })
		switch {
		case i < 0 || con.Kind != "check" && con.Kind != "foreign_key":
			return nil, false
		case con.Kind == "foreign_key" && c.added[i].Attrs["default"] != "" && c.added[i].Attrs["default"] != "NULL":
			return nil, false
		case con.Info["inline"] != "":
			if fold(con.Info["inline"]) != fold(c.added[i].Name) {
				return nil, false
			}
		case con.Kind == "foreign_key":
			if strings.Contains(con.Attrs["columns"], ",") {
				return nil, false
			}
			texts[i] += named(con) + " " + con.Info["references"]
		default:
			// written at the last column: it may name any of those that come
			texts[len(texts)-1] += " " + con.Info["sql"]
		}
	}
	return texts, true
}

func named(con *catalog.Object) string {
	if con.Attrs["name"] == "" {
		return ""
	}
	return " CONSTRAINT " + ident(con.Attrs["name"])
}

// addableColumn tells whether ADD COLUMN takes the column on a table with rows.
func addableColumn(o *catalog.Object) bool {
	if o.Attrs["generated"] != "" {
		return o.Attrs["stored"] == ""
	}
	def := o.Attrs["default"]
	return constant(def) && (o.Attrs["not_null"] == "" || def != "" && !isNull(def))
}

func isNull(def string) bool { return def == "NULL" || def == "(NULL)" }

// constant tells whether a default is none or a literal, with or without a sign
// and parentheses. CURRENT_TIME and its like and all other expressions are not.
func constant(def string) bool {
	toks := lex(def)
	for len(toks) > 2 && toks[0].is("(") && toks[len(toks)-1].is(")") {
		toks = toks[1 : len(toks)-1]
	}
	if len(toks) == 2 && (toks[0].is("-") || toks[0].is("+")) {
		toks = toks[1:]
	}
	if len(toks) == 0 {
		return true
	}
	return len(toks) == 1 && toks[0].sort != op && !strings.HasPrefix(fold(toks[0].text), "current_")
}
