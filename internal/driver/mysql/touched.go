package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A reader goes through the tokens of a statement.
type reader struct {
	t []sqltext.Token
	i int
}

func (r *reader) end() bool { return r.i >= len(r.t) }

// is tells whether one of the words stands here.
func (r *reader) is(words ...string) bool {
	return !r.end() && slices.ContainsFunc(words, r.t[r.i].Is)
}

// has tells whether one of the words stands anywhere in the statement.
func (r *reader) has(words ...string) bool {
	return slices.ContainsFunc(r.t, func(t sqltext.Token) bool { return slices.ContainsFunc(words, t.Is) })
}

// skip passes over those words.
func (r *reader) skip(words ...string) {
	for r.is(words...) {
		r.i++
	}
}

// find goes on to the first of the words, outside of parentheses.
func (r *reader) find(words ...string) bool {
	for depth := 0; !r.end(); r.i++ {
		switch {
		case r.is("("):
			depth++
		case r.is(")"):
			depth--
		case depth == 0 && r.is(words...):
			return true
		}
	}
	return false
}

// name reads a name with its database, as it is written; "" where there is none.
func (r *reader) name() string {
	if r.end() || r.t[r.i].Ident(sqltext.MySQL) == "" {
		return ""
	}
	name := r.t[r.i].Text
	r.i++
	if r.is(".") && r.i+1 < len(r.t) {
		name += "." + r.t[r.i+1].Text
		r.i += 2
	}
	return name
}

// touched reads what a statement that changes the schema touches; nil where that is
// not known.
func touched(stmt string) *touches {
	r := &reader{t: sqltext.Tokens(sqltext.MySQL, stmt)}
	r.t = slices.DeleteFunc(r.t, func(t sqltext.Token) bool { return t.Kind == sqltext.Mark })
	if len(r.t) < 3 {
		return nil
	}
	verb := r.t[0]
	r.i = 1
	if verb.Is("RENAME") {
		return renamed(r)
	}
	if !verb.Is("CREATE") && !verb.Is("DROP") && !verb.Is("ALTER") { // UPDATE t FORCE INDEX (i) JOIN u ON …
		return nil
	}
	kind := kindOf(r)
	switch {
	case kind == "":
	case kind == "INDEX" && !verb.Is("ALTER"):
		if r.find("ON") {
			r.i++
			return one("TABLE", r.name())
		}
	case verb.Is("CREATE"):
		return created(kind, r)
	case verb.Is("DROP"):
		return dropped(kind, r)
	case verb.Is("ALTER") && kind == "TABLE":
		return altered(r)
	case verb.Is("ALTER") && kind != "EVENT": // which can be renamed
		t := one(kind, r.name())
		if t != nil {
			t.once = r.has("RESTART") // of a sequence: where it stands is not shown
		}
		return t
	}
	return nil
}

// created reads CREATE. What takes the place of a table or a sequence of the same
// definition (MariaDB) has emptied it, or set it back, and others may have written to it
// since. An event whose time is over goes by itself, and has done its work.
func created(kind string, r *reader) *touches {
	replaces := r.t[1].Is("OR")
	r.skip("IF", "NOT", "EXISTS")
	if kind == "FUNCTION" && r.has("SONAME") || kind == "EVENT" && replaces {
		return nil
	}
	t := one(kind, r.name())
	if t != nil {
		t.once = replaces && (kind == "TABLE" || kind == "SEQUENCE") || kind == "EVENT" && r.has("AT", "ENDS")
	}
	return t
}

func one(kind, name string) *touches {
	if name == "" {
		return nil
	}
	return &touches{all: []object{{kind, name, true}}}
}

// kindOf finds the kind of object behind CREATE, ALTER or DROP, and goes behind it.
// Temporary tables are the session's.
func kindOf(r *reader) string {
	for ; r.i < min(len(r.t), 16); r.i++ {
		switch {
		case r.is("TEMPORARY", "USER", "ROLE", "SERVER", "TABLESPACE", "DATABASE", "SCHEMA", "RESOURCE", "LOGFILE", "UNDO", "INSTANCE", "PACKAGE"):
			return ""
		case r.is("TABLES", "TABLE"):
			r.i++
			return "TABLE"
		case r.is("VIEW", "INDEX", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE"):
			kind := r.t[r.i].Upper()
			r.i++
			return kind
		}
	}
	return ""
}

func dropped(kind string, r *reader) *touches {
	r.skip("IF", "EXISTS")
	t := &touches{}
	for {
		name := r.name()
		if name == "" {
			return nil
		}
		t.all = append(t.all, object{kind, name, false})
		if !r.is(",") {
			return t
		}
		r.i++
	}
}

// renamed reads RENAME TABLE. A name that is an old one and a new one is as it was
// when two tables of one shape were exchanged: that must not be done twice.
func renamed(r *reader) *touches {
	if !r.is("TABLE", "TABLES") {
		return nil
	}
	r.i++
	t := &touches{}
	set := func(name string, stays bool) bool {
		i := slices.IndexFunc(t.all, func(o object) bool { return strings.EqualFold(o.name, name) })
		if i >= 0 {
			t.all[i].stays, t.once = stays, true
		} else {
			t.all = append(t.all, object{"TABLE", name, stays})
		}
		return name != ""
	}
	for {
		r.skip("IF", "EXISTS")
		if !set(r.name(), false) || !r.is("TO") {
			return nil
		}
		r.i++
		if !set(r.name(), true) {
			return nil
		}
		if !r.is(",") {
			return t
		}
		r.i++
	}
}

// altered reads ALTER TABLE. What can change rows and leave the definition as it was
// must not be done twice: a partition that is emptied or exchanged, a column that takes
// the name of one that is dropped or renamed. AUTO_INCREMENT = n is not among them: the
// engine does not go below the highest number that is there.
func altered(r *reader) *touches {
	r.skip("IF", "EXISTS")
	name := r.name()
	t := one("TABLE", name)
	if t == nil {
		return nil
	}
	var gone, come []string
	for ; !r.end(); r.i++ {
		switch {
		case r.is("TRUNCATE", "EXCHANGE", "DISCARD", "IMPORT"):
			t.once = true
		case r.is("DROP"):
			gone = append(gone, column(r, "INDEX", "KEY", "FOREIGN", "PRIMARY", "CONSTRAINT", "CHECK", "PARTITION"))
		case r.is("ADD"):
			come = append(come, column(r, "INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL", "CONSTRAINT", "FOREIGN", "PRIMARY", "CHECK", "PARTITION"))
		case r.is("CHANGE"):
			if old, now := column(r), next(r); old != now { // CHANGE a a … is MODIFY
				gone, come = append(gone, old), append(come, now)
			}
		case r.is("RENAME"):
			if r.i++; r.is("INDEX", "KEY") {
				continue
			}
			if r.is("COLUMN") {
				r.i--
				old := column(r)
				r.i++
				gone, come = append(gone, old), append(come, next(r)) // behind TO
				continue
			}
			r.skip("TO", "AS", "=")
			to := r.name()
			if to == "" {
				return nil
			}
			if !strings.EqualFold(to, name) {
				t.all[0].stays = false
				t.all = append(t.all, object{"TABLE", to, true})
			}
		}
	}
	for _, c := range gone {
		if c != "" && (slices.Contains(come, c) || slices.Contains(come, "(")) {
			t.once = true
		}
	}
	return t
}

// column is the column behind ADD, DROP, CHANGE or RENAME, "(" for a list of them; ""
// where one of the words stands there, which say that it is something else.
func column(r *reader, others ...string) string {
	r.i++
	if r.is(others...) || r.end() {
		return ""
	}
	r.skip("COLUMN", "IF", "NOT", "EXISTS")
	if r.end() {
		return ""
	}
	if r.is("(") {
		return "("
	}
	return strings.ToLower(r.t[r.i].Ident(sqltext.MySQL))
}

// next is the name behind.
func next(r *reader) string {
	if r.i++; r.end() {
		return ""
	}
	return strings.ToLower(r.t[r.i].Ident(sqltext.MySQL))
}
