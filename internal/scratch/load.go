package scratch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A LoadError is a model statement that the server refused.
type LoadError struct {
	Stmt      sqltext.Stmt
	Line, Col int
	Err       error
	Server    *driver.ServerError
	More      int // other statements that failed as well
}

func (e *LoadError) Error() string {
	msg := e.Err.Error()
	if e.Server != nil {
		msg = e.Server.Error()
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Stmt.File, e.Line, e.Col, msg)
}

// Unwrap returns the driver's error.
func (e *LoadError) Unwrap() error { return e.Err }

// Load runs a model's statements, in any order: what fails is tried again as
// long as something else succeeds. Rows that they bring are deleted at the end.
func (d *DB) Load(ctx context.Context, stmts []source.Prepared) error {
	l := newLoader(d, stmts)
	d.claim(stmts)
	todo, err := l.inOrder(ctx)
	if err != nil {
		return err
	}
	if err := l.insist(ctx, todo); err != nil {
		return err
	}
	if err := l.unstuck(ctx); err != nil {
		return err
	}
	if err := l.check(ctx); err != nil {
		return err
	}
	for _, s := range stmts {
		if s.Sort == source.Data {
			return d.empty(ctx)
		}
	}
	return nil
}

// claim notes the schemas that the models make.
func (d *DB) claim(stmts []source.Prepared) {
	if d.Conn.Dialect.Schemas == nil {
		return
	}
	for _, s := range stmts {
		if name := createdSchema(d.Conn.Dialect.Family, s.Text); name != "" {
			d.claimed = append(d.claimed, name)
		}
	}
}

// createdSchema reads CREATE SCHEMA [IF NOT EXISTS] name; "" for any other statement.
func createdSchema(f sqltext.Family, text string) (name string) {
	words := []string{"CREATE", "SCHEMA"}
	sqltext.Scan(f, text, func(t sqltext.Token) bool {
		switch {
		case len(words) > 0 && t.Is(words[0]):
			words = words[1:]
			return true
		case len(words) > 0:
			return false
		case t.Is("IF"), t.Is("NOT"), t.Is("EXISTS"):
			return true
		}
		if !t.Is("AUTHORIZATION") {
			name = t.Ident(f)
		}
		return false
	})
	return name
}

type loader struct {
	d     *DB
	stmts []source.Prepared
	env   []int        // of each statement: the last setting before it in its file, or -1
	now   int          // the setting that the session has come to, or -1: as Reset leaves it
	stuck []*LoadError // the server's words when nothing moved; from then on references are not checked
}

func newLoader(d *DB, stmts []source.Prepared) *loader {
	l := &loader{d: d, stmts: stmts, env: make([]int, len(stmts)), now: -1}
	last := -1
	for i, s := range stmts {
		if i > 0 && s.File != stmts[i-1].File {
			last = -1
		}
		if l.env[i] = last; s.Sort == source.Setting {
			last = i
		}
	}
	return l
}

// batchSize is the number of statements that are sent together. More would save
// little, and a transaction of thousands of tables is slow and wants more locks
// than PostgreSQL has by default (max_locks_per_transaction).
const batchSize = 100

// inOrder runs the statements as they stand, many at a time; it returns those
// that are still to be run.
func (l *loader) inOrder(ctx context.Context) ([]int, error) {
	var todo []int
	for from := 0; from < len(l.stmts); {
		if err := l.settle(ctx, from); err != nil {
			return nil, err
		}
		to := l.together(from)
		done, err := l.batch(ctx, from, to)
		if err != nil {
			return nil, err
		}
		if from += done; from == to {
			continue
		}
		var rest []int // what fails is among these
		for ; from < to; from++ {
			rest = append(rest, from)
		}
		left, _, err := l.each(ctx, rest)
		if err != nil {
			return nil, err
		}
		todo = append(todo, left...)
	}
	return todo, nil
}

// together is the end of the batch that begins with a statement: files whose
// settings do not end with them are not mixed.
func (l *loader) together(from int) int {
	to := from + 1
	for to < len(l.stmts) && to-from < batchSize && (l.stmts[to].File == l.stmts[from].File || l.env[to-1] < 0 && l.stmts[to-1].Sort != source.Setting) {
		to++
	}
	return to
}

// batch runs statements together and returns how many of them were done.
func (l *loader) batch(ctx context.Context, from, to int) (done int, err error) {
	dialect := l.d.Conn.Dialect
	texts := make([]string, 0, to-from)
	for _, s := range l.stmts[from:to] {
		texts = append(texts, s.Text)
	}
	for i := range texts {
		if dialect.TxDDL && dialect.NoTx(texts, i) != "" {
			return 0, nil
		}
	}
	done, err = dialect.Batch(ctx, l.d.Conn, texts, false)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if err == nil {
		done = to - from
	}
	for i := from; i < from+done; i++ {
		l.ran(i)
	}
	return done, nil
}

// ran notes that a statement was run.
func (l *loader) ran(i int) {
	if l.stmts[i].Sort == source.Setting {
		l.now = i
	}
}

// insist runs the rest one by one, round after round, until nothing moves.
func (l *loader) insist(ctx context.Context, todo []int) error {
	for len(todo) > 0 {
		left, errs, err := l.each(ctx, l.guess(todo))
		if err != nil {
			return err
		}
		switch {
		case len(left) < len(todo):
		case l.d.Conn.Dialect.Relax == "" || l.stuck != nil:
			return worst(errs)
		default: // foreign keys in a circle: CREATE TABLE with its reference to a table that is still to come
			l.stuck = errs
			l.now = unsettled
		}
		slices.Sort(left)
		todo = left
	}
	return nil
}

// each runs statements one by one and returns those that failed, and how.
func (l *loader) each(ctx context.Context, todo []int) (left []int, errs []*LoadError, err error) {
	for _, i := range todo {
		if err := l.settle(ctx, i); err != nil {
			return nil, nil, err
		}
		err := l.d.Conn.Exec(ctx, l.stmts[i].Text)
		l.ran(i)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		if l.stmts[i].Sort != source.Setting { // that one is of another version's dump
			left, errs = append(left, i), append(errs, l.fail(i, err))
		}
	}
	return left, errs, nil
}

// unstuck makes sure that what was not checked on the way refers to tables that are there.
func (l *loader) unstuck(ctx context.Context) error {
	if l.stuck == nil {
		return nil
	}
	c, err := l.d.Read(ctx)
	if err != nil {
		return err
	}
	for _, o := range c.Objects {
		for _, d := range o.Deps {
			if o.Kind == "foreign_key" && d.Kind == "table" && c.Get(d) == nil {
				return l.blame(d.Name)
			}
		}
	}
	return nil
}

// check finds what the database took without a look at it, and which statement made it.
func (l *loader) check(ctx context.Context) error {
	if l.d.Conn.Dialect.Check == nil {
		return nil
	}
	kind, name, err := l.d.Conn.Dialect.Check(ctx, l.d.Conn)
	if err == nil {
		return nil
	}
	for i, s := range l.stmts {
		if created(l.d.Conn.Dialect.Family, s.Text, kind, name) {
			return l.fail(i, err)
		}
	}
	return fmt.Errorf("checking the models: %w", err)
}

// created tells whether a statement is a CREATE of that kind and name.
func created(f sqltext.Family, text, kind, name string) bool {
	create, right, found := false, false, false
	sqltext.Scan(f, text, func(t sqltext.Token) bool {
		switch {
		case !create:
			create = t.Is("CREATE")
			return create
		case !right:
			right = t.Is(strings.ToUpper(kind))
			return right || t.Is("TEMP") || t.Is("TEMPORARY")
		case t.Is("IF"), t.Is("NOT"), t.Is("EXISTS"), t.Text == ".", strings.EqualFold(t.Ident(f), "main"):
			return true
		}
		found = strings.EqualFold(t.Ident(f), name)
		return false
	})
	return found
}

// blame picks, of what failed when nothing moved, the first statement that names
// the table which is not there.
func (l *loader) blame(table string) *LoadError {
	f := l.d.Conn.Dialect.Family
	for _, e := range l.stuck {
		found := false
		sqltext.Scan(f, e.Stmt.Text, func(t sqltext.Token) bool {
			found = strings.EqualFold(t.Ident(f), table)
			return !found
		})
		if found {
			e.More = 0
			return e
		}
	}
	return worst(l.stuck)
}

// unsettled is a session whose settings are not known.
const unsettled = -2

// settle makes the session's settings those that hold at statement i of its file.
func (l *loader) settle(ctx context.Context, i int) error {
	if l.now == l.env[i] {
		return nil
	}
	if err := l.d.Conn.Dialect.Reset(ctx, l.d.Conn); err != nil {
		return err
	}
	l.now = l.env[i]
	var settings []int
	for k := l.env[i]; k >= 0; k = l.env[k] {
		settings = append(settings, k)
	}
	for _, k := range slices.Backward(settings) {
		_ = l.d.Conn.Exec(ctx, l.stmts[k].Text)
	}
	if l.stuck != nil {
		return l.d.Conn.Exec(ctx, l.d.Conn.Dialect.Relax)
	}
	return nil
}

func (l *loader) fail(i int, err error) *LoadError {
	e := &LoadError{Stmt: l.stmts[i].Stmt, Err: err, Server: l.d.Conn.Dialect.Explain(err)}
	e.Line, e.Col = driver.Locate(e.Stmt, e.Server)
	return e
}

// worst picks the error to show: one that no other statement could have mended,
// else the first.
func worst(errs []*LoadError) *LoadError {
	pick := errs[0]
	for _, e := range errs {
		if e.Server != nil && e.Server.Cause == driver.Other {
			pick = e
			break
		}
	}
	pick.More = len(errs) - 1
	return pick
}

// empty deletes the rows that data statements of the model brought. The settings of
// the last file, its search_path among them, have ended.
func (d *DB) empty(ctx context.Context) error {
	if err := d.Conn.Dialect.Reset(ctx, d.Conn); err != nil {
		return err
	}
	s := d.Scope
	if d.Conn.Dialect.Schemas != nil {
		s.Schemas = []string{"*"}
	}
	c, err := d.Engine.Read(ctx, d.Conn, s)
	if err != nil {
		return err
	}
	var tables []string
	for _, o := range c.Objects {
		if o.Kind != "table" {
			continue
		}
		name := sqltext.QuoteIdent(d.Conn.Dialect.Family, o.Name)
		if o.Schema != "" {
			name = sqltext.QuoteIdent(d.Conn.Dialect.Family, o.Schema) + "." + name
		}
		tables = append(tables, name)
	}
	if len(tables) == 0 {
		return nil
	}
	i, err := d.Conn.Dialect.Batch(ctx, d.Conn, d.Conn.Dialect.Empty(tables), false)
	if err != nil {
		return fmt.Errorf("deleting the models' rows from the scratch database (statement %d): %w", i+1, err)
	}
	return nil
}

// A Difference is a plan that did not prove itself.
type Difference struct {
	Way    string // "up" or "down"
	Stmt   string // the statement that failed; "" when all ran and the result is another
	Err    error
	Found  []string // what differs
	Server *driver.ServerError
}

func (e *Difference) Error() string {
	if e.Err != nil {
		msg := e.Err.Error()
		if e.Server != nil {
			msg = e.Server.Error()
		}
		return fmt.Sprintf("the %s part fails on the scratch database: %s\nin: %s", e.Way, msg, e.Stmt)
	}
	return fmt.Sprintf("the %s part does not lead where it should: %d differences remain", e.Way, len(e.Found))
}

// Unwrap returns the driver's error.
func (e *Difference) Unwrap() error { return e.Err }

// Prove runs stmts and compares what is then there with want.
func (d *DB) Prove(ctx context.Context, way string, stmts []string, want *catalog.Catalog, compare func(got, want *catalog.Catalog) []string) error {
	failed, err := d.Run(ctx, stmts)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e := &Difference{Way: way, Err: err, Server: d.Conn.Dialect.Explain(err)}
		if failed < len(stmts) {
			e.Stmt = stmts[failed]
		}
		return e
	}
	got, err := d.Read(ctx)
	if err != nil {
		return err
	}
	if found := compare(got, want); len(found) > 0 {
		return &Difference{Way: way, Found: found}
	}
	return nil
}

// IsRights tells whether an error means that the user may not make databases.
func IsRights(err error) bool {
	var r *RightsError
	return errors.As(err, &r)
}
