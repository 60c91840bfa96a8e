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
	a.columns()
	a.keepGenerated()
	a.period()
	a.options()
	before, with, after := a.partitions()
	clauses := slices.Concat(a.drops, a.clauses, a.adds)
	sql := before
	if len(a.first) > 0 {
		sql = append(sql, a.alter(strings.Join(a.first, ",\n  "), ""))
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

// parts are the changes of the table's parts. Where MySQL renames a column, the checks
// and functional keys that name it must be dropped and added though they are equal.
func (a *altering) parts() []catalog.Delta {
	if a.f.renameFollows || len(a.names) == 0 {
		return a.d.Parts
	}
	parts := slices.Clone(a.d.Parts)
	for _, o := range a.p.From.Parts(a.d.From.Key, "") {
		text := o.Attrs["clause"] + strings.Join(expressionsOf(o), "")
		known := slices.ContainsFunc(parts, func(d catalog.Delta) bool { return d.From != nil && d.From.Key == o.Key })
		if o.Kind == "column" || known || renameIn(text, a.names) == text {
			continue
		}
		key := o.Key
		key.Table = a.d.To.Name
		if to := a.p.To.Get(key); to != nil {
			parts = append(parts, catalog.Delta{From: o, To: to})
		}
	}
	return parts
}

// expressionsOf lists the expressions that are columns of a key.
func expressionsOf(o *catalog.Object) []string {
	if !strings.Contains(o.Attrs["columns"], "((") && !strings.HasPrefix(o.Attrs["columns"], "(") {
		return nil
	}
	return []string{o.Attrs["columns"]}
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

// key handles an index, a unique key or the primary key.
func (a *altering) key(d *catalog.Delta) {
	from, to := d.From, d.To
	if from != nil && to != nil {
		if from.Name != to.Name {
			a.clauses = append(a.clauses, "RENAME INDEX "+ident(from.Name)+" TO "+ident(to.Name))
		}
		if attrs := a.keyAttrs(from, to); len(attrs) == 0 {
			return
		} else if slices.Equal(attrs, []string{"hidden"}) {
			a.clauses = append(a.clauses, a.visibility(to))
			return
		}
	}
	switch {
	case from == nil:
	case to != nil && from.Attrs["parser"] != to.Attrs["parser"]:
		// MySQL 9.7 takes keys that differ in the parser alone for the same key
		a.first = append(a.first, dropKey(from))
	default:
		a.drops = append(a.drops, dropKey(from))
	}
	if to != nil {
		a.addKey(to)
	}
}

func (a *altering) addKey(o *catalog.Object) {
	add := "ADD " + indexDef(a.f, o)
	if o.Attrs["type"] == "FULLTEXT" && a.hasText {
		a.fullText = append(a.fullText, add)
		return
	}
	a.hasText = a.hasText || o.Attrs["type"] == "FULLTEXT"
	a.adds = append(a.adds, add)
}

// inOrder sorts parts as they stand in the table that is to be.
func inOrder(parts []catalog.Delta) []catalog.Delta {
	parts = slices.Clone(parts)
	place := func(d catalog.Delta) int {
		if d.To == nil {
			return 0
		}
		return d.To.Pos
	}
	slices.SortStableFunc(parts, func(x, y catalog.Delta) int { return place(x) - place(y) })
	return parts
}

// spatialKeys takes the spatial keys off columns whose SRID changes, before it
// changes (MySQL, error 3644), and puts back those that are to stay.
func (a *altering) spatialKeys() {
	for _, o := range a.p.From.Parts(a.d.From.Key, "index") {
		if o.Attrs["type"] != "SPATIAL" || !a.sridChanges(o) {
			continue
		}
		drop := dropKey(o)
		a.drops = slices.DeleteFunc(a.drops, func(s string) bool { return s == drop })
		a.first = append(a.first, drop)
		if to := a.p.To.Get(catalog.Key{Kind: "index", Table: a.d.To.Name, Name: o.Name}); to != nil && o.Equal(to) {
			a.adds = append(a.adds, "ADD "+indexDef(a.f, to))
		}
	}
}

func (a *altering) sridChanges(index *catalog.Object) bool {
	names := columnsOf(index)
	return slices.ContainsFunc(a.d.Parts, func(d catalog.Delta) bool {
		return d.From != nil && d.To != nil && d.From.Kind == "column" && slices.Contains(names, d.From.Name) && d.Changed("srid")
	})
}

// keepGenerated makes an index explicit that may be one the server has made for a
// foreign key: such an index vanishes when a key is added that begins with the
// same columns, and nothing in the metadata tells it from another.
func (a *altering) keepGenerated() {
	for _, o := range a.p.From.Parts(a.d.From.Key, "index") {
		to := a.p.To.Get(catalog.Key{Kind: "index", Table: a.d.To.Name, Name: o.Name})
		if to == nil || !o.Equal(to) || !plainIndex(o) {
			continue
		}
		for _, d := range a.d.Parts {
			added := d.To != nil && d.To.Kind != "column" && d.To.Kind != "check" && (d.From == nil || d.Changed("columns"))
			if added && strings.HasPrefix(d.To.Attrs["columns"]+",", o.Attrs["columns"]+",") {
				a.drops = append(a.drops, dropKey(o))
				a.adds = append(a.adds, "ADD "+indexDef(a.f, to))
				break
			}
		}
	}
}

// plainIndex tells whether an index looks like one that the server makes.
func plainIndex(o *catalog.Object) bool {
	return o.Kind == "index" && len(o.Attrs) == 1 && !strings.ContainsAny(o.Attrs["columns"], "( ")
}

// keyAttrs lists what differs once columns have their new names, which a key follows,
// unless it is on an expression and the product is MySQL.
func (a *altering) keyAttrs(from, to *catalog.Object) []string {
	renamed := from.Clone()
	if !a.f.renameFollows && len(expressionsOf(from)) > 0 && renameIn(from.Attrs["columns"], a.names) != from.Attrs["columns"] {
		return []string{"columns"}
	}
	renamed.Attrs["columns"] = renameIn(from.Attrs["columns"], a.names)
	return catalog.DiffAttrs(renamed, to)
}

func (a *altering) visibility(o *catalog.Object) string {
	word := a.f.hiddenIndex
	if o.Attrs["hidden"] == "" {
		word = a.f.shownIndex
	}
	return "ALTER INDEX " + ident(o.Name) + " " + word
}

func dropKey(o *catalog.Object) string {
	if o.Kind == "primary_key" {
		return "DROP PRIMARY KEY"
	}
	return "DROP KEY " + ident(o.Name)
}

func (a *altering) check(d *catalog.Delta) {
	if d.From != nil && d.To != nil && a.f.renameFollows && renameIn(d.From.Attrs["clause"], a.names) == d.To.Attrs["clause"] {
		return
	}
	if d.From != nil && d.To != nil && slices.Equal(d.Attrs, []string{"not_enforced"}) {
		word := " ENFORCED"
		if d.To.Attrs["not_enforced"] != "" {
			word = " NOT ENFORCED"
		}
		a.clauses = append(a.clauses, "ALTER CHECK "+ident(d.To.Name)+word)
		return
	}
	if d.From != nil {
		a.drops = append(a.drops, "DROP CONSTRAINT "+ident(d.From.Name))
	}
	if d.To != nil {
		a.adds = append(a.adds, "ADD "+checkDef(d.To))
	}
}

// columns writes the clauses of all columns, from left to right, so that the one
// that AFTER names always stands in its place already.
func (a *altering) columns() {
	olds := map[string]*catalog.Object{} // by new name
	for _, c := range a.p.From.Parts(a.d.From.Key, "column") {
		name := c.Name
		if to, renamed := a.names[c.Name]; renamed {
			name = to
		}
		olds[name] = c
	}
	news := a.p.To.Parts(a.d.To.Key, "column")
	stays := a.inPlace(news, olds)
	for _, c := range a.p.From.Parts(a.d.From.Key, "column") {
		name := c.Name
		if to, renamed := a.names[c.Name]; renamed {
			name = to
		}
		if c2 := a.p.To.Get(catalog.Key{Kind: "column", Table: a.d.To.Name, Name: name}); c2 == nil || a.rebuilt(c, c2) {
			a.drops = append(a.drops, "DROP COLUMN "+ident(c.Name))
		}
	}
	lastStaying := -1
	for i := range news {
		if stays[i] {
			lastStaying = i
		}
	}
	for i, c := range news {
		old := olds[c.Name]
		place := ""
		if !stays[i] && (old != nil && !a.rebuilt(old, c) || i < lastStaying) {
			place = " FIRST"
			if i > 0 {
				place = " AFTER " + ident(news[i-1].Name)
			}
		}
		a.column(old, c, place)
	}
}

// column writes the clause of one column, if it wants one.
func (a *altering) column(old, c *catalog.Object, place string) {
	def := columnDef(a.f, a.d.To, c)
	switch {
	case old == nil || a.rebuilt(old, c):
		a.clauses = append(a.clauses, "ADD COLUMN "+def+place)
	case old.Name != c.Name && len(a.columnAttrs(old, c)) == 0 && place == "":
		a.clauses = append(a.clauses, "RENAME COLUMN "+ident(old.Name)+" TO "+ident(c.Name))
	case old.Name != c.Name:
		a.clauses = append(a.clauses, "CHANGE COLUMN "+ident(old.Name)+" "+def+place)
	case len(a.columnAttrs(old, c)) > 0 || place != "":
		a.clauses = append(a.clauses, "MODIFY COLUMN "+def+place)
	}
}

// columnAttrs lists what differs once columns have their new names.
func (a *altering) columnAttrs(old, c *catalog.Object) []string {
	if a.f.renameFollows && len(a.names) > 0 {
		old = old.Clone()
		for _, attr := range []string{"generated", "check", "default"} {
			put(old, attr, renameIn(old.Attrs[attr], a.names))
		}
	}
	return catalog.DiffAttrs(old, c)
}

// rebuilt tells whether a column can only be dropped and added again: as the
// function of that name says, and where MySQL renames a column that it is computed from.
func (a *altering) rebuilt(old, c *catalog.Object) bool {
	g := old.Attrs["generated"]
	return rebuilt(old, c) || !a.f.renameFollows && g != "" && renameIn(g, a.names) != g
}

// rebuilt tells whether a column can only be dropped and added again: neither
// product turns a virtual column into a stored or plain one or back, and
// MariaDB changes no expression between the two either.
func rebuilt(old, c *catalog.Object) bool {
	if old.Attrs["generated"] == "" && c.Attrs["generated"] == "" {
		return false
	}
	return kindOfColumn(old) != kindOfColumn(c) && (kindOfColumn(old) != "stored" || kindOfColumn(c) != "plain")
}

func kindOfColumn(c *catalog.Object) string {
	switch {
	case c.Attrs["generated"] == "":
		return "plain"
	case c.Attrs["stored"] != "":
		return "stored"
	default:
		return "virtual"
	}
}

// inPlace marks a longest run of columns whose old places rise; the others move.
func (a *altering) inPlace(news []*catalog.Object, olds map[string]*catalog.Object) []bool {
	n := len(news)
	length, prev, end := make([]int, n), make([]int, n), -1
	for i, c := range news {
		old := olds[c.Name]
		if old == nil || a.rebuilt(old, c) {
			continue
		}
		length[i], prev[i] = 1, -1
		for j := range i {
			if length[j] > 0 && olds[news[j].Name].Pos < old.Pos && length[j]+1 > length[i] {
				length[i], prev[i] = length[j]+1, j
			}
		}
		if end < 0 || length[i] > length[end] {
			end = i
		}
	}
	stays := make([]bool, n)
	for i := end; i >= 0; i = prev[i] {
		stays[i] = true
	}
	return stays
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
			a.drops = append(a.drops, "DROP SYSTEM VERSIONING")
		}
	}
}

// partitions compares the clauses. Partitions taken out of a list, or put at its end, are
// dropped or added by statements of their own; other changes divide the table anew.
func (a *altering) partitions() (before []string, with string, after []string) {
	if !a.d.Changed("partition") {
		return nil, "", nil
	}
	from, to := a.d.From.Attrs["partition"], a.d.To.Attrs["partition"]
	if to == "" {
		return nil, "REMOVE PARTITIONING", nil
	}
	gone, come, ok := partitionChanges(from, to)
	if !ok {
		return nil, partitionText(a.d.To), nil
	}
	if len(gone) > 0 {
		before = []string{"ALTER TABLE " + ident(a.d.To.Name) + " DROP PARTITION " + idents(gone)}
	}
	if len(come) > 0 {
		after = []string{"ALTER TABLE " + ident(a.d.To.Name) + " ADD PARTITION\n(" + strings.Join(come, ",\n ") + ")"}
	}
	return before, "", after
}

// partitionChanges tells which partitions go, by name, and which come at the end, by
// definition; false where the list cannot be made so. Dropping is the way only for
// ranges and lists; something must stay.
func partitionChanges(from, to string) (gone, come []string, ok bool) {
	head, names, items := splitPartitions(from)
	head2, names2, items2 := splitPartitions(to)
	ranged := strings.HasPrefix(head, "PARTITION BY RANGE") || strings.HasPrefix(head, "PARTITION BY LIST")
	if head != head2 || !ranged || names == nil || names2 == nil {
		return nil, nil, false
	}
	n := 0
	for i, name := range names {
		if n < len(items2) && items2[n] == items[i] {
			n++
		} else if slices.Contains(names2, name) {
			return nil, nil, false
		} else {
			gone = append(gone, name)
		}
	}
	return gone, items2[n:], n > 0
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
