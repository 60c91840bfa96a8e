package postgres

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// readTriggers reads triggers, but for those of the server's own and the copies
// that a partition has of its parent's.
func (r *reader) readTriggers() error {
	return r.each(`SELECT t.oid::int8 AS oid, t.tgrelid::int8 AS rel, t.tgname AS name, pg_get_triggerdef(t.oid, true) AS pretty, pg_get_triggerdef(t.oid) AS exact,
		quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS qpath, t.tgenabled,
		quote_ident(t.tgname) AS qname, t.tgrelid::regclass::text AS qtable, t.tgconstraint::int8 AS con, t.tgconstraint <> 0 AS isconstraint
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND c.relnamespace IN ({schemas})
		ORDER BY t.tgrelid, t.oid`, func(w row) {
		at := ref{class: pgTrigger, oid: w.i("oid")}
		o := r.part("trigger", w.i("rel"), w.s("name"), at)
		if o == nil {
			return
		}
		if w.b("isconstraint") {
			o.Attrs["constraint"] = "yes"
			r.keys[ref{class: pgConstraint, oid: w.i("con")}] = o.Key
		}
		event, exact := triggerDef(w, w.s("exact"), w.s("qpath"))
		_, pretty := triggerDef(w, w.s("pretty"), w.s("qtable"))
		o.Attrs["event"], o.Attrs["def"] = event, plainer(pretty, exact)
		o.Attrs["enabled"] = enabledNames[w.s("tgenabled")]
		r.add(o, at)
	})
}

// triggerDef takes a definition apart at the trigger's name and its table's.
func triggerDef(w row, def, table string) (event, rest string) {
	_, body, _ := strings.Cut(def, "TRIGGER "+w.s("qname")+" ")
	event, rest, _ = strings.Cut(body, " ON "+table+" ")
	return event, rest
}

// enabledNames are the states of triggers and rules; "O" is the usual one.
var enabledNames = map[string]string{"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}

var triggerKind = catalog.Kind{
	Name: "trigger", GoesWith: true, Create: createTrigger, Drop: dropOn("TRIGGER"), Alter: alterTrigger, Rename: renameOn("TRIGGER"),
}

func createTrigger(_ *catalog.Ctx, o *catalog.Object) []string {
	create := "CREATE " + either(o.Attrs["constraint"] != "", "CONSTRAINT ", "") + "TRIGGER " + ident(o.Name) + "\n  " +
		o.Attrs["event"] + " ON " + tableOf(o.Key) + "\n  " + o.Attrs["def"]
	return withComment(append([]string{create}, enable("TRIGGER", nil, o)...), "TRIGGER", ident(o.Name)+" ON "+tableOf(o.Key), o)
}

// enable switches a trigger or rule on or off.
func enable(what string, from, to *catalog.Object) []string {
	old := ""
	if from != nil {
		old = from.Attrs["enabled"]
	}
	state := to.Attrs["enabled"]
	if state == old {
		return nil
	}
	return []string{"ALTER TABLE " + tableOf(to.Key) + " " + either(state != "", state, "ENABLE") + " " + what + " " + ident(to.Name)}
}

func alterTrigger(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	if d.Changed("def") || d.Changed("event") || d.Changed("constraint") {
		return catalog.Alteration{Replace: true}
	}
	stmts := enable("TRIGGER", d.From, d.To)
	if d.Changed("comment") {
		stmts = append(stmts, comment("TRIGGER", ident(d.To.Name)+" ON "+tableOf(d.To.Key), d.To.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}

// dropOn is the Drop of what is named on a table.
func dropOn(what string) func(*catalog.Ctx, *catalog.Object) []string {
	return func(_ *catalog.Ctx, o *catalog.Object) []string {
		return []string{"DROP " + what + " " + ident(o.Name) + " ON " + tableOf(o.Key)}
	}
}

// renameOn is the Rename of what is named on a table.
func renameOn(what string) func(*catalog.Ctx, *catalog.Object, catalog.Key) []string {
	return func(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
		return []string{"ALTER " + what + " " + ident(o.Name) + " ON " + tableOf(o.Key) + " RENAME TO " + ident(to.Name)}
	}
}

// readRules reads rules, but for those that make a view a view.
func (r *reader) readRules() error {
	return r.each(`SELECT w.oid::int8 AS oid, w.ev_class::int8 AS rel, w.rulename AS name, w.ev_enabled,
		CASE WHEN w.rulename <> '_RETURN' THEN pg_get_ruledef(w.oid, true) END AS pretty,
		CASE WHEN w.rulename <> '_RETURN' THEN pg_get_ruledef(w.oid) END AS exact, quote_ident(w.rulename) AS qname,
		c.oid::regclass::text AS qtable, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS qpath
		FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relnamespace IN ({schemas})
		ORDER BY w.ev_class, w.oid`, func(w row) {
		at := ref{class: pgRewrite, oid: w.i("oid")}
		if w.s("name") == "_RETURN" {
			if t := r.tables[w.i("rel")]; t != nil {
				r.keys[at] = t.key
			}
			return
		}
		o := r.part("rule", w.i("rel"), w.s("name"), at)
		if o == nil {
			return
		}
		exact := strings.Replace(w.s("exact"), " TO "+w.s("qpath"), " TO "+w.s("qtable"), 1)
		_, body, _ := strings.Cut(plainer(w.s("pretty"), exact), "RULE "+w.s("qname")+" AS")
		o.Attrs["def"] = strings.TrimSuffix(strings.TrimSpace(body), ";")
		o.Attrs["enabled"] = enabledNames[w.s("ev_enabled")]
		r.add(o, at)
	})
}

var ruleKind = catalog.Kind{
	Name: "rule", GoesWith: true,
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		stmts := append([]string{"CREATE RULE " + ident(o.Name) + " AS\n  " + o.Attrs["def"]}, enable("RULE", nil, o)...)
		return withComment(stmts, "RULE", ident(o.Name)+" ON "+tableOf(o.Key), o)
	},
	Drop: dropOn("RULE"), Rename: renameOn("RULE"),
	Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		var stmts []string
		if d.Changed("def") {
			stmts = append(stmts, "CREATE OR REPLACE RULE "+ident(d.To.Name)+" AS\n  "+d.To.Attrs["def"])
		}
		stmts = append(stmts, enable("RULE", d.From, d.To)...)
		if d.Changed("comment") {
			stmts = append(stmts, comment("RULE", ident(d.To.Name)+" ON "+tableOf(d.To.Key), d.To.Attrs["comment"]))
		}
		return catalog.Alteration{SQL: stmts}
	},
}

// readPolicies reads row security policies.
func (r *reader) readPolicies() error {
	return r.each(`SELECT p.oid::int8 AS oid, p.polrelid::int8 AS rel, p.polname AS name, p.polcmd, p.polpermissive,
		(SELECT string_agg(CASE WHEN u.role = 0 THEN 'PUBLIC' ELSE u.role::regrole::text END, ', ' ORDER BY u.role::regrole::text)
			FROM unnest(p.polroles) AS u(role)) AS roles,
		pg_get_expr(p.polqual, p.polrelid) AS qual, pg_get_expr(p.polwithcheck, p.polrelid) AS withcheck,
		pg_get_expr(p.polqual, p.polrelid, true) AS prettyqual, pg_get_expr(p.polwithcheck, p.polrelid, true) AS prettycheck
		FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
		WHERE c.relnamespace IN ({schemas})
		ORDER BY p.polrelid, p.oid`, func(w row) {
		at := ref{class: pgPolicy, oid: w.i("oid")}
		o := r.part("policy", w.i("rel"), w.s("name"), at)
		if o == nil {
			return
		}
		o.Attrs["for"] = map[string]string{"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}[w.s("polcmd")]
		if !w.b("polpermissive") {
			o.Attrs["restrictive"] = "yes"
		}
		if roles := w.s("roles"); roles != "PUBLIC" {
			o.Attrs["to"] = roles
		}
		o.Attrs["using"], o.Attrs["check"] = plainer(w.s("prettyqual"), w.s("qual")), plainer(w.s("prettycheck"), w.s("withcheck"))
		r.add(o, at)
	})
}

var policyKind = catalog.Kind{
	Name: "policy", GoesWith: true, Create: createPolicy, Drop: dropOn("POLICY"), Alter: alterPolicy, Rename: renameOn("POLICY"),
}

func createPolicy(_ *catalog.Ctx, o *catalog.Object) []string {
	b := "CREATE POLICY " + ident(o.Name) + " ON " + tableOf(o.Key)
	if o.Attrs["restrictive"] != "" {
		b += " AS RESTRICTIVE"
	}
	if v := o.Attrs["for"]; v != "" {
		b += " FOR " + v
	}
	if v := o.Attrs["to"]; v != "" {
		b += " TO " + v
	}
	if v := o.Attrs["using"]; v != "" {
		b += "\n  USING (" + v + ")"
	}
	if v := o.Attrs["check"]; v != "" {
		b += "\n  WITH CHECK (" + v + ")"
	}
	return withComment([]string{b}, "POLICY", ident(o.Name)+" ON "+tableOf(o.Key), o)
}

// alterPolicy changes roles and expressions in place; an expression cannot be taken away.
func alterPolicy(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	to := d.To
	gone := func(name string) bool { return d.Changed(name) && to.Attrs[name] == "" }
	if d.Changed("for") || d.Changed("restrictive") || gone("using") || gone("check") {
		return catalog.Alteration{Replace: true}
	}
	b := ""
	if d.Changed("to") {
		b += " TO " + either(to.Attrs["to"] != "", to.Attrs["to"], "PUBLIC")
	}
	if d.Changed("using") {
		b += "\n  USING (" + to.Attrs["using"] + ")"
	}
	if d.Changed("check") {
		b += "\n  WITH CHECK (" + to.Attrs["check"] + ")"
	}
	var stmts []string
	if b != "" {
		stmts = append(stmts, "ALTER POLICY "+ident(to.Name)+" ON "+tableOf(to.Key)+b)
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("POLICY", ident(to.Name)+" ON "+tableOf(to.Key), to.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}

// readEventTriggers reads event triggers, which belong to the whole database.
func (r *reader) readEventTriggers() error {
	return r.each(`SELECT e.oid::int8 AS oid, e.evtname AS name, e.evtevent, e.evtenabled, to_json(e.evttags)::text AS tags, e.evtfoid::regproc::text AS func
		FROM pg_event_trigger e ORDER BY e.evtname`, func(w row) {
		at := ref{class: pgEventTrigger, oid: w.i("oid")}
		o := r.object(catalog.Key{Kind: "event_trigger", Name: w.s("name")}, at)
		tags := list(w.s("tags"))
		slices.Sort(tags)
		for i, t := range tags {
			tags[i] = literal(t)
		}
		o.Attrs["event"], o.Attrs["tags"], o.Attrs["function"] = w.s("evtevent"), strings.Join(tags, ", "), r.local(w.s("func"))
		o.Attrs["enabled"] = enabledNames[w.s("evtenabled")]
		r.add(o, at)
	})
}

var eventTriggerKind = catalog.Kind{
	Name: "event_trigger", Report: "trigger",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		b := "CREATE EVENT TRIGGER " + ident(o.Name) + " ON " + o.Attrs["event"]
		if v := o.Attrs["tags"]; v != "" {
			b += "\n  WHEN TAG IN (" + v + ")"
		}
		b += "\n  EXECUTE FUNCTION " + o.Attrs["function"] + "()"
		return withComment(append([]string{b}, enableEvent("", o)...), "EVENT TRIGGER", ident(o.Name), o)
	},
	Drop: dropAs("EVENT TRIGGER"), Rename: renameAs("EVENT TRIGGER"),
	Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		if d.Changed("event") || d.Changed("tags") || d.Changed("function") {
			return catalog.Alteration{Replace: true}
		}
		stmts := enableEvent(d.From.Attrs["enabled"], d.To)
		if d.Changed("comment") {
			stmts = append(stmts, comment("EVENT TRIGGER", ident(d.To.Name), d.To.Attrs["comment"]))
		}
		return catalog.Alteration{SQL: stmts}
	},
}

func enableEvent(old string, o *catalog.Object) []string {
	state := o.Attrs["enabled"]
	if state == old {
		return nil
	}
	return []string{"ALTER EVENT TRIGGER " + ident(o.Name) + " " + either(state != "", state, "ENABLE")}
}
