package postgres

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/migr-dev/migr/internal/catalog"
)

// readSequences reads sequences: an identity's belongs to its column, an owned
// one is an object, and so is its being owned.
func (r *reader) readSequences() error {
	return r.each(`SELECT c.oid::int8 AS oid, c.relnamespace::int8 AS nsp, c.relname AS name, c.relpersistence, format_type(s.seqtypid, NULL) AS type,
		s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, c.oid::regclass::text AS path,
		d.refobjid::int8 AS rel, d.refobjsubid AS col, d.deptype
		FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
		LEFT JOIN pg_depend d ON d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0
			AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
		WHERE c.relnamespace IN ({schemas})
		ORDER BY c.oid`, r.addSequence)
}

func (r *reader) addSequence(w row) {
	at := ref{class: pgClass, oid: w.i("oid")}
	column := ref{pgClass, w.i("rel"), w.i("col")}
	if w.s("deptype") == "i" {
		if o := r.byRef[column]; o != nil {
			o.Attrs["identity_name"] = w.s("name")
			if opts := strings.Join(sequenceOptions(w), " "); opts != "" {
				o.Attrs["identity_options"] = opts
			}
			o.Info["identity_type"] = w.s("type")
			r.keys[at] = o.Key
		}
		return
	}
	if r.left[column.oid] { // it goes with its table, which is left alone
		return
	}
	o := r.object(catalog.Key{Kind: "sequence", Schema: r.schemas[w.i("nsp")], Name: w.s("name")}, at)
	o.Attrs["type"] = w.s("type")
	o.Attrs["options"] = strings.Join(sequenceOptions(w), " ")
	if w.s("relpersistence") == "u" {
		o.Attrs["unlogged"] = "yes"
	}
	o.Info["path"] = w.s("path")
	if !r.add(o, at) {
		return
	}
	key, there := r.keys[column]
	if !there || key.Kind != "column" {
		return
	}
	o.Info["owner"] = catalog.Key{Schema: key.Schema, Name: key.Table}.Path()
	o.Info["owner_table"], o.Info["owner_column"], o.Info["owner_schema"] = key.Table, key.Name, key.Schema
	owned := &catalog.Object{
		Key:   catalog.Key{Kind: "sequence_owner", Schema: key.Schema, Table: key.Table, Name: key.Name + " " + o.Name},
		Attrs: map[string]string{"sequence": qualified(o.Key), "column": key.Name},
		Info:  map[string]string{"sequence": o.Name, "sequence_schema": o.Schema},
		Deps:  []catalog.Key{o.Key, key},
	}
	r.objects = append(r.objects, owned)
}

// sequenceOptions lists the options that are not what the server takes by
// itself for a sequence of that type, in the order of the documentation.
func sequenceOptions(w row) []string {
	low, high := limits(w.s("type"))
	inc, start := w.i("seqincrement"), w.i("seqstart")
	least, most := int64(1), high
	if inc < 0 {
		least, most = low, -1
	}
	lo, hi := w.i("seqmin"), w.i("seqmax")
	var opts []string
	opt := func(name string, v int64) { opts = append(opts, name+" "+strconv.FormatInt(v, 10)) }
	if inc != 1 {
		opt("INCREMENT BY", inc)
	}
	if lo != least {
		opt("MINVALUE", lo)
	}
	if hi != most {
		opt("MAXVALUE", hi)
	}
	if inc > 0 && start != lo || inc < 0 && start != hi {
		opt("START WITH", start)
	}
	if c := w.i("seqcache"); c != 1 {
		opt("CACHE", c)
	}
	if w.b("seqcycle") {
		opts = append(opts, "CYCLE")
	}
	return opts
}

func limits(typ string) (low, high int64) {
	switch typ {
	case "smallint":
		return math.MinInt16, math.MaxInt16
	case "integer":
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

func atoi(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

var sequenceKind = catalog.Kind{
	Name: "sequence", Namespace: "relation", GoesWith: true,
	Create: createSequence, Drop: dropSequence, Alter: alterSequence, Rename: renameAs("SEQUENCE"),
}

var sequenceOwnerKind = catalog.Kind{
	Name: "sequence_owner", Report: "sequence", GoesWith: true,
	Create: createOwner, Drop: dropOwner,
}

func createSequence(p *catalog.Ctx, o *catalog.Object) []string {
	if c := ownerColumn(p.To, o); c != nil && (serialType(p, c) != "" || fromIdentity(p, c, o)) {
		return nil // the column makes it
	}
	return sequenceSQL(o)
}

func sequenceSQL(o *catalog.Object) []string {
	b := "CREATE " + either(o.Attrs["unlogged"] != "", "UNLOGGED ", "") + "SEQUENCE " + qualified(o.Key)
	if t := o.Attrs["type"]; t != "bigint" {
		b += " AS " + t
	}
	if opts := o.Attrs["options"]; opts != "" {
		b += " " + opts
	}
	return withComment([]string{b}, "SEQUENCE", qualified(o.Key), o)
}

func dropSequence(p *catalog.Ctx, o *catalog.Object) []string {
	if c := ownerColumn(p.From, o); c != nil && (columnGone(p, c) || toIdentity(p, c, o)) {
		return nil // the column takes it along
	}
	return []string{"DROP SEQUENCE " + qualified(o.Key)}
}

func alterSequence(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
	name := qualified(d.To.Key)
	var stmts []string
	if d.Changed("type") || d.Changed("options") {
		stmts = append(stmts, "ALTER SEQUENCE "+name+fullOptions(d.From.Attrs["type"], d.To.Attrs["type"], d.From.Attrs["options"], d.To.Attrs["options"]))
	}
	if d.Changed("unlogged") {
		stmts = append(stmts, "ALTER SEQUENCE "+name+" SET "+either(d.To.Attrs["unlogged"] != "", "UNLOGGED", "LOGGED"))
	}
	if d.Changed("comment") {
		stmts = append(stmts, comment("SEQUENCE", name, d.To.Attrs["comment"]))
	}
	return catalog.Alteration{SQL: stmts}
}

// sequenceWords are the options of a sequence and how each is taken back.
var sequenceWords = []struct{ word, unset string }{
	{"INCREMENT BY", "INCREMENT BY 1"},
	{"MINVALUE", "NO MINVALUE"},
	{"MAXVALUE", "NO MAXVALUE"},
	{"START WITH", ""},
	{"CACHE", "CACHE 1"},
	{"CYCLE", "NO CYCLE"},
}

// fullOptions writes the difference of two option texts, each part with a blank
// before. A start that is no longer said is the lower bound (the upper one when counting down).
func fullOptions(oldType, newType, old, now string) string {
	out := ""
	if oldType != newType {
		out += " AS " + newType
	}
	for _, opt := range changedOptions(old, now) {
		out += " " + opt
	}
	return out
}

// changedOptions lists the options that differ. Where the direction of counting
// turns, all are said: the bounds that the server took by itself are those of the other direction.
func changedOptions(old, now string) []string {
	was, is := optionWords(old), optionWords(now)
	down := strings.HasPrefix(is["INCREMENT BY"], "INCREMENT BY -")
	turned := strings.HasPrefix(was["INCREMENT BY"], "INCREMENT BY -") != down
	var out []string
	for _, w := range sequenceWords {
		switch {
		case is[w.word] == was[w.word] && !turned:
		case is[w.word] != "":
			out = append(out, is[w.word])
		case w.word == "START WITH":
			out = append(out, "START WITH "+firstValue(is))
		case w.word == "MINVALUE" && !down: // NO MINVALUE is the type's own bound where the type changes too
			out = append(out, "MINVALUE 1")
		case w.word == "MAXVALUE" && down:
			out = append(out, "MAXVALUE -1")
		default:
			out = append(out, w.unset)
		}
	}
	if turned { // the counter is on the wrong side of the new bounds
		out = append(out, "RESTART")
	}
	return out
}

func optionWords(opts string) map[string]string {
	m := map[string]string{}
	for _, w := range sequenceWords {
		i := strings.Index(" "+opts+" ", " "+w.word+" ")
		if i < 0 {
			continue
		}
		rest := strings.TrimSpace(opts[i+len(w.word):])
		value, _, _ := strings.Cut(rest, " ")
		m[w.word] = either(w.word == "CYCLE", w.word, w.word+" "+value)
	}
	return m
}

// firstValue is where a sequence starts that says nothing of it.
func firstValue(is map[string]string) string {
	bound, otherwise := is["MINVALUE"], "1"
	if strings.HasPrefix(is["INCREMENT BY"], "INCREMENT BY -") {
		bound, otherwise = is["MAXVALUE"], "-1"
	}
	if _, v, said := strings.Cut(bound, " "); said {
		return v
	}
	return otherwise
}

func createOwner(p *catalog.Ctx, o *catalog.Object) []string {
	seq := p.To.Get(sequenceKey(o))
	c := p.To.Get(columnKey(o))
	if seq != nil && c != nil && serialType(p, c) != "" {
		return nil
	}
	return []string{"ALTER SEQUENCE " + o.Attrs["sequence"] + " OWNED BY " + tableOf(o.Key) + "." + ident(o.Attrs["column"])}
}

func dropOwner(p *catalog.Ctx, o *catalog.Object) []string {
	seq, c := p.From.Get(sequenceKey(o)), p.From.Get(columnKey(o))
	if seq == nil || c == nil || columnGone(p, c) && p.To.Get(seq.Key) == nil || toIdentity(p, c, seq) {
		return nil
	}
	if to := p.To.Get(seq.Key); to != nil && to.Info["owner_table"] != "" {
		return nil // the new owner takes it over
	}
	return []string{"ALTER SEQUENCE " + o.Attrs["sequence"] + " OWNED BY NONE"}
}

func sequenceKey(owner *catalog.Object) catalog.Key {
	return catalog.Key{Kind: "sequence", Schema: owner.Info["sequence_schema"], Name: owner.Info["sequence"]}
}

func columnKey(owner *catalog.Object) catalog.Key {
	return catalog.Key{Kind: "column", Schema: owner.Schema, Table: owner.Table, Name: owner.Attrs["column"]}
}

// ownerColumn is the column that owns a sequence, or nil.
func ownerColumn(c *catalog.Catalog, seq *catalog.Object) *catalog.Object {
	if seq.Info["owner_table"] == "" {
		return nil
	}
	return c.Get(catalog.Key{Kind: "column", Schema: seq.Info["owner_schema"], Table: seq.Info["owner_table"], Name: seq.Info["owner_column"]})
}

// columnGone tells whether a column of From is not in To.
func columnGone(p *catalog.Ctx, c *catalog.Object) bool { return p.To.Get(c.Key) == nil }

// toIdentity tells whether a column leaves its owned sequence for an identity;
// the sequence goes in the middle of that change, as the identity's may have its name.
func toIdentity(p *catalog.Ctx, c, seq *catalog.Object) bool {
	to := p.To.Get(c.Key)
	return to != nil && !anew(p, c.TableKey()) && to.Attrs["identity"] != "" && c.Attrs["identity"] == "" && p.To.Get(seq.Key) == nil
}

// fromIdentity is the way back.
func fromIdentity(p *catalog.Ctx, c, seq *catalog.Object) bool {
	from := p.From.Get(c.Key)
	return from != nil && !anew(p, c.TableKey()) && from.Attrs["identity"] != "" && c.Attrs["identity"] == "" && p.From.Get(seq.Key) == nil
}

// owned is the sequence that a column owns, or nil.
func owned(c *catalog.Catalog, col *catalog.Object) *catalog.Object {
	for _, o := range c.Parts(col.TableKey(), "sequence_owner") {
		if o.Attrs["column"] == col.Name {
			return c.Get(sequenceKey(o))
		}
	}
	return nil
}

// serialType returns serial, bigserial or smallserial where the column is new and
// is, with its sequence, exactly what that word makes; else "".
func serialType(p *catalog.Ctx, col *catalog.Object) string {
	word := map[string]string{"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}[col.Attrs["type"]]
	if word == "" || col.Attrs["notnull"] == "" || col.Attrs["default"] == "" || col.Attrs["notnull_name"] != "" || col.Attrs["notnull_inherit"] != "" ||
		p.From.Get(col.Key) != nil {
		return ""
	}
	seq := owned(p.To, col)
	if seq == nil || seq.Schema != col.Schema || seq.Name != sequenceName(col.Table, col.Name) || seq.Attrs["type"] != col.Attrs["type"] ||
		len(seq.Attrs) != 1 || col.Attrs["default"] != "nextval("+literal(seq.Info["path"])+"::regclass)" {
		return ""
	}
	for _, kind := range []string{"table", "sequence", "view", "materialized_view"} { // the name must be free
		if p.From.Get(catalog.Key{Kind: kind, Schema: seq.Schema, Name: seq.Name}) != nil {
			return ""
		}
	}
	return word
}

// sequenceName is the name that the server gives to the sequence of a serial or
// identity column.
func sequenceName(table, column string) string { return objectName(table, column, "seq") }

// objectName is the name that the server gives to what belongs to a table and a column
// (makeObjectName): table_column_label, the longer of the two parts cut until all is
// below 64 bytes. The second part may be empty.
func objectName(table, column, label string) string {
	if column != "" {
		label = "_" + label
	}
	room := 63 - len("_") - len(label)
	t, c := len(table), len(column)
	for t+c > room {
		if t > c {
			t--
		} else {
			c--
		}
	}
	return clip(table, t) + "_" + clip(column, c) + label
}

// clip cuts a string to at most n bytes, never within a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
