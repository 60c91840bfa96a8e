package sqlite

import (
	"fmt"
	"strings"
)

// columnConstraint reads what may follow a column's type, either into the
// column or as a constraint of its own.
func (p *parser) columnConstraint(c *columnDef, name string) (*constraintDef, error) {
	var err error
	switch {
	case p.accept("NOT", "NULL"):
		c.notNull, c.nnName = true, name
		c.nnOn, err = p.conflict()
	case p.accept("NULL"):
		_, err = p.conflict()
	case p.accept("DEFAULT"):
		c.def, err = p.defaultValue()
	case p.accept("COLLATE"):
		c.collate, err = p.ident()
	case p.accept("GENERATED", "ALWAYS", "AS"), p.accept("AS"):
		if c.generated, err = p.group(); err == nil {
			c.stored = p.accept("STORED")
			_ = c.stored || p.accept("VIRTUAL")
		}
	case p.accept("PRIMARY", "KEY"):
		return p.inlinePrimaryKey(c)
	case p.accept("UNIQUE"):
		con := &constraintDef{kind: "unique", keys: []keyColumn{{name: c.name}}}
		con.conflict, err = p.conflict()
		return con, err
	case p.peek().is("CHECK"):
		return p.check()
	case p.peek().is("REFERENCES"):
		return p.references([]keyColumn{{name: c.name}})
	default:
		return nil, fmt.Errorf("%w: unexpected %q", errSyntax, p.peek().text)
	}
	return nil, err
}

func (p *parser) inlinePrimaryKey(c *columnDef) (*constraintDef, error) {
	desc := p.accept("DESC")
	_ = desc || p.accept("ASC")
	con := &constraintDef{kind: "primary_key", keys: []keyColumn{{name: c.name, desc: desc}}}
	var err error
	con.conflict, err = p.conflict()
	con.autoinc = p.accept("AUTOINCREMENT")
	return con, err
}

// conflict reads ON CONFLICT, which says nothing when it says ABORT.
func (p *parser) conflict() (string, error) {
	if !p.accept("ON", "CONFLICT") {
		return "", nil
	}
	how, err := p.ident()
	if how = strings.ToUpper(how); how == "ABORT" {
		how = ""
	}
	return how, err
}

// defaultValue reads (expression), a literal with or without a sign, or a word.
func (p *parser) defaultValue() ([]token, error) {
	start := p.i
	if p.peek().is("(") {
		_, err := p.group()
		return p.toks[start:p.i], err
	}
	if !p.accept("+") {
		p.accept("-")
	}
	if p.done() || p.peek().sort == op {
		return nil, fmt.Errorf("%w: DEFAULT has no value", errSyntax)
	}
	p.i++
	return p.toks[start:p.i], nil
}

// tableConstraint reads a constraint that stands after the columns.
func (p *parser) tableConstraint(def *tableDef) error {
	start, name := p.i, ""
	var err error
	for p.accept("CONSTRAINT") {
		if name, err = p.ident(); err != nil {
			return err
		}
	}
	if name != "" && (p.done() || p.peek().is(",")) {
		return nil // a name without a constraint is allowed, and nothing
	}
	con, err := p.tableConstraintBody()
	if err != nil {
		return err
	}
	con.name, con.toks = name, p.toks[start:p.i]
	def.constraints = append(def.constraints, con)
	return nil
}

func (p *parser) tableConstraintBody() (con *constraintDef, err error) {
	switch {
	case p.accept("PRIMARY", "KEY"):
		con = &constraintDef{kind: "primary_key"}
		con.keys, con.autoinc, err = p.keyColumns()
	case p.accept("UNIQUE"):
		con = &constraintDef{kind: "unique"}
		con.keys, _, err = p.keyColumns()
	case p.peek().is("CHECK"):
		return p.check()
	case p.accept("FOREIGN", "KEY"):
		keys, _, err := p.keyColumns()
		if err != nil {
			return nil, err
		}
		return p.references(keys)
	default:
		return nil, fmt.Errorf("%w: unexpected %q", errSyntax, p.peek().text)
	}
	if err == nil {
		con.conflict, err = p.conflict()
	}
	return con, err
}

// keyColumns reads (a, b COLLATE c DESC), and the AUTOINCREMENT that may end it.
func (p *parser) keyColumns() (keys []keyColumn, autoinc bool, err error) {
	in, err := p.group()
	if err != nil {
		return nil, false, err
	}
	for _, part := range splitCommas(in) {
		q := &parser{toks: part}
		var k keyColumn
		if k.name, err = q.ident(); err != nil {
			return nil, false, err
		}
		if q.accept("COLLATE") {
			if k.collate, err = q.ident(); err != nil {
				return nil, false, err
			}
		}
		k.desc = q.accept("DESC")
		_ = k.desc || q.accept("ASC")
		autoinc = q.accept("AUTOINCREMENT") || autoinc
		if !q.done() {
			return nil, false, fmt.Errorf("%w: %q in a key", errSyntax, q.peek().text)
		}
		keys = append(keys, k)
	}
	return keys, autoinc, nil
}

// check reads CHECK (…); a conflict clause after it is read and means nothing
// (https://www.sqlite.org/lang_conflict.html).
func (p *parser) check() (*constraintDef, error) {
	if err := p.expect("CHECK"); err != nil {
		return nil, err
	}
	in, err := p.group()
	if err != nil {
		return nil, err
	}
	_, err = p.conflict()
	return &constraintDef{kind: "check", expr: in}, err
}

// references reads a foreign key from REFERENCES on.
func (p *parser) references(keys []keyColumn) (*constraintDef, error) {
	con := &constraintDef{kind: "foreign_key", keys: keys, actions: map[string]string{}}
	start := p.i
	defer func() { con.refToks = p.toks[start:p.i] }()
	if err := p.expect("REFERENCES"); err != nil {
		return nil, err
	}
	var err error
	if con.ref, err = p.ident(); err != nil {
		return nil, err
	}
	if p.peek().is("(") {
		cols, _, err := p.keyColumns()
		if err != nil {
			return nil, err
		}
		for _, c := range cols {
			con.refCols = append(con.refCols, c.name)
		}
	}
	for {
		more, err := p.referenceArg(con)
		if err != nil || !more {
			return con, err
		}
	}
}

// referenceArg reads one of ON DELETE, ON UPDATE, MATCH and DEFERRABLE. Only
// DEFERRABLE INITIALLY DEFERRED defers anything
// (https://www.sqlite.org/foreignkeys.html, section 4.2).
func (p *parser) referenceArg(con *constraintDef) (bool, error) {
	switch {
	case p.accept("ON", "DELETE"):
		return true, p.action(con, "on_delete")
	case p.accept("ON", "UPDATE"):
		return true, p.action(con, "on_update")
	case p.accept("MATCH"):
		m, err := p.ident()
		con.actions["match"] = strings.ToUpper(m)
		return true, err
	case p.accept("NOT", "DEFERRABLE"):
		con.deferred = false
		_ = p.accept("INITIALLY", "DEFERRED") || p.accept("INITIALLY", "IMMEDIATE")
		return true, nil
	case p.accept("DEFERRABLE"):
		con.deferred = p.accept("INITIALLY", "DEFERRED")
		_ = con.deferred || p.accept("INITIALLY", "IMMEDIATE")
		return true, nil
	case p.peek().is("ON"):
		return false, fmt.Errorf("%w: ON %q", errSyntax, p.peek().text)
	}
	return false, nil
}

func (p *parser) action(con *constraintDef, key string) error {
	for _, a := range []string{"SET NULL", "SET DEFAULT", "NO ACTION", "CASCADE", "RESTRICT"} {
		if p.accept(strings.Fields(a)...) {
			if a == "NO ACTION" {
				a = ""
			}
			con.actions[key] = a
			return nil
		}
	}
	return fmt.Errorf("%w: action %q", errSyntax, p.peek().text)
}
