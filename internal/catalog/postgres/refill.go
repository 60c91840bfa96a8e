package postgres

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A table that cannot become what it shall be (its partition key, or the type of a
// column in it, changes) is dropped and made anew with all its partitions. Its rows
// are put aside before, in a table that depends on nothing, and come back after.

// asideOf is the table that holds the rows of another meanwhile.
func asideOf(table catalog.Key) catalog.Key {
	table.Name = clip(table.Name, 53) + "_migr_rows"
	return table
}

// withinTable is the partitioned table that a partition's rows are part of.
func withinTable(o *catalog.Object) catalog.Key {
	for _, d := range o.Deps {
		if d.Kind == "table" && o.Attrs["partition_of"] == qualified(d) {
			return d
		}
	}
	return catalog.Key{}
}

// dropTable puts the rows of a table that comes back aside, and has the sequences that
// stay leave it: they would go with it.
func dropTable(p *catalog.Ctx, o *catalog.Object) []string {
	var stmts []string
	for _, owner := range p.From.Parts(o.Key, "sequence_owner") {
		if key := sequenceKey(owner); p.To.Get(key) != nil && !p.Anew(key) {
			stmts = append(stmts, "ALTER SEQUENCE "+owner.Attrs["sequence"]+" OWNED BY NONE")
		}
	}
	name := qualified(o.Key)
	if p.Anew(o.Key) {
		if o.Attrs["force_row_security"] != "" { // its policies would hide rows from the owner
			stmts = append(stmts, "ALTER TABLE "+name+" NO FORCE ROW LEVEL SECURITY")
		}
		var values []string
		for _, c := range kept(p, o.Key) {
			values = append(values, c.away)
		}
		only := either(o.Attrs["partition_key"] == "", "ONLY ", "")                // not the rows of tables that inherit
		stmts = append(stmts, "LOCK TABLE "+only+name+" IN ACCESS EXCLUSIVE MODE") // else what is written behind the copy goes with the table
		stmts = append(stmts, "CREATE TABLE "+qualified(asideOf(o.Key))+" AS\nSELECT "+either(len(values) > 0, strings.Join(values, ", ")+" ", "")+"FROM "+only+name)
	}
	if parent := o.Attrs["partition_of"]; parent != "" && referenced(p.From, o) {
		stmts = append(stmts, detachPartition(parent, o)) // else it is a part of what the key references
	}
	return append(stmts, "DROP TABLE "+name)
}

// referenced tells whether a foreign key references a table that this one is a partition of.
func referenced(c *catalog.Catalog, partition *catalog.Object) bool {
	for up := c.Get(withinTable(partition)); up != nil; up = c.Get(withinTable(up)) {
		to := " REFERENCES " + qualified(up.Key) + "("
		if slices.ContainsFunc(c.Objects, func(o *catalog.Object) bool { return o.Kind == "foreign_key" && strings.Contains(o.Attrs["def"], to) }) {
			return true
		}
	}
	return false
}

// refillTable brings the rows of a table back.
func refillTable(p *catalog.Ctx, from, to *catalog.Object) []string {
	name, aside := qualified(to.Key), qualified(asideOf(from.Key))
	var columns, values, begin, end []string
	system := ""
	for _, c := range kept(p, to.Key) {
		columns, values = append(columns, ident(c.to.Name)), append(values, c.back)
		begin, end = append(begin, c.begin...), append(end, c.end...)
		if c.to.Attrs["identity"] != "" {
			system = " OVERRIDING SYSTEM VALUE"
			end = append(end, fillSequence(c.to, c.to.Attrs["identity_name"]))
		} else if seq := owned(p.To, c.to); seq != nil && (p.From.Get(seq.Key) == nil || p.Anew(seq.Key)) {
			end = append(end, fillSequence(c.to, seq.Name))
		}
	}
	insert := "INSERT INTO " + name + system + "\nSELECT FROM " + aside
	if len(columns) > 0 {
		insert = "INSERT INTO " + name + " (" + strings.Join(columns, ", ") + ")" + system + "\nSELECT " + strings.Join(values, ", ") + " FROM " + aside
	}
	if to.Attrs["force_row_security"] != "" { // its policies come later: until then the owner may do nothing
		begin = append(begin, "ALTER TABLE "+name+" NO FORCE ROW LEVEL SECURITY")
		end = append(end, "ALTER TABLE "+name+" FORCE ROW LEVEL SECURITY")
	}
	return append(append(append(begin, insert), end...), "DROP TABLE "+aside)
}

// anew tells whether a table of both sides is dropped and made again, as far as that is known.
func anew(p *catalog.Ctx, table catalog.Key) bool { return p.Anew != nil && p.Anew(table) }

// A keptColumn is one whose values outlast its table: away is what they are put aside
// as, back what they are read as.
type keptColumn struct {
	to         *catalog.Object
	away, back string
	begin, end []string // around the way back
}

func kept(p *catalog.Ctx, table catalog.Key) []keptColumn {
	var all []keptColumn
	for _, to := range columnsOf(p.To, table) {
		from := columnIn(p.From, table, to.Name)
		if from.Attrs["type"] == "" || to.Attrs["generated"] != "" {
			continue
		}
		col := ident(to.Name)
		c := keptColumn{to: to, away: col, back: col}
		meanwhile := from
		if ownType(from) {
			_, dims := element(from.Attrs["type"])
			held := hold(p, from, to, "text"+dims)
			c = keptColumn{to, held.away + " AS " + col, held.back, held.begin, held.end}
			if from.Attrs["type"] != to.Attrs["type"] {
				meanwhile, c.back = &catalog.Object{Key: from.Key, Attrs: map[string]string{"type": "text" + dims}}, col
			}
		}
		if using := conversion(meanwhile, to); using != "" && c.back == col {
			c.back = using
		}
		all = append(all, c)
	}
	return all
}

// ownType tells whether a column is of a type that may go or change under it.
func ownType(column *catalog.Object) bool {
	return slices.ContainsFunc(column.Deps, func(d catalog.Key) bool {
		switch d.Kind {
		case "enum", "domain", "composite", "range", "extension", "collation", "view", "materialized_view":
			return true
		}
		return d.Kind == "table" && d != column.TableKey()
	})
}

// columnsOf lists all columns of a table in their order, its own and those that it has from its parents.
func columnsOf(c *catalog.Catalog, table catalog.Key) []*catalog.Object {
	all := slices.Clone(c.Parts(table, "column"))
	for _, part := range inheritedParts(c, table) {
		if part.Kind == "column" {
			all = append(all, part)
		}
	}
	return all
}

// inKey finds the partitioned table that must be made anew so that a column can have
// another type: the server (13 to 18) changes none that is in the partition key of
// its table, or of a partition of that.
func inKey(c *catalog.Catalog, column *catalog.Object) (table catalog.Key, is bool) {
	top := column.TableKey()
	for _, o := range c.Objects {
		if o.Kind != "table" || o.Info["key_columns"] == "" || !slices.Contains(list(o.Info["key_columns"]), column.Name) {
			continue
		}
		for up := o; up != nil; up = c.Get(withinTable(up)) {
			if up.Key == top {
				return top, true
			}
		}
	}
	return catalog.Key{}, false
}
