package catalog

import "context"

// An Engine reads schemas of one product family and writes the SQL for each
// kind of object. It is a value: nothing but its folder knows its dialect.
type Engine struct {
	Name string
	// Read reads a whole database in a fixed number of queries, whatever the
	// number of its tables.
	Read func(ctx context.Context, q Querier, s Scope) (*Catalog, error)
	// Kinds in the order in which things are created where no dependency speaks:
	// schemas and extensions first, triggers last.
	Kinds []Kind
	// Ordered: where true, the relative order of the columns common to both
	// sides is compared: those out of place come as Parts/Delta with Attrs ["position"].
	Ordered bool
	// RenameCandidate tells whether an object that went may be the one that
	// came (same or assignable type for columns; the planner asks only for
	// pairs of one kind, and of one table where they are parts).
	RenameCandidate func(gone, come *Object, from, to *Catalog) bool
	// Stages cuts the way between two catalogs so that no lock which stops writers is
	// held while rows are read or rewritten: where the catalogs on it are reached one
	// after another, the last step leads to `to` itself. It asks q what it must know of the
	// server. None: the way has no need of it. Nil: the server has no such forms.
	Stages func(ctx context.Context, q Querier, from, to *Catalog) ([]Stage, error)
	// Locks runs a statement in a transaction of its own and tells what it has locked of
	// the tables that were there before. Nil: the server does not tell.
	Locks func(ctx context.Context, q Querier, stmt string) ([]Lock, error)
	// Expect tells by a statement's text alone what it locks of the table that it is about, and
	// what it does meanwhile; "" where the text does not tell. Nil: it never does.
	Expect func(stmt string) string
	// Columns reads the columns of one table, in their order, as far as a change of type is
	// judged by it; Info["labels"] lists, one a line, what an enum type holds. None where
	// there is no such table. It is one query.
	Columns func(ctx context.Context, q Querier, schema, table string) ([]*Object, error)
	// Define is a column after a statement has given it a definition: what stands behind
	// its name (or TYPE) there, in whatever words. was is the column before.
	Define func(was *Object, definition string) *Object
	// SameName tells whether two names are one to the server, for things of a kind:
	// what differs so is renamed and never dropped. Nil: different names are different.
	SameName func(kind, a, b string) bool
	// Labels lists the values of an enum type, or of a column that lists its own, and the
	// attributes of a composite type; nil where the object is none. Nil: there are no such.
	Labels func(o *Object) []string
	// RenameLabel returns the statements that give a value or attribute of o another name,
	// in all rows that hold it.
	RenameLabel func(p *Ctx, o *Object, from, to string) []string
}

// A Stage is a catalog on the way from one to another.
type Stage struct {
	*Catalog
	// Cut: a revision of its own begins with the way to this stage.
	Cut bool
	// Fill are UPDATEs that come before that way, each repeated in small rounds.
	Fill []string
}

// A Lock is what a statement locks, and who waits for it.
type Lock struct {
	Table    string // as Key.Path writes it
	Mode     string // in the words of the server's manual
	Rewrites bool   // the statement writes the whole table anew
}

func (l Lock) String() string {
	if l.Rewrites {
		return l.Mode + " on " + l.Table + ", which it rewrites"
	}
	return l.Mode + " on " + l.Table
}

// How says how a part of a table is written.
type How int

const (
	// Own: by statements of its own, always.
	Own How = iota
	// Inline: in its table's CREATE where the table is new and nothing that
	// it depends on comes later; it goes with its table; else by its own statements.
	Inline
	// Merged: always by its table: in the CREATE, or among Delta.Parts of the
	// table's Alter. Its own Create, Drop and Alter are never called.
	Merged
)

// A Kind is one sort of object and the SQL that makes, changes and removes it.
type Kind struct {
	Name string // also Key.Kind
	// Report is the kind's name in the contract's list of change kinds; "" = Name.
	Report string
	How    How
	// Namespace groups kinds whose names must differ within a schema
	// ("relation": tables, views, sequences and, in PostgreSQL, indexes): the old
	// owner of a name goes before the new one comes. Parts whose names need
	// only differ within their table leave it empty.
	Namespace string
	// Single: a table has at most one (a primary key); the old goes before the new comes.
	Single bool
	// Carried objects stay where they are when what they depend on is detached
	// from (Alteration.Detach), where that is a part of a table: PostgreSQL
	// carries an index along when its column's type changes, a view not; an index
	// that names a type which is made anew (an enum) it does not carry.
	Carried bool
	// GoesWith: dropping the object's table (or, for a thing that stands
	// alone, the object named by Info["owner"]) drops it too; no statement of
	// its own is wanted then.
	GoesWith bool

	// Slot says what an object takes up to the exclusion of others, as a partition takes
	// its bounds: within a group those that go do so before those that change place,
	// and those that come after both. Nil, or group "": nothing.
	Slot func(o *Object) (group, place string)

	// Create returns the statements that make the object (p.To holds it), with
	// its comment. For a table: p.Inline are the parts to write into it.
	Create func(p *Ctx, o *Object) []string
	// Drop returns the statements that remove the object (p.From holds it).
	Drop func(p *Ctx, o *Object) []string
	// Alter returns how one becomes the other. Nil: drop and create.
	Alter func(p *Ctx, d *Delta) Alteration
	// Rename returns the statements that give an object another name and
	// nothing else; nil: it cannot be renamed.
	Rename func(p *Ctx, o *Object, to Key) []string
	// NameAfter tells what a part is called once its table has been given another
	// name: a server renames the constraints that it named itself in passing
	// (MySQL: t_ibfk_1, t_chk_1). Nil: a part keeps its name.
	NameAfter func(p *Ctx, o *Object, table Key) string
	// Yield is for what holds data and so must never be dropped to make room
	// (a column whose default calls a function that is replaced): it returns the
	// statements that take the dependence on gone away, and those that bring it
	// back. Nil: the object holds no data and is itself dropped and rebuilt.
	Yield func(p *Ctx, from, to *Object, gone Key) (before, after []string)
	// Within tells what an object's data are part of, as a partition's rows are its table's:
	// dropping that drops the object in passing, and what is within it on both sides is
	// made anew with it. The zero Key: nothing. Nil: no object of the kind is.
	Within func(o *Object) Key
	// Joins tells which objects an object must be like when it becomes a part of them, as a
	// partition has the columns of its table: their parts change before it joins and after
	// it leaves. Nil: none.
	Joins func(o *Object) []Key
	// Refill is for what keeps its data though it is dropped and made anew: it returns
	// what brings back the data that Drop has put aside, once the object and all within
	// it is made. Nil: the data are lost.
	Refill func(p *Ctx, from, to *Object) []string
	// Hazards lists what a change loses. from or to is nil for an add or a drop.
	Hazards func(p *Ctx, from, to *Object) []Hazard
}

// An Alteration is how an object that stays is changed.
type Alteration struct {
	SQL []string
	// Replace: the object cannot be altered. It is dropped and created, and all
	// that depends on it is dropped before and rebuilt after.
	Replace bool
	// Detach names objects of From whose dependents, other than of Carried
	// kinds, must be dropped before SQL and rebuilt after it.
	Detach []Key
	// Rebuild names objects of From that must be dropped before SQL and made again
	// after it, with what depends on them, though their kind is Carried or yields.
	// It holds with Replace, too.
	Rebuild []Key
	// DropsParts: SQL drops the table in passing (SQLite's rebuild), so those of
	// the detached that go with the table need no Drop of their own.
	DropsParts bool
}

// A Ctx is what the writing of SQL may look at.
type Ctx struct {
	From, To *Catalog
	Inline   []*Object // Create of a table: its Inline and Merged parts, ordered by kind and place
	Online   bool      // the least blocking form is wanted
	Free     bool      // the order of columns means nothing: none is moved
	// Anew tells whether an object of both sides is dropped and made again. What Alter decides
	// is part of the answer: when it is asked first it is nil, and if need be it is asked again.
	Anew func(Key) bool
}

// A Delta is one object that is there before and after, and differs.
type Delta struct {
	From, To *Object
	Attrs    []string // the names of its differing attributes
	// Parts are the changes of the object's Merged parts. From is nil for one
	// that comes, To for one that goes. A renamed part has Attrs nil and other names.
	Parts []Delta
}

// Changed tells whether an attribute of that name differs.
func (d *Delta) Changed(name string) bool {
	for _, a := range d.Attrs {
		if a == name {
			return true
		}
	}
	return false
}

// A Hazard is data that a change loses, or a failure that it risks on rows.
type Hazard struct {
	Code   string // of the contract's list: "drop-table", "narrow-type", …
	Object string
	Why    string // one line: what is lost
	Count  string // SQL that counts the rows concerned when live; "" where that cannot be told
}
