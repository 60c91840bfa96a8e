package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// tableKind: attributes engine, collation, comment, versioned, partition (see
// partition.go) and "option NAME" for each create option that is set. The
// counter of AUTO_INCREMENT is data and is not read.
var tableKind = catalog.Kind{
	Name: "table", Namespace: "relation",
	Create: createTable, Drop: dropTable, Alter: alterTable, Rename: renameRelation, Hazards: tableHazards,
}

// remoteEngines hold their rows elsewhere, by text that information_schema does
// not give whole; such tables are left alone.
var remoteEngines = []string{"FEDERATED", "SPIDER", "CONNECT", "MRG_MYISAM", "MERGE", "S3", "NDB", "NDBCLUSTER", "OQGRAPH", "SPHINX", "MROONGA"}

func (r *reader) readTables() error {
	query := "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT " +
		"FROM information_schema.TABLES WHERE TABLE_SCHEMA = {home}"
	return r.each(query, func(w row) error {
		name, engine := w.s(0), w.s(2)
		switch w.s(1) {
		case "VIEW":
			r.kinds[name] = "view"
		case "SEQUENCE":
			r.kinds[name] = "sequence"
			r.sequences = append(r.sequences, name)
		case "BASE TABLE", "SYSTEM VERSIONED":
			r.kinds[name] = "table"
			t := newObject("table", "", name)
			if engine == "" || slices.Contains(remoteEngines, strings.ToUpper(engine)) {
				r.giveUp(t.Key) // "" is a table that the server cannot open
				return nil
			}
			put(t, "engine", engine)
			put(t, "collation", w.s(3))
			put(t, "comment", w.s(5))
			flag(t, "versioned", w.s(1) == "SYSTEM VERSIONED")
			for k, v := range createOptions(w.s(4)) {
				put(t, "option "+k, v)
			}
			if !r.excluded(t.Key) {
				r.tables[name] = t
				r.objects = append(r.objects, t)
			}
		case "TEMPORARY", "LOCAL TEMPORARY": // the session's own (MariaDB 11.2)
		default:
			r.giveUp(catalog.Key{Kind: strings.ToLower(w.s(1)), Name: name})
		}
		return nil
	})
}

// createOptions reads CREATE_OPTIONS: `row_format=DYNAMIC COMPRESSION="zlib"`
// and, for options that an engine of MariaDB defines, “`page_compressed`='1'”.
func createOptions(s string) map[string]string {
	options := map[string]string{}
	ts := tokens(s)
	for i := 0; i+2 < len(ts); i++ {
		if !ts[i].isName() || ts[i+1].raw != "=" {
			continue
		}
		name, value := strings.ToUpper(ts[i].val), ts[i+2].raw
		if ts[i].kind == quoted {
			name = ident(ts[i].val)
		}
		if strings.HasPrefix(value, `"`) {
			value = quote(strings.Trim(value, `"`))
		}
		options[name] = value
		i += 2
	}
	return options
}

// parts of one table that are written into its CREATE, and the rest of it.
func createTable(p *catalog.Ctx, t *catalog.Object) []string {
	var parts, checks []string
	for _, o := range p.Inline {
		switch o.Kind {
		case "column":
			parts = append(parts, columnDef(flavourIn(p), t, o))
		case "primary_key", "unique", "index":
			parts = append(parts, indexDef(flavourIn(p), o))
		case "foreign_key":
			parts = append(parts, foreignKeyDef(o))
		case "check":
			checks = append(checks, checkDef(o))
		}
	}
	if period := systemPeriod(p.Inline); period != "" {
		parts = append(parts, period)
	}
	parts = append(parts, checks...)
	sql := "CREATE TABLE " + ident(t.Name) + " (\n" + lines(parts) + "\n)" + tableOptions(t)
	if t.Attrs["partition"] != "" {
		sql += "\n" + partitionText(t)
	}
	return []string{sql}
}

// systemPeriod is MariaDB's PERIOD FOR SYSTEM_TIME of columns that hold the
// start and the end of a row's time.
func systemPeriod(parts []*catalog.Object) string {
	var start, end string
	for _, o := range parts {
		switch o.Attrs["generated"] {
		case rowStart:
			start = o.Name
		case rowEnd:
			end = o.Name
		}
	}
	if start == "" || end == "" {
		return ""
	}
	return "PERIOD FOR SYSTEM_TIME (" + ident(start) + ", " + ident(end) + ")"
}

func tableOptions(t *catalog.Object) string {
	var b strings.Builder
	b.WriteString(" ENGINE=" + t.Attrs["engine"])
	if c := t.Attrs["collation"]; c != "" {
		b.WriteString(" DEFAULT CHARSET=" + charsetOf(c) + " COLLATE=" + c)
	}
	for _, k := range optionNames(t) {
		b.WriteString(" " + k + "=" + t.Attrs["option "+k])
	}
	if c := t.Attrs["comment"]; c != "" {
		b.WriteString(" COMMENT=" + quote(c))
	}
	if t.Attrs["versioned"] != "" {
		b.WriteString(" WITH SYSTEM VERSIONING")
	}
	return b.String()
}

func optionNames(t *catalog.Object) []string {
	var names []string
	for a := range t.Attrs {
		if name, is := strings.CutPrefix(a, "option "); is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// charsetOf is the character set of a collation: its name begins with it, as
// all names of collations that tables have do.
func charsetOf(collation string) string {
	charset, _, _ := strings.Cut(collation, "_")
	return charset
}

func dropTable(_ *catalog.Ctx, t *catalog.Object) []string {
	return []string{"DROP TABLE " + ident(t.Name)}
}

func renameRelation(_ *catalog.Ctx, o *catalog.Object, to catalog.Key) []string {
	return []string{"RENAME TABLE " + ident(o.Name) + " TO " + ident(to.Name)}
}
