package hcl

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"

	"github.com/migr-dev/migr/internal/catalog"
)

func postgresKinds() map[string]func(*writer, *catalog.Object) []string {
	return map[string]func(*writer, *catalog.Object) []string{
		"schema": postgresSchema, "enum": postgresEnum, "table": postgresTable, "column": postgresColumn,
		"primary_key": postgresKey, "unique": postgresUnique, "index": postgresIndex, "check": postgresCheck, "foreign_key": postgresForeignKey,
	}
}

func postgresSchema(w *writer, o *catalog.Object) []string {
	s := w.schema(o.Name)
	w.comment(o, &s.Attrs)
	return others(o, "comment")
}

func postgresEnum(w *writer, o *catalog.Object) []string {
	e := &schema.EnumType{T: o.Name, Schema: w.schema(o.Schema)}
	if err := json.Unmarshal([]byte(o.Attrs["labels"]), &e.Values); err != nil {
		return []string{whole}
	}
	e.Schema.AddObjects(e)
	return others(o, "labels")
}

func postgresTable(w *writer, o *catalog.Object) []string {
	for _, a := range []string{"partition_of", "inherits", "of_type", "foreign", "partition_key"} {
		if o.Attrs[a] != "" {
			return []string{whole}
		}
	}
	t := w.addTable(o)
	w.comment(o, &t.Attrs)
	return others(o, "comment")
}

var plainPostgres = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(bigint|integer|smallint|text|boolean|date|uuid|json|jsonb|bytea|real|double precision|character varying\(\d+\)|numeric\(\d+,\d+\)|inet|cidr|xml)$`)
})

func postgresColumn(w *writer, o *catalog.Object) []string {
	typ := o.Attrs["type"]
	c := schema.NewColumn(o.Name).SetNull(o.Attrs["notnull"] == "")
	c.Type.Raw, c.Type.Type = typ, &postgres.UserDefinedType{T: typ}
	if plainPostgres().MatchString(typ) {
		if t, err := postgres.ParseType(typ); err == nil {
			c.Type.Type = t
		}
	} else if e := w.enum(typ); e != nil {
		c.Type.Type = e
	}
	if strings.HasPrefix(typ, "interval") { // Atlas writes its own sort only
		t, err := postgres.ParseType(typ)
		if again, ferr := postgres.FormatType(t); err != nil || ferr != nil || again != typ {
			return []string{whole}
		}
		c.Type.Type = t
	}
	known := []string{"type", "notnull", "default", "generated", "stored", "comment", "identity", "identity_name"}
	if x := o.Attrs["default"]; x != "" && !w.serial(o, c) {
		c.Default = &schema.RawExpr{X: x}
	}
	if x := o.Attrs["generated"]; x != "" {
		if o.Attrs["stored"] != "STORED" {
			return []string{whole}
		}
		c.AddAttrs(&schema.GeneratedExpr{Expr: x, Type: "STORED"})
	}
	if g := o.Attrs["identity"]; g != "" {
		c.AddAttrs(&postgres.Identity{Generation: g, Sequence: &postgres.Sequence{Start: 1, Increment: 1}})
		if name := o.Attrs["identity_name"]; name != o.Table+"_"+o.Name+"_seq" && name != "" {
			known = known[:len(known)-1]
		}
	}
	w.comment(o, &c.Attrs)
	w.table(o).AddColumns(c)
	return others(o, known...)
}

// enum finds the enum that a type names.
func (w *writer) enum(typ string) *schema.EnumType {
	n := w.read(typ).name()
	s := ""
	if len(n) == 2 {
		s, n = n[0], n[1:]
	}
	if len(n) != 1 || w.c.Get(catalog.Key{Kind: "enum", Schema: s, Name: n[0]}) == nil {
		return nil
	}
	for _, o := range w.schema(s).Objects {
		if e, ok := o.(*schema.EnumType); ok && e.T == n[0] {
			return e
		}
	}
	return nil
}

var serials = map[string]string{"bigint": "bigserial", "integer": "serial", "smallint": "smallserial"}

// serial tells whether a column is what serial makes: a default that takes from
// a sequence of the usual name and type, which the column owns.
func (w *writer) serial(o *catalog.Object, c *schema.Column) bool {
	name := o.Table + "_" + o.Name + "_seq"
	seq := w.c.Get(catalog.Key{Kind: "sequence", Schema: o.Schema, Name: name})
	typ := serials[o.Attrs["type"]]
	if seq == nil || typ == "" || o.Attrs["notnull"] == "" || len(others(seq, "type")) > 0 || seq.Attrs["type"] != o.Attrs["type"] && seq.Attrs["type"] != "" {
		return false
	}
	r := w.read(o.Attrs["default"])
	if !r.words("nextval") {
		return false
	}
	list := r.list()
	if len(list) != 1 || !r.end() {
		return false
	}
	called, ok := list[0].at(0).Literal(r.f)
	if n := w.read(called).name(); !ok || len(n) == 0 || n[len(n)-1] != name {
		return false
	}
	for _, owner := range w.c.Parts(o.TableKey(), "sequence_owner") {
		if owner.Attrs["column"] == o.Name {
			w.done[seq.Key], w.done[owner.Key] = true, true
			c.Type.Type = &postgres.SerialType{T: typ}
			return true
		}
	}
	return false
}

func postgresKey(w *writer, o *catalog.Object) []string {
	r := w.read(o.Attrs["def"])
	if !r.words("PRIMARY", "KEY") || o.Name != o.Table+"_pkey" {
		return []string{whole}
	}
	cols, plain := names(r.list())
	cs, ok := columns(w.table(o), cols)
	if !plain || !ok || !r.end() || len(others(o, "def")) > 0 {
		return []string{whole}
	}
	w.table(o).SetPrimaryKey(schema.NewPrimaryKey(cs...))
	return nil
}

func postgresUnique(w *writer, o *catalog.Object) []string {
	r := w.read(o.Attrs["def"])
	i := schema.NewIndex(o.Name).SetUnique(true).AddAttrs(postgres.UniqueConstraint(o.Name))
	if !r.words("UNIQUE") {
		return []string{whole}
	}
	if r.words("NULLS", "NOT", "DISTINCT") {
		i.AddAttrs(&postgres.IndexNullsDistinct{V: false})
	}
	cols, plain := names(r.list())
	cs, ok := columns(w.table(o), cols)
	if !plain || !ok || !r.end() || len(others(o, "def")) > 0 {
		return []string{whole}
	}
	w.table(o).AddIndexes(i.AddColumns(cs...))
	return nil
}

// operatorClass and place of NULL stand behind a part of an index.
func behind(r *reader, p *schema.IndexPart) bool {
	switch {
	case r.words("NULLS", "FIRST"):
		p.AddAttrs(&postgres.IndexColumnProperty{NullsFirst: true})
	case r.words("NULLS", "LAST"):
		p.AddAttrs(&postgres.IndexColumnProperty{NullsLast: true})
	case !r.end() && !r.at(r.i).Is("DESC") && !r.at(r.i).Is("COLLATE"):
		if n := r.name(); len(n) == 1 && !r.at(r.i).Is("(") {
			p.AddAttrs(&postgres.IndexOpClass{Name: n[0]})
			return true
		}
		return false
	}
	return true
}

func postgresIndex(w *writer, o *catalog.Object) []string {
	r := w.read(o.Attrs["def"])
	t := w.table(o)
	i := schema.NewIndex(o.Name)
	i.SetUnique(o.Attrs["unique"] != "" || r.words("UNIQUE"))
	if r.words("USING") {
		if m := r.name(); len(m) == 1 && m[0] != "btree" {
			i.AddAttrs(&postgres.IndexType{T: strings.ToUpper(m[0])})
		}
	}
	ps, ok := w.parts(t, r.list(), behind)
	if r.words("INCLUDE") {
		cols, plain := names(r.list())
		cs, found := columns(t, cols)
		ok = ok && plain && found
		i.AddAttrs(&postgres.IndexInclude{Columns: cs})
	}
	if r.words("NULLS", "NOT", "DISTINCT") {
		i.AddAttrs(&postgres.IndexNullsDistinct{V: false})
	}
	if x := o.Attrs["where"]; x != "" {
		i.AddAttrs(&postgres.IndexPredicate{P: x})
	}
	if !ok || !r.end() || len(others(o, "def", "unique", "where", "comment")) > 0 {
		return []string{whole}
	}
	w.comment(o, &i.Attrs)
	t.AddIndexes(i.AddParts(ps...))
	return nil
}

func postgresCheck(w *writer, o *catalog.Object) []string {
	r := w.read(o.Attrs["def"])
	if !r.words("CHECK") {
		return []string{whole}
	}
	from := r.i
	r.list()
	if !r.end() || len(others(o, "def")) > 0 {
		return []string{whole}
	}
	return addCheck(w, o, o.Name, r.part(from, len(r.toks)).text)
}

func postgresForeignKey(w *writer, o *catalog.Object) []string {
	r := w.read(o.Attrs["def"])
	if !r.words("FOREIGN", "KEY") {
		return []string{whole}
	}
	cols, a := names(r.list())
	if !r.words("REFERENCES") {
		return []string{whole}
	}
	to := r.name()
	refs, b := names(r.list())
	var on [2]string
	for i, what := range []string{"UPDATE", "DELETE"} {
		if r.words("ON", what) {
			on[i] = r.action()
		}
	}
	if !a || !b || !r.end() || len(to) == 0 || len(others(o, "def")) > 0 {
		return []string{whole}
	}
	ref := catalog.Key{Kind: "table", Name: to[len(to)-1]}
	if len(to) > 1 {
		ref.Schema = to[0]
	}
	return w.foreignKey(o, o.Name, cols, ref, refs, on[0], on[1])
}

func (r *reader) action() string {
	for _, a := range []string{"CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT", "NO ACTION"} {
		if r.words(strings.Fields(a)...) {
			return a
		}
	}
	return ""
}
