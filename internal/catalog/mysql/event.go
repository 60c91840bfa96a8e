package mysql

import (
	"fmt"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
)

// eventKind: attributes schedule, starts, ends, preserve, status, comment, body,
// sql_mode. A start that nobody wrote is the time of creation; it is left out.
var eventKind = catalog.Kind{
	Name: "event", Create: createEvent,
	Drop: func(_ *catalog.Ctx, o *catalog.Object) []string { return []string{"DROP EVENT " + ident(o.Name)} },
}

func (r *reader) readEvents() error {
	query := "SELECT EVENT_NAME, EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, STARTS, ENDS, STATUS, ON_COMPLETION, EVENT_COMMENT, " +
		"EVENT_DEFINITION, DEFINER, SQL_MODE, CREATED, LAST_ALTERED FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {home}"
	return r.each(query, func(w row) error {
		o := newObject("event", "", w.s(0))
		if r.excluded(o.Key) {
			return nil
		}
		if w.s(1) == "ONE TIME" {
			put(o, "schedule", "AT '"+datetime(w.s(2))+"'")
		} else {
			put(o, "schedule", "EVERY "+w.s(3)+" "+w.s(4))
		}
		if !near(w.s(5), w.s(13)) && !near(w.s(5), w.s(14)) {
			put(o, "starts", datetime(w.s(5)))
		}
		put(o, "ends", datetime(w.s(6)))
		put(o, "status", eventStatus[w.s(7)])
		flag(o, "preserve", w.s(8) == "PRESERVE")
		put(o, "comment", w.s(9))
		put(o, "body", withoutEnd(r.relative(w.s(10))))
		r.definer(o, w.s(11))
		mode(o, w.s(12))
		r.add(o)
		if hasLiteral(w.s(10)) {
			r.want("EVENT", o.Key, func(text string) error { return r.eventText(o, text) })
		}
		return nil
	})
}

var eventStatus = map[string]string{
	"ENABLED": "", "DISABLED": "DISABLE",
	"SLAVESIDE_DISABLED": "DISABLE ON SLAVE", "REPLICA_SIDE_DISABLED": "DISABLE ON REPLICA",
}

// times as drivers give them: the server's text or, with parseTime, RFC 3339.
var times = []string{"2006-01-02 15:04:05", time.RFC3339}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range times {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func datetime(s string) string {
	if t, ok := parseTime(s); ok {
		return t.Format(times[0])
	}
	return s
}

// near tells whether two times are the same but for the second that one
// statement may take.
func near(a, b string) bool {
	s, ok1 := parseTime(a)
	t, ok2 := parseTime(b)
	return ok1 && ok2 && s.Sub(t).Abs() <= time.Second
}

// eventText takes the body from SHOW CREATE EVENT: it follows the first bare DO.
func (r *reader) eventText(o *catalog.Object, text string) error {
	ts := tokens(text)
	i := skipTo(ts, 0, "DO")
	if i < 0 {
		return fmt.Errorf("no DO in %.60q", text)
	}
	put(o, "body", withoutEnd(r.relative(strings.TrimLeft(join(ts[i+1:]), " "))))
	return nil
}

func createEvent(_ *catalog.Ctx, o *catalog.Object) []string {
	a := o.Attrs
	sql := "CREATE" + definerClause(o) + " EVENT " + ident(o.Name) + " ON SCHEDULE " + a["schedule"]
	if a["starts"] != "" {
		sql += " STARTS '" + a["starts"] + "'"
	}
	if a["ends"] != "" {
		sql += " ENDS '" + a["ends"] + "'"
	}
	if a["preserve"] != "" {
		sql += " ON COMPLETION PRESERVE"
	}
	if a["status"] != "" {
		sql += " " + a["status"]
	}
	if a["comment"] != "" {
		sql += " COMMENT " + quote(a["comment"])
	}
	return inMode(o, sql+" DO "+a["body"])
}
