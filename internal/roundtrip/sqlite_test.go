package roundtrip

import (
	"fmt"
	"slices"
	"strings"

	catalogsqlite "github.com/migr-dev/migr/internal/catalog/sqlite"
	"github.com/migr-dev/migr/internal/driver/sqlite"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// Names of tables and columns: few, so that schemas meet, and some that need quotes.
var (
	tableNames  = []string{"t", "u", "person", "Order", "a b", "ключ", "q\"x", strings.Repeat("n", 58)}
	columnNames = []string{"a", "b", "c", "n", "name", "Mixed", "select", "x y", "é", "it's"}
)

func sqliteProduct() *product {
	return &product{
		server: testdb.EngineSQLite, dialect: sqlite.Dialect(), catalog: catalogsqlite.Engine(), grammar: sqliteGrammar(), pairs: 40,
		tidy:     sqliteWords,
		describe: sqlitePragmas,
		rowsErr:  []string{"constraint failed", "cannot store", "foreign key", "datatype mismatch", "type mismatch on DEFAULT"},
	}
}

func sqliteGrammar() *grammar {
	return &grammar{
		family: sqltext.SQLite, names: tableNames, fields: columnNames,
		kinds: []kind{
			{"table", 14, sqliteTable, false},
			{"column", 20, sqliteColumn, true},
			{"primary_key", 5, sqlitePrimary, true},
			{"unique", 5, sqliteUnique, true},
			{"check", 6, sqliteCheck, true},
			{"foreign_key", 6, sqliteForeign, true},
			{"index", 10, sqliteIndex, true},
			{"view", 10, sqliteView, false},
			{"trigger", 8, sqliteTrigger, true},
			{"fts", 2, sqliteFTS, false},
			{"rtree", 1, sqliteRTree, false},
		},
	}
}

func sqliteTable(g *gen, n *node) bool {
	n.sql = "CREATE TABLE " + g.q(n.name)
	n.tail = g.maybe(" STRICT", " WITHOUT ROWID", " STRICT, WITHOUT ROWID")
	return true
}

// sqliteExpr is an expression over a table's columns.
func sqliteExpr(g *gen, n *node, table string) (expr, class string, ok bool) {
	if c, ok := g.col(n, table, "int"); ok && g.chance(2) {
		return fmt.Sprintf(g.one("%s + 1", "abs(%s)", "%s * 2", "-%s", "coalesce(%s, 0)", "CASE WHEN %s THEN 1 END", "CAST(%s AS TEXT)"), c), "int", true
	}
	if c, ok := g.col(n, table, "text"); ok {
		return fmt.Sprintf(g.one("lower(%s)", "%s || 'x''y'", "length(%s)", "%s COLLATE NOCASE", "substr(%s, 1, 3)"), c), "text", true
	}
	return "", "", false
}

func sqliteCondition(g *gen, n *node, table string) (string, bool) {
	c, ok := g.col(n, table, "int", "text")
	if !ok {
		return "", false
	}
	return fmt.Sprintf(g.one("%s > 0", "%s IS NOT NULL", "%s <> 'it''s'", "%[1]s BETWEEN 1 AND 9 AND %[1]s <> 3", "%s IN (1, 2)", "NOT %s LIKE 'a%%'", "length(%s) < 100"), c), true
}

func sqliteColumn(g *gen, n *node) bool {
	strict := strings.Contains(g.owner().tail, "STRICT")
	n.class = g.one("int", "text", "int", "text", "blob")
	types := map[string][]string{
		"int":  {"int", "INTEGER", "bigint", "decimal(10, 2)", "bool"},
		"text": {"text", "varchar(20)", "VARCHAR(30)", "nchar(5)", "json", "datetime"},
		"blob": {"blob", "", "real"},
	}
	if strict {
		types = map[string][]string{"int": {"int", "INTEGER"}, "text": {"text"}, "blob": {"blob", "any", "real"}}
	}
	n.sql = strings.TrimSuffix(g.q(n.name)+" "+g.one(types[n.class]...), " ")
	if strings.Contains(g.owner().tail, "ROWID") && len(g.columns(n.table)) == 0 {
		n.class = "int"
		n.sql = g.q(n.name) + " " + g.one("int", "INTEGER") + g.maybe(" NOT NULL") + " PRIMARY KEY" + g.maybe(" DESC")
		return true
	}
	if g.chance(6) {
		if e, _, ok := sqliteExpr(g, n, n.table); ok {
			n.class = ""
			n.sql += g.one(" AS (", " GENERATED ALWAYS AS (") + e + ")" + g.one("", " VIRTUAL", " STORED")
			return true
		}
	}
	if g.chance(3) {
		n.sql += " NOT NULL" + g.maybe(" ON CONFLICT IGNORE", " ON CONFLICT REPLACE", " ON CONFLICT FAIL")
	}
	if g.chance(2) {
		n.sql += " DEFAULT " + map[string]string{
			"int":  g.one("0", "-1", "(1 + 2)", "1.5e3", "TRUE", "NULL", "(abs(-4))"),
			"text": g.one("''", "'it''s'", "'x  y'", "CURRENT_TIMESTAMP", "(upper('x'))", "\"dq\"", "'CHECK (a)'", "(datetime('now'))"),
			"blob": g.one("x'00ff'", "(zeroblob(2))", "1"),
		}[n.class]
	}
	if n.class == "text" {
		n.sql += g.maybe(" COLLATE NOCASE", " COLLATE RTRIM", " COLLATE BINARY")
	}
	return true
}

func constraintName(g *gen, n *node) string {
	if g.chance(2) {
		return ""
	}
	return "CONSTRAINT " + g.q(n.name) + " "
}

func sqliteConflict(g *gen) string {
	if g.chance(5) {
		return g.one(" ON CONFLICT ROLLBACK", " ON CONFLICT IGNORE", " ON CONFLICT REPLACE")
	}
	return ""
}

// onlyOne tells whether the table has none of that kind yet.
func (g *gen) onlyOne(n *node) bool {
	for _, o := range g.s {
		if o.kind == n.kind && o.id != n.id && (o.table == n.table || o.of == n.table) {
			return false
		}
	}
	return true
}

func sqlitePrimary(g *gen, n *node) bool {
	cs := g.some(g.columns(n.table, "int", "text"), 2)
	if !g.onlyOne(n) || len(cs) == 0 {
		return false
	}
	n.sql = constraintName(g, n) + "PRIMARY KEY (" + g.list(n, cs, func(c column) string { return g.q(c.name) + g.maybe(" DESC") }) + g.maybe(" AUTOINCREMENT") + ")" + sqliteConflict(g)
	return true
}

func sqliteUnique(g *gen, n *node) bool {
	cs := g.some(g.columns(n.table), 2)
	for _, o := range g.s { // SQLite makes one index of two equal ones
		if o.kind == n.kind && o.table == n.table && o.id != n.id && len(o.needs) == len(cs) {
			return false
		}
	}
	n.sql = constraintName(g, n) + "UNIQUE (" + g.list(n, cs, func(c column) string { return g.q(c.name) + g.maybe(" COLLATE NOCASE", " DESC") }) + ")" + sqliteConflict(g)
	return len(cs) > 0
}

func sqliteCheck(g *gen, n *node) bool {
	cond, ok := sqliteCondition(g, n, n.table)
	n.sql = constraintName(g, n) + "CHECK (" + cond + ")"
	return ok
}

func sqliteForeign(g *gen, n *node) bool {
	to, _ := g.pick("table") // perhaps the table itself
	from, target := g.columns(n.table, "int", "text"), g.columns(to.id, "int", "text")
	k := 1 + g.int(2)
	if len(from) < k || len(target) < k {
		return false
	}
	name := func(c column) string { return g.q(c.name) }
	n.needs = append(n.needs, to.id)
	n.sql = constraintName(g, n) + "FOREIGN KEY (" + g.list(n, from[:k], name) + ") REFERENCES " + g.q(to.name) + " (" + g.list(n, target[:k], name) + ")" +
		g.maybe(" ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE RESTRICT ON UPDATE CASCADE") + g.maybe(" DEFERRABLE INITIALLY DEFERRED")
	if n.table == to.id { // its own columns: the table needs no table
		n.needs = n.needs[1:]
	}
	return true
}

func sqliteIndex(g *gen, n *node) bool {
	table := g.owner()
	n.of, n.table = table.id, ""
	var parts []string
	for _, c := range g.some(g.columns(table.id), 3) {
		n.need(c)
		parts = append(parts, g.q(c.name)+g.maybe(" COLLATE NOCASE", " COLLATE rtrim")+g.maybe(" DESC", " ASC"))
	}
	if e, _, ok := sqliteExpr(g, n, table.id); ok && g.chance(3) {
		parts = append(parts, e)
	}
	n.sql = "CREATE " + g.maybe("UNIQUE ") + "INDEX " + g.q(n.name) + " ON " + g.q(table.name) + " (" + strings.Join(parts, ", ") + ")"
	if w, ok := sqliteCondition(g, n, table.id); ok && g.chance(4) {
		n.sql += " WHERE " + w
	}
	return len(parts) > 0
}

// query is a SELECT over one or two tables or views.
func (g *gen) query(n *node, kinds ...string) (string, bool) {
	from, ok := g.pick(kinds...)
	if !ok {
		return "", false
	}
	n.needs = append(n.needs, from.id)
	n.cols = nil
	var items []string
	for i, c := range g.some(g.columns(from.id), 4) {
		n.need(c)
		item, name := "x."+g.q(c.name), c.name
		if g.chance(4) {
			name = fmt.Sprint("out", i)
			item += " AS " + name
		}
		items = append(items, item)
		n.cols = append(n.cols, column{"", name, c.class})
	}
	if len(items) == 0 {
		return "", false
	}
	text := strings.Join(items, ", ")
	if g.chance(8) {
		n.cols = g.columns(from.id)
		text = "*"
	}
	text = "SELECT " + text + " FROM " + g.q(from.name) + " AS x"
	if c, ok := g.col(n, from.id, "int"); ok && g.chance(3) {
		if to, ok := g.pick(kinds...); ok {
			if d, ok := g.col(n, to.id, "int"); ok && !strings.Contains(text, "*") {
				n.needs = append(n.needs, to.id)
				return text + g.one(" JOIN ", " LEFT JOIN ") + g.q(to.name) + " AS y ON y." + d + " = x." + c, true
			}
		}
		text += " WHERE x." + c + g.one(" > 1", " IS NOT NULL", " IN (1, 2)")
	}
	return text, true
}

func sqliteView(g *gen, n *node) bool {
	text, ok := g.query(n, "table", "view")
	if g.chance(6) {
		text = "WITH q AS (" + text + ") SELECT * FROM q"
	}
	n.sql = "CREATE VIEW " + g.q(n.name) + " AS " + text
	return ok
}

func sqliteTrigger(g *gen, n *node) bool {
	table := g.owner()
	n.of, n.table = table.id, ""
	when := g.one(" BEFORE", " AFTER") + g.one(" INSERT", " DELETE", " UPDATE")
	if v, ok := g.pick("view"); ok && g.chance(5) {
		n.of, table, when = v.id, v, " INSTEAD OF INSERT"
	}
	if c, ok := g.col(n, table.id); ok && strings.HasSuffix(when, "UPDATE") && g.chance(2) {
		when += " OF " + c
	}
	n.sql = "CREATE TRIGGER " + g.q(n.name) + when + " ON " + g.q(table.name) + g.maybe(" FOR EACH ROW")
	if strings.HasSuffix(when, "INSERT") {
		if c, ok := g.col(n, table.id, "int"); ok && g.chance(3) {
			n.sql += " WHEN new." + c + " > 5"
		}
	}
	body := "SELECT 'x;y'"
	if to, ok := g.pick("table"); ok {
		n.needs = append(n.needs, to.id)
		body = "DELETE FROM " + g.q(to.name)
		if c, ok := g.col(n, to.id, "int"); ok {
			body = g.one("UPDATE "+g.q(to.name)+" SET "+c+" = 1", body+" WHERE "+c+" > 100", "SELECT max("+c+") FROM "+g.q(to.name))
		}
	}
	n.sql += " BEGIN " + body + "; END"
	return true
}

func sqliteFTS(g *gen, n *node) bool {
	n.sql = "CREATE VIRTUAL TABLE " + g.q(n.name) + " USING fts5(a" + g.maybe(", b") + g.maybe(", tokenize = 'porter ascii'") + ")"
	return true
}

func sqliteRTree(g *gen, n *node) bool {
	n.sql = "CREATE VIRTUAL TABLE " + g.q(n.name) + " USING rtree(id, x0, x1" + g.maybe(", +note TEXT") + ")"
	return true
}

// sqlitePragmas list what SQLite made of a schema, without regard to the order of
// columns and to the names that it gives to indexes by itself.
var sqlitePragmas = []string{
	`SELECT 'table', name, type, wr, strict FROM pragma_table_list
	  WHERE schema = 'main' AND type IN ('table', 'virtual') AND substr(name, 1, 7) <> 'sqlite_'`,
	`SELECT 'column', m.name, p.name, upper(p.type), p."notnull", p.dflt_value, p.pk, p.hidden
	  FROM sqlite_schema m, pragma_table_xinfo(m.name) p WHERE m.type = 'table' AND m.rootpage > 0 AND m.name <> 'sqlite_sequence'`,
	`SELECT 'index', m.name, CASE WHEN l.origin = 'c' THEN l.name ELSE '' END, l."unique", l.origin, l.partial,
	  (SELECT group_concat(coalesce(x.name, '(expr)') || ' ' || x.desc || ' ' || x.coll) FROM pragma_index_xinfo(l.name) x WHERE x.key)
	  FROM sqlite_schema m, pragma_index_list(m.name) l WHERE m.type = 'table'`,
	`SELECT 'fk', m.name, p.seq, p."table", p."from", p."to", p.on_update, p.on_delete, p.match
	  FROM sqlite_schema m, pragma_foreign_key_list(m.name) p WHERE m.type = 'table'`,
}

// sqliteWords writes the text of each table as a list of its words, without those
// that say what the pragmas tell better: SQLite keeps what was typed, and a
// constraint may be typed at its column or behind all of them.
func sqliteWords(dump string) string {
	var out []string
	for _, text := range strings.Split(dump, ";\n") {
		if strings.HasPrefix(text, "CREATE TABLE") {
			words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n(),", r) })
			words = slices.DeleteFunc(words, func(w string) bool {
				return slices.Contains([]string{"NOT", "NULL", "FOREIGN", "KEY", "ASC", "DESC"}, w)
			})
			slices.Sort(words)
			text = strings.Join(slices.Compact(words), " ")
		}
		out = append(out, text)
	}
	return strings.Join(out, ";\n")
}
