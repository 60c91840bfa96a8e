package postgres

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A right is what one role may do with one object, as far as that is not what
// the server gives by itself (aclitem; versions 13 to 18).
type right struct {
	Grantee    string // as it is written: PUBLIC, or a quoted name; ownerRole for the owner
	Column     string // of a table or view; "" = the whole
	Privileges []string
	Grantable  []string // those WITH GRANT OPTION; they are not in Privileges
	Revoked    []string // what the server gives by itself and was taken away
}

// ownerRole stands for the owner of an object, whoever that is.
const ownerRole = "CURRENT_USER"

// An aclItem is a row of aclexplode, as the server wrote it in JSON.
type aclItem struct {
	Grantee, Privilege string
	Owner, Grantable   bool
}

// standard are the privileges that an owner has from the start, and PUBLIC's, by
// the letter that acldefault() takes.
var standard = map[string]struct{ owner, public []string }{
	"r": {owner: []string{"DELETE", "INSERT", "MAINTAIN", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"}},
	"s": {owner: []string{"SELECT", "UPDATE", "USAGE"}},
	"f": {owner: []string{"EXECUTE"}, public: []string{"EXECUTE"}},
	"T": {owner: []string{"USAGE"}, public: []string{"USAGE"}},
	"n": {owner: []string{"CREATE", "USAGE"}},
}

// readRights reads who may do what. With grants under management each right is an
// object; without, it is noted at its object, so that one which has to be made anew
// gets back its rights. The owner is noted in either case, where it is another role
// than the one at hand.
func (r *reader) readRights() error {
	part := func(letter, class, oid, column, acl, owner, from string) string {
		num := "0"
		if column != "NULL" {
			num = "a.attnum"
		}
		return "SELECT " + letter + " AS letter, " + class + "::int8 AS class, " + oid + "::int8 AS oid, " + column + " AS col, " + num + " AS num, " + aclJSON(acl, owner) + " AS acl, " +
			"CASE WHEN " + owner + " <> me.oid THEN quote_ident(pg_get_userbyid(" + owner + ")) END AS role FROM me, " + from + " AND (" + acl + " IS NOT NULL OR " + owner + " <> me.oid)"
	}
	return r.each("WITH me AS (SELECT oid FROM pg_roles WHERE rolname = current_user)\n"+strings.Join([]string{
		part("CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END", "1259", "c.oid", "NULL", "c.relacl", "c.relowner", "pg_class c WHERE c.relnamespace IN ({schemas}) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"),
		part("'c'", "1259", "a.attrelid", "a.attname", "a.attacl", "c.relowner", "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relnamespace IN ({schemas})"),
		part("'f'", "1255", "p.oid", "NULL", "p.proacl", "p.proowner", "pg_proc p WHERE p.pronamespace IN ({schemas})"),
		part("'T'", "1247", "t.oid", "NULL", "t.typacl", "t.typowner", "pg_type t WHERE t.typnamespace IN ({schemas}) AND t.typtype IN ('e', 'd', 'c', 'r')"),
		part("'n'", "2615", "n.oid", "NULL", "n.nspacl", "n.nspowner", "pg_namespace n WHERE n.oid IN ({schemas})"),
	}, "\nUNION ALL ")+"\nORDER BY 2, 3, 4", r.addRights)
}

// aclJSON writes a list of aclitem so that it can be read; NULL stays NULL.
func aclJSON(acl, owner string) string {
	return `(SELECT json_agg(json_build_object('grantee', CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
		'owner', x.grantee = ` + owner + `, 'privilege', x.privilege_type, 'grantable', x.is_grantable)) FROM aclexplode(` + acl + `) x)::text`
}

func (r *reader) addRights(w row) {
	at := ref{class: w.i("class"), oid: w.i("oid")}
	if r.members[at] {
		return
	}
	o := r.byRef[at]
	public := standard[w.s("letter")].public
	if at.class == pgNamespace {
		if name, there := r.schemas[at.oid]; there && name == "" {
			o = &catalog.Object{Key: catalog.Key{Kind: "schema"}, Info: map[string]string{"home": r.home}}
			public = r.homeRights()
		}
	}
	if o == nil {
		return
	}
	if role := w.s("role"); role != "" && w.s("col") == "" && o.Name != "" {
		o.Info["role"] = role
	}
	if w.s("acl") == "" {
		return
	}
	rights := rightsOf(w.s("acl"), w.s("letter"), public, w.s("col"))
	if r.scope.Grants {
		for _, x := range rights {
			r.objects = append(r.objects, grantObject(o, x))
		}
		return
	}
	if column := r.byRef[ref{at.class, at.oid, w.i("num")}]; column != nil {
		o = column
	}
	if len(rights) > 0 {
		noteRights(o, rights)
	}
}

// homeRights are PUBLIC's on schema public in a new database: CREATE until version 14.
func (r *reader) homeRights() []string {
	switch {
	case r.home != "public":
		return nil
	case r.version < 150000:
		return []string{"CREATE", "USAGE"}
	}
	return []string{"USAGE"}
}

// rightsOf tells by grantee what differs from what the server gives by itself.
func rightsOf(acl, letter string, public []string, column string) []right {
	var items []aclItem
	if json.Unmarshal([]byte(acl), &items) != nil {
		return nil
	}
	by := map[string]*right{"PUBLIC": {Grantee: "PUBLIC"}, ownerRole: {Grantee: ownerRole}}
	for _, it := range items {
		if it.Owner {
			it.Grantee, it.Grantable = ownerRole, false // an owner can always grant
		}
		x := by[it.Grantee]
		if x == nil {
			x = &right{Grantee: it.Grantee}
			by[it.Grantee] = x
		}
		if it.Grantable {
			x.Grantable = append(x.Grantable, it.Privilege)
		} else {
			x.Privileges = append(x.Privileges, it.Privilege)
		}
	}
	by["PUBLIC"].without(public)
	by[ownerRole].without(standard[letter].owner)
	var all []right
	for _, x := range by {
		x.Column = column
		x.Privileges = slices.DeleteFunc(x.Privileges, func(p string) bool { return slices.Contains(x.Grantable, p) })
		slices.Sort(x.Privileges)
		slices.Sort(x.Grantable)
		if len(x.Privileges)+len(x.Grantable)+len(x.Revoked) > 0 {
			all = append(all, *x)
		}
	}
	slices.SortFunc(all, func(a, b right) int { return cmp.Compare(a.Grantee, b.Grantee) })
	return all
}

// without takes off what the grantee has anyway, and notes what of it is missing.
// MAINTAIN is known from version 17 on: an older server cannot miss it.
func (x *right) without(usual []string) {
	for _, p := range usual {
		if i := slices.Index(x.Privileges, p); i >= 0 {
			x.Privileges = slices.Delete(x.Privileges, i, i+1)
		} else if !slices.Contains(x.Grantable, p) && p != "MAINTAIN" {
			x.Revoked = append(x.Revoked, p)
		}
	}
}

// noteRights keeps rights that are not under management at their object.
func noteRights(o *catalog.Object, rights []right) {
	if text, err := json.Marshal(append(notedRights(o), rights...)); err == nil {
		o.Info["acl"] = string(text)
	}
}

func notedRights(o *catalog.Object) []right {
	var rights []right
	if text := o.Info["acl"]; text == "" || json.Unmarshal([]byte(text), &rights) != nil {
		return nil
	}
	return rights
}

// grantObject is a right as an object, which comes and goes with what it is on.
func grantObject(on *catalog.Object, x right) *catalog.Object {
	who := x.Grantee
	if x.Column != "" {
		who = "(" + x.Column + ") " + who
	}
	g := &catalog.Object{Attrs: map[string]string{}, Info: map[string]string{"on": grantTarget(on), "to": x.Grantee, "column": x.Column}, Deps: []catalog.Key{on.Key}}
	switch on.Kind {
	case "table", "view", "materialized_view":
		g.Key = catalog.Key{Kind: "grant", Schema: on.Schema, Table: on.Name, Name: who}
	case "schema":
		g.Key = catalog.Key{Kind: "grant", Name: "SCHEMA " + on.Name + " TO " + who}
		if on.Name == "" {
			g.Deps = nil
		} else {
			g.Info["owner"] = on.Path()
		}
	default:
		g.Key = catalog.Key{Kind: "grant", Schema: on.Schema, Name: strings.ToUpper(on.Kind) + " " + on.Name + " TO " + who}
		g.Info["owner"] = on.Path()
	}
	if x.Column != "" {
		column := catalog.Key{Kind: "column", Schema: on.Schema, Table: on.Name, Name: x.Column}
		g.Deps = append(g.Deps, column)
	}
	for name, list := range map[string][]string{"privileges": x.Privileges, "grantable": x.Grantable, "revoked": x.Revoked} {
		if len(list) > 0 {
			g.Attrs[name] = strings.Join(list, ", ")
		}
	}
	return g
}

// grantTarget names an object as GRANT does.
func grantTarget(o *catalog.Object) string {
	switch o.Kind {
	case "table", "view", "materialized_view":
		return "TABLE " + qualified(o.Key)
	case "sequence":
		return "SEQUENCE " + qualified(o.Key)
	case "schema":
		return "SCHEMA " + ident(cmp.Or(o.Name, o.Info["home"]))
	case "function", "procedure", "aggregate":
		return either(o.Kind == "procedure", "PROCEDURE ", "FUNCTION ") + dotted(o.Schema, o.Info["name"]) + "(" + o.Info["types"] + ")"
	}
	return "TYPE " + qualified(o.Key)
}

// A grantSQL writes GRANT and REVOKE for one grantee on one object.
type grantSQL struct{ lead, on, to, column string }

func (g grantSQL) list(privileges string) string {
	if g.column == "" {
		return privileges
	}
	return strings.ReplaceAll(privileges, ",", " ("+ident(g.column)+"),") + " (" + ident(g.column) + ")"
}

func (g grantSQL) grant(privileges, option string) []string {
	if privileges == "" {
		return nil
	}
	return []string{g.lead + "GRANT " + g.list(privileges) + " ON " + g.on + " TO " + g.to + option}
}

func (g grantSQL) revoke(option, privileges string) []string {
	if privileges == "" {
		return nil
	}
	return []string{g.lead + "REVOKE " + option + g.list(privileges) + " ON " + g.on + " FROM " + g.to}
}

const withGrantOption = " WITH GRANT OPTION"

// create gives what the attributes of a grant say, where nothing of it is given yet.
func (g grantSQL) create(a map[string]string) []string {
	return slices.Concat(g.revoke("", a["revoked"]), g.grant(a["privileges"], ""), g.grant(a["grantable"], withGrantOption))
}

// change leads from one grant to another.
func (g grantSQL) change(from, to map[string]string) []string {
	old, now := privileges(from), privileges(to)
	pick := func(keep func(p string) bool, of map[string]string) string {
		var out []string
		for p := range of {
			if keep(p) {
				out = append(out, p)
			}
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}
	gone := pick(func(p string) bool {
		return old[p] != "revoked" && now[p] == "" || now[p] == "revoked" && old[p] != "revoked"
	}, union(old, now))
	option := pick(func(p string) bool { return old[p] == "grantable" && now[p] == "plain" }, now)
	plain := pick(func(p string) bool { return old[p] == "" && now[p] == "plain" || old[p] == "revoked" && now[p] == "" }, union(old, now))
	grantable := pick(func(p string) bool { return old[p] != "grantable" && now[p] == "grantable" }, now)
	return slices.Concat(g.revoke("", gone), g.revoke("GRANT OPTION FOR ", option), g.grant(plain, ""), g.grant(grantable, withGrantOption))
}

func union(a, b map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for p := range m {
			all[p] = p
		}
	}
	return all
}

// privileges tells of each privilege whether it is plain, grantable or revoked.
func privileges(a map[string]string) map[string]string {
	m := map[string]string{}
	for attr, sort := range map[string]string{"privileges": "plain", "grantable": "grantable", "revoked": "revoked"} {
		for _, p := range splitList(a[attr]) {
			m[p] = sort
		}
	}
	return m
}

func grantOf(o *catalog.Object) grantSQL {
	return grantSQL{lead: o.Info["lead"], on: o.Info["on"], to: o.Info["to"], column: o.Info["column"]}
}

var grantKind = catalog.Kind{
	Name: "grant", GoesWith: true, Carried: true,
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string { return grantOf(o).create(o.Attrs) },
	Drop:   func(_ *catalog.Ctx, o *catalog.Object) []string { return grantOf(o).change(o.Attrs, nil) },
	Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		return catalog.Alteration{SQL: grantOf(d.To).change(d.From.Attrs, d.To.Attrs)}
	},
}
