package sqltext

// mysqlInside takes the tokens of a program's body.
func mysqlInside(b *mysqlBody, t mytok) mysqlState {
	if b.handlerFor(t) {
		return mysqlInside
	}
	start, label, closed := b.start, b.label, b.closed
	b.start, b.closed = false, false
	b.label = start && (t.kind == Word || t.kind == Quoted)
	switch {
	case t.kind == Op:
		b.start = label && t.up == ":"
	case t.kind != Word:
	case start && isMySQLOpener(t.up):
		b.push(t.up, t.off)
		b.start = t.up == "BEGIN" || t.up == "LOOP" || t.up == "REPEAT"
		b.label = false
	case start && (t.up == "NOT" || t.up == "ATOMIC"): // BEGIN NOT ATOMIC
		b.start = true
	case t.up == "END":
		b.closeBlock(start)
	case start && t.up == "DECLARE":
		b.handler = handlerDeclare
	case start && t.up == "UNTIL":
		if top := b.top(); top != nil && top.word == "REPEAT" {
			top.until = true
		}
	default:
		b.clause(t, start, closed)
	}
	return mysqlInside
}

// clause takes the words inside a statement which begin another one, or a CASE
// expression.
func (b *mysqlBody) clause(t mytok, start, closed bool) {
	top := b.top()
	switch t.up {
	case "CASE":
		if !closed { // END CASE
			b.push("CASE()", t.off)
		}
	case "THEN", "ELSE":
		b.start = top != nil && (top.word == "IF" || top.word == "CASE")
	case "DO":
		b.start = !start && top != nil && (top.word == "WHILE" || top.word == "FOR")
	}
}

func (b *mysqlBody) push(word string, off int) {
	b.stack = append(b.stack, mysqlBlock{word: word, off: off})
}

func (b *mysqlBody) top() *mysqlBlock {
	if len(b.stack) == 0 {
		return nil
	}
	return &b.stack[len(b.stack)-1]
}

// closeBlock takes an END. It may be a name (end is not reserved): a block
// ends only where a statement may begin, REPEAT after its UNTIL, and a CASE
// expression where an operand has just ended.
func (b *mysqlBody) closeBlock(start bool) {
	top := b.top()
	if top == nil {
		return
	}
	if top.word == "CASE()" && b.prev.endsOperand() || start || top.until && b.prev.endsOperand() {
		b.stack = b.stack[:len(b.stack)-1]
		b.closed = true
	}
}

// endsOperand reports whether an expression may end with the token.
func (t mytok) endsOperand() bool {
	switch t.kind {
	case Op:
		return t.up == ")" || t.up == `\N`
	case Word:
		switch t.up {
		case "WHEN", "THEN", "ELSE", "CASE", "AND", "OR", "XOR", "NOT", "IN", "IS", "LIKE", "RLIKE", "REGEXP", "BETWEEN",
			"DIV", "MOD", "SELECT", "FROM", "WHERE", "BY", "INTERVAL", "BINARY", "COLLATE", "ESCAPE", "UNTIL", "DISTINCT", "AS", "ON", "HAVING":
			return false
		}
	}
	return true
}

// The places in DECLARE CONTINUE HANDLER FOR condition, … statement.
const (
	handlerNone    = iota
	handlerDeclare // after DECLARE
	handlerWord    // after HANDLER
	handlerFor     // a condition is expected
	handlerDone    // a condition has ended
)

// handlerFor takes the tokens of a handler's declaration, whose statement may
// be a block. It reports whether the token was part of it.
func (b *mysqlBody) handlerFor(t mytok) bool {
	switch b.handler {
	case handlerDeclare:
		switch t.up {
		case "CONTINUE", "EXIT", "UNDO":
			return true
		case "HANDLER":
			b.start = false
			b.handler = handlerWord
			return true
		}
		b.handler = handlerNone
	case handlerWord:
		b.handler = handlerNone
		if t.up == "FOR" {
			b.handler = handlerFor
		}
		return b.handler == handlerFor
	case handlerFor:
		if t.up != "SQLSTATE" && t.up != "VALUE" && t.up != "NOT" {
			b.handler = handlerDone
		}
		return true
	case handlerDone:
		if t.up == "," {
			b.handler = handlerFor
			return true
		}
		b.handler, b.start = handlerNone, true
	}
	return false
}
