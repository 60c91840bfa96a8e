package sqlite

import "fmt"

// An indexDef is what a CREATE INDEX says.
type indexDef struct {
	name, table string
	unique      bool
	columns     []token // between the parentheses
	where       []token
	toks        []token
}

// parseIndex reads a CREATE INDEX.
func parseIndex(src string) (*indexDef, error) {
	p := &parser{toks: trimTail(lex(src))}
	def := &indexDef{toks: p.toks}
	if err := p.expect("CREATE"); err != nil {
		return nil, err
	}
	def.unique = p.accept("UNIQUE")
	if err := p.expect("INDEX"); err != nil {
		return nil, err
	}
	p.accept("IF", "NOT", "EXISTS")
	var err error
	if def.name, err = p.qualified(); err != nil {
		return nil, err
	}
	if err = p.expect("ON"); err != nil {
		return nil, err
	}
	if def.table, err = p.ident(); err != nil {
		return nil, err
	}
	if def.columns, err = p.group(); err != nil {
		return nil, err
	}
	if p.accept("WHERE") {
		def.where = p.toks[p.i:]
		return def, nil
	}
	if !p.done() {
		return nil, fmt.Errorf("index %s: %w: unexpected %q", def.name, errSyntax, p.peek().text)
	}
	return def, nil
}

// A codeDef is a view or a trigger: a name and text after it.
type codeDef struct {
	name string
	on   string  // the table or view of a trigger
	toks []token // all of it
	rest []token // what follows the name
}

// parseView reads a CREATE VIEW.
func parseView(src string) (*codeDef, error) {
	p, err := parseCode(src, "VIEW")
	if err != nil {
		return nil, err
	}
	def := &codeDef{toks: p.toks}
	if def.name, err = p.qualified(); err != nil {
		return nil, err
	}
	def.rest = p.toks[p.i:]
	return def, nil
}

// parseTrigger reads a CREATE TRIGGER as far as its table.
func parseTrigger(src string) (*codeDef, error) {
	p, err := parseCode(src, "TRIGGER")
	if err != nil {
		return nil, err
	}
	def := &codeDef{toks: p.toks}
	if def.name, err = p.qualified(); err != nil {
		return nil, err
	}
	def.rest = p.toks[p.i:]
	for !p.done() && !p.accept("ON") {
		p.i++
	}
	if def.on, err = p.qualified(); err != nil {
		return nil, fmt.Errorf("trigger %s: %w", def.name, err)
	}
	return def, nil
}

func parseCode(src, what string) (*parser, error) {
	p := &parser{toks: trimTail(lex(src))}
	if err := p.expect("CREATE"); err != nil {
		return nil, err
	}
	if !p.accept("TEMP") {
		p.accept("TEMPORARY")
	}
	if err := p.expect(what); err != nil {
		return nil, err
	}
	p.accept("IF", "NOT", "EXISTS")
	return p, nil
}
