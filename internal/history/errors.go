package history

import (
	"fmt"
	"strings"
)

// A Code is the class of an error, as it stands in JSON.
type Code string

// The classes of errors of this package. All but BadFileCode and those about
// arguments mean that the history is not sound, or that a name in it is not.
const (
	NotFound               Code = "not_found"
	AmbiguousPrefix        Code = "ambiguous_prefix"
	AmbiguousCurrent       Code = "ambiguous_current"
	AmbiguousWalk          Code = "ambiguous_walk"
	NoSuchBranch           Code = "no_such_branch"
	NotInBranch            Code = "not_in_branch"
	MultipleHeads          Code = "multiple_heads"
	NotAHead               Code = "not_a_head"
	DuplicateHeads         Code = "duplicate_heads"
	RelativeOutOfRange     Code = "relative_out_of_range"
	NotAncestor            Code = "not_ancestor"
	InvalidDowngradeTarget Code = "invalid_downgrade_target"
	Overlap                Code = "overlap"
	Cycle                  Code = "cycle"
	SelfLoop               Code = "self_loop"
	DependencyCycle        Code = "dependency_cycle"
	DependencySelfLoop     Code = "dependency_self_loop"
	DuplicateLabel         Code = "duplicate_label"
	DuplicateRevision      Code = "duplicate_revision"
	IllegalID              Code = "illegal_id"
	MissingRevision        Code = "missing_revision"
	DBNotUpToDate          Code = "db_not_up_to_date"

	BadRange            Code = "bad_range"
	RangeNeedsSQL       Code = "range_needs_sql"
	RangeRequired       Code = "range_required"
	SingleStartRequired Code = "single_start_required"
	PurgeWithSQL        Code = "purge_with_sql"

	BadFileCode Code = "bad_file"
)

// An Error says what is wrong with the history, or with a name given for a
// place in it.
type Error struct {
	Code       Code
	Msg        string
	Hint       string   // what to do next; may be empty
	Candidates []ID     // the revisions that were meant, or stand in the way
	Paths      []string // the files it is about
	Rows       []ID     // rows of the version table that no file knows
}

func (e *Error) Error() string { return e.Msg }

// errorf makes an Error without a hint.
func errorf(c Code, format string, a ...any) *Error {
	return &Error{Code: c, Msg: fmt.Sprintf(format, a...)}
}

func (e *Error) hint(format string, a ...any) *Error {
	e.Hint = fmt.Sprintf(format, a...)
	return e
}

func (e *Error) candidates(ids ...ID) *Error {
	e.Candidates = ids
	return e
}

// A BadFile is a revision file that cannot be read as one, and where in it.
type BadFile struct {
	Path      string
	Line, Col int // from 1; 0 when it is about the file as a whole
	Msg       string
	Hint      string // what to do next; may be empty
	Code      Code   // BadFileCode, or IllegalID for an id that may not be one
}

func (e *BadFile) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Col, e.Msg)
}

// join writes ids as a list in a sentence, the long ones shortened.
func join(ids []ID) string {
	const most = 12
	var b strings.Builder
	for i, id := range ids {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(ids)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(id))
	}
	return b.String()
}
