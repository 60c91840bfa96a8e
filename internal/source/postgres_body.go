package source

import (
	"fmt"

	"github.com/migr-dev/migr/internal/sqltext"
)

// checkDo looks into the body of DO, which runs at once.
func checkDo(s *statement) *fault {
	if s.word(0) != "DO" {
		return nil
	}
	b := bodyOf(s)
	if b == nil {
		return nil
	}
	if b.lang != "plpgsql" && b.lang != "sql" {
		return &fault{
			s.toks[b.token].Off, "this runs code in " + b.lang + ", which cannot be checked",
			"write it in plpgsql, or leave it to a revision",
		}
	}
	return b.refused(s)
}

// A routine is one whose body reaches out of the database. To define it does
// no harm, for that runs nothing; to use it in the models would.
type routine struct {
	index int // of its statement
	bad   *Error
}

// checkRoutines finds uses of routines that reach out of the database. What
// calls such a routine reaches out as well.
func checkRoutines(g *grammar, stmts []sqltext.Stmt, all []verdict) error {
	found := map[string]routine{}
	bodies := map[string][]calls{}
	var s statement
	for i, st := range stmts {
		if all[i].drop || !definesRoutine(g, st) {
			continue
		}
		s.read(g, st)
		name, b := routineName(&s), bodyOf(&s)
		if name == "" || b == nil || b.lang != "sql" && b.lang != "plpgsql" {
			continue
		}
		if bad := b.refused(&s); bad != nil {
			found[name] = routine{i, bad.at(st)}
		}
		bodies[name] = append(bodies[name], calls{i, callsIn(&b.statement)})
	}
	if len(found) == 0 {
		return nil
	}
	spread(found, bodies)
	return usesOf(g, found, stmts, all)
}

// calls are the names that are called in one routine's body.
type calls struct {
	index int
	names map[string]int
}

// spread adds the routines that call one of those found, and so on.
func spread(found map[string]routine, bodies map[string][]calls) {
	for more := true; more; {
		more = false
		for name, defs := range bodies {
			if _, ok := found[name]; ok {
				continue
			}
			for _, d := range defs {
				for called := range d.names {
					if r, ok := found[called]; ok {
						found[name] = routine{d.index, r.bad}
						more = true
					}
				}
			}
		}
	}
}

// usesOf is the error of the first statement that uses a routine found.
func usesOf(g *grammar, found map[string]routine, stmts []sqltext.Stmt, all []verdict) error {
	writes := false
	for _, v := range all {
		writes = writes || !v.drop && v.sort == Data
	}
	var s statement
	for i, st := range stmts {
		if all[i].drop || definesRoutine(g, st) {
			continue
		}
		s.read(g, st)
		if s.head(0)[0] == "CREATE" && oneOf("TRIGGER|CONSTRAINT", s.word(1)) && !writes {
			continue // nothing fires it
		}
		used := callsIn(&s)
		if b := bodyOf(&s); s.word(0) == "DO" && b != nil {
			for name := range callsIn(&b.statement) {
				used[name] = s.toks[b.token].Off
			}
		}
		if err := firstUse(st, used, found); err != nil {
			return err
		}
	}
	return nil
}

func firstUse(st sqltext.Stmt, used map[string]int, found map[string]routine) error {
	first, name := -1, ""
	for n, off := range used {
		if _, ok := found[n]; ok && (first < 0 || off < first || off == first && n < name) {
			first, name = off, n
		}
	}
	if first < 0 {
		return nil
	}
	bad := found[name].bad
	return (&fault{
		first, fmt.Sprintf("%s is used here, which reaches out of the database: %s (%s:%d)", name, bad.Msg, bad.File, bad.Line),
		"a model may define such a routine, but nothing in the models may use it",
	}).at(st)
}

// callsIn gives the names with a parenthesis behind them which may be calls,
// and the offset of each one's first.
func callsIn(s *statement) map[string]int {
	m := map[string]int{}
	for i := range s.toks {
		if name := s.ident(i); name != "" && s.op(i+1, "(") && !s.namesObject(i) {
			if _, ok := m[name]; !ok {
				m[name] = s.toks[i].Off
			}
		}
	}
	return m
}

func definesRoutine(g *grammar, st sqltext.Stmt) bool {
	words := sqltext.Words(g.family, st.Text, headWords)
	return fits("CREATE FUNCTION|PROCEDURE", words) || fits("CREATE OR REPLACE FUNCTION|PROCEDURE", words)
}

// routineName is the name, without its schema, of the routine defined.
func routineName(s *statement) string {
	for i := range s.toks {
		if !oneOf("FUNCTION|PROCEDURE", s.word(i)) {
			continue
		}
		for i++; s.op(i+1, "."); {
			i += 2
		}
		return s.ident(i)
	}
	return ""
}
