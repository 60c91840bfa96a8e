// Package mysql reads the schemas of MariaDB (10.6 and later) and MySQL (8.0.19
// and later) and writes their SQL.
//
// Texts carry no database name, and names stand in backquotes. Who an object runs
// as (DEFINER) is written where it is somebody else than the reading user, and is
// never compared: a model is loaded by the user that migrates.
package mysql

import "github.com/migr-dev/migr/internal/catalog"

// Engine returns the engine of the MySQL family. It is one value for both
// products: a catalog's version tells them apart (MariaDB's are 1000000 and more).
func Engine() *catalog.Engine {
	return &catalog.Engine{
		Name: "mysql", Read: Read, Ordered: true, RenameCandidate: renameCandidate,
		SameName: sameName, Labels: labels, RenameLabel: renameLabel, Columns: columnsOfTable, Define: defineColumn,
		Kinds: []catalog.Kind{
			sequenceKind, tableKind, columnKind, primaryKind, uniqueKind, indexKind, foreignKeyKind, checkKind,
			functionKind, procedureKind, viewKind, triggerKind, eventKind,
		},
	}
}
