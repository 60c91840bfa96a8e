package gate

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// A statement is one statement's tokens.
type statement struct {
	f     sqltext.Family
	t     []sqltext.Token
	whole string // the text that the tokens are of
}

func newStatement(f sqltext.Family, text string) *statement {
	return &statement{f, sqltext.Tokens(f, text), text}
}

// at tells whether the words stand at token i.
func (s *statement) at(i int, words ...string) bool {
	if i < 0 || i+len(words) > len(s.t) {
		return false
	}
	for j, w := range words {
		if !s.t[i+j].Is(w) {
			return false
		}
	}
	return true
}

// skip returns i, or the place after the words when they stand there.
func (s *statement) skip(i int, words ...string) int {
	if s.at(i, words...) {
		return i + len(words)
	}
	return i
}

// name reads a possibly qualified name at i; a home qualifier is kept off, as
// files write names with it and without.
func (s *statement) name(i int) (string, int) {
	if i >= len(s.t) || s.t[i].Kind != sqltext.Word && s.t[i].Kind != sqltext.Quoted {
		return "", i
	}
	n := s.fold(s.t[i])
	i++
	for s.at(i, ".") && i+1 < len(s.t) {
		n = s.fold(s.t[i+1])
		i += 2
	}
	return n, i
}

// fold makes a name comparable: unquoted ones have no case.
func (s *statement) fold(t sqltext.Token) string {
	n := t.Ident(s.f)
	if t.Kind == sqltext.Word || s.f != sqltext.Postgres {
		return foldName(n)
	}
	return n
}

// foldName makes a name comparable where no name has a case.
func foldName(name string) string { return strings.ToLower(name) }

// nameOfTable is the token of the table's name in a CREATE TABLE.
func (s *statement) nameOfTable() int {
	i := 1
	for _, w := range []string{"TEMPORARY", "TEMP"} {
		i = s.skip(i, w)
	}
	return s.skip(i+1, "IF", "NOT", "EXISTS")
}

// raw is the name at i as it is written, for a query; shown is how a person reads it.
func (s *statement) raw(i int) (raw, shown string) {
	_, end := s.name(i)
	var b, p strings.Builder
	for _, t := range s.t[min(i, len(s.t)):end] {
		b.WriteString(t.Text)
		if t.Is(".") {
			p.WriteString(".")
		} else {
			p.WriteString(t.Ident(s.f))
		}
	}
	return b.String(), p.String()
}

func part(table, name string) string { return table + "\x00" + name }

// creates lists the names of tables, views, schemas and columns that the statement makes.
func (s *statement) creates() []string {
	i := s.skip(0, "CREATE")
	if i == 0 {
		return s.addsColumns()
	}
	for _, w := range []string{"OR", "REPLACE", "GLOBAL", "LOCAL", "TEMPORARY", "TEMP", "UNLOGGED", "VIRTUAL", "MATERIALIZED"} {
		i = s.skip(i, w)
	}
	switch {
	case s.at(i, "TABLE"), s.at(i, "SCHEMA"), s.at(i, "VIEW"):
		name, _ := s.name(s.skip(i+1, "IF", "NOT", "EXISTS"))
		return []string{name}
	}
	return nil
}

func (s *statement) addsColumns() []string {
	var made []string
	table, clauses := s.alterTable()
	for _, c := range clauses {
		if name, ok := s.addedColumn(c); ok {
			made = append(made, part(table, name))
		}
	}
	return made
}

// takesName is the table that a rebuild by migr gives its name back to: the keys that
// are made on it then were there before.
func (s *statement) takesName() string {
	table, clauses := s.alterTable()
	if len(clauses) != 1 || !s.at(clauses[0], "RENAME", "TO") || !strings.HasPrefix(table, "_migr_new_") {
		return ""
	}
	to, _ := s.name(clauses[0] + 2)
	return to
}

// addedColumn reads ADD [COLUMN] [IF NOT EXISTS] name at i.
func (s *statement) addedColumn(i int) (string, bool) {
	if !s.at(i, "ADD") {
		return "", false
	}
	i++
	for _, w := range []string{"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "INDEX", "KEY", "FULLTEXT", "SPATIAL", "EXCLUDE", "PARTITION", "("} {
		if s.at(i, w) {
			return "", false
		}
	}
	i = s.skip(s.skip(i, "COLUMN"), "IF", "NOT", "EXISTS")
	name, _ := s.name(i)
	return name, name != ""
}

// alterTable returns the table and where each clause begins.
func (s *statement) alterTable() (string, []int) {
	if !s.at(0, "ALTER", "TABLE") {
		return "", nil
	}
	i := s.skip(s.skip(2, "IF", "EXISTS"), "ONLY")
	table, i := s.name(i)
	i = s.skip(i, "*")
	clauses := []int{i}
	depth := 0
	for ; i < len(s.t); i++ {
		switch {
		case s.t[i].Is("("):
			depth++
		case s.t[i].Is(")"):
			depth--
		case s.t[i].Is(",") && depth == 0:
			clauses = append(clauses, i+1)
		}
	}
	return table, clauses
}

// end is where the clause that begins at i ends.
func (s *statement) end(i int) int {
	depth := 0
	for ; i < len(s.t); i++ {
		switch {
		case s.t[i].Is("("):
			depth++
		case s.t[i].Is(")"):
			depth--
		case s.t[i].Is(",") && depth == 0:
			return i
		}
	}
	return i
}

// has tells whether the words stand anywhere from i to j, outside parentheses.
func (s *statement) has(i, j int, words ...string) bool {
	depth := 0
	for ; i < j; i++ {
		switch {
		case s.t[i].Is("("):
			depth++
		case s.t[i].Is(")"):
			depth--
		case depth == 0 && s.at(i, words...):
			return true
		}
	}
	return false
}

// findings lists what the statement loses or risks.
func (s *statement) findings() []Finding {
	switch {
	case s.at(0, "DROP"):
		return s.drops()
	case s.at(0, "ALTER", "TABLE"):
		return s.alters()
	case s.at(0, "ALTER", "TYPE"):
		return s.altersType()
	case s.at(0, "TRUNCATE"):
		i := s.skip(s.skip(1, "TABLE"), "ONLY")
		name, _ := s.name(i)
		return []Finding{s.rows(i, Finding{Code: Truncate, Object: name, Why: "all rows of " + name + " are deleted"})}
	case s.at(0, "DELETE", "FROM"):
		name, next := s.name(s.skip(2, "ONLY"))
		if !s.has(next, len(s.t), "WHERE") && !s.has(next, len(s.t), "LIMIT") && !s.has(next, len(s.t), "USING") {
			return []Finding{s.rows(s.skip(2, "ONLY"), Finding{Code: DeleteAll, Object: name, Why: "all rows of " + name + " are deleted: there is no WHERE"})}
		}
	case s.at(0, "CREATE", "UNIQUE", "INDEX"):
		return s.uniqueIndex()
	}
	return nil
}

func (s *statement) drops() []Finding {
	i := s.skip(1, "TEMPORARY")
	code, what := "", ""
	switch {
	case s.at(i, "TABLE"):
		code, what = DropTable, "table"
	case s.at(i, "FOREIGN", "TABLE"):
		return nil
	case s.at(i, "SCHEMA"), s.at(i, "DATABASE"):
		code, what = DropSchema, "schema"
	default:
		return nil
	}
	if i > 1 { // a temporary table
		return nil
	}
	i = s.skip(i+1, "IF", "EXISTS")
	var all []Finding
	for {
		name, next := s.name(i)
		if name == "" {
			return all
		}
		found := Finding{Code: code, Object: name, Why: what + " " + name + " and its rows are lost"}
		if code == DropTable {
			found = s.rows(i, found)
		}
		all = append(all, found)
		if !s.at(next, ",") {
			return all
		}
		i = next + 1
	}
}

func (s *statement) alters() []Finding {
	table, clauses := s.alterTable()
	raw, shown := s.raw(s.skip(s.skip(2, "IF", "EXISTS"), "ONLY"))
	var all []Finding
	add := func(code, column, why string) *Finding {
		name := shown
		if column != "" {
			name += "." + column
		}
		all = append(all, Finding{Code: code, Object: part(table, column), Name: name, Table: raw, Why: why})
		return &all[len(all)-1]
	}
	for _, i := range clauses {
		end := s.end(i)
		switch {
		case s.at(i, "DROP"):
			if column, at := s.droppedColumn(i); column != "" {
				f := add(DropColumn, column, "column "+table+"."+column+" and its values are lost")
				f.of(shown, s, at)
				f.Count = "SELECT count(" + s.text(at) + ") FROM " + raw
			} else if s.at(i, "DROP", "PARTITION") && s.f == sqltext.MySQL {
				at := s.skip(i+2, "IF", "EXISTS")
				name, _ := s.name(at)
				f := add(DropTable, name, "partition "+name+" of "+table+" and its rows are lost")
				f.Count = "SELECT count(*) FROM " + raw + " PARTITION (" + s.text(at) + ")"
			}
		case s.at(i, "TRUNCATE", "PARTITION"):
			add(Truncate, "", "the rows of partitions of "+table+" are deleted")
		case s.at(i, "ADD"):
			s.adds(i, end, table, raw, add)
		case s.at(i, "ALTER"):
			at := s.skip(i+1, "COLUMN")
			column, next := s.name(at)
			if s.at(next, "SET", "NOT", "NULL") {
				f := add(AddNotNull, column, "rows with NULL in "+table+"."+column+" make this fail")
				f.of(shown, s, at)
				f.Count = "SELECT count(*) FROM " + raw + " WHERE " + s.text(at) + " IS NULL"
			}
		}
	}
	return all
}

// altersType finds the attributes that a composite type loses.
func (s *statement) altersType() []Finding {
	typ, next := s.name(2)
	raw, shown := s.raw(2)
	var all []Finding
	for i := next; i < len(s.t); i = s.end(i) + 1 {
		if !s.at(i, "DROP", "ATTRIBUTE") {
			continue
		}
		at := s.skip(i+2, "IF", "EXISTS")
		column, _ := s.name(at)
		f := Finding{Code: DropColumn, Object: part(typ, column), Table: raw, Why: "the values of attribute " + typ + "." + column + " are lost in all columns of its type"}
		f.of(shown, s, at)
		all = append(all, f)
	}
	return all
}

// adds finds what ADD at i risks on the rows there are.
func (s *statement) adds(i, end int, table, raw string, add func(code, column, why string) *Finding) {
	column, ok := s.addedColumn(i)
	if !ok {
		if s.has(i, end, "UNIQUE") && !s.has(i, end, "USING", "INDEX") {
			add(AddUnique, "", "rows with equal values in "+table+" make this fail").Count = s.equal(i, end, raw)
		}
		return
	}
	if s.has(i, end, "NOT", "NULL") && !s.has(i, end, "DEFAULT") && !s.has(i, end, "GENERATED") && !s.has(i, end, "AS") && !s.has(i, end, "AUTO_INCREMENT") && !s.serial(i, end) {
		f := add(AddNotNull, column, "column "+table+"."+column+" is NOT NULL without a default: this fails, or fills in a value, where there are rows")
		f.Count = "SELECT count(*) FROM " + raw
	}
	if s.has(i, end, "UNIQUE") {
		add(AddUnique, column, "rows with equal values in "+table+"."+column+" make this fail")
	}
}

// copies recognises INSERT INTO to … SELECT … FROM from.
func (s *statement) copies(from, to string) bool {
	i := slices.IndexFunc(s.t, func(t sqltext.Token) bool { return t.Is("INTO") })
	if !s.at(0, "INSERT") && !s.at(0, "REPLACE") || i < 0 {
		return false
	}
	if name, _ := s.name(i + 1); name != to {
		return false
	}
	for i := range s.t {
		if name, _ := s.name(i + 1); s.at(i, "FROM") && name == from {
			return true
		}
	}
	return false
}

// copy returns the tables to and from which a statement copies all rows; "" where it does not.
func (s *statement) copy() (to, from string) {
	switch {
	case s.at(0, "CREATE", "TABLE"):
		name, next := s.name(2)
		if !s.at(next, "AS", "SELECT") {
			return "", ""
		}
		to = name
	case s.at(0, "INSERT", "INTO"):
		to, _ = s.name(2)
	default:
		return "", ""
	}
	depth := 0
	for i, t := range s.t {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && t.Is("DISTINCT"), depth == 0 && aggregate(t) && s.at(i+1, "("):
			return "", ""
		case depth == 0 && t.Is("FROM"):
			name, next := s.name(s.skip(i+1, "ONLY"))
			if next < len(s.t) && !s.at(next, ";") { // a condition, a limit, a join
				return "", ""
			}
			return to, name
		}
	}
	return "", ""
}

// aggregate tells whether a function makes one value of many rows.
func aggregate(t sqltext.Token) bool {
	return slices.ContainsFunc([]string{"MAX", "MIN", "COUNT", "SUM", "AVG", "ARRAY_AGG", "STRING_AGG", "GROUP_CONCAT", "JSON_AGG", "JSONB_AGG", "JSON_ARRAYAGG", "BOOL_AND", "BOOL_OR"}, t.Is)
}

// copied are the words of the list that a copy selects: with "*" where it takes all columns.
func (s *statement) copied() map[string]bool {
	words := map[string]bool{}
	list, depth := s.t[slices.IndexFunc(s.t, func(t sqltext.Token) bool { return t.Is("SELECT") })+1:], 0
	for i, t := range list {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && t.Is("FROM"):
			return words
		}
		if !t.Is("*") || depth == 0 && (i == 0 || list[i-1].Is(".") || list[i-1].Is(",")) { // else it multiplies, or counts
			words[t.Text], words[s.fold(t)] = true, true
		}
	}
	return words
}

// serial tells whether the added column fills itself.
func (s *statement) serial(i, end int) bool {
	for _, w := range []string{"SERIAL", "BIGSERIAL", "SMALLSERIAL"} {
		if s.has(i, end, w) {
			return true
		}
	}
	return false
}

// droppedColumn reads DROP [COLUMN] [IF EXISTS] name at i; "" where it is no column.
func (s *statement) droppedColumn(i int) (string, int) {
	i++
	for _, w := range []string{"CONSTRAINT", "PRIMARY", "FOREIGN", "CHECK", "INDEX", "KEY", "PARTITION", "SYSTEM", "PERIOD"} {
		if s.at(i, w) {
			return "", i
		}
	}
	at := s.skip(s.skip(i, "COLUMN"), "IF", "EXISTS")
	name, _ := s.name(at)
	return name, at
}

func (s *statement) uniqueIndex() []Finding {
	for i := range s.t {
		if s.at(i, "ON") {
			at := s.skip(i+1, "ONLY")
			table, next := s.name(at)
			raw, shown := s.raw(at)
			found := Finding{Code: AddUnique, Object: part(table, ""), Name: shown, Table: raw, Why: "rows of " + table + " with equal values make this fail"}
			if !s.has(next, len(s.t), "WHERE") {
				found.Count = s.equal(next, len(s.t), raw)
			}
			return []Finding{found}
		}
	}
	return nil
}
