package postgres

import "github.com/migr-dev/migr/internal/catalog"

// standardComment is what initdb writes on schema public (PostgreSQL 9.0 to 18).
// pg_dump takes it for no comment at all, and so is it here.
const standardComment = "standard public schema"

// homeComment notes the comment on the home schema, which is no object itself
// in a relative catalog.
func (r *reader) homeComment(text string) {
	o := &catalog.Object{
		Key:   catalog.Key{Kind: "comment", Name: "schema"},
		Attrs: map[string]string{"comment": text},
		Info:  map[string]string{"home": r.home},
	}
	if text == "" || text == standardComment || r.scope.Exclude != nil && r.scope.Exclude(o.Key) {
		return
	}
	r.objects = append(r.objects, o)
}

var homeCommentKind = catalog.Kind{
	Name: "comment",
	Create: func(_ *catalog.Ctx, o *catalog.Object) []string {
		return []string{homeCommentSQL(o, o.Attrs["comment"])}
	},
	Drop: func(_ *catalog.Ctx, o *catalog.Object) []string {
		text := ""
		if o.Info["home"] == "public" {
			text = standardComment
		}
		return []string{homeCommentSQL(o, text)}
	},
	Alter: func(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
		return catalog.Alteration{SQL: []string{homeCommentSQL(d.To, d.To.Attrs["comment"])}}
	},
}

func homeCommentSQL(o *catalog.Object, text string) string {
	return comment("SCHEMA", ident(o.Info["home"]), text)
}
