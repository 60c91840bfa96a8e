package hcl

import (
	"ariga.io/atlas/sql/schema"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A reader walks over a definition in the server's words.
type reader struct {
	f    sqltext.Family
	text string
	toks []sqltext.Token
	i    int
}

func (w *writer) read(text string) *reader {
	return &reader{f: w.family, text: text, toks: sqltext.Tokens(w.family, text)}
}

func (r *reader) at(i int) sqltext.Token {
	if i < len(r.toks) {
		return r.toks[i]
	}
	return sqltext.Token{}
}

func (r *reader) end() bool { return r.i >= len(r.toks) }

// words passes over words that stand next, if all do.
func (r *reader) words(list ...string) bool {
	for n, s := range list {
		if !r.at(r.i + n).Is(s) {
			return false
		}
	}
	r.i += len(list)
	return true
}

// name reads a dotted name.
func (r *reader) name() []string {
	var out []string
	for {
		n := r.at(r.i).Ident(r.f)
		if n == "" {
			return out
		}
		out = append(out, n)
		r.i++
		if !r.words(".") {
			return out
		}
	}
}

// list reads a list in parentheses, each element as its own reader.
func (r *reader) list() []*reader {
	if !r.words("(") {
		return nil
	}
	var out []*reader
	depth, from := 0, r.i
	for ; r.i < len(r.toks); r.i++ {
		switch t := r.toks[r.i]; {
		case t.Is("("), t.Is("["):
			depth++
		case depth > 0 && (t.Is(")") || t.Is("]")):
			depth--
		case depth == 0 && (t.Is(",") || t.Is(")")):
			out = append(out, r.part(from, r.i))
			from = r.i + 1
			if t.Is(")") {
				r.i++
				return out
			}
		}
	}
	return out
}

// part is the tokens from one place to another.
func (r *reader) part(from, to int) *reader {
	if from >= to {
		return &reader{f: r.f}
	}
	last := r.toks[to-1]
	off := r.toks[from].Off
	p := &reader{f: r.f, text: r.text[off : last.Off+len(last.Text)]}
	p.toks = sqltext.Tokens(r.f, p.text)
	return p
}

// names reads elements that are plain column names.
func names(list []*reader) ([]string, bool) {
	var out []string
	for _, r := range list {
		n := r.name()
		if len(n) != 1 || !r.end() {
			return nil, false
		}
		out = append(out, n[0])
	}
	return out, len(out) > 0
}

// parts reads the elements of an index: columns or expressions, and what
// more may stand behind each.
func (w *writer) parts(t *schema.Table, list []*reader, more func(*reader, *schema.IndexPart) bool) ([]*schema.IndexPart, bool) {
	var out []*schema.IndexPart
	for n, r := range list {
		p := &schema.IndexPart{SeqNo: n}
		start := r.i
		if name := r.name(); len(name) == 1 && !r.at(r.i).Is("(") || len(name) == 1 && w.family == sqltext.MySQL && r.at(0).Kind == sqltext.Quoted {
			c, ok := t.Column(name[0])
			if !ok {
				return nil, false
			}
			p.C = c
		} else if r.i = start; !r.expression(p) {
			return nil, false
		}
		if !more(r, p) {
			return nil, false
		}
		if r.words("DESC") {
			p.Desc = true
		} else {
			r.words("ASC")
		}
		if !more(r, p) || !r.end() {
			return nil, false
		}
		out = append(out, p)
	}
	return out, len(out) > 0
}

// expression reads (…) or f(…), to the DESC behind it or the end.
func (r *reader) expression(p *schema.IndexPart) bool {
	to := len(r.toks)
	for i, depth := r.i, 0; i < len(r.toks); i++ {
		t := r.toks[i]
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && (t.Is("DESC") || t.Is("ASC") || t.Is("NULLS") || t.Is("COLLATE")):
			to = i
		}
		if to < len(r.toks) {
			break
		}
	}
	x := r.part(r.i, to).text
	r.i = to
	p.X = &schema.RawExpr{X: x}
	return true
}
