package mysql

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/catalog"
)

// columnKind: attributes type (COLUMN_TYPE), not_null, default and on_update (SQL,
// as SHOW CREATE prints it), auto_increment, generated (the expression, or ROW
// START/ROW END) with stored, collation, comment, invisible, srid, unversioned
// and check (MariaDB keeps a check written at a column with the column).
//
// The collation is the one in force; it is printed only where it is not the
// table's, so that a column follows its table as it does when created.
var columnKind = catalog.Kind{Name: "column", How: catalog.Merged, Rename: renameColumn, Hazards: columnHazards}

// renameColumn gives a column another name (MySQL 8.0, MariaDB 10.5.2). It is an
// ALTER TABLE to the same table with that name everywhere, so that what MySQL
// refuses to rename along (a check, error 3959) is dropped and added.
func renameColumn(p *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	names := map[string]string{o.Name: to.Name}
	table := p.From.Get(o.TableKey())
	if table == nil {
		return []string{"ALTER TABLE " + ident(o.Table) + " RENAME COLUMN " + ident(o.Name) + " TO " + ident(to.Name)}
	}
	objects := []*catalog.Object{table}
	d := catalog.Delta{From: table, To: table}
	for _, part := range p.From.Parts(table.Key, "") {
		c := part.Clone()
		for name, text := range c.Attrs {
			if name != "type" && name != "comment" && name != "collation" {
				c.Attrs[name] = renameIn(text, names)
			}
		}
		if part.Key == o.Key {
			c.Name = to.Name
			d.Parts = append(d.Parts, catalog.Delta{From: part, To: c})
		}
		objects = append(objects, c)
	}
	return alterTable(&catalog.Ctx{From: p.From, To: catalog.New(p.From.Version, objects, nil)}, &d).SQL
}

const (
	rowStart = "ROW START"
	rowEnd   = "ROW END"
)

func (r *reader) readColumns() error {
	query := "SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, COLUMN_TYPE, " +
		"COLLATION_NAME, EXTRA, COLUMN_COMMENT, GENERATION_EXPRESSION, " + r.f.columnExtra +
		" FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {home}"
	return r.each(query, func(w row) error {
		t := r.tables[w.s(0)]
		if t == nil {
			return nil
		}
		c := newObject("column", t.Name, w.s(1))
		c.Pos, _ = strconv.Atoi(w.s(2))
		put(c, "type", w.s(6))
		flag(c, "not_null", w.s(4) == "NO")
		put(c, "collation", w.s(7))
		put(c, "comment", w.s(9))
		r.columnExtra(c, w.s(8))
		if expr := w.s(10); expr != "" {
			put(c, "generated", r.expression(expr))
		}
		if !r.f.quotedDefaults {
			put(c, "srid", w.s(11))
		}
		if w[3].Valid && c.Attrs["generated"] == "" {
			put(c, "default", r.columnDefault(c, w.s(3), w.s(5), w.s(8)))
		}
		if strings.Contains(c.Attrs["default"], "nextval") || strings.Contains(c.Attrs["default"], "lastval") {
			r.sequenceDeps(t, c)
		}
		r.add(c)
		return nil
	})
}

// columnExtra reads EXTRA.
func (r *reader) columnExtra(c *catalog.Object, extra string) {
	upper := strings.ToUpper(extra)
	flag(c, "auto_increment", strings.Contains(upper, "AUTO_INCREMENT"))
	flag(c, "invisible", strings.Contains(upper, "INVISIBLE"))
	flag(c, "unversioned", strings.Contains(upper, "WITHOUT SYSTEM VERSIONING"))
	flag(c, "stored", strings.Contains(upper, "STORED GENERATED"))
	if i := strings.Index(upper, "ON UPDATE "); i >= 0 {
		rest := extra[i+len("ON UPDATE "):]
		if f := strings.Fields(rest); len(f) > 0 {
			put(c, "on_update", strings.TrimSuffix(f[0], ","))
		}
	}
}

var nowDefault = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^CURRENT_TIMESTAMP(\(\d\))?$`) })

// columnDefault returns the default as SQL; "" for DEFAULT NULL, which a nullable
// column has anyway.
func (r *reader) columnDefault(c *catalog.Object, text, dataType, extra string) string {
	binary := dataType == "binary" || dataType == "varbinary"
	switch {
	case r.f.quotedDefaults && text == "NULL":
		return ""
	case binary && (strings.HasPrefix(text, "'") || strings.HasPrefix(text, "0x")):
		r.binaryDefault(c)
		return text
	case r.f.quotedDefaults:
		return r.relative(text)
	case strings.Contains(extra, "DEFAULT_GENERATED"):
		if nowDefault().MatchString(text) {
			return text
		}
		return "(" + r.expression(text) + ")"
	case dataType == "bit" && strings.HasPrefix(text, "b'"):
		return text
	default:
		return quote(text)
	}
}

// binaryDefault has the default of a binary column read from SHOW CREATE TABLE:
// information_schema cuts it at a zero byte (MySQL 9.7) or has ? for bytes that
// are not characters (MariaDB 10.11). It is kept in hexadecimal.
func (r *reader) binaryDefault(c *catalog.Object) {
	r.want("TABLE", catalog.Key{Kind: "table", Name: c.Table}, func(text string) error {
		def := columnLine(text, c.Name)
		_, after, found := strings.Cut(def, " DEFAULT ")
		if !found {
			return nil
		}
		value := nextToken(after).raw
		if strings.HasPrefix(value, "'") {
			bytes := unescape(strings.ReplaceAll(value[1:len(value)-1], "''", "'"))
			width, _ := strconv.Atoi(strings.Trim(strings.TrimPrefix(c.Attrs["type"], "binary"), "()"))
			if strings.HasPrefix(c.Attrs["type"], "binary") && len(bytes) > width {
				bytes = bytes[:width]
			}
			value = "0x" + strings.ToUpper(hexOf(bytes))
			if bytes == "" {
				value = "''"
			}
		}
		c.Attrs["default"] = value
		return nil
	})
}

func hexOf(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return b.String()
}

// columnLine finds a column's line in the text of SHOW CREATE TABLE, in which
// no line break stands inside a literal.
func columnLine(text, column string) string {
	start := "  " + ident(column) + " "
	for _, l := range strings.Split(text, "\n") {
		if strings.HasPrefix(l, start) {
			return l
		}
	}
	return ""
}

// columnDef writes a column as it stands in CREATE TABLE and behind ADD COLUMN.
func columnDef(f *flavour, t, c *catalog.Object) string {
	a := c.Attrs
	parts := []string{ident(c.Name), a["type"]}
	say := func(has bool, words ...string) {
		if has {
			parts = append(parts, words...)
		}
	}
	if col := a["collation"]; col != "" && col != t.Attrs["collation"] && col != "binary" {
		say(true, "CHARACTER SET", charsetOf(col), "COLLATE", col)
	}
	if g := a["generated"]; g == rowStart || g == rowEnd {
		say(true, "GENERATED ALWAYS AS", g)
		say(a["invisible"] != "", f.invisible)
		say(a["comment"] != "", "COMMENT", quote(a["comment"]))
		return strings.Join(parts, " ")
	} else if g != "" {
		say(true, "GENERATED ALWAYS AS ("+g+")")
		say(a["stored"] != "", "STORED")
		say(a["stored"] == "", "VIRTUAL")
	}
	say(a["not_null"] != "", "NOT NULL")
	// a timestamp is NOT NULL by itself where explicit_defaults_for_timestamp is off
	say(a["not_null"] == "" && strings.HasPrefix(a["type"], "timestamp") && a["generated"] == "", "NULL")
	say(a["srid"] != "", "SRID", a["srid"])
	say(a["invisible"] != "", f.invisible)
	say(a["default"] != "", "DEFAULT", a["default"])
	say(a["on_update"] != "", "ON UPDATE", a["on_update"])
	say(a["auto_increment"] != "", "AUTO_INCREMENT")
	say(a["unversioned"] != "", "WITHOUT SYSTEM VERSIONING")
	say(a["comment"] != "", "COMMENT", quote(a["comment"]))
	say(a["check"] != "", "CHECK ("+a["check"]+")")
	return strings.Join(parts, " ")
}

// sequenceDeps has a column, and so its table, wait for the sequences that its default names.
func (r *reader) sequenceDeps(t, c *catalog.Object) {
	for _, w := range tokens(c.Attrs["default"]) {
		if w.isName() && r.kinds[w.val] == "sequence" {
			k := catalog.Key{Kind: "sequence", Name: w.val}
			c.Deps, t.Deps = append(c.Deps, k), append(t.Deps, k)
		}
	}
}
