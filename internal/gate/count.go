package gate

import (
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// rows fills in the name of the table at i and what counts its rows.
func (s *statement) rows(i int, f Finding) Finding {
	raw, shown := s.raw(i)
	f.Name, f.Table = shown, raw
	if raw != "" {
		f.Count = "SELECT count(*) FROM " + raw
	}
	return f
}

// of names the column at i, in the letters in which it is written.
func (f *Finding) of(table string, s *statement, i int) {
	_, column := s.raw(i)
	f.Name = table + "." + column
}

// text is the name at i as it is written.
func (s *statement) text(i int) string {
	raw, _ := s.raw(i)
	return raw
}

// equal counts the values that stand in more than one row, for the plain columns in
// the first parentheses between i and end; "" where there is an expression among them.
func (s *statement) equal(i, end int, table string) string {
	for i < end && !s.t[i].Is("(") {
		i++
	}
	var columns, set []string
	for i++; i < end && !s.t[i].Is(")"); i++ {
		switch t := s.t[i]; {
		case t.Kind != sqltext.Word && t.Kind != sqltext.Quoted:
			return ""
		case i+1 >= end || !s.t[i+1].Is(",") && !s.t[i+1].Is(")"):
			return ""
		default:
			columns, set = append(columns, t.Text), append(set, t.Text+" IS NOT NULL")
		}
		if s.t[i+1].Is(",") {
			i++
		}
	}
	if len(columns) == 0 {
		return ""
	}
	return "SELECT count(*) FROM (SELECT 1 AS one FROM " + table + " WHERE " + strings.Join(set, " AND ") +
		" GROUP BY " + strings.Join(columns, ", ") + " HAVING count(*) > 1) AS equal"
}

// Told says what is lost with the number of rows concerned: name is the object's,
// why what is said without a number. about: n is the server's guess of all rows.
func Told(code, name, why string, n int64, about bool) string {
	number := Thousands(n)
	if about {
		number = "about " + number
	}
	count := func(one, many string) string {
		if n == 1 && !about {
			return number + " " + one
		}
		return number + " " + many
	}
	switch code {
	case DropTable:
		return name + ": " + count("row", "rows") + " would be lost"
	case DropColumn:
		if about {
			return name + ": the values of " + number + " rows would be lost"
		}
		return name + ": " + count("non-null value", "non-null values") + " would be lost"
	case Truncate, DeleteAll:
		return name + ": " + count("row", "rows") + " would be deleted"
	case AddNotNull:
		return why + ": " + count("row", "rows")
	case AddUnique:
		return why + ": " + count("value", "values") + " more than once"
	case DropEnumValue:
		return why + ": " + count("row holds one", "rows hold one")
	}
	return why + ": " + count("value", "values")
}

// Thousands writes a number with commas, as a person reads it.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
