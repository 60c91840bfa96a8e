package source

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A name is a dotted name that stands where a table or a routine is named.
type name struct {
	first int // token
	parts []string
}

func (n *name) String() string { return strings.Join(n.parts, ".") }

// foreignName finds the first name that is in another database. Only places
// where a table or routine stands are looked at: in an expression, a.b is a
// column of a.
func (s *statement) foreignName() *name {
	w := names{statement: s, frames: []frame{{}}}
	for i := 0; i < len(s.toks); i++ {
		next, n, read := w.token(i)
		if n != nil && s.g.foreign(n.parts, read) {
			return n
		}
		i = next
	}
	return nil
}

// place says what the next token is: something else, or the name of a table
// (or routine) that is read, or that is written or defined.
type place uint8

const (
	elsewhere place = iota
	reads
	writes
)

// names walks over a statement and knows where tables are named.
type names struct {
	*statement
	frames []frame // one for each open parenthesis, and one for the statement
	expect place
	onSeen bool // the ON of CREATE INDEX or CREATE TRIGGER has been seen
}

// A frame is what is known inside one pair of parentheses.
type frame struct {
	fn   string // the word before the parenthesis
	list place  // a comma is followed by another name of a table
	sel  bool   // it holds a query
}

func (w *names) top() *frame { return &w.frames[len(w.frames)-1] }

// token takes token i. It returns the last token that it used, and the dotted
// name if one stood there, and whether that is only read.
func (w *names) token(i int) (int, *name, bool) {
	if w.expect != elsewhere && (w.kind(i) == sqltext.Quoted || w.kind(i) == sqltext.Word && !w.passOver(i)) {
		read := w.expect == reads
		last, parts := w.dotted(i)
		if len(parts) > 1 {
			w.expect = elsewhere
			return last, &name{i, parts}, read
		}
	}
	switch {
	case w.kind(i) == sqltext.Op:
		w.mark(i)
	case w.up[i] != "":
		if w.passOver(i) && w.expect != elsewhere {
			return i, nil, false
		}
		w.expect = elsewhere
		w.keyword(i)
		if w.expect == elsewhere {
			return w.routine(i)
		}
	case w.kind(i) == sqltext.Quoted:
		w.expect = elsewhere
		return w.routine(i)
	default:
		w.expect = elsewhere
	}
	return i, nil, false
}

// routine takes the dotted name of a routine that is called in an expression.
func (w *names) routine(i int) (int, *name, bool) {
	if w.op(i-1, ".") || !w.op(i+1, ".") {
		return i, nil, false
	}
	last, parts := w.dotted(i)
	if len(parts) > 1 && w.op(last+1, "(") {
		return last, &name{i, parts}, true
	}
	return last, nil, false
}

// dotted reads the name at token i.
func (w *names) dotted(i int) (last int, parts []string) {
	parts = append(parts, w.ident(i))
	for w.op(i+1, ".") && w.ident(i+2) != "" {
		i += 2
		parts = append(parts, w.ident(i))
	}
	return i, parts
}

// passOver tells whether the word at token i may stand before a table's name.
func (w *names) passOver(i int) bool {
	if w.op(i+1, ".") {
		return false
	}
	switch w.up[i] {
	case "IF", "NOT", "EXISTS", "ONLY", "INTO", "TABLE", "CONCURRENTLY", "LATERAL", "LOW_PRIORITY", "HIGH_PRIORITY",
		"DELAYED", "IGNORE", "QUICK", "OR", "ABORT", "FAIL", "ROLLBACK", "REPLACE", "WAIT", "NOWAIT":
		return true
	}
	return false
}

func (w *names) mark(i int) {
	expect := w.expect
	w.expect = elsewhere
	switch w.toks[i].Text {
	case "(":
		w.frames = append(w.frames, frame{fn: w.word(i - 1), list: expect})
		w.expect = expect
	case ")":
		if len(w.frames) > 1 {
			w.frames = w.frames[:len(w.frames)-1]
		}
	case ",":
		w.expect = w.top().list
	case ";":
		*w.top() = frame{fn: w.top().fn}
	}
}

// keyword takes a word after which tables are named, or are no more.
func (w *names) keyword(i int) {
	f := w.top()
	switch w.up[i] {
	case "SELECT":
		f.list, f.sel = elsewhere, true
	case "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "WINDOW", "SET", "VALUES", "UNION", "EXCEPT", "INTERSECT",
		"RETURNING", "DUPLICATE", "BEGIN", "DO", "THEN", "LOOP", "FOR":
		f.list = elsewhere
		if w.up[i] == "FOR" && w.word(i-1) == "VALUE" { // NEXT VALUE FOR sequence
			w.expect = reads
		}
	case "FROM":
		w.from(i, f)
	case "JOIN", "STRAIGHT_JOIN":
		w.expect = reads
	case "INTO":
		f.list = elsewhere
		if w.inserts(i - 1) {
			w.expect = writes
		}
	case "INSERT", "REPLACE":
		if w.begins(i) {
			w.expect = writes
		}
	case "UPDATE":
		if !oneOf("KEY|ON|FOR|AFTER|BEFORE|OF|OR|DO", w.word(i-1)) && !w.op(i-1, ",") {
			w.expect, f.list = writes, writes
		}
	case "TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "TRUNCATE":
		w.expect, f.list = writes, writes
	case "INDEX":
		if oneOf("CREATE|DROP|UNIQUE|FULLTEXT|SPATIAL|REINDEX", w.word(i-1)) && i <= 2 {
			w.expect = writes
		}
	case "REFERENCES", "CALL":
		w.expect = writes
	case "ON", "TO", "LIKE":
		w.head(i)
	}
}

// from takes FROM, which is also part of expressions: EXTRACT(… FROM a.b), and
// IS DISTINCT FROM a.b.
func (w *names) from(i int, f *frame) {
	if w.word(i-1) == "DISTINCT" || !f.sel && oneOf("EXTRACT|TRIM|SUBSTRING|SUBSTR|MID|OVERLAY", f.fn) {
		return
	}
	w.expect, f.list = reads, reads
	if w.word(i-1) == "DELETE" || w.inserts(i-1) {
		w.expect, f.list = writes, writes
	}
}

// inserts tells whether the word at token i ends the head of an INSERT.
func (w *names) inserts(i int) bool {
	return oneOf("INSERT|REPLACE|LOW_PRIORITY|HIGH_PRIORITY|DELAYED|IGNORE|QUICK|ABORT|FAIL|ROLLBACK|MERGE", w.word(i))
}

// head takes words which name a table only in the head of certain statements:
// CREATE INDEX … ON, ALTER TABLE … RENAME TO, CREATE TABLE … LIKE.
func (w *names) head(i int) {
	h := w.statement.head(0)
	if len(h) < 2 {
		return
	}
	switch w.up[i] {
	case "ON":
		if !w.onSeen && (h[1] == "TRIGGER" || h[1] == "INDEX" || len(h) > 2 && h[2] == "INDEX") {
			w.onSeen = true
			w.expect = writes
		}
	case "TO":
		if h[0] == "RENAME" || h[0] == "ALTER" && w.word(i-1) == "RENAME" {
			w.expect = writes
		}
	case "LIKE":
		if h[0] == "CREATE" && len(w.frames) <= 2 && !w.top().sel && i < 9 {
			w.expect = writes
		}
	}
}
