package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// Kinds of objects that default privileges are for, by pg_default_acl.defaclobjtype,
// with the letter under which the standard privileges are found.
var defaultFor = map[string]struct{ what, letter string }{
	"r": {"TABLES", "r"}, "S": {"SEQUENCES", "s"}, "f": {"FUNCTIONS", "f"}, "T": {"TYPES", "T"}, "n": {"SCHEMAS", "n"},
}

// readDefaultPrivileges reads what rights new objects shall have, where grants are
// under management: those of all schemas, and those of each schema in scope.
func (r *reader) readDefaultPrivileges() error {
	if !r.scope.Grants {
		return nil
	}
	return r.each(`SELECT d.defaclnamespace::int8 AS nsp, d.defaclobjtype AS type, `+aclJSON("d.defaclacl", "d.defaclrole")+` AS acl,
		CASE WHEN pg_get_userbyid(d.defaclrole) <> current_user THEN quote_ident(pg_get_userbyid(d.defaclrole)) END AS role
		FROM pg_default_acl d WHERE d.defaclnamespace = 0 OR d.defaclnamespace IN ({schemas}) ORDER BY d.oid`, func(w row) {
		of := defaultFor[w.s("type")]
		schema, inSchema := r.schemas[w.i("nsp")]
		letter, public := of.letter, standard[of.letter].public
		if inSchema { // those of a schema are added to the others: nothing can be missing
			letter, public = "", nil
		}
		for _, x := range rightsOf(w.s("acl"), letter, public, "") {
			r.objects = append(r.objects, r.defaultPrivilege(of.what, schema, inSchema, w.s("role"), x))
		}
	})
}

func (r *reader) defaultPrivilege(what, schema string, inSchema bool, role string, x right) *catalog.Object {
	if x.Grantee == ownerRole && role != "" {
		x.Grantee = role
	}
	g := grantObject(&catalog.Object{Key: catalog.Key{Kind: "schema"}}, x)
	g.Key = catalog.Key{Kind: "default_privileges", Schema: schema, Name: what + " TO " + x.Grantee}
	lead := "ALTER DEFAULT PRIVILEGES "
	if role != "" {
		lead += "FOR ROLE " + role + " "
		g.Name += " FOR " + role
	}
	if inSchema {
		lead += "IN SCHEMA " + ident(either(schema != "", schema, r.home)) + " "
		g.Name += " IN SCHEMA"
	}
	if schema != "" {
		g.Deps = []catalog.Key{{Kind: "schema", Name: schema}}
	}
	g.Info["lead"], g.Info["on"] = lead, strings.ToUpper(what)
	return g
}

var defaultPrivilegesKind = func() catalog.Kind {
	k := grantKind
	k.Name, k.Report, k.GoesWith = "default_privileges", "grant", false
	return k
}()
