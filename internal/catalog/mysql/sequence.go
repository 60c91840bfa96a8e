package mysql

import (
	"fmt"
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
	sql := "ALTER SEQUENCE " + ident(d.To.Name) + " START WITH " + d.To.Attrs["start"] + sequenceOptions(d.To)
	return catalog.Alteration{SQL: []string{sql}}
}
