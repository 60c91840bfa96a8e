// Package history knows revision files and the graph they form: which
// revisions a name means, and which have to run to come from one place in the
// graph to another. It is pure: no database, no clock, no randomness.
package history

import (
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/migr-dev/migr/internal/sqltext"
)

// An ID names a revision.
type ID string

// A Revision is one revision file. What stands before its up part is in the
// fields; its parts are read when Body is first called.
//
// A Revision is handed around by pointer and must not be copied.
type Revision struct {
	ID        ID
	Path      string // of the file, as it is shown
	Parents   []ID   // none for a base, several for a merge
	DependsOn []string
	Labels    []string
	Message   string
	Created   time.Time
	NoTx      bool // transaction off
	Replaces  []ID // oldest first: the last is the state this one stands for
	Template  bool
	Allow     []Directive // for the whole file
	Ignore    []Directive // for the whole file

	mu   sync.Mutex
	fsys fs.FS // where file is read again for the body; nil when there is no file
	file string
	body *Body
	cut  map[cutKey][]Stmt // parts that were split already
}

// A cutKey is a part of a revision as one family's servers read it.
type cutKey struct {
	family sqltext.Family
	line   int // where the part begins
	text   string
}

// A Body is the parts of a revision.
type Body struct {
	Up           Part
	Down         *Part  // nil when the file has none
	Irreversible string // the reason why there is no way down; empty when there is no such reason
}

// A Part is the text of one direction, as it stands in the file.
type Part struct {
	Text string
	Line int // of the first line of Text, from 1
}

// A Directive is an allow or ignore directive.
type Directive struct {
	Code   string // what is allowed, or the rule that is ignored
	Reason string // may be empty
	Line   int
}

// A Batch says that a statement is repeated, each round in a transaction of
// its own, until it changes no row.
type Batch struct {
	Size  int
	Sleep time.Duration // between two rounds
}

// A Stmt is a statement of a revision and the directives that stand before it.
type Stmt struct {
	sqltext.Stmt
	Allow  []Directive
	Ignore []Directive
	Hazard []Directive // what the statement loses, as found when it was generated
	Batch  *Batch      // nil: run once
}

// NewID takes a new id, 12 hex digits, from the source of randomness.
func NewID(rand io.Reader) (ID, error) {
	var b [6]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("making a revision id: %w", err)
	}
	return ID(hex.EncodeToString(b[:])), nil
}

// ValidID returns nil when the id may name a revision, and else an *Error
// with the code IllegalID. The rules are Alembic's, so that REV-N and REV+N
// have one meaning: letters, digits, '_' and '.', and none of the words that
// name a place in the graph. Labels follow the same rules.
func ValidID(id ID) error {
	switch id {
	case "":
		return errorf(IllegalID, "the revision id is empty").
			hint("letters, digits, '_' and '.' may be used")
	case "head", "heads", "base", "current":
		return errorf(IllegalID, "%q cannot be a revision id or a label: it names a place in the history", id).
			hint("choose another")
	}
	for _, c := range string(id) {
		if !idRune(c) {
			return errorf(IllegalID, "illegal character %q in %q", c, id).
				hint("letters, digits, '_' and '.' may be used")
		}
	}
	return nil
}

// idRune says if c may stand in an id.
func idRune(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

// IsBase says if the revision has no parent.
func (r *Revision) IsBase() bool { return len(r.Parents) == 0 }

// IsMerge says if the revision has several parents.
func (r *Revision) IsMerge() bool { return len(r.Parents) > 1 }

// SetBody gives the revision its parts without a file.
func (r *Revision) SetBody(b *Body) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.body, r.cut = b, nil
}

// Forget drops what was read of the parts, which are read again when they are
// asked for. Without a file it does nothing.
func (r *Revision) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fsys != nil {
		r.body, r.cut = nil, nil
	}
}
