package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// viewKind: attributes definition (the server's own text), columns (MySQL keeps a
// list of names apart from the query), algorithm, invoker and check_option. A view binds nothing: what it stands on may be altered under
// it, so it is carried; but it cannot be made before what it names.
var viewKind = catalog.Kind{
	Name: "view", Namespace: "relation", Carried: true,
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{viewSQL("CREATE", o)} },
	Drop:   func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{"DROP VIEW " + ident(o.Name)} },
	Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		return catalog.Alteration{SQL: []string{viewSQL("CREATE OR REPLACE", d.To)}}
	},
	Rename: renameRelation,
}

func (r *reader) readViews() error {
	query := "SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, DEFINER, SECURITY_TYPE " +
		"FROM information_schema.VIEWS WHERE TABLE_SCHEMA = {home}"
	return r.each(query, func(w row) error {
		o := newObject("view", "", w.s(0))
		if r.excluded(o.Key) {
			return nil
		}
		if w.s(1) == "" { // no SHOW VIEW on it
			r.giveUp(o.Key)
			return nil
		}
		o.Info["qualified"] = w.s(1)
		if w.s(2) != "NONE" {
			put(o, "check_option", w.s(2))
		}
		flag(o, "invoker", w.s(4) == "INVOKER")
		r.definer(o, w.s(3))
		r.add(o)
		r.want("VIEW", o.Key, func(text string) error { return r.viewText(o, text) })
		return nil
	})
}

// viewText takes the algorithm (which only MariaDB's information_schema tells) and
// the query from SHOW CREATE VIEW: there literals keep the character set that they
// were written in (_latin1'x'), which information_schema leaves out.
func (r *reader) viewText(o *catalog.Object, text string) error {
	ts := tokens(text)
	if i := skipTo(ts, 0, "ALGORITHM"); i > 0 && i+2 < len(ts) && ts[i+2].raw != "UNDEFINED" {
		put(o, "algorithm", ts[i+2].raw)
	}
	v, i := skipTo(ts, 0, "VIEW"), skipTo(ts, 0, "AS")
	if v < 0 || i < v+3 {
		return fmt.Errorf("no VIEW … AS in %.60q", text)
	}
	if d := skipTo(ts, 0, "DUALITY"); d > 0 && d < v { // MySQL 9.4: JSON RELATIONAL DUALITY VIEW
		r.giveUp(o.Key)
		return nil
	}
	if list := slices.IndexFunc(ts[v:i], func(t token) bool { return t.raw == "(" }); list > 0 {
		put(o, "columns", strings.TrimSpace(join(ts[v+list:i])))
	}
	def := strings.TrimSpace(join(ts[i+1:]))
	if c := o.Attrs["check_option"]; c != "" {
		def = strings.TrimSuffix(def, " WITH "+c+" CHECK OPTION")
	}
	put(o, "definition", r.relative(def))
	return nil
}

// viewDeps finds what a view stands on: the canonical text names tables and views
// behind their database, and functions before a parenthesis.
func (r *reader) viewDeps(o *catalog.Object) {
	ts := tokens(o.Info["qualified"])
	delete(o.Info, "qualified")
	seen := map[catalog.Key]bool{o.Key: true}
	for i, t := range ts {
		k := catalog.Key{Name: t.val}
		switch {
		case !t.isName():
		case i+1 < len(ts) && ts[i+1].raw == "(" && r.functions[t.val]:
			k.Kind = "function"
		case i > 1 && ts[i-1].raw == "." && ts[i-2].val == r.home:
			k.Kind = r.kinds[t.val]
		}
		if k.Kind != "" && !seen[k] {
			seen[k] = true
			o.Deps = append(o.Deps, k)
		}
	}
}

func viewSQL(verb string, o *catalog.Object) string {
	a := o.Attrs
	sql := verb
	if a["algorithm"] != "" {
		sql += " ALGORITHM=" + a["algorithm"]
	}
	sql += definerClause(o)
	if a["invoker"] != "" {
		sql += " SQL SECURITY INVOKER"
	}
	sql += " VIEW " + ident(o.Name)
	if a["columns"] != "" {
		sql += " " + a["columns"]
	}
	sql += " AS " + a["definition"]
	if a["check_option"] != "" {
		sql += " WITH " + a["check_option"] + " CHECK OPTION"
	}
	return sql
}

// definerClause is written only for what runs as somebody else than the user
// that was reading: who migrates becomes the definer, and is not compared.
func definerClause(o *catalog.Object) string {
	if d := o.Info["definer"]; d != "" {
		return " DEFINER=" + account(d)
	}
	return ""
}
