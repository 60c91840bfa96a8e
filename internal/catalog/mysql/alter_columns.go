package mysql

import (
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

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
// MariaDB changes no expression between the two either. Nor does a geometry
// become a number or a date (MySQL 9.7: 1416 with rows; MariaDB 10.11: 4078).
func rebuilt(old, c *catalog.Object) bool {
	if g := isGeometry(old); g != isGeometry(c) && !(g && isText(c)) && !(!g && isText(old)) {
		return true
	}
	if old.Attrs["generated"] == "" && c.Attrs["generated"] == "" {
		return false
	}
	return kindOfColumn(old) != kindOfColumn(c) && (kindOfColumn(old) != "stored" || kindOfColumn(c) != "plain")
}

func isGeometry(c *catalog.Object) bool {
	switch c.Attrs["type"] {
	case "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection":
		return true
	}
	return false
}

// isText tells whether a column holds characters or bytes.
func isText(c *catalog.Object) bool {
	for _, word := range []string{"char", "binary", "text", "blob"} {
		if strings.Contains(strings.SplitN(c.Attrs["type"], "(", 2)[0], word) {
			return true
		}
	}
	return false
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
	stays := make([]bool, n)
	for i, c := range news {
		old := olds[c.Name]
		if old == nil || a.rebuilt(old, c) {
			continue
		}
		if stays[i] = a.p.Free; a.p.Free {
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
	for i := end; i >= 0; i = prev[i] {
		stays[i] = true
	}
	return stays
}
