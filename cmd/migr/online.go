package main

import (
	"context"
	"fmt"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/scratch"
)

// roundSize is how many rows a generated batch fills in one transaction.
const roundSize = 5000

// planWay is the way between two schemas: in one part or, with online, in those that
// must be committed one after another; none when nothing differs.
func (a *app) planWay(ctx context.Context, db *driver.Conn, e *catalog.Engine, from, to *catalog.Catalog) ([]diff.Part, error) {
	if a.cfg.Online {
		return diff.Online(ctx, e, db, from, to)
	}
	up, err := diff.Plan(e, from, to, diff.Options{})
	if err != nil || len(up.Steps) == 0 {
		return nil, err
	}
	return []diff.Part{{From: from, To: to, Up: up}}, nil
}

// inParts makes a revision of each part; renames are one of their own before them.
func inParts(w *way, renamed *catalog.Catalog, parts []diff.Part) []*way {
	var all []*way
	if len(w.renames) > 0 {
		w.to, w.up, w.down = renamed, &diff.Result{}, &diff.Result{}
		all = append(all, w)
	}
	for _, p := range parts {
		all = append(all, &way{from: p.From, to: p.To, up: p.Up, down: p.Down})
	}
	return all
}

// changesOf lists each difference once, however many revisions mend it.
func changesOf(ways []*way) []output.Change {
	if len(ways) == 0 {
		return []output.Change{}
	}
	parts := make([]diff.Part, len(ways))
	for i, w := range ways {
		parts[i] = diff.Part{From: w.from, To: w.to, Up: w.up}
	}
	return append(renameChanges(ways[0].renames), output.Changes(diff.Whole(parts).Changes)...)
}

// lookAtLocks goes down and up once more on the scratch database, statement by
// statement, to learn what each locks. What a way makes itself stops nobody.
func lookAtLocks(ctx context.Context, ways []*way, want *built) error {
	if want.Engine.Locks == nil {
		return nil
	}
	for i := len(ways) - 1; i >= 0; i-- {
		if _, err := want.Run(ctx, ways[i].downSQL()); err != nil {
			return fmt.Errorf("going down to look at the locks: %w", err)
		}
	}
	fresh := newTables(ways[0].from, ways[len(ways)-1].to)
	for _, w := range ways {
		w.locks = map[string][]catalog.Lock{}
		for _, s := range w.upSQL() {
			found, err := want.Engine.Locks(ctx, want.Conn, s)
			if err != nil {
				return &scratch.Difference{Way: "up", Stmt: s, Err: err, Server: want.Conn.Dialect.Explain(err)}
			}
			for _, l := range found {
				if !fresh[l.Table] {
					w.locks[s] = append(w.locks[s], l)
				}
			}
		}
	}
	return nil
}

// newTables are the paths of the tables that are in to only.
func newTables(from, to *catalog.Catalog) map[string]bool {
	fresh := map[string]bool{}
	for _, o := range to.Objects {
		if o.Kind == "table" && from.Get(o.Key) == nil {
			fresh[o.Path()] = true
		}
	}
	return fresh
}
