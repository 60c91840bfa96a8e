package source

import (
	"fmt"
	"slices"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A Sort says what a statement of a model is there for.
type Sort uint8

// The sorts.
const (
	// Define makes, changes or drops an object.
	Define Sort = iota
	// Data changes or reads rows, or calls a routine.
	Data
	// Setting holds for the session: for the statements after it in its file.
	Setting
)

func (s Sort) String() string { return [...]string{"define", "data", "setting"}[s] }

// A Prepared statement may be run on scratch, as it stands.
type Prepared struct {
	sqltext.Stmt
	Sort Sort
}

// Prepare checks what the models say and returns what shall be run of it, in
// the order given. All statements are checked before any is returned: one that
// reaches out of its database is an *Error with its place. What only belongs to
// a dump (transactions, owners, grants, locks, its client's settings) is left
// out or put into the form that runs on an empty database; then Text differs
// from the file's and File, Line and Col still tell where it began.
func Prepare(f sqltext.Family, stmts []sqltext.Stmt, opts ...Option) ([]Prepared, error) {
	g := grammarOf(f)
	if g == nil {
		return nil, &Error{Msg: fmt.Sprintf("there are no rules for models of the family %q", f)}
	}
	for _, o := range opts {
		o(g)
	}
	all := make([]verdict, len(stmts))
	var s statement
	for i, st := range stmts {
		s.read(g, st)
		v, bad := s.judge()
		if bad != nil {
			return nil, bad.at(st)
		}
		all[i] = v
	}
	if g.whole != nil {
		if err := g.whole(g, stmts, all); err != nil {
			return nil, err
		}
	}
	out := make([]Prepared, 0, len(stmts))
	for i, v := range all {
		if v.drop {
			continue
		}
		p := Prepared{Stmt: stmts[i], Sort: v.sort}
		if v.text != "" {
			p.Text = v.text
		}
		out = append(out, p)
	}
	return out, nil
}

// An Option changes what Prepare leaves out.
type Option func(*grammar)

// Grants keeps the rights that the models give on objects of the schema, where
// they are under management; else they are left out.
func Grants(keep bool) Option {
	return func(g *grammar) {
		if keep {
			g.leads = append(slices.Clone(g.rights), g.leads...)
		}
	}
}

// A verdict is what becomes of one statement.
type verdict struct {
	drop bool
	sort Sort
	text string // to be run in place of the statement's own; "" = that
}

// A fault is a statement that may not be run, and the place in its text.
type fault struct {
	off       int
	msg, hint string
}

func (b *fault) at(st sqltext.Stmt) *Error {
	line, col := st.Position(b.off)
	return &Error{File: st.File, Line: line, Col: col, Msg: b.msg, Hint: b.hint}
}

// A grammar is what one family's models may and may not do.
type grammar struct {
	family sqltext.Family
	leads  []lead            // by the first words of a statement; the first that fits counts
	calls  map[string]string // function, in lower case → what it does that a model may not
	rights []lead            // in front of leads where rights are under management
	prefix string            // functions whose names begin so are as the one of that name in calls
	starts []string          // tokens after which a statement begins inside of another
	// foreign tells whether a dotted name in a table's or routine's place is in
	// another database. read: rows are only read from it.
	foreign func(parts []string, read bool) bool
	// checks look at the whole of a statement.
	checks []func(s *statement) *fault
	// rewrite gives the text to run ("" = as it stands), and whether any is left.
	rewrite func(s *statement) (text string, keep bool)
	// whole looks at all statements together, once each of them has passed.
	whole func(g *grammar, stmts []sqltext.Stmt, all []verdict) error
}

// grammars are those of all families.
func grammars() []*grammar { return []*grammar{postgresGrammar(), mysqlGrammar(), sqliteGrammar()} }

func grammarOf(f sqltext.Family) *grammar {
	for _, g := range grammars() {
		if g.family == f {
			return g
		}
	}
	return nil
}

// What is done with a statement that begins with certain words.
type action uint8

const (
	refuse action = iota // an error, also where the statement stands inside a body
	reject               // an error, but inside of bodies it may stand
	drop                 // left out
	define
	data
	setting
)

// A lead is what is done with statements that begin in a certain way.
type lead struct {
	words string // in order, with | between alternatives: "CREATE|DROP DATABASE"
	do    action
	// test tells more than the words can; i is where the statement begins.
	// False: this lead does not fit. Nil: it does.
	test func(s *statement, i int) bool
	msg  string // what the statement does, where it is refused
	hint string
}

// judge says what becomes of the statement. One that is left out does no harm,
// whatever is in it.
func (s *statement) judge() (verdict, *fault) {
	if len(s.toks) == 0 {
		return verdict{drop: true}, nil
	}
	v := verdict{sort: Define}
	if l := s.lead(0, s.inside); l != nil {
		if l.do == drop {
			return verdict{drop: true}, nil
		}
		v.sort = sortOf(l.do)
	}
	if bad := s.refused(0); bad != nil {
		return verdict{}, bad
	}
	for _, check := range s.g.checks {
		if bad := check(s); bad != nil {
			return verdict{}, bad
		}
	}
	if s.g.rewrite != nil {
		text, keep := s.g.rewrite(s)
		v.text, v.drop = text, !keep
	}
	return v, nil
}

func sortOf(a action) Sort {
	switch a {
	case data:
		return Data
	case setting:
		return Setting
	}
	return Define
}

// refused finds the first thing in the statement that a model may not do:
// a statement that reaches out, a call of such a function, a name in another
// database. base is added to the offsets of the tokens.
func (s *statement) refused(base int) *fault {
	for i, t := range s.toks {
		if s.begins(i) {
			if l := s.lead(i, i > 0 || s.inside); l != nil && (l.do == refuse || l.do == reject) {
				return &fault{base + t.Off, l.msg, l.hint}
			}
		}
		if what := s.call(i); what != "" {
			return &fault{base + t.Off, what, "a model is run on a scratch database and may touch nothing else; take this out"}
		}
	}
	if n := s.foreignName(); n != nil {
		return &fault{
			base + s.toks[n.first].Off,
			fmt.Sprintf("%s is qualified with a database", n),
			"a model describes one database, whatever its name: leave the database's name off",
		}
	}
	return nil
}

// lead is the lead that fits the statement that begins at token i, or nil.
// inside: it stands in a body, where only what is always refused counts.
func (s *statement) lead(i int, inside bool) *lead {
	words := s.head(i)
	for k := range s.g.leads {
		l := &s.g.leads[k]
		if inside && l.do != refuse {
			continue
		}
		if fits(l.words, words) && (l.test == nil || l.test(s, i)) {
			return l
		}
	}
	return nil
}

// begins tells whether a statement may begin at token i.
func (s *statement) begins(i int) bool {
	if i == 0 {
		return true
	}
	if s.up[i] == "" || !s.inside && !s.program {
		return false
	}
	prev := s.toks[i-1]
	if prev.Kind != sqltext.Op && prev.Kind != sqltext.Word || !slices.ContainsFunc(s.g.starts, prev.Is) {
		return false
	}
	// CASE WHEN a THEN flush ELSE b END is an expression with a column flush
	inCase := oneOf("WHEN|ELSE|END", s.word(i+1)) || s.kind(i+1) == sqltext.Op && !s.op(i+1, ";") && !s.op(i+1, "(")
	return !oneOf("THEN|ELSE", s.up[i-1]) || !inCase
}
