package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/migr-dev/migr/internal/testdb"
)

// autogenDir holds one folder per family of products, in it one per kind of
// object, in it the cases.
const autogenDir = "../../testdata/autogen"

// families are the engines that run a family's cases. The first one writes the
// golden files; another only what is different on it, as up.ENGINE.sql.
var families = []struct {
	name    string
	engines []testdb.Engine
}{
	{"sqlite", []testdb.Engine{testdb.EngineSQLite}},
	{"postgres", []testdb.Engine{testdb.EnginePostgres, testdb.EnginePostgres18}},
	{"mysql", []testdb.Engine{testdb.EngineMariaDB, testdb.EngineMySQL}},
}

// An autogenCase is a file of two schemas, and what leads from one to the other
// and back. Its sections:
//
//	from.sql, to.sql    the schemas
//	live.sql            run after from.sql: what is on the database and in no model (grants, owners)
//	rows.sql            put in after from.sql; the rows of tables that stay must survive both ways
//	check.sql           a query that must answer the same before up, after up and after down
//	changes             golden: what differs, there and back: docs/coverage.md counts these
//	up.sql, down.sql    golden: the parts of the revision
//	options             lines of a word and its value, see option
type autogenCase struct {
	file string
	name string // KIND/CASE
	ar   *txtar.Archive

	min      int      // major version of the server
	products []string // names of engines; none: all of the family
	own      bool     // wants a database of its own: it reaches out of its schema
	noDump   string   // why the dumps differ though no statement can change that
	once     string   // why the schema cannot be taken away and built again by what inspect prints
	known    string   // why it does not work
	environ  []string // settings of migr
	revising revising // the flags of revision --autogenerate
}

func readCase(t testing.TB, file string) *autogenCase {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &autogenCase{file: file, ar: ar}
	c.name = filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".txtar")
	for _, line := range strings.Split(c.section("options"), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		word, value, _ := strings.Cut(line, " ")
		if err := c.option(word, value); err != nil {
			t.Fatalf("%s: option %s: %v", file, word, err)
		}
	}
	return c
}

func (c *autogenCase) option(word, value string) (err error) {
	switch word {
	case "min": // a major version: 18
		c.min, err = strconv.Atoi(value)
	case "products":
		c.products = strings.Fields(value)
	case "database":
		c.own = true
	case "no-dump":
		c.noDump = value
	case "no-inspect":
		c.once = value
	case "known":
		c.known = value
	case "rename":
		c.revising.rename = append(c.revising.rename, value)
		c.own = true // a copy of the live schema is built on a database of its own
	case "no-rename":
		c.revising.noRename = append(c.revising.noRename, value)
	case "allow":
		c.revising.allow = append(c.revising.allow, value)
	case "set": // NAME=VALUE, as in the environment: MIGR_GRANTS=true
		c.environ = append(c.environ, value)
	default:
		return fmt.Errorf("there is no such option")
	}
	return err
}

// section returns a file of the archive; "" where it has none.
func (c *autogenCase) section(name string) string {
	for _, f := range c.ar.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func (c *autogenCase) has(name string) bool {
	return slices.ContainsFunc(c.ar.Files, func(f txtar.File) bool { return f.Name == name })
}

// golden compares a section with what the file holds, or writes it there. The
// section of one engine has the engine's name in it: up.mysql.sql.
func (c *autogenCase) golden(name string, e testdb.Engine, first bool, got string) error {
	base, ext, dotted := strings.Cut(name, ".")
	own := base + "." + e.Name
	if dotted {
		own += "." + ext
	}
	if *update {
		c.write(name, own, first, got)
		return nil
	}
	if c.has(own) {
		name = own
	}
	if want := c.section(name); want != got {
		return fmt.Errorf("%s is another (go test -update rewrites it):\n%s", name, firstLines(got, want))
	}
	return nil
}

// write sets a golden section: that of the family, or the engine's own where it differs.
func (c *autogenCase) write(name, own string, first bool, got string) {
	if !first {
		c.remove(own)
		if c.section(name) == got {
			return
		}
		name = own
	}
	c.remove(name)
	c.ar.Files = append(c.ar.Files, txtar.File{Name: name, Data: []byte(got)})
}

func (c *autogenCase) remove(name string) {
	c.ar.Files = slices.DeleteFunc(c.ar.Files, func(f txtar.File) bool { return f.Name == name })
}

// order in which the sections stand in the file.
var sectionOrder = []string{"options", "from.sql", "live.sql", "to.sql", "rows.sql", "check.sql", "changes", "up.sql", "down.sql"}

// save writes the file, when something in it changed.
func (c *autogenCase) save() error {
	slices.SortStableFunc(c.ar.Files, func(a, b txtar.File) int {
		at := func(f txtar.File) int {
			if i := slices.Index(sectionOrder, f.Name); i >= 0 {
				return i
			}
			return len(sectionOrder)
		}
		return cmp.Or(at(a)-at(b), cmp.Compare(a.Name, b.Name))
	})
	text := txtar.Format(c.ar)
	if old, err := os.ReadFile(c.file); err == nil && string(old) == string(text) {
		return nil
	}
	return os.WriteFile(c.file, text, 0o666)
}

// oldestPostgres is the server that runs all cases; newer ones run what is
// theirs alone, and everything with MIGR_TEST_TORTURE.
const oldestPostgres = 15

// runsOn tells whether the case is run on an engine of that major version.
func (c *autogenCase) runsOn(e testdb.Engine, version int) bool {
	if len(c.products) > 0 && !slices.Contains(c.products, e.Name) || c.min > version {
		return false
	}
	return e != testdb.EnginePostgres18 || c.min > oldestPostgres || os.Getenv("MIGR_TEST_TORTURE") != ""
}

// autogenCases reads those of a family.
func autogenCases(t testing.TB, family string) []*autogenCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(autogenDir, family, "*", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*autogenCase
	for _, f := range files {
		all = append(all, readCase(t, f))
	}
	return all
}
