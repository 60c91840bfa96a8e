package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readRoutines reads functions and procedures.
func (r *reader) readRoutines() error {
	return r.each(`SELECT p.oid::int8 AS oid, p.pronamespace::int8 AS nsp, p.proname AS name, p.prokind,
		CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END AS def,
		quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS path,
		pg_get_function_identity_arguments(p.oid) AS identity, pg_get_function_result(p.oid) AS result, p.pronargdefaults AS defaults,
		(SELECT string_agg(format_type(u.typ, NULL), ', ' ORDER BY u.ord) FROM unnest(p.proargtypes) WITH ORDINALITY AS u(typ, ord)) AS types
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE p.pronamespace IN ({schemas})
		ORDER BY p.oid`, func(w row) {
		kind := either(w.s("prokind") == "p", "procedure", "function")
		if w.s("prokind") == "a" {
			kind = "aggregate"
		}
		at := ref{class: pgProc, oid: w.i("oid")}
		o := r.object(catalog.Key{Kind: kind, Schema: r.schemas[w.i("nsp")], Name: w.s("name") + "(" + w.s("types") + ")"}, at)
		o.Info["name"], o.Info["types"], o.Info["identity"] = w.s("name"), w.s("types"), w.s("identity")
		o.Info["defaults"] = w.s("defaults")
		if kind == "aggregate" {
			r.add(o, at)
			return
		}
		o.Info["result"] = w.s("result")
		// the server writes its schema always: what follows the name is kept
		prefix := "CREATE OR REPLACE " + strings.ToUpper(kind) + " " + w.s("path")
		o.Attrs["def"] = strings.TrimRight(strings.TrimPrefix(w.s("def"), prefix), "\n")
		r.add(o, at)
	})
}

// readAggregates reads what makes an aggregate.
func (r *reader) readAggregates() error {
	fn := func(col string) string { return "CASE WHEN a." + col + " <> 0 THEN a." + col + "::text END AS " + col }
	return r.each(`SELECT p.oid::int8 AS oid, a.aggkind, `+strings.Join([]string{
		fn("aggtransfn"), fn("aggfinalfn"), fn("aggcombinefn"), fn("aggserialfn"),
		fn("aggdeserialfn"), fn("aggmtransfn"), fn("aggminvtransfn"), fn("aggmfinalfn"),
	}, ", ")+`,
		a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify, format_type(a.aggtranstype, NULL) AS stype, a.aggtransspace,
		CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS mstype, a.aggmtransspace,
		a.agginitval, a.aggminitval, p.proparallel,
		CASE WHEN a.aggsortop <> 0 THEN (SELECT quote_ident(n.nspname) || '.' || o.oprname FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = a.aggsortop) END AS sortop
		FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
		WHERE p.pronamespace IN ({schemas})`, func(w row) {
		o := r.byRef[ref{class: pgProc, oid: w.i("oid")}]
		if o == nil {
			return
		}
		o.Attrs["def"] = strings.Join(r.aggregateParts(w), ",\n  ")
	})
}

func (r *reader) aggregateParts(w row) []string {
	parts := []string{"SFUNC = " + r.local(w.s("aggtransfn")), "STYPE = " + w.s("stype")}
	opt := func(cond bool, text string) {
		if cond {
			parts = append(parts, text)
		}
	}
	fn := func(word, col string) { opt(w.s(col) != "", word+" = "+r.local(w.s(col))) }
	number := func(word, col string) { opt(w.i(col) != 0, word+" = "+w.s(col)) }
	// "r" is read-only, the default of plain aggregates; "w" that of ordered-set ones
	modify := map[string]string{"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
	usual := either(w.s("aggkind") == "n", "r", "w")
	number("SSPACE", "aggtransspace")
	fn("FINALFUNC", "aggfinalfn")
	opt(w.b("aggfinalextra"), "FINALFUNC_EXTRA")
	opt(w.s("aggfinalfn") != "" && w.s("aggfinalmodify") != usual, "FINALFUNC_MODIFY = "+modify[w.s("aggfinalmodify")])
	fn("COMBINEFUNC", "aggcombinefn")
	fn("SERIALFUNC", "aggserialfn")
	fn("DESERIALFUNC", "aggdeserialfn")
	opt(!w.null("agginitval"), "INITCOND = "+literal(w.s("agginitval")))
	fn("MSFUNC", "aggmtransfn")
	fn("MINVFUNC", "aggminvtransfn")
	fn("MSTYPE", "mstype")
	number("MSSPACE", "aggmtransspace")
	fn("MFINALFUNC", "aggmfinalfn")
	opt(w.b("aggmfinalextra"), "MFINALFUNC_EXTRA")
	opt(w.s("aggmfinalfn") != "" && w.s("aggmfinalmodify") != usual, "MFINALFUNC_MODIFY = "+modify[w.s("aggmfinalmodify")])
	opt(!w.null("aggminitval"), "MINITCOND = "+literal(w.s("aggminitval")))
	opt(w.s("sortop") != "", "SORTOP = OPERATOR("+r.local(w.s("sortop"))+")")
	opt(w.s("proparallel") == "s", "PARALLEL = SAFE")
	opt(w.s("proparallel") == "r", "PARALLEL = RESTRICTED")
	opt(w.s("aggkind") == "h", "HYPOTHETICAL")
	return parts
}

// signature writes a routine's name and the arguments that tell it from others of that name.
func signature(o *catalog.Object) string {
	args := o.Info["identity"]
	if o.Kind == "aggregate" && args == "" {
		args = "*"
	}
	return dotted(o.Schema, o.Info["name"]) + "(" + args + ")"
}

// routineKind is what functions, procedures and aggregates share.
func routineKind(name, report string) catalog.Kind {
	what := strings.ToUpper(name)
	return catalog.Kind{
		Name: name, Report: report, Namespace: "routine", // their names carry the types of their arguments
		Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
			return withComment([]string{routineSQL(o, false)}, what, signature(o), o)
		},
		Drop: func(_ *catalog.Ctx, o *catalog.Object) []string {
			return []string{"DROP " + what + " " + signature(o)}
		},
		Alter: alterRoutine,
		Rename: func(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
			name := strings.TrimSuffix(to.Name, "("+o.Info["types"]+")")
			var stmts []string
			if name != o.Info["name"] {
				stmts = append(stmts, "ALTER "+what+" "+signature(o)+" RENAME TO "+ident(name))
			}
			return append(stmts, moveTo(what, dotted(o.Schema, name)+"("+o.Info["identity"]+")", o.Schema, to.Schema)...)
		},
	}
}

func routineSQL(o *catalog.Object, replace bool) string {
	create := "CREATE " + either(replace, "OR REPLACE ", "")
	switch o.Kind {
	case "aggregate":
		return create + "AGGREGATE " + signature(o) + " (\n  " + o.Attrs["def"] + "\n)"
	case "procedure":
		return create + "PROCEDURE " + dotted(o.Schema, o.Info["name"]) + o.Attrs["def"]
	}
	return create + "FUNCTION " + dotted(o.Schema, o.Info["name"]) + o.Attrs["def"]
}

// alterRoutine replaces the routine where the server allows it: not when its
// result, the names of its arguments or a default that callers may rely on change.
func alterRoutine(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	from, to := d.From, d.To
	what := strings.ToUpper(to.Kind)
	var stmts []string
	if d.Changed("def") {
		if from.Info["result"] != to.Info["result"] || from.Info["identity"] != to.Info["identity"] ||
			atoi(from.Info["defaults"]) > atoi(to.Info["defaults"]) || to.Kind == "aggregate" {
			return catalog.Alteration{Replace: true}
		}
		stmts = append(stmts, routineSQL(to, true))
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment(what, signature(to), to.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}
