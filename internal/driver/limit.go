package driver

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A DML is an UPDATE or a DELETE of one table, cut where a limit can be put in.
type DML struct {
	Head    string // up to its WHERE
	Target  string // the table, with its alias
	Where   string // the condition; "" when there is none
	Limited bool   // it has a LIMIT of its own: nothing else is known of it
}

// ReadDML cuts an UPDATE or DELETE. The error says why that cannot be done safely.
func ReadDML(f sqltext.Family, stmt string) (DML, error) {
	t := sqltext.Tokens(f, stmt)
	if len(t) == 0 {
		return DML{}, errors.New("there is no statement")
	}
	for _, x := range t {
		if x.Is("LIMIT") {
			return DML{Limited: true}, nil
		}
	}
	from, where, err := dmlPlaces(t)
	if err != nil {
		return DML{}, err
	}
	d := DML{Head: stmt}
	end := len(stmt)
	if where >= 0 {
		d.Head, d.Where = stmt[:t[where].Off], strings.TrimSpace(stmt[t[where].Off+len(t[where].Text):])
		end = t[where].Off
	}
	if t[0].Is("UPDATE") {
		if where < 0 {
			return DML{}, errors.New("an UPDATE that is repeated needs a WHERE that leaves out the rows that are done")
		}
		for i := from; i < len(t); i++ {
			if t[i].Is("SET") {
				end = t[i].Off
				break
			}
		}
	}
	d.Target = strings.TrimSpace(stmt[t[from].Off:end])
	return d, nil
}

// dmlPlaces returns where the table's name is, and the WHERE, or -1.
func dmlPlaces(t []sqltext.Token) (from, where int, err error) {
	where, from = -1, 1
	if t[0].Is("DELETE") && len(t) > 1 && t[1].Is("FROM") {
		from = 2
	} else if !t[0].Is("UPDATE") {
		return 0, 0, fmt.Errorf("a statement that begins with %s is repeated as it is written, and needs a LIMIT in it", strings.ToUpper(t[0].Text))
	}
	if from >= len(t) {
		return 0, 0, errors.New("the statement is not whole")
	}
	depth, set := 0, t[0].Is("DELETE")
	for i, x := range t[from:] {
		switch {
		case x.Is("("):
			depth++
		case x.Is(")"):
			depth--
		case depth > 0:
		case x.Is("SET"):
			set = true
		case x.Is("WHERE"):
			if where < 0 {
				where = from + i
			}
		case x.Is("FROM"), x.Is("USING"), x.Is("JOIN"), x.Is("RETURNING"), x.Is("ORDER"), x.Is(",") && !set, x.Is(",") && t[0].Is("DELETE") && where < 0:
			return 0, 0, fmt.Errorf("a statement with %s is repeated as it is written, and needs a LIMIT in it", strings.ToUpper(x.Text))
		}
	}
	return from, where, nil
}

// Count is the query for how many rows the statement would change.
func (d DML) Count() string {
	q := "SELECT count(*) FROM " + d.Target
	if d.Where != "" {
		q += " WHERE " + d.Where
	}
	return q
}

// ByRow limits the statement to n rows, which it finds by the hidden column that
// names a row; pick writes the condition around the sub-select.
func (d DML) ByRow(column string, n int, pick func(sub string) string) string {
	sub := "SELECT " + column + " FROM " + d.Target
	also := ""
	if d.Where != "" {
		sub += " WHERE (" + d.Where + "\n)"
		also = " AND (" + d.Where + "\n)"
	}
	return strings.TrimSpace(d.Head) + "\nWHERE " + pick(sub+" LIMIT "+strconv.Itoa(n)) + also
}
