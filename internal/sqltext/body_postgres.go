package sqltext

import "strings"

// A postgresBody knows where psql (14 and later) sees the end of a statement:
// not inside parentheses (CREATE RULE … DO (a; b)) and not inside BEGIN ATOMIC
// … END. It also spots COPY … FROM stdin, which is followed by data.
type postgresBody struct {
	n       int    // tokens so far
	copying bool   // the statement is a COPY
	stdin   bool   // … FROM stdin
	create  bool   // the statement is CREATE …
	routine bool   // … FUNCTION or PROCEDURE
	prev    string // the word before, in upper case; "." and "" for other tokens
	prevOff int
	parens  int
	paren   int   // where the outermost open parenthesis is
	blocks  []int // where BEGIN ATOMIC and the CASE inside of it are open
}

func newPostgresBody() body { return &postgresBody{} }

func (b *postgresBody) reset() { *b = postgresBody{blocks: b.blocks[:0]} }

func (b *postgresBody) token(t lexeme, text string) {
	b.n++
	prev := b.prev
	b.prev = ""
	switch t.kind {
	case Op:
		b.mark(t, text)
	case Word:
		if b.n > 6 && !b.copying && !b.routine {
			return
		}
		b.prev = strings.ToUpper(text)
		b.word(t, prev)
		b.prevOff = t.off
	}
}

func (b *postgresBody) mark(t lexeme, text string) {
	switch text {
	case "(":
		if b.parens == 0 {
			b.paren = t.off
		}
		b.parens++
	case ")":
		b.parens = max(0, b.parens-1)
	case ".":
		b.prev = "."
	}
}

func (b *postgresBody) word(t lexeme, prev string) {
	w := b.prev
	switch {
	case b.n == 1:
		b.copying, b.create = w == "COPY", w == "CREATE"
	case b.copying && b.parens == 0 && prev == "FROM" && w == "STDIN":
		b.stdin = true
	case b.create && (w == "FUNCTION" || w == "PROCEDURE") && (prev == "CREATE" || prev == "REPLACE"):
		b.routine = true
	case !b.routine || prev == "." || prev == "AS": // new.end, AS end are names
	case w == "ATOMIC" && prev == "BEGIN":
		b.blocks = append(b.blocks, b.prevOff)
	case w == "CASE" && len(b.blocks) > 0:
		b.blocks = append(b.blocks, t.off)
	case w == "END" && len(b.blocks) > 0:
		b.blocks = b.blocks[:len(b.blocks)-1]
	}
}

func (b *postgresBody) semicolon(bool) bool {
	b.prev = ""
	return b.parens == 0 && len(b.blocks) == 0
}

func (b *postgresBody) open() *fault {
	if len(b.blocks) > 0 {
		return &fault{b.blocks[len(b.blocks)-1], "the block that begins here has no END", "BEGIN ATOMIC and CASE each need an END"}
	}
	if b.parens > 0 {
		return &fault{b.paren, "the parenthesis that opens here is not closed", "a semicolon inside parentheses does not end a statement"}
	}
	return nil
}

// copyIn reports whether the statement is COPY … FROM stdin.
func (b *postgresBody) copyIn() bool { return b.stdin }
