package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// keepingRights has an object that is made anew get back its owner and its rights,
// which went with the old one. Those under management are objects of their own.
func keepingRights(k catalog.Kind) catalog.Kind {
	create := k.Create
	k.Create = func(p *catalog.Ctx, o *catalog.Object) []string {
		stmts := create(p, o)
		if len(stmts) == 0 {
			return nil
		}
		stmts = append(append(stmts, restored(p, o)...), undefaulted(p, o)...)
		if o.Kind == "table" {
			for _, part := range p.Inline {
				if part.Kind == "column" {
					stmts = append(stmts, restored(p, part)...)
				}
			}
		}
		return stmts
	}
	return k
}

// restored writes the owner and the rights that an object has on the other side.
func restored(p *catalog.Ctx, o *catalog.Object) []string {
	was := p.From.Get(o.Key)
	if was == nil {
		return nil
	}
	var stmts []string
	role := either(was.Info["role"] != "", was.Info["role"], o.Info["role"])
	if role != "" {
		stmts = append(stmts, "ALTER "+ownedAs(o)+" OWNER TO "+role)
	}
	rights := notedRights(was)
	if len(rights) == 0 {
		rights = notedRights(o)
	}
	target := o
	if o.Kind == "column" {
		target = &catalog.Object{Key: o.TableKey()}
	}
	for _, x := range rights {
		to := x.Grantee
		if to == ownerRole && role != "" {
			to = role
		}
		g := grantSQL{on: grantTarget(target), to: to, column: x.Column}
		stmts = append(stmts, g.create(map[string]string{
			"privileges": strings.Join(x.Privileges, ", "), "grantable": strings.Join(x.Grantable, ", "), "revoked": strings.Join(x.Revoked, ", "),
		})...)
	}
	return stmts
}

// ownedAs names an object as ALTER … OWNER TO does.
func ownedAs(o *catalog.Object) string {
	switch o.Kind {
	case "function", "procedure", "aggregate":
		return strings.ToUpper(o.Kind) + " " + signature(o)
	case "enum", "composite", "range":
		return "TYPE " + qualified(o.Key)
	}
	return strings.ToUpper(strings.ReplaceAll(o.Kind, "_", " ")) + " " + qualified(o.Key)
}

// defaultsFor is the word of ALTER DEFAULT PRIVILEGES for a kind of object.
var defaultsFor = map[string]string{
	"table": "TABLES", "view": "TABLES", "materialized_view": "TABLES", "sequence": "SEQUENCES",
	"function": "FUNCTIONS", "procedure": "FUNCTIONS", "aggregate": "FUNCTIONS",
	"enum": "TYPES", "domain": "TYPES", "composite": "TYPES", "range": "TYPES",
}

// undefaulted takes from a new object what the default privileges in force give it
// and the wanted schema does not.
func undefaulted(p *catalog.Ctx, o *catalog.Object) []string {
	what := defaultsFor[o.Kind]
	if what == "" {
		return nil
	}
	var stmts []string
	for _, d := range p.From.Objects {
		inSchema := strings.Contains(d.Info["lead"], " IN SCHEMA ")
		if d.Kind != "default_privileges" || d.Info["on"] != what || inSchema && d.Schema != o.Schema || strings.Contains(d.Info["lead"], " FOR ROLE ") {
			continue
		}
		given := privileges(d.Attrs)
		wanted := map[string]string{}
		if g := p.To.Get(grantObject(o, right{Grantee: d.Info["to"]}).Key); g != nil {
			for name, list := range g.Attrs {
				var of []string
				for _, x := range splitList(list) {
					if given[x] != "" {
						of = append(of, x)
					}
				}
				wanted[name] = strings.Join(of, ", ")
			}
		}
		stmts = append(stmts, grantSQL{on: grantTarget(o), to: d.Info["to"]}.change(d.Attrs, wanted)...)
	}
	return stmts
}
