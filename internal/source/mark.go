package source

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A Mark says that a thing of the models had another name: a comment
// `-- migr:renamed from=OLD` beside it, on the line before or at the end of its line.
type Mark struct {
	Kinds []string // of the thing, as in the catalog's keys; "enum_value" for a value
	Path  []string // its name, behind those of what it is in as far as they are written
	From  string   // the old name, or its path
	Stmt  sqltext.Stmt
}

// The kinds that a mark may be about, by the word behind CREATE.
var markKinds = map[string][]string{
	"TABLE": {"table"}, "VIEW": {"view", "materialized_view"}, "INDEX": {"index", "unique"}, "SEQUENCE": {"sequence"},
	"TYPE": {"enum", "composite", "range"}, "DOMAIN": {"domain"}, "FUNCTION": {"function"}, "PROCEDURE": {"procedure"},
	"AGGREGATE": {"aggregate"}, "TRIGGER": {"trigger"}, "SCHEMA": {"schema"}, "POLICY": {"policy"}, "RULE": {"rule"},
	"COLLATION": {"collation"}, "STATISTICS": {"statistics"},
}

var constraintKinds = []string{"unique", "primary_key", "check", "foreign_key", "exclude", "index"}

// Marks reads the marks of a model's statements. One that cannot be read, or that
// stands beside nothing that has a name, is an *Error with its place.
func Marks(f sqltext.Family, stmts []sqltext.Stmt) ([]Mark, error) {
	var all []Mark
	for i, st := range stmts {
		if !strings.Contains(strings.ToLower(st.Comment+st.Text+st.After), "migr:rename") {
			continue
		}
		r := newMarkReader(f, st)
		before := r // what a comment on the first line is about: the statement that ends there
		if i > 0 && stmts[i-1].File == st.File {
			before = newMarkReader(f, stmts[i-1])
		}
		found, err := around(st, st.Comment, st.Line-strings.Count(st.Comment, "\n"), before, r)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if found, err = r.inside(); err != nil {
			return nil, err
		}
		all = append(all, found...)
		last, _ := st.Position(len(st.Text))
		if found, err = around(st, st.After, last, r, nil); err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// around reads the marks of a gap between statements that begins on that line: those
// of its first line are about first, the others about then.
func around(st sqltext.Stmt, gap string, line int, first, then *markReader) ([]Mark, error) {
	var all []Mark
	for _, c := range comments(gap) {
		thing := func() *Mark { return nil }
		r := then
		if c.first {
			r = first
		}
		if r != nil {
			thing = r.statement
		} else {
			r = first
		}
		m, bad := r.read(c.text, thing)
		if bad != "" {
			_, col := sqltext.Position(gap, c.off)
			return nil, &Error{File: st.File, Line: line + strings.Count(gap[:c.off], "\n"), Col: col, Msg: bad, Hint: markHint}
		}
		if m != nil {
			all = append(all, *m)
		}
	}
	return all, nil
}

const markHint = "write `-- migr:renamed from=OLD` on the line before the thing, or at the end of a column's line"

// A comment is one `--` comment: its text behind the dashes, and whether it stands
// on the first line of the gap that it is in.
type comment struct {
	text  string
	off   int
	first bool
}

// comments cuts a text that is nothing but blanks and comments.
func comments(gap string) []comment {
	var all []comment
	for i := 0; i < len(gap); {
		switch rest := gap[i:]; {
		case strings.HasPrefix(rest, "--"), rest[0] == '#':
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			all = append(all, comment{strings.TrimSpace(strings.TrimLeft(rest[:end], "-#")), i, !strings.Contains(gap[:i], "\n")})
			i += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return all
			}
			i += end + 2
		default:
			i++
		}
	}
	return all
}

// A markReader knows one statement.
type markReader struct {
	f    sqltext.Family
	st   sqltext.Stmt
	toks []sqltext.Token
}

func newMarkReader(f sqltext.Family, st sqltext.Stmt) *markReader {
	return &markReader{f, st, sqltext.Tokens(f, st.Text)}
}

// inside reads the marks between the statement's tokens.
func (r *markReader) inside() ([]Mark, error) {
	var all []Mark
	for k := 0; k+1 < len(r.toks); k++ {
		from := r.toks[k].Off + len(r.toks[k].Text)
		for _, c := range comments(r.st.Text[from:r.toks[k+1].Off]) {
			at := k + 1
			if c.first {
				at = k
				if r.toks[k].Is(",") {
					at--
				}
			}
			m, bad := r.read(c.text, func() *Mark { return r.item(at) })
			if bad != "" {
				line, col := r.st.Position(from + c.off)
				return nil, &Error{File: r.st.File, Line: line, Col: col, Msg: bad, Hint: markHint}
			}
			if m != nil {
				all = append(all, *m)
			}
		}
	}
	return all, nil
}

// read makes a mark of a comment, if it is one; thing says what it is about.
func (r *markReader) read(text string, thing func() *Mark) (*Mark, string) {
	head, rest, _ := strings.Cut(text, " ")
	head = strings.ToLower(head)
	if !strings.HasPrefix(head, "migr:rename") {
		return nil, ""
	}
	key, old, ok := strings.Cut(rest, "=")
	if head != "migr:renamed" || !ok || !strings.EqualFold(strings.TrimSpace(key), "from") {
		return nil, "this mark cannot be read: " + text
	}
	m := thing()
	if m == nil {
		return nil, "this mark stands beside nothing that can have another name: " + text
	}
	m.Stmt = r.st
	if m.From, ok = r.oldName(strings.TrimSpace(old), slices.Contains(m.Kinds, "enum_value")); !ok {
		return nil, "this mark has no old name: " + text
	}
	return m, ""
}

// oldName reads what stands behind from=: a name, a path of names, or a quoted one.
func (r *markReader) oldName(text string, value bool) (string, bool) {
	toks := sqltext.Tokens(r.f, text)
	if len(toks) == 1 && toks[0].Kind == sqltext.String {
		v, ok := toks[0].Literal(r.f)
		return v, ok && v != ""
	}
	if value && len(toks) == 1 && toks[0].Kind == sqltext.Quoted {
		return toks[0].Ident(r.f), true
	}
	if value {
		return text, text != "" && !strings.ContainsAny(text, " \t")
	}
	var names []string
	for i, t := range toks {
		if i%2 == 1 && t.Is(".") {
			continue
		}
		name := t.Ident(r.f)
		if name == "" || i%2 == 1 {
			return "", false
		}
		names = append(names, name)
	}
	return strings.Join(names, "."), len(names) > 0 && len(toks)%2 == 1
}

// statement is the thing that the statement makes.
func (r *markReader) statement() *Mark {
	if len(r.toks) > 0 && r.toks[0].Is("ALTER") {
		return r.added()
	}
	if len(r.toks) == 0 || !r.toks[0].Is("CREATE") {
		return nil
	}
	for i := 1; i < min(len(r.toks), 16); i++ {
		kinds := markKinds[r.toks[i].Upper()]
		if kinds == nil {
			continue
		}
		i++
		for i < len(r.toks) && slices.Contains([]string{"IF", "NOT", "EXISTS", "CONCURRENTLY"}, r.toks[i].Upper()) {
			i++
		}
		path, _ := r.path(i)
		if len(path) == 0 || path[0] == "" {
			return nil
		}
		return &Mark{Kinds: kinds, Path: path}
	}
	return nil
}

// added is the column or constraint that ALTER TABLE adds.
func (r *markReader) added() *Mark {
	i := 1
	for i < len(r.toks) && slices.Contains([]string{"TABLE", "ONLY", "IF", "EXISTS"}, r.toks[i].Upper()) {
		i++
	}
	table, i := r.path(i)
	if len(table) == 0 || i+1 >= len(r.toks) || !r.toks[i].Is("ADD") {
		return nil
	}
	if i++; r.toks[i].Is("COLUMN") {
		i++
	}
	return r.part(table, i)
}

func (r *markReader) path(i int) (names []string, next int) {
	for i < len(r.toks) {
		name := r.toks[i].Ident(r.f)
		if name == "" {
			return names, i
		}
		names = append(names, name)
		if i++; i >= len(r.toks) || !r.toks[i].Is(".") {
			return names, i
		}
		i++
	}
	return names, i
}

// part is the column or constraint whose definition begins at token i.
func (r *markReader) part(table []string, i int) *Mark {
	kinds := []string{"column"}
	for i < len(r.toks) && r.toks[i].Kind == sqltext.Word {
		switch r.toks[i].Upper() {
		case "CONSTRAINT", "KEY", "INDEX":
			kinds = constraintKinds
		case "UNIQUE", "FULLTEXT", "SPATIAL":
		case "PRIMARY", "FOREIGN", "CHECK", "EXCLUDE", "LIKE":
			return nil
		default:
			return r.named(kinds, table, i)
		}
		i++
	}
	return r.named(kinds, table, i)
}

func (r *markReader) named(kinds, table []string, i int) *Mark {
	if i >= len(r.toks) || r.toks[i].Ident(r.f) == "" {
		return nil
	}
	return &Mark{Kinds: kinds, Path: append(slices.Clone(table), r.toks[i].Ident(r.f))}
}

// item is what token k belongs to: a value of an enum, a part of a table, or what
// the statement makes.
func (r *markReader) item(k int) *Mark {
	whole := r.statement()
	if whole == nil {
		return nil
	}
	open, starts := []int{}, []int{} // the parentheses around k, and where the item begins in each
	for i := 0; i < k; i++ {
		switch t := r.toks[i]; {
		case t.Is("("):
			open, starts = append(open, i), append(starts, i+1)
		case t.Is(")") && len(open) > 0:
			open, starts = open[:len(open)-1], starts[:len(starts)-1]
		case t.Is(",") && len(open) > 0:
			starts[len(starts)-1] = i + 1
		}
	}
	if len(open) == 0 || len(open) == 1 && r.toks[k].Is(")") {
		return whole
	}
	if in := open[len(open)-1]; r.toks[k].Kind == sqltext.String && in > 0 && r.toks[in-1].Is("ENUM") {
		if label, ok := r.toks[k].Literal(r.f); ok {
			return r.value(whole, label, len(open) == 1, starts[0])
		}
	}
	if !slices.Contains(whole.Kinds, "table") {
		return nil
	}
	return r.part(whole.Path, starts[0])
}

func (r *markReader) value(whole *Mark, label string, ofType bool, start int) *Mark {
	of := whole
	if !ofType {
		of = r.part(whole.Path, start)
	}
	if of == nil || !slices.Contains(of.Kinds, "column") && !slices.Contains(of.Kinds, "enum") {
		return nil
	}
	return &Mark{Kinds: []string{"enum_value"}, Path: append(slices.Clone(of.Path), label)}
}

// Is tells whether the mark is about the thing of that kind and name, in that table
// (or enum) and schema.
func (m *Mark) Is(kind, schema, table, name string) bool {
	if !slices.Contains(m.Kinds, kind) {
		return false
	}
	path := m.Path
	last := path[len(path)-1]
	if name != last && strings.SplitN(name, "(", 2)[0] != last {
		return false
	}
	within := path[:len(path)-1]
	whole := len(m.Kinds) == 1 && (kind == "column" || kind == "enum_value") || slices.Equal(m.Kinds, constraintKinds)
	if !whole { // a trigger or an index is named without its table
		return len(within) == 0 || schema == "" || within[len(within)-1] == schema
	}
	full := strings.Join(within, ".")
	return full == table || schema != "" && full == schema+"."+table || schema == "" && strings.HasSuffix(full, "."+table)
}
