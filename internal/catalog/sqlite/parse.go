package sqlite

import (
	"errors"
	"fmt"
	"strings"
)

// A tableDef is what a CREATE TABLE says.
type tableDef struct {
	name         string
	module       string // of a virtual table, with its arguments; "" for an ordinary one
	columns      []*columnDef
	constraints  []*constraintDef // those of columns too, in the order of the text
	withoutRowid bool
	strict       bool
	nameTok      token   // the name as written
	options      []token // what follows the parenthesis
}

// A columnDef is one column of a CREATE TABLE.
type columnDef struct {
	name      string
	typ       []token
	toks      []token // the whole definition, inline constraints included
	notNull   bool
	nnName    string // the name of its NOT NULL constraint
	nnOn      string // its conflict clause
	def       []token
	collate   string
	generated []token // the expression, without its parentheses
	stored    bool
}

// A constraintDef is a PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY.
type constraintDef struct {
	kind     string // as in Key.Kind
	name     string
	column   string // the column that it is written at; "" for a table's
	toks     []token
	keys     []keyColumn
	autoinc  bool
	conflict string
	expr     []token // of a CHECK
	ref      string
	refCols  []string
	refToks  []token           // from REFERENCES on
	actions  map[string]string // "on_delete", "on_update", "match"
	deferred bool
}

// A keyColumn is one column of a key.
type keyColumn struct {
	name, collate string
	desc          bool
}

// errSyntax is the answer to a text that SQLite would not have stored.
var errSyntax = errors.New("not a CREATE statement that can be read")

// A parser walks over tokens.
type parser struct {
	toks []token
	i    int
}

func (p *parser) done() bool { return p.i >= len(p.toks) }

func (p *parser) peek() token {
	if p.done() {
		return token{sort: op}
	}
	return p.toks[p.i]
}

// accept passes over the words if they come next.
func (p *parser) accept(words ...string) bool {
	for k, w := range words {
		if p.i+k >= len(p.toks) || !p.toks[p.i+k].is(w) {
			return false
		}
	}
	p.i += len(words)
	return true
}

func (p *parser) expect(words ...string) error {
	if p.accept(words...) {
		return nil
	}
	return fmt.Errorf("%w: no %s before %q", errSyntax, strings.Join(words, " "), p.peek().text)
}

// ident reads a name.
func (p *parser) ident() (string, error) {
	t := p.peek()
	if p.done() || t.sort == op || t.sort == number || t.sort == blob {
		return "", fmt.Errorf("%w: no name before %q", errSyntax, t.text)
	}
	p.i++
	return t.name(), nil
}

// qualified reads a name that may have a schema's before it.
func (p *parser) qualified() (string, error) {
	name, err := p.ident()
	if err == nil && p.accept(".") {
		return p.ident()
	}
	return name, err
}

// group reads a parenthesis and returns what is in it.
func (p *parser) group() ([]token, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for depth, k := 1, p.i; k < len(p.toks); k++ {
		switch {
		case p.toks[k].is("("):
			depth++
		case p.toks[k].is(")"):
			depth--
		}
		if depth == 0 {
			in := p.toks[p.i:k]
			p.i = k + 1
			return in, nil
		}
	}
	return nil, fmt.Errorf("%w: a parenthesis is not closed", errSyntax)
}

// splitCommas cuts tokens at the commas that are in no parenthesis.
func splitCommas(toks []token) [][]token {
	var parts [][]token
	depth, from := 0, 0
	for i, t := range toks {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case t.is(",") && depth == 0:
			parts = append(parts, toks[from:i])
			from = i + 1
		}
	}
	return append(parts, toks[from:])
}

// parseTable reads a CREATE TABLE or CREATE VIRTUAL TABLE, as SQLite keeps it
// in sqlite_schema.
func parseTable(src string) (*tableDef, error) {
	p := &parser{toks: lex(src)}
	if err := p.expect("CREATE"); err != nil {
		return nil, err
	}
	if !p.accept("TEMP") {
		p.accept("TEMPORARY")
	}
	virtual := p.accept("VIRTUAL")
	if err := p.expect("TABLE"); err != nil {
		return nil, err
	}
	p.accept("IF", "NOT", "EXISTS")
	name, err := p.qualified()
	if err != nil {
		return nil, err
	}
	def := &tableDef{name: name, nameTok: p.toks[p.i-1]}
	if virtual {
		return def, p.module(def)
	}
	body, err := p.group()
	if err != nil {
		return nil, err
	}
	if err := (&parser{toks: body}).tableBody(def); err != nil {
		return nil, fmt.Errorf("table %s: %w", name, err)
	}
	return def, p.tableOptions(def)
}

// module reads what a virtual table is made with.
func (p *parser) module(def *tableDef) error {
	if err := p.expect("USING"); err != nil {
		return err
	}
	rest := p.toks[p.i:]
	if _, err := p.ident(); err != nil {
		return err
	}
	def.module = reflow(trimTail(rest))
	return nil
}

// trimTail leaves out semicolons at the end.
func trimTail(toks []token) []token {
	for len(toks) > 0 && toks[len(toks)-1].is(";") {
		toks = toks[:len(toks)-1]
	}
	return toks
}

func (p *parser) tableOptions(def *tableDef) error {
	def.options = trimTail(p.toks[p.i:])
	for !p.done() {
		switch {
		case p.accept("WITHOUT", "ROWID"):
			def.withoutRowid = true
		case p.accept("STRICT"):
			def.strict = true
		case p.accept(","), p.accept(";"):
		default:
			return fmt.Errorf("table %s: %w: unknown option %q", def.name, errSyntax, p.peek().text)
		}
	}
	return nil
}

// tableBody reads the columns and then the constraints. The commas between
// constraints may be missing (https://www.sqlite.org/quirks.html does not say
// so; the grammar's conslist does).
func (p *parser) tableBody(def *tableDef) error {
	for !p.done() && !p.atConstraint() {
		if err := p.column(def); err != nil {
			return err
		}
		if !p.accept(",") && !p.done() && !p.atConstraint() {
			return fmt.Errorf("%w: unexpected %q", errSyntax, p.peek().text)
		}
	}
	for !p.done() {
		if err := p.tableConstraint(def); err != nil {
			return err
		}
		p.accept(",")
	}
	if len(def.columns) == 0 {
		return fmt.Errorf("%w: no columns", errSyntax)
	}
	return nil
}

func (p *parser) atConstraint() bool {
	t := p.peek()
	return t.is("CONSTRAINT") || t.is("PRIMARY") || t.is("UNIQUE") || t.is("CHECK") || t.is("FOREIGN")
}

// column reads one column with its constraints.
func (p *parser) column(def *tableDef) error {
	start := p.i
	name, err := p.ident()
	if err != nil {
		return err
	}
	c := &columnDef{name: name}
	if c.typ, err = p.typeName(); err != nil {
		return fmt.Errorf("column %s: %w", name, err)
	}
	def.columns = append(def.columns, c)
	pending := ""
	for !p.done() && !p.peek().is(",") {
		if p.accept("CONSTRAINT") {
			if pending, err = p.ident(); err != nil {
				return err
			}
			continue
		}
		con, err := p.columnConstraint(c, pending)
		if err != nil {
			return fmt.Errorf("column %s: %w", name, err)
		}
		if con != nil {
			con.name, con.column = pending, name
			def.constraints = append(def.constraints, con)
		}
		pending = ""
	}
	c.toks = p.toks[start:p.i]
	return nil
}

// typeName reads a type: any words, and one or two numbers.
func (p *parser) typeName() ([]token, error) {
	start := p.i
	for t := p.peek(); t.sort == quoted || t.sort == str || t.sort == word && !p.endsType(); t = p.peek() {
		p.i++
	}
	if p.i > start && p.peek().is("(") {
		if _, err := p.group(); err != nil {
			return nil, err
		}
	}
	return p.toks[start:p.i], nil
}

func (p *parser) endsType() bool {
	for _, w := range []string{
		"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT",
		"COLLATE", "REFERENCES", "AS", "DEFERRABLE",
	} {
		if p.peek().is(w) {
			return true
		}
	}
	return p.peek().is("GENERATED") && p.i+1 < len(p.toks) && p.toks[p.i+1].is("ALWAYS")
}
