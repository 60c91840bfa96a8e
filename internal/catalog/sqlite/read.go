package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// read reads the main database in four queries. Pragmas tell what SQLite made
// of a table; the CREATE text, which SQLite keeps up to date, tells the rest.
func read(ctx context.Context, q catalog.Querier, s catalog.Scope) (*catalog.Catalog, error) {
	version, err := readVersion(ctx, q)
	if err != nil {
		return nil, err
	}
	rows, err := readSchema(ctx, q)
	if err != nil {
		return nil, err
	}
	shadows, err := readShadows(ctx, q)
	if err != nil {
		return nil, err
	}
	notNull, err := readColumns(ctx, q)
	if err != nil {
		return nil, err
	}
	r := &reading{
		b:       newBuilder(),
		exclude: s.Exclude, notNull: notNull, left: shadows,
	}
	r.tables(rows)
	for _, row := range rows {
		if !r.left[fold(row.table)] {
			r.rest(row)
		}
	}
	return catalog.New(version, r.objects, r.unknown), nil
}

// readVersion reads 3.54.1 as 3054001.
func readVersion(ctx context.Context, q catalog.Querier) (int, error) {
	var text string
	if err := q.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&text); err != nil {
		return 0, fmt.Errorf("reading SQLite's version: %w", err)
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(text, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return 0, fmt.Errorf("reading SQLite's version %q: %w", text, err)
	}
	return major*1_000_000 + minor*1_000 + patch, nil
}

// A schemaRow is one object as sqlite_schema has it.
type schemaRow struct{ kind, name, table, sql string }

func readSchema(ctx context.Context, q catalog.Querier) ([]schemaRow, error) {
	var all []schemaRow
	const query = "SELECT type, name, tbl_name, coalesce(sql, '') FROM main.sqlite_schema ORDER BY rowid"
	err := each(ctx, q, query, func(rows *sql.Rows) error {
		var r schemaRow
		err := rows.Scan(&r.kind, &r.name, &r.table, &r.sql)
		// the indexes of UNIQUE and PRIMARY KEY have no text of their own
		if err == nil && !internal(r.name) && !(r.kind == "index" && r.sql == "") {
			all = append(all, r)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading sqlite_schema: %w", err)
	}
	return all, nil
}

// readShadows returns the folded names of the tables that virtual tables keep
// for themselves (pragma_table_list, SQLite 3.37). It is a query of its own: in
// a join SQLite would list all tables once for each.
func readShadows(ctx context.Context, q catalog.Querier) (map[string]bool, error) {
	shadows := map[string]bool{}
	const query = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'"
	err := each(ctx, q, query, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		shadows[fold(name)] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the list of tables: %w", err)
	}
	return shadows, nil
}

// each calls row for each row of a query.
func each(ctx context.Context, q catalog.Querier, query string, row func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// internal tells whether a name is one that SQLite keeps for itself.
func internal(name string) bool { return strings.HasPrefix(fold(name), "sqlite_") }

// columnsQuery reads the columns of ordinary tables as SQLite understood them.
// A virtual table is not asked: its module may not be there.
const columnsQuery = `SELECT m.name, p.name, p."notnull"
FROM main.sqlite_schema m, pragma_table_xinfo(m.name, 'main') p
WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY m.rowid, p.cid`

// readColumns returns, per table, its columns' folded names and whether each is
// NOT NULL: columns of some primary keys are that without saying so.
func readColumns(ctx context.Context, q catalog.Querier) (map[string]map[string]bool, error) {
	tables := map[string]map[string]bool{}
	err := each(ctx, q, columnsQuery, func(rows *sql.Rows) error {
		var table, column string
		var notNull bool
		err := rows.Scan(&table, &column, &notNull)
		if tables[table] == nil {
			tables[table] = map[string]bool{}
		}
		tables[table][fold(column)] = notNull
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading columns: %w", err)
	}
	return tables, nil
}

// A reading is a catalog being made.
type reading struct {
	b       *builder
	exclude func(catalog.Key) bool
	notNull map[string]map[string]bool
	left    map[string]bool // folded names of tables and views that are left alone
	objects []*catalog.Object
	unknown []catalog.Key
}

func (r *reading) excluded(k catalog.Key) bool { return r.exclude != nil && r.exclude(k) }

// tables parses the tables and notes the names of views, before anything that
// refers to them is looked at.
func (r *reading) tables(rows []schemaRow) {
	var defs []*tableDef
	for _, row := range rows {
		key := catalog.Key{Kind: row.kind, Name: row.name}
		if row.kind != "table" && row.kind != "view" {
			continue
		}
		if r.left[fold(row.name)] || r.excluded(key) {
			r.left[fold(row.name)] = true
			continue
		}
		if row.kind == "view" {
			r.b.views[fold(row.name)] = row.name
			if def, err := parseView(row.sql); err == nil {
				r.b.viewRefs[fold(row.name)] = tableRefs(def.rest)
			}
			continue
		}
		def, err := parseTable(row.sql)
		if err != nil || !r.agrees(row, def) {
			r.left[fold(row.name)] = true
			r.unknown = append(r.unknown, key)
			continue
		}
		def.name = row.name
		r.b.tables[fold(row.name)] = def
		defs = append(defs, def)
	}
	for _, def := range defs {
		r.objects = append(r.objects, r.b.table(def, r.notNull[def.name])...)
	}
}

// agrees tells whether SQLite sees the columns that were parsed.
func (r *reading) agrees(row schemaRow, def *tableDef) bool {
	seen := r.notNull[row.name]
	for _, c := range def.columns {
		if _, ok := seen[fold(c.name)]; !ok {
			return false
		}
	}
	return len(seen) == len(def.columns)
}

// rest adds what is not a table.
func (r *reading) rest(row schemaRow) {
	key := catalog.Key{Kind: row.kind, Name: row.name}
	if row.kind == "index" || row.kind == "trigger" {
		key.Table = row.table
	}
	if row.kind == "table" || row.kind != "view" && r.excluded(key) {
		return
	}
	o, err := r.b.parse(row)
	if err != nil {
		r.unknown = append(r.unknown, key)
		return
	}
	o.Name = row.name
	r.objects = append(r.objects, o)
}

// parse makes the object of an index, a view or a trigger.
func (b *builder) parse(row schemaRow) (*catalog.Object, error) {
	switch row.kind {
	case "index":
		def, err := parseIndex(row.sql)
		if err != nil {
			return nil, err
		}
		return b.index(def), nil
	case "view":
		def, err := parseView(row.sql)
		if err != nil {
			return nil, err
		}
		return b.view(def, row.sql), nil
	case "trigger":
		def, err := parseTrigger(row.sql)
		if err != nil {
			return nil, err
		}
		return b.trigger(def, row.sql), nil
	}
	return nil, fmt.Errorf("%s %s: %w", row.kind, row.name, errSyntax)
}
