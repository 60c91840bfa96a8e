package roundtrip

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	catalogmysql "github.com/migr-dev/migr/internal/catalog/mysql"
	"github.com/migr-dev/migr/internal/driver/mysql"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

func mysqlProduct(server testdb.Engine) *product {
	return &product{
		server: server, dialect: mysql.Dialect(), catalog: catalogmysql.Engine(), grammar: mysqlGrammar(server == testdb.EngineMariaDB), pairs: 8,
		tidy: mysqlTidy,
		rowsErr: []string{
			"1048", "1062", "1138", "1169", "1171", "1216", "1217", "1260", "1264", "1265", "1292", "1364", "1366", "1367", "1406", "1411", "1416", "1451", "1452",
			"1526", "1690", "1830", "3140", "3156", "3819", "3903", "3904", "3907", "4025", "4079", "1118", "1071", "4078",
		},
	}
}

var (
	mysqlStarts     = regexp.MustCompile(` STARTS '[^']*'`)
	mysqlCharset    = regexp.MustCompile(`DEFAULT CHARSET=(\w+) COLLATE=(\w+)`)
	mysqlPlain      = regexp.MustCompile(`DEFAULT CHARSET=(\w+)( COMMENT| ROW| STATS| WITH|;)`)
	mysqlIntroducer = regexp.MustCompile(`\b_(latin1|utf8mb4)'`)
	mysqlKeys       = regexp.MustCompile(`(?m)(^  (PRIMARY |UNIQUE |FULLTEXT |SPATIAL )?(KEY|CONSTRAINT) .*\n)+`)
)

// mysqlTidy takes out of a dump what no statement can change (the order of keys) or
// the server's metadata do not tell: that a B-tree was asked for by name, that a
// column was given its table's character set by name (MySQL 9), when an event starts.
func mysqlTidy(dump string) string {
	dump = mysqlStarts.ReplaceAllString(strings.ReplaceAll(dump, " USING BTREE", ""), "")
	dump = mysqlKeys.ReplaceAllStringFunc(dump, func(keys string) string {
		lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(keys, ",\n", "\n"), "\n"), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n") + "\n"
	})
	parts := strings.SplitAfter(dump, ";\n")
	for i, part := range parts {
		part = mysqlIntroducer.ReplaceAllString(part, "'")
		parts[i] = part
		if m := mysqlCharset.FindStringSubmatch(part); m != nil {
			parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, " CHARACTER SET "+m[1]+" COLLATE "+m[2], ""), " COLLATE "+m[2]+" ", " ")
		} else if m := mysqlPlain.FindStringSubmatch(part); m != nil {
			parts[i] = regexp.MustCompile(" CHARACTER SET "+m[1]+`( COLLATE \w+)?`).ReplaceAllString(part, "")
		}
	}
	return strings.Join(parts, "")
}

// A mysqlMaker knows which of the two products it makes schemas for.
type mysqlMaker struct{ maria bool }

func mysqlGrammar(maria bool) *grammar {
	m := mysqlMaker{maria}
	g := &grammar{
		family: sqltext.MySQL, names: []string{"t", "u", "person", "order", "a b", "ключ", "q`x", strings.Repeat("n", 50)},
		fields: []string{"a", "b", "c", "n", "name", "mixed", "select", "x y", "é", "it's", "b`q"},
		kinds: []kind{
			{"table", 12, m.table, false},
			{"column", 22, m.column, true},
			{"primary_key", 5, m.primary, true},
			{"key", 12, m.key, true},
			{"check", 5, m.check, true},
			{"foreign_key", 7, m.foreign, true},
			{"view", 8, m.view, false},
			{"trigger", 6, m.trigger, true},
			{"function", 3, m.function, false},
			{"procedure", 2, m.procedure, false},
			{"event", 1, m.event, false},
		},
	}
	if maria {
		g.kinds = append(g.kinds, kind{"sequence", 2, m.sequence, false})
	}
	return g
}

func (m mysqlMaker) table(g *gen, n *node) bool {
	n.sql = "CREATE TABLE " + g.q(n.name)
	n.tail = g.maybe(" COMMENT='it''s \\\\ \"x\" é'", " COMMENT='b'", "") + g.maybe(" ROW_FORMAT=DYNAMIC", " ROW_FORMAT=COMPRESSED", " STATS_PERSISTENT=1") +
		g.maybe(" DEFAULT CHARSET=latin1", " COLLATE=utf8mb4_bin", " DEFAULT CHARSET=utf8mb4")
	switch {
	case m.maria && g.chance(6):
		n.tail += " WITH SYSTEM VERSIONING"
	case g.chance(8):
		n.tail += g.one(" ENGINE=MyISAM", " ENGINE=MEMORY")
	}
	return true
}

func (m mysqlMaker) expr(g *gen, n *node, table string) (string, bool) {
	if c, ok := g.col(n, table, "int"); ok && g.chance(2) {
		return fmt.Sprintf(g.one("%s + 1", "abs(%s)", "%s * 2", "coalesce(%s, 0)", "(%s > 3)", "if(%s, 1, 2)"), c), true
	}
	if c, ok := g.col(n, table, "text"); ok {
		return fmt.Sprintf(g.one("lower(%s)", "concat(%s, 'x''\\\\y\"z')", "char_length(%s)", "left(%s, 3)"), c), true
	}
	return "", false
}

func (m mysqlMaker) condition(g *gen, n *node, table string) (string, bool) {
	if c, ok := g.col(n, table, "int"); ok && g.chance(2) {
		return fmt.Sprintf(g.one("%s > 0", "%s is not null", "%[1]s between 1 and 9 and %[1]s <> 3", "%s in (1, 2)"), c), true
	}
	c, ok := g.col(n, table, "text")
	return fmt.Sprintf(g.one("%s <> 'it''s \\\\ x'", "char_length(%s) < 100", "%s not like 'a%%'", "%s is not null"), c), ok
}

func (m mysqlMaker) column(g *gen, n *node) bool {
	n.class = g.one("int", "text", "int", "text", "time", "other", "auto")
	name := g.q(n.name) + " "
	if g.chance(7) {
		if e, ok := m.expr(g, n, n.table); ok {
			n.class = "generated"
			n.sql = name + g.one("varchar(60)", "int", "bigint") + " AS (" + e + ") " + g.one("VIRTUAL", "STORED") + m.comment(g)
			return true
		}
	}
	null := g.maybe(" NOT NULL", " NULL")
	switch n.class {
	case "int":
		n.sql = name + g.one("int", "bigint", "smallint unsigned", "decimal(10,2)", "tinyint(1)", "int unsigned zerofill", "bit(3)", "double", "int(5)", "mediumint") + null
		if g.chance(2) {
			n.sql += " DEFAULT " + g.one("0", "1", "(1 + 2)", "5")
		}
	case "text":
		n.sql = name + g.one("varchar(20)", "varchar(255)", "char(5)", "enum('a','b''c','d,e','1')", "set('1','y')", "varchar(30) CHARACTER SET latin1", "varchar(30) COLLATE utf8mb4_bin", "tinytext") + null
		switch {
		case g.chance(2) || strings.Contains(n.sql, "text"):
		case strings.Contains(n.sql, "varchar"):
			n.sql += " DEFAULT " + g.one("''", "'1'", "'a'", "'it''s'", "(concat('1', ''))", m.uuid())
		default:
			n.sql += " DEFAULT '1'"
		}
	case "time":
		n.sql = name + g.one("datetime(3)"+null+" DEFAULT CURRENT_TIMESTAMP(3)"+g.maybe(" ON UPDATE CURRENT_TIMESTAMP(3)"), "timestamp NULL", "date"+null,
			"timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP"+g.maybe(" ON UPDATE CURRENT_TIMESTAMP"), "datetime DEFAULT '2020-01-01 00:00:00'", "time(2)", "year DEFAULT 2020")
	case "auto":
		n.class = "int"
		if !g.onlyOne(n) || strings.Contains(fmt.Sprint(g.texts(n.table)), "AUTO_INCREMENT") {
			n.sql = name + "int"
			break
		}
		n.sql = name + g.one("int", "bigint unsigned") + " NOT NULL AUTO_INCREMENT" + g.one(" PRIMARY KEY", " UNIQUE")
	default:
		n.sql = name + g.one("json", "blob", "varbinary(10)", "geometry NOT NULL", "point", "text", "binary(4)", "longtext", "mediumblob") + ""
	}
	if m.maria {
		n.sql += m.mariaColumn(g, n)
	} else if g.chance(8) && !strings.Contains(n.sql, "AUTO") {
		n.sql += " INVISIBLE"
	}
	n.sql += m.comment(g)
	return true
}

// uuid is a default that MySQL takes, but not for a column that is added to a table
// under a log by statements (error 1674).
func (m mysqlMaker) uuid() string {
	if m.maria {
		return "(uuid())"
	}
	return "(lower('1'))"
}

func (m mysqlMaker) mariaColumn(g *gen, n *node) string {
	switch {
	case g.chance(10) && !strings.Contains(n.sql, "AUTO"):
		return " INVISIBLE"
	case n.class == "int" && g.chance(10) && !strings.Contains(n.sql, "AUTO"):
		return " CHECK (" + g.q(n.name) + " > 0)"
	case g.chance(12) && strings.Contains(n.sql, "SYSTEM"):
		return " WITHOUT SYSTEM VERSIONING"
	}
	return ""
}

// texts are the lines written in a table so far.
func (g *gen) texts(table string) (all []string) {
	for _, n := range g.s {
		if n.table == table {
			all = append(all, n.sql)
		}
	}
	return all
}

func (m mysqlMaker) comment(g *gen) string {
	return g.maybe("", "", " COMMENT 'c''o\\\\mm\\n\"x\" é'")
}

func (m mysqlMaker) primary(g *gen, n *node) bool {
	cs := g.some(g.columns(n.table, "int", "text"), 2)
	if !g.onlyOne(n) || len(cs) == 0 || strings.Contains(fmt.Sprint(g.texts(n.table)), "PRIMARY") {
		return false
	}
	n.sql = "PRIMARY KEY (" + g.list(n, cs, func(c column) string { return g.q(c.name) }) + ")"
	return true
}

func (m mysqlMaker) key(g *gen, n *node) bool {
	cs := g.columns(n.table)
	if len(cs) == 0 {
		return false
	}
	kind := g.one("KEY ", "KEY ", "UNIQUE KEY ", "FULLTEXT KEY ")
	if kind == "FULLTEXT KEY " {
		if cs = g.columns(n.table, "text"); len(cs) == 0 {
			return false
		}
		n.sql = kind + g.q(n.name) + " (" + g.list(n, g.some(cs, 2), func(c column) string { return g.q(c.name) }) + ")"
		return true
	}
	cs = slices.DeleteFunc(cs, func(c column) bool {
		text := g.s[g.s.index(c.id)].sql
		return strings.Contains(text, "geometry") || strings.Contains(text, "point") || strings.Contains(text, "json")
	})
	if len(cs) == 0 {
		return false
	}
	parts := []string{g.list(n, g.some(cs, 3), func(c column) string {
		name := g.q(c.name)
		i := g.s.index(c.id)
		switch {
		case strings.Contains(g.s[i].sql, "text"), strings.Contains(g.s[i].sql, "blob"):
			name += "(4)"
		case c.class == "text" && !strings.Contains(g.s[i].sql, "('"):
			name += g.maybe("(3)")
		}
		return name + g.maybe(" DESC")
	})}
	if e, ok := m.expr(g, n, n.table); ok && !m.maria && g.chance(4) {
		parts = append(parts, "("+e+")")
	}
	n.sql = kind + g.q(n.name) + " (" + strings.Join(parts, ", ") + ")" + g.maybe(" COMMENT 'i''x'", " USING BTREE")
	if m.maria {
		n.sql += g.maybe("", "", " IGNORED")
	} else {
		n.sql += g.maybe("", "", " INVISIBLE")
	}
	return true
}

func (m mysqlMaker) check(g *gen, n *node) bool {
	cond, ok := m.condition(g, n, n.table)
	n.sql = constraintName(g, n) + "CHECK (" + cond + ")"
	if !m.maria {
		n.sql += g.maybe("", " NOT ENFORCED")
	}
	return ok
}

func (m mysqlMaker) foreign(g *gen, n *node) bool {
	to, _ := g.pick("table")
	from, target := g.columns(n.table, "int", "text"), g.columns(to.id, "int", "text")
	if len(from) == 0 || len(target) == 0 {
		return false
	}
	n.needs = append(n.needs, to.id)
	if n.table == to.id {
		n.needs = nil
	}
	c, d := from[g.int(len(from))], target[g.int(len(target))]
	for _, k := range g.s { // what has a key is taken more often
		if k.table == to.id && (k.kind == "primary_key" || strings.Contains(k.sql, " PRIMARY KEY")) {
			id := k.id
			if k.kind == "primary_key" {
				id = k.needs[0]
			}
			for _, x := range target {
				if x.id == id {
					d = x
				}
			}
		}
	}
	i, j := g.s.index(c.id), g.s.index(d.id)
	if typ := func(s string) string { return strings.Fields(s[strings.LastIndex(s, "` ")+2:])[0] }; typ(g.s[i].sql) != typ(g.s[j].sql) {
		return false
	}
	n.need(c)
	n.need(d)
	n.sql = constraintName(g, n) + "FOREIGN KEY (" + g.q(c.name) + ") REFERENCES " + g.q(to.name) + " (" + g.q(d.name) + ")" +
		g.maybe(" ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE RESTRICT ON UPDATE CASCADE", " ON UPDATE NO ACTION")
	return true
}

func (m mysqlMaker) view(g *gen, n *node) bool {
	text, ok := g.query(n, "table", "view")
	n.sql = "CREATE" + g.maybe(" ALGORITHM=TEMPTABLE", " ALGORITHM=MERGE") + g.maybe(" SQL SECURITY INVOKER") + " VIEW " + g.q(n.name) + " AS " + text
	if f, has := g.pick("function"); has && ok && g.chance(4) && !strings.Contains(text, "*") && len(n.cols) > 0 {
		n.needs = append(n.needs, f.id)
		n.sql = strings.Replace(n.sql, " FROM ", ", "+g.q(f.name)+"(1) AS fn FROM ", 1)
	}
	if g.chance(5) && !strings.Contains(n.sql, "TEMPTABLE") {
		n.sql += " WITH " + g.one("LOCAL", "CASCADED") + " CHECK OPTION"
	}
	return ok
}

func (m mysqlMaker) trigger(g *gen, n *node) bool {
	table := g.owner()
	n.of, n.table = table.id, ""
	when := g.one("BEFORE", "AFTER") + g.one(" INSERT", " UPDATE", " DELETE")
	n.class = when
	n.sql = "CREATE TRIGGER " + g.q(n.name) + " " + when + " ON " + g.q(table.name) + " FOR EACH ROW "
	for _, o := range g.s {
		if o.kind == "trigger" && o.of == n.of && o.class == when && o.id != n.id && g.chance(2) {
			n.needs = append(n.needs, o.id)
			n.sql += g.one("FOLLOWS ", "PRECEDES ") + g.q(o.name) + " "
			break
		}
	}
	body := "SET @x = 'q''\\\\ \"é'"
	if c, ok := g.col(n, table.id, "int"); ok && strings.HasPrefix(when, "BEFORE") && !strings.HasSuffix(when, "DELETE") {
		body = "SET NEW." + c + " = " + g.one("1", "NEW."+c+" + 0")
	}
	if g.chance(3) {
		body = "BEGIN\n  -- é\n  " + body + "; /* c */\nEND"
	}
	n.sql += body
	return true
}

func (m mysqlMaker) function(g *gen, n *node) bool {
	n.sql = "CREATE FUNCTION " + g.q(n.name) + "(" + g.one("a int", "`b``q` varchar(10)", "a bigint unsigned") + ") RETURNS " + g.one("int", "varchar(20)") +
		g.one(" DETERMINISTIC", " NO SQL", " READS SQL DATA") + g.maybe(" COMMENT 'it''s'", " SQL SECURITY INVOKER") + g.one(" RETURN 1", " BEGIN\n  RETURN 'x''\\\\y';\nEND", " RETURN concat('1', 2)")
	return true
}

func (m mysqlMaker) procedure(g *gen, n *node) bool {
	n.sql = "CREATE PROCEDURE " + g.q(n.name) + "(" + g.one("", "IN a int", "OUT b varchar(10), INOUT c decimal(10,2)") + ")" + g.maybe(" COMMENT 'c'", " MODIFIES SQL DATA") +
		g.one(" SELECT 1", " BEGIN\n  DECLARE x int DEFAULT 0;\n  SET x = x + 1;\nEND")
	return true
}

func (m mysqlMaker) event(g *gen, n *node) bool {
	n.sql = "CREATE EVENT " + g.q(n.name) + " ON SCHEDULE EVERY " + g.one("1 DAY", "'1:30' HOUR_MINUTE", "2 WEEK STARTS '2030-01-01 00:00:00'") +
		g.maybe(" ON COMPLETION PRESERVE") + g.maybe(" DISABLE") + g.maybe(" COMMENT 'it''s'") + " DO " + g.one("SELECT 1", "BEGIN SELECT 'a''b'; END")
	return true
}

func (m mysqlMaker) sequence(g *gen, n *node) bool {
	n.sql = "CREATE SEQUENCE " + g.q(n.name) + g.maybe(" START WITH 5", " MINVALUE -5") + g.maybe(" INCREMENT BY 2") + g.maybe(" MAXVALUE 100 CYCLE", " NOCACHE", " CACHE 10")
	return true
}
