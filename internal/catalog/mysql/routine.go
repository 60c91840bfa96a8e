package mysql

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// procedureKind and functionKind have one attribute, definition: what SHOW CREATE
// prints behind the DEFINER (parameters, characteristics, body), and sql_mode as
// far as it changes what the text means.
//
// A changed routine is dropped and created in place: what calls it (views, other
// routines) is bound by name only and stays.
var (
	procedureKind = routineKind("procedure")
	functionKind  = routineKind("function")
)

func routineKind(name string) catalog.Kind {
	drop := func(_ *catalog.Ctx, o *catalog.Object) []string {
		return []string{"DROP " + strings.ToUpper(name) + " " + ident(o.Name)}
	}
	create := func(_ *catalog.Ctx, o *catalog.Object) []string {
		return inMode(o, "CREATE"+definerClause(o)+" "+o.Attrs["definition"])
	}
	return catalog.Kind{
		Name: name, Create: create, Drop: drop,
		Alter: func(p *catalog.Ctx, d *catalog.Delta) catalog.Alteration {
			return catalog.Alteration{SQL: append(drop(p, d.From), create(p, d.To)...)}
		},
	}
}

func (r *reader) readRoutines() error {
	if r.f.libraries > 0 && r.version >= r.f.libraries {
		query := "SELECT LIBRARY_NAME FROM information_schema.LIBRARIES WHERE LIBRARY_SCHEMA = {home}"
		err := r.each(query, func(w row) error {
			r.giveUp(catalog.Key{Kind: "library", Name: w.s(0)})
			return nil
		})
		if err != nil {
			return err
		}
	}
	query := "SELECT ROUTINE_NAME, ROUTINE_TYPE, DEFINER, SQL_MODE, EXTERNAL_LANGUAGE FROM information_schema.ROUTINES " +
		"WHERE ROUTINE_SCHEMA = {home}"
	return r.each(query, func(w row) error {
		o := newObject(strings.ToLower(w.s(1)), "", w.s(0))
		language := w.s(4)
		if o.Kind == "function" {
			r.functions[o.Name] = true
		}
		if r.excluded(o.Key) {
			return nil
		}
		routine := o.Kind == "function" || o.Kind == "procedure"
		// packages and Oracle's dialect (MariaDB), JavaScript (MySQL Enterprise)
		if !routine || hasMode(w.s(3), "ORACLE") || language != "" && language != "SQL" {
			r.giveUp(o.Key)
			return nil
		}
		r.definer(o, w.s(2))
		mode(o, w.s(3))
		r.add(o)
		r.want(w.s(1), o.Key, func(text string) error {
			def, err := afterDefiner(text)
			put(o, "definition", withoutEnd(r.relative(def)))
			return err
		})
		return nil
	})
}

// parseModes are the words of sql_mode that change how a text is understood;
// the others (strictness and the like) follow the session that creates.
var parseModes = []string{
	"ANSI_QUOTES", "EMPTY_STRING_IS_NULL", "HIGH_NOT_PRECEDENCE", "IGNORE_SPACE", "NO_BACKSLASH_ESCAPES",
	"NO_UNSIGNED_SUBTRACTION", "ORACLE", "PIPES_AS_CONCAT", "REAL_AS_FLOAT",
}

func hasMode(modes, one string) bool { return slices.Contains(strings.Split(modes, ","), one) }

// mode keeps the sql_mode that a stored text was written in, where it matters.
func mode(o *catalog.Object, modes string) {
	var matter []string
	for _, m := range parseModes {
		if hasMode(modes, m) {
			matter = append(matter, m)
		}
	}
	if len(matter) > 0 {
		o.Attrs["sql_mode"] = strings.Join(matter, ",")
		o.Info["sql_mode"] = modes
	}
}

// inMode runs a statement in the sql_mode that its text was written in.
func inMode(o *catalog.Object, sql string) []string {
	m := o.Info["sql_mode"]
	if m == "" {
		return []string{sql}
	}
	return []string{
		"SET @migr_sql_mode = @@SESSION.sql_mode",
		"SET SESSION sql_mode = '" + m + "'",
		sql,
		"SET SESSION sql_mode = @migr_sql_mode",
	}
}
