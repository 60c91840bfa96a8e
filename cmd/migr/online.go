package main

import (
	"context"
	"fmt"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/scratch"
)

// roundSize is how many rows a generated batch fills in one transaction.
const roundSize = 5000

// planWay is the way between two schemas: in one part or, with online, in those that
// must be committed one after another; none when nothing differs. What online must know
// of the server's functions it asks on site, where those of the models are, if there is one.
func (a *app) planWay(ctx context.Context, db *database, site *scratch.DB, from, to *catalog.Catalog) ([]diff.Part, error) {
	if a.cfg.Online {
		conn := db.Conn
		if site != nil {
			conn = site.Conn
		}
		return diff.Online(ctx, db.engine, conn, from, to)
	}
	up, err := diff.Plan(db.engine, from, to, diff.Options{})
	if err != nil || len(up.Steps) == 0 {
		return nil, err
	}
	return []diff.Part{{From: from, To: to, Up: up}}, nil
}

// inParts makes a revision of each part; renames are one of their own before them.
func inParts(w *way, renamed *catalog.Catalog, parts []diff.Part) ways {
	var all ways
	if len(w.there) > 0 {
		w.to, w.up, w.down = renamed, &diff.Result{}, &diff.Result{}
		all = append(all, w)
	}
	for _, p := range parts {
		all = append(all, &way{from: p.From, to: p.To, up: p.Up, down: p.Down, engine: w.engine})
	}
	return all
}

// whole joins the plans up: each difference is in it once, however many revisions mend it.
func (ws ways) whole() *diff.Result {
	parts := make([]diff.Part, len(ws))
	for i, w := range ws {
		parts[i] = diff.Part{From: w.from, To: w.to, Up: w.up}
	}
	return diff.Whole(parts)
}

// lookAtLocks goes down and up once more on the scratch database, statement by
// statement, to learn what each locks. What a way makes itself stops nobody.
func (ws ways) lookAtLocks(ctx context.Context, want *built) error {
	if want.Engine.Locks == nil {
		return nil
	}
	for i := len(ws) - 1; i >= 0; i-- {
		if _, err := want.Run(ctx, ws[i].downSQL()); err != nil {
			return fmt.Errorf("going down to look at the locks: %w", err)
		}
	}
	fresh := newTables(ws[0].from, ws[len(ws)-1].to)
	for _, w := range ws {
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

// tellRewrites warns of what the least blocking form cannot spare: a table that is
// written anew while nobody can read it.
func (a *app) tellRewrites(ws ways) {
	for _, w := range ws {
		for _, s := range w.upSQL() {
			for _, l := range w.locks[s] {
				if l.Rewrites {
					a.warn("there is no way around it: %s: %s", l, firstLine(s))
				}
			}
		}
	}
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
