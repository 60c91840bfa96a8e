package sqltext

import "strings"

// A mysqlBody follows the blocks of a stored program, so that a semicolon
// inside of one does not end the statement: CREATE PROCEDURE, FUNCTION,
// TRIGGER and EVENT, ALTER EVENT, and MariaDB's compound statements outside of
// programs. It knows where a statement may begin, because only there IF, CASE,
// REPEAT, LOOP, WHILE and FOR open a block; elsewhere they are functions,
// expressions or clauses.
type mysqlBody struct {
	state   mysqlState
	stack   []mysqlBlock
	depth   int   // of parentheses, in the head of a routine
	prev    mytok // the token before
	start   bool  // a statement of the body may begin here
	label   bool  // the token before may be a label
	closed  bool  // the token before is an END that closed a block
	handler uint8 // place in DECLARE … HANDLER FOR
	opaque  bool  // another product's body: under DELIMITER only the delimiter ends it
	first   int   // where the statement begins
}

// A mytok is a token with its text in upper case when it is a word.
type mytok struct {
	kind Kind
	up   string // the keyword, or the operator
	off  int
}

type mysqlBlock struct {
	word  string // BEGIN, IF, CASE, LOOP, WHILE, REPEAT, FOR; CASE() for the expression
	off   int
	until bool // REPEAT: UNTIL was seen
}

// A mysqlState takes the next token and says which state follows; nil: the
// statement has no body.
type mysqlState func(*mysqlBody, mytok) mysqlState

func newMySQLBody() body { return &mysqlBody{} }

func (b *mysqlBody) reset() { *b = mysqlBody{state: mysqlFirst, stack: b.stack[:0]} }

func (b *mysqlBody) token(t lexeme, text string) {
	if b.state == nil || t.kind == Mark {
		return
	}
	tok := mytok{kind: t.kind, off: t.off}
	switch t.kind {
	case Word:
		tok.up = strings.ToUpper(text)
	case Op:
		tok.up = text
	}
	b.state = b.state(b, tok)
	b.prev = tok
}

func (b *mysqlBody) semicolon(custom bool) bool {
	b.prev = mytok{kind: Op, up: ";"}
	b.closed, b.label, b.handler = false, false, 0
	if len(b.stack) > 0 {
		b.start = true
		return false
	}
	return !custom || !b.opaque
}

func (b *mysqlBody) open() *fault {
	if len(b.stack) == 0 || b.opaque {
		return nil
	}
	top := b.stack[len(b.stack)-1]
	return &fault{
		top.off, "the " + strings.TrimSuffix(top.word, "()") + " that begins here has no END",
		"end it, or put DELIMITER before and after the statement",
	}
}

func isMySQLOpener(word string) bool {
	switch word {
	case "BEGIN", "IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR":
		return true
	}
	return false
}

// mysqlFirst takes the first token of a statement.
func mysqlFirst(b *mysqlBody, t mytok) mysqlState {
	switch {
	case t.up == "CREATE" || t.up == "ALTER":
		return mysqlCreate
	case t.up == "BEGIN":
		b.first = t.off
		return mysqlBegin
	case t.kind == Word && isMySQLOpener(t.up):
		b.start = true
		return mysqlInside(b, t)
	case t.kind == Word || t.kind == Quoted:
		return mysqlLabel
	}
	return nil
}

// mysqlBegin: BEGIN alone is a transaction, BEGIN NOT ATOMIC (MariaDB) a block.
func mysqlBegin(b *mysqlBody, t mytok) mysqlState {
	if t.up != "NOT" {
		if t.up == ":" { // a label of that name
			return mysqlLabel(b, t)
		}
		return nil
	}
	b.push("BEGIN", b.first)
	b.start = true
	return mysqlInside
}

// mysqlLabel: "name:" outside of a program begins a MariaDB compound statement.
func mysqlLabel(b *mysqlBody, t mytok) mysqlState {
	if t.up != ":" {
		return nil
	}
	b.start = true
	return mysqlInside
}

// mysqlCreate takes what stands between CREATE and the kind of object.
func mysqlCreate(b *mysqlBody, t mytok) mysqlState {
	switch t.up {
	case "OR", "REPLACE", "AGGREGATE":
		return mysqlCreate
	case "DEFINER":
		return mysqlDefiner
	case "PROCEDURE", "FUNCTION":
		return mysqlParams
	case "TRIGGER":
		return mysqlTrigger
	case "EVENT":
		return mysqlEvent
	case "PACKAGE": // MariaDB's sql_mode=ORACLE
		b.opaque = true
		return mysqlOpaque
	}
	return nil
}

func mysqlOpaque(*mysqlBody, mytok) mysqlState { return mysqlOpaque }

func mysqlDefiner(_ *mysqlBody, t mytok) mysqlState {
	if t.up == "=" {
		return mysqlUser
	}
	return nil
}

func mysqlUser(*mysqlBody, mytok) mysqlState { return mysqlHost }

// mysqlHost takes what may follow the user's name: @host, or () after
// CURRENT_USER.
func mysqlHost(b *mysqlBody, t mytok) mysqlState {
	switch {
	case t.kind == Param:
		return mysqlCreate
	case t.up == "@":
		return func(*mysqlBody, mytok) mysqlState { return mysqlCreate }
	case t.up == "(" || t.up == ")":
		return mysqlHost
	}
	return mysqlCreate(b, t)
}

// mysqlParams waits for the end of a routine's list of parameters.
func mysqlParams(b *mysqlBody, t mytok) mysqlState {
	switch t.up {
	case "(":
		b.depth++
	case ")":
		if b.depth--; b.depth <= 0 {
			b.depth = 0
			return mysqlHead
		}
	case "AS", "IS": // sql_mode=ORACLE without parameters
		if b.depth == 0 {
			return mysqlHead(b, t)
		}
	}
	return mysqlParams
}

// mysqlHead takes RETURNS and the characteristics of a routine, until its body
// begins.
func mysqlHead(b *mysqlBody, t mytok) mysqlState {
	switch {
	case t.up == "(":
		b.depth++
	case t.up == ")":
		b.depth--
	case b.depth > 0:
	case t.up == "AS" || t.up == "IS":
		b.opaque = true
	case t.kind == Word && isMySQLOpener(t.up):
		b.start = true
		return mysqlInside(b, t)
	case t.up == "SET" && (b.prev.up == "RETURNS" || b.prev.up == "CHARACTER" || b.prev.up == "CHAR"):
	case isMySQLVerb(t.up):
		return mysqlInside(b, t)
	}
	return mysqlHead
}

// isMySQLVerb knows the words with which a routine of a single statement may
// begin.
func isMySQLVerb(word string) bool {
	switch word {
	case "RETURN", "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "SET", "CALL", "WITH", "VALUES", "TABLE",
		"TRUNCATE", "CREATE", "ALTER", "DROP", "RENAME", "PREPARE", "EXECUTE", "DEALLOCATE", "DO", "SIGNAL", "RESIGNAL",
		"GET", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "LOCK", "ANALYZE", "OPTIMIZE", "CHECK", "REPAIR", "SHOW",
		"EXPLAIN", "DESCRIBE", "FLUSH", "KILL", "GRANT", "REVOKE", "HANDLER", "INSTALL", "UNINSTALL", "IMPORT":
		return true
	}
	return false
}

// mysqlTrigger waits for FOR EACH ROW.
func mysqlTrigger(b *mysqlBody, t mytok) mysqlState {
	if t.up == "ROW" && b.prev.up == "EACH" {
		return mysqlRow
	}
	return mysqlTrigger
}

// mysqlRow takes FOLLOWS or PRECEDES and the other trigger's name.
func mysqlRow(b *mysqlBody, t mytok) mysqlState {
	b.start = true
	if t.up == "FOLLOWS" || t.up == "PRECEDES" {
		return func(*mysqlBody, mytok) mysqlState { return mysqlInside }
	}
	return mysqlInside(b, t)
}

// mysqlEvent waits for DO.
func mysqlEvent(b *mysqlBody, t mytok) mysqlState {
	if t.up == "DO" {
		b.start = true
		return mysqlInside
	}
	return mysqlEvent
}
