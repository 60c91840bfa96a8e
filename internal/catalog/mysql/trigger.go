package mysql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/catalog"
)

// triggerKind: attributes timing, event, body, sql_mode, and follows: the
// trigger before it of the same table, timing and event.
var triggerKind = catalog.Kind{
	Name: "trigger", Namespace: "trigger", GoesWith: true,
	Create: createTrigger,
	// one that stays is not made anew when the one before it is: that takes its place by PRECEDES
	Yield: func(*catalog.Ctx, *catalog.Object, *catalog.Object, catalog.Key) (before, after []string) {
		return nil, nil
	},
	Drop: func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{"DROP TRIGGER " + ident(o.Name)} },
}

func (r *reader) readTriggers() error {
	query := "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, ACTION_STATEMENT, DEFINER, " +
		"SQL_MODE FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {home} AND TRIGGER_SCHEMA = {home} " +
		"ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"
	before := map[string]string{}
	return r.each(query, func(w row) error {
		t := r.tables[w.s(0)]
		o := newObject("trigger", w.s(0), w.s(1))
		if t == nil || r.excluded(o.Key) {
			return nil
		}
		o.Pos, _ = strconv.Atoi(w.s(4))
		put(o, "timing", w.s(2))
		put(o, "event", w.s(3))
		group := w.s(0) + "\x00" + w.s(2) + "\x00" + w.s(3)
		if put(o, "follows", before[group]); before[group] != "" {
			o.Deps = append(o.Deps, newObject("trigger", w.s(0), before[group]).Key)
		}
		before[group] = o.Name
		put(o, "body", withoutEnd(r.relative(w.s(5))))
		r.definer(o, w.s(6))
		mode(o, w.s(7))
		r.add(o)
		if r.f.userTriggers || hasLiteral(w.s(5)) {
			r.want("TRIGGER", o.Key, func(text string) error { return r.triggerText(o, text) })
		}
		return nil
	})
}

// hasLiteral tells whether information_schema may have changed a body: it gives
// string literals with their escapes resolved (both products), and a name with a
// backquote in it, of two in SQL, with those two around its first half (MySQL 9.7).
func hasLiteral(body string) bool {
	return strings.ContainsAny(body, `'"\`) || backquoteIn().MatchString(body)
}

var backquoteIn = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("`[^`]*`[\\w`]") })

// triggerText takes the body, and the user's own way of writing the head, from
// SHOW CREATE TRIGGER.
func (r *reader) triggerText(o *catalog.Object, text string) error {
	def, err := afterDefiner(text)
	if err != nil {
		return err
	}
	ts := tokens(def)
	i := skipTo(ts, 0, "FOR")
	for _, w := range []string{"EACH", "ROW"} {
		if i >= 0 {
			i = skipTo(ts, i, w)
		}
	}
	if i < 0 {
		return fmt.Errorf("no FOR EACH ROW in %.60q", def)
	}
	i = skipBlank(ts, i+1)
	ordered := i < len(ts) && (strings.EqualFold(ts[i].raw, "FOLLOWS") || strings.EqualFold(ts[i].raw, "PRECEDES"))
	if ordered {
		i = skipBlank(ts, skipBlank(ts, i+1)+1)
	} else if r.f.userTriggers {
		o.Info["source"] = withoutEnd(r.relative(def))
	}
	put(o, "body", withoutEnd(r.relative(join(ts[min(i, len(ts)):]))))
	return nil
}

func skipBlank(ts []token, i int) int {
	for i < len(ts) && ts[i].kind == space && isBlank(ts[i].raw[0]) {
		i++
	}
	return i
}

func createTrigger(p *catalog.Ctx, o *catalog.Object) []string {
	place := triggerPlace(p, o)
	if source := o.Info["source"]; source != "" && place == "" {
		return inMode(o, "CREATE"+definerClause(o)+" "+source)
	}
	a := o.Attrs
	return inMode(o, "CREATE"+definerClause(o)+" TRIGGER "+ident(o.Name)+" "+a["timing"]+" "+a["event"]+" ON "+ident(o.Table)+
		" FOR EACH ROW "+place+a["body"])
}

// triggerPlace says where a trigger goes among those that are there and stay. With
// none of them behind it, nothing need be said: a new trigger is the last.
func triggerPlace(p *catalog.Ctx, o *catalog.Object) string {
	if p.From == nil || p.To == nil {
		return ""
	}
	for _, t := range p.To.Parts(o.TableKey(), "trigger") { // by place
		same := t.Attrs["timing"] == o.Attrs["timing"] && t.Attrs["event"] == o.Attrs["event"]
		if f := p.From.Get(t.Key); same && t.Pos > o.Pos && f != nil && f.Equal(t) {
			return "PRECEDES " + ident(t.Name) + " "
		}
	}
	return ""
}
