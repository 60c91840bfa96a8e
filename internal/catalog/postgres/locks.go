package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// lockNames are the modes of pg_locks in the words of the manual ("Explicit
// Locking"), with what waits for them; weakest last.
var lockNames = []struct{ mode, text string }{
	{"AccessExclusiveLock", "ACCESS EXCLUSIVE (stops readers and writers)"},
	{"ExclusiveLock", "EXCLUSIVE (stops writers)"},
	{"ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE (stops writers)"},
	{"ShareLock", "SHARE (stops writers)"},
	{"ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE (stops nobody but other changes of the schema)"},
	{"RowExclusiveLock", "ROW EXCLUSIVE (stops nobody but who writes the same rows)"},
}

// locks runs a statement and reads from pg_locks what it holds before it commits.
// What cannot run in a transaction block is CONCURRENTLY here, which waits for
// transactions but takes SHARE UPDATE EXCLUSIVE only.
func locks(ctx context.Context, q catalog.Querier, stmt string) (found []catalog.Lock, err error) {
	if slices.Contains(sqltext.Words(sqltext.Postgres, stmt, 4), "CONCURRENTLY") {
		return concurrentLocks(ctx, q, stmt)
	}
	if _, err := q.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, err
	}
	end := "ROLLBACK"
	defer func() {
		if _, e := q.ExecContext(ctx, end); err == nil {
			err = e
		}
	}()
	before, err := fileNodes(ctx, q)
	if err != nil {
		return nil, err
	}
	if _, err := q.ExecContext(ctx, stmt); err != nil {
		return nil, err
	}
	if found, err = held(ctx, q, before); err == nil {
		end = "COMMIT"
	}
	return found, err
}

// tablePath is a table's name as Key.Path writes it.
const tablePath = "CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname || '.' END || c.relname"

// fileNodes are the files of all tables: a rewrite gives a table another.
func fileNodes(ctx context.Context, q catalog.Querier) (map[int64]int64, error) {
	rows, err := q.QueryContext(ctx, "SELECT oid::int8, relfilenode::int8 FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384")
	if err != nil {
		return nil, fmt.Errorf("looking which tables a statement rewrites: %w", err)
	}
	defer rows.Close()
	nodes := map[int64]int64{}
	for rows.Next() {
		var oid, node int64
		if err := rows.Scan(&oid, &node); err != nil {
			return nil, err
		}
		nodes[oid] = node
	}
	return nodes, rows.Err()
}

// held lists, by table, the strongest lock of this session on the tables of before.
func held(ctx context.Context, q catalog.Querier, before map[int64]int64) ([]catalog.Lock, error) {
	rows, err := q.QueryContext(ctx, `SELECT l.relation::int8, `+tablePath+`, l.mode, c.relfilenode::int8
		FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted ORDER BY 2`)
	if err != nil {
		return nil, fmt.Errorf("reading the locks of a statement: %w", err)
	}
	defer rows.Close()
	rank := map[string]int{}
	var found []catalog.Lock
	for rows.Next() {
		var oid, node int64
		var name, mode string
		if err := rows.Scan(&oid, &name, &mode, &node); err != nil {
			return nil, err
		}
		was, there := before[oid]
		r := lockRank(mode)
		if !there || r < 0 {
			continue
		}
		if old, had := rank[name]; !had {
			found = append(found, catalog.Lock{Table: name, Mode: lockNames[r].text, Rewrites: node != was})
		} else if r >= old {
			continue
		} else {
			found[len(found)-1].Mode = lockNames[r].text
		}
		rank[name] = r
	}
	return found, rows.Err()
}

func lockRank(mode string) int {
	for i, l := range lockNames {
		if l.mode == mode {
			return i
		}
	}
	return -1
}

// concurrentLocks runs CREATE or DROP INDEX CONCURRENTLY. Its table is that of the
// index which came or went.
func concurrentLocks(ctx context.Context, q catalog.Querier, stmt string) ([]catalog.Lock, error) {
	before, err := indexTables(ctx, q)
	if err != nil {
		return nil, err
	}
	if _, err := q.ExecContext(ctx, stmt); err != nil {
		return nil, err
	}
	after, err := indexTables(ctx, q)
	if err != nil {
		return nil, err
	}
	mode := lockNames[lockRank("ShareUpdateExclusiveLock")].text
	for _, x := range [][2]map[int64]string{{before, after}, {after, before}} {
		for oid, table := range x[0] {
			if _, there := x[1][oid]; !there {
				return []catalog.Lock{{Table: table, Mode: mode}}, nil
			}
		}
	}
	return nil, nil
}

func indexTables(ctx context.Context, q catalog.Querier) (map[int64]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT i.indexrelid::int8, `+tablePath+` FROM pg_catalog.pg_index i
		JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE i.indexrelid >= 16384`)
	if err != nil {
		return nil, fmt.Errorf("looking for the table of an index: %w", err)
	}
	defer rows.Close()
	tables := map[int64]string{}
	for rows.Next() {
		var oid int64
		var table string
		if err := rows.Scan(&oid, &table); err != nil {
			return nil, err
		}
		tables[oid] = table
	}
	return tables, rows.Err()
}
