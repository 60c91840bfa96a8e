package mysql

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// sequenceKind (MariaDB): attributes start, min, max, increment, cache, cycle,
// engine. The next value is data and is not read.
var sequenceKind = catalog.Kind{
	Name: "sequence", Namespace: "relation",
	Create: createSequence, Alter: alterSequence, Rename: renameRelation,
	Drop: func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{"DROP SEQUENCE " + ident(o.Name)} },
}

// readSequences reads all of them in one query: a sequence is a table of one row,
// and no table of information_schema has its options (MariaDB before 11.5).
func (r *reader) readSequences() error {
	var selects []string
	for _, name := range r.sequences {
		if r.excluded(catalog.Key{Kind: "sequence", Name: name}) {
			continue
		}
		selects = append(selects, fmt.Sprintf("SELECT %s AS name, start_value, minimum_value, maximum_value, increment, cache_size, "+
			"cycle_option FROM %s.%s", quote(name), ident(r.home), ident(name)))
	}
	if len(selects) == 0 {
		return nil
	}
	return r.eachRow(strings.Join(selects, " UNION ALL "), func(w row) error {
		o := newObject("sequence", "", w.s(0))
		for i, name := range []string{"start", "min", "max", "increment", "cache"} {
			put(o, name, w.s(1+i))
		}
		flag(o, "cycle", w.s(6) != "0")
		r.add(o)
		return nil
	})
}

func createSequence(_ *catalog.Ctx, o *catalog.Object) []string {
	return []string{"CREATE SEQUENCE " + ident(o.Name) + " START WITH " + o.Attrs["start"] + sequenceOptions(o)}
}

func sequenceOptions(o *catalog.Object) string {
	a := o.Attrs
	s := " MINVALUE " + a["min"] + " MAXVALUE " + a["max"] + " INCREMENT BY " + a["increment"]
	if a["cache"] == "0" {
		s += " NOCACHE"
	} else {
		s += " CACHE " + a["cache"]
	}
	if a["cycle"] != "" {
		return s + " CYCLE"
	}
	return s + " NOCYCLE"
}

func alterSequence(_ *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	sql := []string{"ALTER SEQUENCE " + ident(d.To.Name) + " START WITH " + d.To.Attrs["start"] + sequenceOptions(d.To)}
	least := d.To.Attrs["min"]
	if below(d.From.Attrs["min"], least) && !below(d.From.Attrs["max"], least) && !strings.HasPrefix(d.From.Attrs["increment"], "-") {
		// SETVAL moves a sequence forward only: one that is below the new least value would stop ALTER (error 4085)
		sql = append([]string{"DO SETVAL(" + ident(d.To.Name) + ", " + least + ", 0)"}, sql...)
	}
	return catalog.Alteration{SQL: sql}
}

// below tells whether a number is less than another.
func below(a, b string) bool {
	x, err1 := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	return err1 == nil && err2 == nil && x < y
}
