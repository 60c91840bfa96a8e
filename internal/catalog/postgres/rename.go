package postgres

import "github.com/migr-dev/migr/internal/catalog"

// renameCandidate tells whether an object that went may be the one that came
// under another name: a column of assignable type, a table of which at least half the
// columns are alike, anything else that is equal in all but its name.
func renameCandidate(gone, come *catalog.Object, from, to *catalog.Catalog) bool {
	switch gone.Kind {
	case "column":
		return gone.Attrs["generated"] == come.Attrs["generated"] &&
			(gone.Attrs["type"] == come.Attrs["type"] || conversion(gone, come) == "")
	case "table":
		// one partition after another is no rename: the rows of the one are not those of the other
		return gone.Attrs["partition_key"] == come.Attrs["partition_key"] && gone.Attrs["partition_of"] == come.Attrs["partition_of"] &&
			gone.Attrs["bound"] == come.Attrs["bound"] && alike(gone, come, from, to)
	case "function", "procedure", "aggregate":
		return gone.Info["types"] == come.Info["types"] && gone.Equal(come)
	case "schema":
		return alikeSchemas(gone.Name, come.Name, from, to)
	case "attribute":
		a, b := attributeOf(from, gone), attributeOf(to, come)
		return a.Type != "" && a.Type == b.Type && a.Collation == b.Collation
	case "sequence":
		return gone.Info["owner"] == come.Info["owner"] && gone.Equal(come)
	}
	return gone.Equal(come)
}

// alike tells whether two tables share at least half of their columns, and one at least.
func alike(gone, come *catalog.Object, from, to *catalog.Catalog) bool {
	shared, most := catalog.SharedColumns(gone, come, from, to, func(c *catalog.Object) (name, typ string) { return c.Name, c.Attrs["type"] })
	return shared > 0 && 2*shared >= most
}

// alikeSchemas tells whether two schemas share at least half of their tables, by
// name, and one at least.
func alikeSchemas(gone, come string, from, to *catalog.Catalog) bool {
	tables := func(c *catalog.Catalog, schema string) map[string]bool {
		names := map[string]bool{}
		for _, o := range c.Objects {
			if o.Kind == "table" && o.Schema == schema {
				names[o.Name] = true
			}
		}
		return names
	}
	old, now := tables(from, gone), tables(to, come)
	same := 0
	for name := range now {
		if old[name] {
			same++
		}
	}
	return same > 0 && 2*same >= max(len(old), len(now))
}

// attributeOf is the attribute of a composite type that is named so.
func attributeOf(c *catalog.Catalog, o *catalog.Object) member {
	if t := c.Get(catalog.Key{Kind: "composite", Schema: o.Schema, Name: o.Table}); t != nil {
		all := members(t.Attrs["attributes"])
		if i := named(all, o.Name); i >= 0 {
			return all[i]
		}
	}
	return member{}
}

// labels are the values of an enum, or the attributes of a composite type.
func labels(o *catalog.Object) []string {
	switch o.Kind {
	case "enum":
		return list(o.Attrs["labels"])
	case "composite":
		var names []string
		for _, m := range members(o.Attrs["attributes"]) {
			names = append(names, m.Name)
		}
		return names
	}
	return nil
}

// renameLabel renames a value of an enum, or an attribute of a composite type; what
// names it (defaults, checks, views, rows) holds its number and follows. It may stand in
// a transaction (10 and later). Tables of the type (CREATE TABLE OF) follow with CASCADE.
func renameLabel(_ *catalog.Ctx, o *catalog.Object, from, to string) []string {
	if o.Kind == "composite" {
		return []string{"ALTER TYPE " + qualified(o.Key) + " RENAME ATTRIBUTE " + ident(from) + " TO " + ident(to) + " CASCADE"}
	}
	return []string{"ALTER TYPE " + qualified(o.Key) + " RENAME VALUE " + literal(from) + " TO " + literal(to)}
}
