package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// altering gathers the clauses of one ALTER TABLE. The server takes them together,
// so that keys may change places under a foreign key and an AUTO_INCREMENT
// column comes with its key.
type altering struct {
	p       *catalog.Ctx
	d       *catalog.Delta
	f       *flavour
	names   map[string]string // columns that are given another name: old to new
	first   []string          // drops that must have happened before
	renames []string          // of columns, where they must stand alone
	drops   []string
	clauses []string
	adds    []string
	// fullText are the full-text keys from the second on: InnoDB adds one at a time
	// to a table that is there (error 1795)
	fullText []string
	hasText  bool
}

// alterTable returns one ALTER TABLE for the table and all its merged parts, and
// statements around it where the server wants them apart: partitions that come or
// go, and MariaDB's permission to alter a table that has a history.
func alterTable(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	a := &altering{p: p, d: d, f: flavourIn(p), names: map[string]string{}}
	for _, part := range d.Parts {
		if part.From != nil && part.To != nil && part.From.Kind == "column" && part.From.Name != part.To.Name {
			a.names[part.From.Name] = part.To.Name
		}
	}
	for _, part := range inOrder(a.parts()) {
		a.part(&part)
	}
	a.spatialKeys()
	a.rebuiltKeys()
	a.columns()
	a.keepGenerated()
	a.period()
	a.options()
	a.apart()
	before, with, after := a.partitions()
	clauses := slices.Concat(a.drops, a.clauses, a.adds)
	sql := before
	for _, clauses := range [][]string{a.first, a.renames} {
		if len(clauses) > 0 {
			sql = append(sql, a.alter(strings.Join(clauses, ",\n  "), ""))
		}
	}
	if len(clauses) > 0 || with != "" {
		sql = append(sql, a.alter(strings.Join(clauses, ",\n  "), with))
	}
	for _, add := range a.fullText {
		sql = append(sql, a.alter(add, ""))
	}
	sql = append(sql, after...)
	return catalog.Alteration{SQL: a.withHistory(sql), Detach: a.detach()}
}

// apart puts what copies the table into statements of its own, before and after the
// renaming of columns with a foreign key: MySQL renames none in a copy (error 1846).
func (a *altering) apart() {
	if a.f.renameFollows || !a.renamesUnderKey() {
		return
	}
	a.first, a.drops = append(a.first, a.drops...), nil
	isRename := func(s string) bool { return strings.HasPrefix(s, "RENAME COLUMN ") }
	for _, c := range a.clauses {
		if isRename(c) {
			a.renames = append(a.renames, c)
		}
	}
	a.clauses = slices.DeleteFunc(a.clauses, isRename)
}

// renamesUnderKey tells whether a foreign key is on a column that is renamed, or
// refers to one.
func (a *altering) renamesUnderKey() bool {
	if len(a.names) == 0 {
		return false
	}
	for _, o := range a.p.From.Objects {
		for _, d := range o.Deps {
			if o.Kind == "foreign_key" && d.Kind == "column" && d.Table == a.d.From.Name && a.names[d.Name] != "" {
				return true
			}
		}
	}
	return false
}

func (a *altering) alter(clauses, with string) string {
	sql := "ALTER TABLE " + ident(a.d.To.Name)
	if clauses != "" {
		sql += "\n  " + clauses
	}
	if with != "" {
		sql += "\n" + with
	}
	return sql
}

// part handles a key or a check; columns are handled together.
func (a *altering) part(d *catalog.Delta) {
	o := d.To
	if o == nil {
		o = d.From
	}
	switch {
	case o.Kind == "column":
	case o.Kind == "check":
		a.check(d)
	default:
		a.key(d)
	}
}

// period handles MariaDB's PERIOD FOR SYSTEM_TIME.
func (a *altering) period() {
	from := systemPeriod(a.p.From.Parts(a.d.From.Key, "column"))
	to := systemPeriod(a.p.To.Parts(a.d.To.Key, "column"))
	if from == to {
		return
	}
	if to != "" {
		a.adds = append(a.adds, "ADD "+to)
	}
}

// optionDefaults says how an option is taken back where that is not KEY=DEFAULT.
var optionDefaults = map[string]string{
	"KEY_BLOCK_SIZE": "0", "MAX_ROWS": "0", "MIN_ROWS": "0", "AVG_ROW_LENGTH": "0", "CHECKSUM": "0", "DELAY_KEY_WRITE": "0",
	"COMPRESSION": "''", "ENCRYPTION": "'N'", "AUTOEXTEND_SIZE": "0",
}

func (a *altering) options() {
	from, to := a.d.From, a.d.To
	for _, attr := range a.d.Attrs {
		value := to.Attrs[attr]
		switch name, isOption := strings.CutPrefix(attr, "option "); {
		case isOption && value != "":
			a.adds = append(a.adds, name+"="+value)
		case isOption && optionDefaults[name] != "":
			a.adds = append(a.adds, name+"="+optionDefaults[name])
		case isOption:
			a.adds = append(a.adds, name+"=DEFAULT")
		case attr == "engine":
			a.adds = append(a.adds, "ENGINE="+value)
		case attr == "collation":
			a.adds = append(a.adds, "DEFAULT CHARSET="+charsetOf(value)+" COLLATE="+value)
		case attr == "comment":
			a.adds = append(a.adds, "COMMENT="+quote(value))
		case attr == "versioned" && value != "":
			a.adds = append(a.adds, "ADD SYSTEM VERSIONING")
		case attr == "versioned" && from.Attrs["versioned"] != "":
			if d := "DROP SYSTEM VERSIONING"; a.d.Changed("engine") { // MariaDB 10.11: error 4120
				a.first = append(a.first, d)
			} else {
				a.drops = append(a.drops, d)
			}
		}
	}
}

// withHistory lets MariaDB alter a table that keeps the history of its rows, which
// it refuses with error 4119 unless told to (10.3 and later).
func (a *altering) withHistory(sql []string) []string {
	if a.d.From.Attrs["versioned"] == "" || len(sql) == 0 {
		return sql
	}
	return slices.Concat([]string{"SET SESSION system_versioning_alter_history = KEEP"}, sql,
		[]string{"SET SESSION system_versioning_alter_history = DEFAULT"})
}

// detach names the columns that foreign keys must let go of: the server changes
// neither type nor character set under one (errors 1832, 1833 and 3780), none may
// stand on a column that is dropped and added, and a table that is copied must not
// have one on a renamed column (1846).
func (a *altering) detach() []catalog.Key {
	var keys []catalog.Key
	for _, d := range a.d.Parts {
		if d.From == nil || d.To == nil || d.From.Kind != "column" {
			continue
		}
		if d.From.Name != d.To.Name {
			keys = append(keys, d.From.Key)
			continue
		}
		for _, attr := range []string{"type", "collation", "generated", "stored", "not_null"} {
			if d.Changed(attr) {
				keys = append(keys, d.From.Key)
				break
			}
		}
	}
	return keys
}
