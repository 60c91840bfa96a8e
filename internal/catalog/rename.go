package catalog

// SharedColumns counts the columns that two tables have in common, and those of the larger
// one: what tells a table that was renamed from one that is another. as says what the name
// and type of a column are to the product, which may not tell some apart.
func SharedColumns(gone, come *Object, from, to *Catalog, as func(column *Object) (name, typ string)) (shared, most int) {
	old, now := from.Parts(gone.Key, "column"), to.Parts(come.Key, "column")
	types := make(map[string]string, len(old))
	for _, c := range old {
		name, typ := as(c)
		types[name] = typ
	}
	for _, c := range now {
		name, typ := as(c)
		if was, there := types[name]; there && was == typ {
			shared++
		}
	}
	return shared, max(len(old), len(now))
}
