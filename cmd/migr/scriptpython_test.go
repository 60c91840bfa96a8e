package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/migr-dev/migr/internal/testdb"
)

// python NAME: $MIGR_PYTHON is the interpreter of that environment of
// scripts/pythons.sh, which has no drivers; those are in $DRIVERS, for
// PYTHONPATH. $DB is the database's URL as SQLAlchemy takes it.
func cmdPython(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: python NAME")
	}
	root := os.Getenv(testdb.PythonEnv)
	if root == "" {
		if testdb.Strict() {
			ts.Fatalf("%s is not set, and CI is", testdb.PythonEnv)
		}
		ts.Value(keyT{}).(testscript.T).Skip(testdb.PythonEnv + " is not set")
	}
	exe := filepath.Join(root, args[0], "bin", "python")
	if _, err := os.Stat(exe); err != nil {
		ts.Value(keyT{}).(testscript.T).Skip("no Python of the right version for " + args[0])
	}
	ts.Setenv("MIGR_PYTHON", exe)
	ts.Setenv("DRIVERS", filepath.Join(root, args[0], "drivers"))
	ts.Setenv("XDG_CACHE_HOME", filepath.Join(ts.Getenv("WORK"), ".tmp", "cache"))
	if u := ts.Getenv("URL"); u != "" {
		db, err := testdb.ToSQLAlchemy(u)
		ts.Check(err)
		ts.Setenv("DB", db)
	}
}
