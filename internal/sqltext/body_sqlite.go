package sqltext

import "strings"

// A sqliteBody knows which semicolons end a statement as sqlite3_complete does:
// each, but in CREATE TRIGGER only the one after "; END". So columns may be
// named begin and end, which SQLite allows.
type sqliteBody struct {
	state sqliteState
	off   int // where CREATE is
}

type sqliteState uint8

const (
	sqliteFirst   sqliteState = iota // nothing seen, or EXPLAIN [QUERY PLAN]
	sqliteCreate                     // CREATE [TEMP]
	sqlitePlain                      // no trigger
	sqliteTrigger                    // in the body
	sqliteSemi                       // after a semicolon in the body
	sqliteEnd                        // after "; END"
)

func newSQLiteBody() body { return &sqliteBody{} }

func (b *sqliteBody) reset() { *b = sqliteBody{} }

func (b *sqliteBody) token(t lexeme, text string) {
	if b.state == sqlitePlain {
		return
	}
	word := ""
	if t.kind == Word {
		word = strings.ToUpper(text)
	}
	switch b.state {
	case sqliteFirst:
		b.state = sqlitePlain
		switch word {
		case "EXPLAIN", "QUERY", "PLAN":
			b.state = sqliteFirst
		case "CREATE":
			b.state, b.off = sqliteCreate, t.off
		}
	case sqliteCreate:
		switch word {
		case "TEMP", "TEMPORARY":
		case "TRIGGER":
			b.state = sqliteTrigger
		default:
			b.state = sqlitePlain
		}
	case sqliteSemi:
		b.state = sqliteTrigger
		if word == "END" {
			b.state = sqliteEnd
		}
	default:
		b.state = sqliteTrigger
	}
}

func (b *sqliteBody) semicolon(bool) bool {
	if b.state == sqliteTrigger || b.state == sqliteSemi {
		b.state = sqliteSemi
		return false
	}
	return true
}

func (b *sqliteBody) open() *fault {
	if b.state == sqliteTrigger || b.state == sqliteSemi {
		return &fault{b.off, "the trigger that begins here has no END", "its body is BEGIN statement; … END;"}
	}
	return nil
}
