// Package scratch builds schemas on a temporary database and reads them back,
// so that both sides of a comparison are the server's own words; and it proves
// plans there before anyone sees them.
package scratch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
)

// A DB is a scratch database; Close removes it or, when the user named it,
// leaves it empty.
type DB struct {
	Conn   *driver.Conn
	Engine *catalog.Engine
	Scope  catalog.Scope

	given    []string     // schemas that it had from the start
	claimed  []string     // those of them that the models make
	live     *driver.Conn // that made it; nil: it is the user's
	drop     func(context.Context) error
	borrowed bool // the user named it
}

// A RightsError says that no temporary database could be made.
type RightsError struct{ Err error }

func (e *RightsError) Error() string { return fmt.Sprintf("making a scratch database: %v", e.Err) }

// Unwrap returns the server's error.
func (e *RightsError) Unwrap() error { return e.Err }

// A BusyError says that the user's scratch database is not empty: migr empties
// it after use and so takes no database that holds anything.
type BusyError struct {
	URL   string
	Holds []string
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("the scratch database %s is not empty: it holds %s", e.URL, strings.Join(e.Holds, ", "))
}

// Options of opening.
type Options struct {
	URL   *dburl.URL // the user's own scratch database; nil: a temporary one beside live
	Scope catalog.Scope
}

// Open makes an empty scratch database like that of live.
func Open(ctx context.Context, live *driver.Conn, e *catalog.Engine, o Options) (*DB, error) {
	d := &DB{Engine: e, Scope: o.Scope}
	u := o.URL
	if u == nil {
		var err error
		d.live = live
		if u, d.drop, err = live.Dialect.Scratch(ctx, live, newName()); err != nil {
			return nil, &RightsError{Err: err}
		}
	}
	return d, d.connect(ctx, live.Dialect, u, o.URL != nil)
}

// OpenURL uses the user's scratch database where there is no live one at hand.
func OpenURL(ctx context.Context, dialect *driver.Dialect, u *dburl.URL, e *catalog.Engine, s catalog.Scope) (*DB, error) {
	d := &DB{Engine: e, Scope: s}
	return d, d.connect(ctx, dialect, u, true)
}

func (d *DB) connect(ctx context.Context, dialect *driver.Dialect, u *dburl.URL, users bool) (err error) {
	defer func() {
		if err != nil {
			_ = d.Close()
		}
	}()
	if d.Conn, err = driver.Open(ctx, dialect, u, driver.Options{}); err != nil {
		return err
	}
	if users && dialect.Borrow != nil {
		if err := d.borrow(ctx, u); err != nil {
			return err
		}
	}
	d.Scope.Home = d.Conn.Server.Home
	if dialect.Schemas != nil {
		if d.given, err = dialect.Schemas(ctx, d.Conn); err != nil {
			return err
		}
	}
	return dialect.Reset(ctx, d.Conn)
}

// borrow takes the user's scratch database, which must hold nothing.
func (d *DB) borrow(ctx context.Context, u *dburl.URL) error {
	dialect := d.Conn.Dialect
	name := "migr scratch " + d.Conn.Server.Database
	free, err := dialect.TryLock(ctx, d.Conn, name)
	if err != nil {
		return err
	}
	if !free {
		return &BusyError{URL: u.Redacted(), Holds: []string{"what another run of migr builds there (" + dialect.Holder(ctx, d.Conn, name).String() + ")"}}
	}
	holds, clean, err := dialect.Borrow(ctx, d.Conn)
	if err != nil {
		return err
	}
	if len(holds) > 0 {
		return &BusyError{URL: u.Redacted(), Holds: holds}
	}
	d.borrowed = true
	d.drop = func(ctx context.Context) error { return clean(ctx, d.Conn) }
	return nil
}

// newName is a name for a scratch database that no other process takes.
func newName() string {
	var b [6]byte
	_, _ = rand.Read(b[:])
	return "migr_scratch_" + hex.EncodeToString(b[:])
}

// Name is the database's name.
func (d *DB) Name() string {
	if d.Conn == nil {
		return ""
	}
	return d.Conn.Server.Database
}

// Close removes the database, also when the work was cancelled.
func (d *DB) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var err error
	if d.borrowed {
		// a cancelled statement may have cost the session: clean on a new one when this one is gone
		if d.Conn.PingContext(ctx) != nil {
			if again, e := d.Conn.Another(ctx); e == nil {
				_ = d.Conn.Close()
				d.Conn = again
			}
		}
	}
	if d.drop != nil {
		err = d.drop(ctx)
	}
	// The live connection drops it; a reading of the live schema that was cancelled cost that.
	if err != nil && d.live != nil && d.live.PingContext(ctx) != nil && d.live.Reopen(ctx) == nil {
		err = d.drop(ctx)
	}
	if d.Conn != nil {
		_ = d.Conn.Close()
	}
	return err
}

// Added lists the schemas that were made since the database was opened: a model
// that creates a schema has it under management. So it has one that was there
// for an extension of the live database, if the model creates it.
func (d *DB) Added(ctx context.Context) ([]string, error) {
	if d.Conn.Dialect.Schemas == nil {
		return nil, nil
	}
	now, err := d.Conn.Dialect.Schemas(ctx, d.Conn)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(now, func(s string) bool {
		return s == d.Scope.Home || slices.Contains(d.given, s) && !slices.Contains(d.claimed, s)
	}), nil
}

// Read returns what the database holds.
func (d *DB) Read(ctx context.Context) (*catalog.Catalog, error) {
	if err := d.Conn.Dialect.Reset(ctx, d.Conn); err != nil {
		return nil, err
	}
	return d.Engine.Read(ctx, d.Conn, d.Scope)
}

// Run runs statements in order, as a revision would be.
func (d *DB) Run(ctx context.Context, stmts []string) (failed int, err error) {
	if err := d.Conn.Dialect.Reset(ctx, d.Conn); err != nil {
		return 0, err
	}
	for _, r := range d.runs(stmts) {
		i, err := d.Conn.Dialect.Batch(ctx, d.Conn, stmts[r.from:r.to], r.tx)
		if err != nil {
			return r.from + i, err
		}
	}
	return 0, nil
}

type run struct {
	from, to int
	tx       bool
}

// runs cuts the statements where one cannot be in a transaction.
func (d *DB) runs(stmts []string) []run {
	var all []run
	for i := range stmts {
		tx := d.Conn.Dialect.TxDDL && d.Conn.Dialect.NoTx(stmts, i) == ""
		if n := len(all); n > 0 && all[n-1].tx == tx && (tx || !d.Conn.Dialect.TxDDL) {
			all[n-1].to = i + 1
			continue
		}
		all = append(all, run{i, i + 1, tx})
	}
	return all
}
