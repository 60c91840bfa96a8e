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
// gets back its rights. The owner is noted in either case, where it is another role than the one at hand.
func (r *reader) readRights() error {
	acl := func(col, owner string) string {
		return `(SELECT json_agg(json_build_object('grantee', CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
			'owner', a.grantee = ` + owner + `, 'privilege', a.privilege_type, 'grantable', a.is_grantable)) FROM aclexplode(` + col + `) a)::text`
	}
	const me = "(SELECT oid FROM pg_roles WHERE rolname = current_user)"
	part := func(letter, class, oid, sub, col, owner, from string) string {
		return "SELECT " + letter + " AS letter, " + class + "::int8 AS class, " + oid + "::int8 AS oid, " + sub + " AS sub, " + acl(col, owner) + " AS acl, " + col + " IS NOT NULL AS said, " +
			"CASE WHEN " + owner + " <> " + me + " THEN quote_ident(pg_get_userbyid(" + owner + ")) END AS role FROM " + from + " AND (" + col + " IS NOT NULL OR " + owner + " <> " + me + ")"
	}
	return r.each(strings.Join([]string{
		part("CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END", "1259", "c.oid", "0", "c.relacl", "c.relowner", "pg_class c WHERE c.relnamespace IN ({schemas}) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"),
		part("'c'", "1259", "a.attrelid", "a.attnum", "a.attacl", "c.relowner", "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relnamespace IN ({schemas})"),
		part("'f'", "1255", "p.oid", "0", "p.proacl", "p.proowner", "pg_proc p WHERE p.pronamespace IN ({schemas})"),
		part("'T'", "1247", "t.oid", "0", "t.typacl", "t.typowner", "pg_type t WHERE t.typnamespace IN ({schemas}) AND t.typtype IN ('e', 'd', 'c', 'r')"),
		part("'n'", "2615", "n.oid", "0", "n.nspacl", "n.nspowner", "pg_namespace n WHERE n.oid IN ({schemas})"),
	}, "\nUNION ALL ")+"\nORDER BY 2, 3, 4", r.addRights)
}

func (r *reader) addRights(w row) {
	at := ref{w.i("class"), w.i("oid"), w.i("sub")}
	if _, home := r.schemas[at.oid]; home && at.class == pgNamespace && r.schemas[at.oid] == "" {
		r.addHomeRights(w)
		return
	}
	o := r.byRef[at]
	column := ""
	if at.sub != 0 { // of a table's column, or of a view's, which is no object
		name := w.i("sub")
		if o == nil {
			if column = r.viewColumns[at]; column == "" {
				return
			}
		} else {
			column = o.Name
		}
		_ = name
	}
	t := r.tables[at.oid]
	if o == nil && t != nil && at.class == pgClass {
		o = t.obj
	}
	if o == nil || r.members[ref{class: at.class, oid: at.oid}] {
		return
	}
	if role := w.s("role"); role != "" && at.sub == 0 {
		o.Info["role"] = role
	}
	rights := r.rights(w, column, false)
	if len(rights) == 0 {
		return
	}
	if r.scope.Grants {
		r.grants(o, rights)
	} else if text, err := json.Marshal(rights); err == nil {
		o.Info["acl"] = string(text)
	}
}
