package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readCastsAndOperators reads the casts and operators that users made. A cast has
// no schema; it is read where its source, target or function is in scope.
func (r *reader) readCastsAndOperators() error {
	return r.each(`SELECT 'cast' AS kind, c.oid::int8 AS oid, 0::int8 AS nsp, format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) AS name,
			c.castmethod, c.castcontext, CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS func,
			NULL AS left, NULL AS right, NULL AS com, NULL AS neg, NULL AS rest, NULL AS joinfn, false AS hashes, false AS merges
		FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget LEFT JOIN pg_proc p ON p.oid = c.castfunc
		WHERE c.oid >= 16384 AND (s.typnamespace IN ({schemas}) OR t.typnamespace IN ({schemas}) OR p.pronamespace IN ({schemas}))
		UNION ALL
		SELECT 'operator', o.oid::int8, o.oprnamespace::int8, o.oprname, NULL, NULL, CASE WHEN o.oprcode <> 0 THEN o.oprcode::text END,
			CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END, CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END,
			CASE WHEN o.oprcom <> 0 THEN (SELECT quote_ident(n.nspname) || '.' || x.oprname FROM pg_operator x JOIN pg_namespace n ON n.oid = x.oprnamespace WHERE x.oid = o.oprcom) END,
			CASE WHEN o.oprnegate <> 0 THEN (SELECT quote_ident(n.nspname) || '.' || x.oprname FROM pg_operator x JOIN pg_namespace n ON n.oid = x.oprnamespace WHERE x.oid = o.oprnegate) END,
			CASE WHEN o.oprrest <> 0 THEN o.oprrest::text END, CASE WHEN o.oprjoin <> 0 THEN o.oprjoin::text END, o.oprcanhash, o.oprcanmerge
		FROM pg_operator o WHERE o.oprnamespace IN ({schemas})
		ORDER BY 2`, func(w row) {
		if w.s("kind") == "cast" {
			r.addCast(w)
		} else {
			r.addOperator(w)
		}
	})
}

func (r *reader) addCast(w row) {
	at := ref{class: pgCast, oid: w.i("oid")}
	o := r.object(catalog.Key{Kind: "cast", Name: w.s("name")}, at)
	o.Attrs["method"] = map[string]string{"f": "WITH FUNCTION " + r.local(w.s("func")), "i": "WITH INOUT", "b": "WITHOUT FUNCTION"}[w.s("castmethod")]
	o.Attrs["context"] = map[string]string{"a": "AS ASSIGNMENT", "i": "AS IMPLICIT"}[w.s("castcontext")]
	r.add(o, at)
}

var castKind = catalog.Kind{
	Name: "cast", Report: "type",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		b := "CREATE CAST (" + o.Name + ") " + o.Attrs["method"]
		if v := o.Attrs["context"]; v != "" {
			b += " " + v
		}
		return withComment([]string{b}, "CAST", "("+o.Name+")", o)
	},
	Drop: func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{"DROP CAST (" + o.Name + ")"} },
}

// local takes the home schema off a name: the server qualifies operators always,
// and functions (regproc) where there are several of one name.
func (r *reader) local(name string) string { return strings.TrimPrefix(name, ident(r.home)+".") }

func (r *reader) addOperator(w row) {
	if w.s("func") == "" { // a shell, named as another's commutator only
		return
	}
	left, right := w.s("left"), w.s("right")
	at := ref{class: pgOperator, oid: w.i("oid")}
	args := either(left != "", left, "NONE") + ", " + either(right != "", right, "NONE")
	o := r.object(catalog.Key{Kind: "operator", Schema: r.schemas[w.i("nsp")], Name: w.s("name") + " (" + args + ")"}, at)
	parts := []string{"FUNCTION = " + r.local(w.s("func"))}
	add := func(word, v string) {
		if v != "" {
			parts = append(parts, word+" = "+v)
		}
	}
	add("LEFTARG", left)
	add("RIGHTARG", right)
	for _, op := range [][2]string{{"COMMUTATOR", "com"}, {"NEGATOR", "neg"}} {
		if v := w.s(op[1]); v != "" {
			name := r.local(v)
			add(op[0], either(strings.Contains(name, "."), "OPERATOR("+name+")", name))
		}
	}
	add("RESTRICT", r.local(w.s("rest")))
	add("JOIN", r.local(w.s("joinfn")))
	if w.b("hashes") {
		parts = append(parts, "HASHES")
	}
	if w.b("merges") {
		parts = append(parts, "MERGES")
	}
	o.Attrs["def"] = strings.Join(parts, ",\n  ")
	o.Info["name"] = w.s("name")
	r.add(o, at)
}

// operatorName writes an operator's name, which is never quoted.
func operatorName(o *catalog.Object) string {
	if o.Schema == "" {
		return o.Info["name"]
	}
	return ident(o.Schema) + "." + o.Info["name"]
}

// operatorSignature writes an operator's name and the types of its arguments.
func operatorSignature(o *catalog.Object) string {
	return operatorName(o) + strings.TrimPrefix(o.Name, o.Info["name"])
}

var operatorKind = catalog.Kind{
	Name: "operator", Report: "function",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		return withComment([]string{"CREATE OPERATOR " + operatorName(o) + " (\n  " + o.Attrs["def"] + "\n)"}, "OPERATOR", operatorSignature(o), o)
	},
	Drop: func(_ *catalog.Ctx, o *catalog.Object) []string {
		return []string{"DROP OPERATOR " + operatorSignature(o)}
	},
}
