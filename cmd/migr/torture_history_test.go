package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/testdb"
)

// A deed is a statement of the tortured history, and a query that gives one row with
// a number above 0 once it has been carried out; "" where nothing can be seen of it.
type deed struct{ sql, probe string }

// made is the probe for a table, with a column that it has.
func made(table, column string) string {
	return fmt.Sprintf("SELECT 1 + count(%s) FROM %s WHERE 1 = 0", column, table)
}

// counted is a statement that must happen once: each time leaves a row.
func counted(rev string) deed {
	return deed{"INSERT INTO audit VALUES ('" + rev + "')", "SELECT count(*) FROM audit WHERE what = '" + rev + "'"}
}

// A chapter is a revision of the history.
type chapter struct {
	id    string
	deeds []deed
	batch bool // the first statement
}

// story is the history that is interrupted everywhere: tables alone (PostgreSQL gets
// them as one text), rows and a change of the schema, what cannot be in a transaction,
// and a batch.
func story(e testdb.Engine) []chapter {
	all := []chapter{
		{id: "r1", deeds: []deed{
			{"CREATE TABLE audit (what varchar(20) NOT NULL)", made("audit", "what")},
			{"CREATE TABLE people (id integer NOT NULL PRIMARY KEY, name varchar(40), small varchar(40))", made("people", "name")},
		}},
		{id: "r2", deeds: []deed{
			{"INSERT INTO people (id, name) VALUES (1, 'A'), (2, 'B'), (3, 'C'), (4, 'D'), (5, 'E')", "SELECT count(*) FROM people"},
			{"ALTER TABLE people ADD COLUMN age integer NOT NULL DEFAULT 0", made("people", "age")},
			{"UPDATE people SET age = age + id", "SELECT count(*) FROM people WHERE age > 0"},
			counted("r2"),
		}},
		{id: "r3", deeds: nil},
		{id: "r4", batch: true, deeds: []deed{
			{"UPDATE people SET small = lower(name) WHERE small IS NULL", "SELECT count(*) FROM people WHERE small IS NOT NULL"},
			counted("r4"),
		}},
	}
	switch {
	case e.Env == "":
		all[2].deeds = []deed{{"VACUUM", ""}, counted("r3"), {"CREATE INDEX people_name ON people (name)", "SELECT count(*) FROM sqlite_master WHERE name = 'people_name'"}}
	case strings.HasPrefix(e.Name, "postgres"):
		all[2].deeds = []deed{
			{"CREATE INDEX CONCURRENTLY people_name ON people (name)", "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = 'people_name' AND i.indisvalid"},
			counted("r3"),
		}
	default:
		all[2].deeds = []deed{
			{"CREATE INDEX people_name ON people (name)", "SELECT count(*) FROM information_schema.statistics WHERE table_schema = database() AND index_name = 'people_name'"},
			{"CREATE TABLE pets (id integer NOT NULL PRIMARY KEY, owner integer, FOREIGN KEY (owner) REFERENCES people (id))", made("pets", "owner")},
			{"ALTER TABLE pets ADD COLUMN name varchar(20), ADD UNIQUE KEY pets_name (name)", made("pets", "name")},
			counted("r3"),
			{"CREATE VIEW owners AS SELECT owner FROM pets", made("owners", "owner")},
		}
	}
	return all
}

// files are the history as revision files.
func files(all []chapter) map[string]string {
	out := map[string]string{"migr.toml": "url = \"\"\n"}
	parent := ""
	for _, c := range all {
		text := fmt.Sprintf("-- migr:revision %s\n-- migr:revises %s\n-- migr:up\n", c.id, parent)
		for i, d := range c.deeds {
			if c.batch && i == 0 {
				text += "-- migr:batch size=2\n"
			}
			text += d.sql + ";\n"
		}
		out["migrations/"+c.id+".sql"] = text
		parent = c.id
	}
	return out
}

// did asks how often a statement was carried out. What it is asked about may not be
// there: then it was not.
func (d deed) did(ctx context.Context, db *sql.DB) int {
	n := 0
	if err := db.QueryRowContext(ctx, d.probe).Scan(&n); err != nil {
		return 0
	}
	return n
}

// contents is the schema in the server's words, all rows, and what migr keeps of the
// revisions: what two runs must have in common.
func contents(ctx context.Context, u string) (string, error) {
	schema, err := testdb.DumpURL(ctx, u, testdb.Own()...)
	if err != nil {
		return "", err
	}
	db, err := testdb.OpenURL(u)
	if err != nil {
		return "", err
	}
	defer db.Close()
	for _, q := range []string{
		"SELECT what, count(*), 0, 0 FROM audit GROUP BY what ORDER BY what",
		"SELECT id, name, small, age FROM people ORDER BY id",
		"SELECT version_num, 0, 0, 0 FROM migr_version",
		"SELECT revision, direction, state, count(*) FROM migr_log GROUP BY revision, direction, state ORDER BY revision",
		"SELECT revision, statements, checksum, error FROM migr_log ORDER BY revision",
	} {
		rows, err := db.QueryContext(ctx, q)
		if err != nil {
			return "", fmt.Errorf("%s: %w", q, err)
		}
		for rows.Next() {
			var cells [4]sql.NullString
			if err := rows.Scan(&cells[0], &cells[1], &cells[2], &cells[3]); err != nil {
				return "", err
			}
			schema += fmt.Sprintf("%s|%s|%s|%s\n", cells[0].String, cells[1].String, cells[2].String, cells[3].String)
		}
		if err := rows.Err(); err != nil {
			return "", err
		}
		_ = rows.Close()
	}
	return schema, nil
}
