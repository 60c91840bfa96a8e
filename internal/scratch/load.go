package scratch

import (
	"context"
	"errors"
	"fmt"
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
	l := &loader{d: d, stmts: stmts}
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
	stuck []*LoadError // the server's words when nothing moved; from then on references are not checked
}

// inOrder tries file by file in one batch each, which is one round trip where
// all is in order; it returns the statements that are still to be run.
func (l *loader) inOrder(ctx context.Context) ([]int, error) {
	var todo []int
	for from := 0; from < len(l.stmts); {
		to := from
		for to < len(l.stmts) && l.stmts[to].File == l.stmts[from].File {
			to++
		}
		done, err := l.file(ctx, from, to)
		if err != nil {
			return nil, err
		}
		for i := from + done; i < to; i++ {
			todo = append(todo, i)
		}
		from = to
	}
	return todo, nil
}

// file runs the statements of one file up to the first that fails; on a server
// with transactional DDL, all or none.
func (l *loader) file(ctx context.Context, from, to int) (done int, err error) {
	dialect := l.d.Conn.Dialect
	if err := dialect.Reset(ctx, l.d.Conn); err != nil {
		return 0, err
	}
	texts := make([]string, 0, to-from)
	for _, s := range l.stmts[from:to] {
		texts = append(texts, s.Text)
	}
	for i := range texts {
		if dialect.TxDDL && dialect.NoTx(texts, i) != "" {
			return 0, nil
		}
	}
	failed, err := dialect.Batch(ctx, l.d.Conn, texts, dialect.TxDDL)
	switch {
	case err == nil:
		return to - from, nil
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case dialect.TxDDL:
		return 0, nil
	default:
		return failed, nil
	}
}

// insist runs the rest one by one, round after round, until nothing moves.
func (l *loader) insist(ctx context.Context, todo []int) error {
	for len(todo) > 0 {
		var left []int
		var errs []*LoadError
		at := -1 // the statement before the next one in the same file, when its settings hold already
		for _, i := range todo {
			if err := l.settle(ctx, at, i); err != nil {
				return err
			}
			at = i
			if err := l.d.Conn.Exec(ctx, l.stmts[i].Text); err != nil {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if l.stmts[i].Sort == source.Setting {
					continue // of another version's dump
				}
				left, errs = append(left, i), append(errs, l.fail(i, err))
			}
		}
		switch {
		case len(left) < len(todo):
		case l.d.Conn.Dialect.Relax == "" || l.stuck != nil:
			return worst(errs)
		default: // foreign keys in a circle: CREATE TABLE with its reference to a table that is still to come
			l.stuck = errs
		}
		todo = left
	}
	return nil
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

// settle makes the session's settings those that hold at statement i of its file.
func (l *loader) settle(ctx context.Context, at, i int) error {
	if at >= 0 && at+1 == i && l.stmts[at].File == l.stmts[i].File {
		return nil
	}
	if err := l.d.Conn.Dialect.Reset(ctx, l.d.Conn); err != nil {
		return err
	}
	first := i
	for first > 0 && l.stmts[first-1].File == l.stmts[i].File {
		first--
	}
	for _, s := range l.stmts[first:i] {
		if s.Sort == source.Setting {
			_ = l.d.Conn.Exec(ctx, s.Text)
		}
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

// empty deletes the rows that data statements of the model brought.
func (d *DB) empty(ctx context.Context) error {
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
