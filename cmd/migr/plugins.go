package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/catalog"
	catalogmysql "github.com/migr-dev/migr/internal/catalog/mysql"
	catalogpostgres "github.com/migr-dev/migr/internal/catalog/postgres"
	catalogsqlite "github.com/migr-dev/migr/internal/catalog/sqlite"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/driver/mysql"
	"github.com/migr-dev/migr/internal/driver/postgres"
	"github.com/migr-dev/migr/internal/driver/sqlite"
	"github.com/migr-dev/migr/internal/hclprogram"
	"github.com/migr-dev/migr/internal/source"
	program "github.com/migr-dev/migr/internal/source/command"
	"github.com/migr-dev/migr/internal/source/django"
	"github.com/migr-dev/migr/internal/source/gorm"
	"github.com/migr-dev/migr/internal/source/sqlalchemy"
	"github.com/migr-dev/migr/internal/source/sqlfile"
)

// A product is a database product: how revisions run on it, and what a schema is
// made of there.
type product struct {
	dialect *driver.Dialect
	engine  *catalog.Engine
}

// products lists every database product that migr knows. The test binary puts one in
// its place that listens to what is said to SQLite.
var products = func() []*product {
	return []*product{
		{sqlite.Dialect(), catalogsqlite.Engine()},
		{postgres.Dialect(), catalogpostgres.Engine()},
		{mysql.Dialect(), catalogmysql.Engine()},
	}
}

// hcl is the program that reads and writes HCL, wherever it is.
func (a *app) hcl() *hclprogram.Program {
	p := &hclprogram.Program{Packed: packedHCL, Cache: a.cacheDir("bin")}
	if self, err := os.Executable(); err == nil {
		p.Beside = filepath.Dir(self)
	}
	return p
}

// sources lists every kind of model source.
func (a *app) sources() []source.Kind {
	return []source.Kind{a.hcl().Kind(), sqlalchemy.Kind, django.Kind, gorm.Kind, program.Kind, sqlfile.Kind}
}

// A group is commands that stand together in the help.
type group struct {
	title    string
	commands []*cobra.Command
}

// groups lists every command.
func (a *app) groups() []group {
	return []group{
		{"Write revisions", []*cobra.Command{
			a.initCommand(), a.revisionCommand(), a.makemigrationsCommand(), a.editCommand(), a.mergeCommand(), a.rebaseCommand(),
			a.squashCommand(), a.removeCommand(),
		}},
		{"Run them", []*cobra.Command{
			a.upgradeCommand(), a.downgradeCommand(), a.downCommand(), a.stampCommand(), a.repairCommand(), a.lockCommand(), a.resetCommand(),
		}},
		{"Look at them", []*cobra.Command{
			a.statusCommand(), a.currentCommand(), a.historyCommand(), a.headsCommand(), a.branchesCommand(), a.showCommand(), a.sqlCommand(),
		}},
		{"Compare schemas", []*cobra.Command{
			a.checkCommand(), a.verifyCommand(), a.diffCommand(), a.inspectCommand(),
		}},
		{"Other", []*cobra.Command{a.configCommand(), a.versionCommand(), a.completionCommand()}},
	}
}
