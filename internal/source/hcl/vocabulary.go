package hcl

import "github.com/migr-dev/migr/internal/sqltext"

// A block is what may stand in one sort of block: what Atlas v1.2.0 reads there
// and its planner writes. What is in neither list is an error.
type block struct {
	attrs  string // names, separated by blanks
	labels int    // how many at most
	blocks map[string]*block
}

const sqlBesides = "write it in a .sql file and list that beside this one: models = [\"schema.hcl\", \"more.sql\"]"

// elsewhere are blocks that Atlas knows by name only, in the open version, and
// what to do about them.
var elsewhere = map[string]string{
	"view": sqlBesides, "materialized": sqlBesides, "function": sqlBesides, "procedure": sqlBesides, "trigger": sqlBesides,
	"event": sqlBesides, "sequence": sqlBesides, "domain": sqlBesides, "composite": sqlBesides, "range": sqlBesides,
	"extension": sqlBesides, "policy": sqlBesides, "aggregate": sqlBesides, "event_trigger": sqlBesides,
	"collation": sqlBesides, "cast": sqlBesides, "foreign_table": sqlBesides, "server": sqlBesides,
	"role": "roles belong to the server, not to one database", "user": "users belong to the server, not to one database",
	"permission": "rights are not compared: grant them apart from the models",
	"env":        "this is a project file of Atlas: name the schema file itself", "atlas": "this is a project file of Atlas: name the schema file itself",
	"data": "data sources are for Atlas's project files: give the value as a variable, schema.hcl?name=value",
}

// vocabularies are the blocks of a file for each family. What is refused though
// Atlas reads it, its planner leaves out: the name of a PostgreSQL primary key,
// comments on SQLite, CHECK … NOT ENFORCED.
func vocabularies() map[sqltext.Family]*block {
	return map[sqltext.Family]*block{
		sqltext.Postgres: {blocks: with(common(), map[string]*block{
			"schema": {attrs: "name comment", labels: 1},
			"enum":   {attrs: "schema values", labels: 2},
			"table": {attrs: "schema comment depends_on", labels: 2, blocks: map[string]*block{
				"column":      column("comment", map[string]*block{"identity": {attrs: "generated start increment"}}),
				"primary_key": {attrs: "columns include"},
				"index":       index("type where nulls_distinct page_per_range include comment", "ops nulls_first nulls_last"),
				"unique":      {attrs: "columns include nulls_distinct comment", labels: 1},
				"check":       {attrs: "expr", labels: 1},
				"foreign_key": foreignKey(),
				"partition":   {attrs: "type columns", blocks: map[string]*block{"by": {attrs: "column expr"}}},
			}},
		})},
		sqltext.MySQL: {blocks: with(common(), map[string]*block{
			"schema": {attrs: "name charset collate collation", labels: 1},
			"table": {attrs: "schema comment charset collate collation auto_increment engine depends_on", labels: 2, blocks: map[string]*block{
				"column":      column("comment unsigned charset collate collation on_update auto_increment", nil),
				"primary_key": {attrs: "columns type", blocks: map[string]*block{"on": {attrs: "column desc prefix"}}},
				"index":       index("type parser comment", "prefix"),
				"check":       {attrs: "expr", labels: 1},
				"foreign_key": foreignKey(),
			}},
		})},
		sqltext.SQLite: {blocks: with(common(), map[string]*block{
			"schema": {attrs: "name", labels: 1},
			"table": {attrs: "schema without_rowid strict depends_on", labels: 2, blocks: map[string]*block{
				"column":      column("auto_increment", nil),
				"primary_key": {attrs: "columns"},
				"index":       index("where", ""),
				"check":       {attrs: "expr", labels: 1},
				"foreign_key": foreignKey(),
			}},
		})},
	}
}

func common() map[string]*block {
	return map[string]*block{
		"variable": {attrs: "type default description", labels: 1},
		"locals":   {attrs: "*"},
	}
}

func column(attrs string, blocks map[string]*block) *block {
	return &block{
		attrs: "null type default as " + attrs, labels: 1,
		blocks: with(map[string]*block{"as": {attrs: "expr type"}}, blocks),
	}
}

func index(attrs, on string) *block {
	return &block{attrs: "unique columns " + attrs, labels: 1, blocks: map[string]*block{"on": {attrs: "desc column expr " + on}}}
}

func foreignKey() *block {
	return &block{attrs: "columns ref_columns on_update on_delete", labels: 1}
}

func with(a, b map[string]*block) map[string]*block {
	for k, v := range b {
		a[k] = v
	}
	return a
}
