// Package sqlite reads SQLite databases as catalogs and writes the SQL that
// changes them. What it writes runs on SQLite 3.35 and later; nothing of it is a
// PRAGMA. A table that ALTER TABLE cannot change is rebuilt, and for that the
// runner must turn foreign_keys off before its transaction begins, or DROP TABLE
// would delete or refuse over rows of other tables.
package sqlite

import "github.com/migr-dev/migr/internal/catalog"

// Engine returns the engine for SQLite.
func Engine() *catalog.Engine {
	return &catalog.Engine{
		Name:            "sqlite",
		Read:            read,
		RenameCandidate: renameCandidate, Columns: columnsOfTable, Define: defineColumn,
		SameName: func(_, a, b string) bool { return fold(a) == fold(b) },
		Kinds: []catalog.Kind{
			{
				Name: "table", Namespace: "relation",
				Create: createTable, Drop: dropTable, Alter: alterTable, Rename: renameTable,
				Hazards: tableHazards,
			},
			{Name: "column", How: catalog.Merged, Rename: renameColumn, Hazards: columnHazards},
			{Name: "primary_key", How: catalog.Merged, Hazards: uniqueHazards},
			{Name: "unique", How: catalog.Merged, Hazards: uniqueHazards},
			{Name: "check", How: catalog.Merged},
			{Name: "foreign_key", How: catalog.Merged},
			{
				Name: "index", Namespace: "relation", GoesWith: true,
				Create: createStored, Drop: dropNamed("INDEX"), Hazards: uniqueHazards,
			},
			{Name: "view", Namespace: "relation", Create: createStored, Drop: dropNamed("VIEW")},
			{Name: "trigger", Namespace: "trigger", GoesWith: true, Create: createStored, Drop: dropNamed("TRIGGER")},
		},
	}
}

// createStored makes an object by the text that the database keeps of it.
func createStored(_ *catalog.Ctx, o *catalog.Object) []string { return []string{o.Info["sql"]} }

// dropNamed makes the Drop of a kind.
func dropNamed(what string) func(*catalog.Ctx, *catalog.Object) []string {
	return func(_ *catalog.Ctx, o *catalog.Object) []string {
		return []string{"DROP " + what + " " + ident(o.Name)}
	}
}
