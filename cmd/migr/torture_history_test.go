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

// gone is the probe for a column, or its table, that is taken away: then it fails.
func gone(table, column string) string {
	return fmt.Sprintf("SELECT count(%s) FROM %s WHERE 1 = 0", column, table)
}

// counted is a statement that must happen once: each time leaves a row.
func counted(rev string) deed {
	return deed{"INSERT INTO audit VALUES ('" + rev + "')", "SELECT count(*) FROM audit WHERE what = '" + rev + "'"}
}

// A chapter is a revision of the history: there and back. What comes first may be a
// batch.
type chapter struct {
	id          string
	deeds, back []deed
	batch       bool // the first statement of both
}

// story is the history that is interrupted everywhere: tables alone (PostgreSQL gets
// them as one text), rows and a change of the schema, what cannot be in a transaction,
// and a batch. Of the way back only audit is left, which counts.
func story(e testdb.Engine) []chapter {
	all := []chapter{
		{id: "r1", deeds: []deed{
			{"CREATE TABLE audit (what varchar(20) NOT NULL)", made("audit", "what")},
			{"CREATE TABLE people (id integer NOT NULL PRIMARY KEY, name varchar(40), small varchar(40))", made("people", "name")},
		}, back: []deed{{"DROP TABLE people", gone("people", "name")}, counted("r1 back")}},
		{id: "r2", deeds: []deed{
			{"INSERT INTO people (id, name) VALUES (1, 'A'), (2, 'B'), (3, 'C'), (4, 'D'), (5, 'E')", "SELECT count(*) FROM people"},
			{"ALTER TABLE people ADD COLUMN age integer NOT NULL DEFAULT 0", made("people", "age")},
			{"UPDATE people SET age = age + id", "SELECT count(*) FROM people WHERE age > 0"},
			counted("r2"),
		}, back: []deed{
			{"UPDATE people SET name = concat(name, 'x') WHERE id > 3", "SELECT count(*) FROM people WHERE name LIKE '_x'"},
			{"ALTER TABLE people DROP COLUMN age", gone("people", "age")},
			{"DELETE FROM people WHERE id < 3", "SELECT 5 - count(*) FROM people"},
			counted("r2 back"),
		}},
		{id: "r3"},
		{id: "r4", batch: true, deeds: []deed{
			{"UPDATE people SET small = lower(name) WHERE small IS NULL", "SELECT count(*) FROM people WHERE small IS NOT NULL"},
			counted("r4"),
		}, back: []deed{
			{"UPDATE people SET small = NULL WHERE small IS NOT NULL", "SELECT count(*) FROM people WHERE small IS NULL"},
			counted("r4 back"),
		}},
	}
	r3 := &all[2]
	switch {
	case e.Env == "":
		index := "FROM sqlite_master WHERE name = 'people_name'"
		r3.deeds = []deed{{"VACUUM", ""}, counted("r3"), {"CREATE INDEX people_name ON people (name)", "SELECT count(*) " + index}}
		r3.back = []deed{{"DROP INDEX people_name", "SELECT 1 - count(*) " + index}, {"VACUUM", ""}, counted("r3 back")}
	case strings.HasPrefix(e.Name, "postgres"):
		index := "FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = 'people_name'"
		r3.deeds = []deed{{"CREATE INDEX CONCURRENTLY people_name ON people (name)", "SELECT count(*) " + index + " AND i.indisvalid"}, counted("r3")}
		r3.back = []deed{{"DROP INDEX CONCURRENTLY people_name", "SELECT 1 - count(*) " + index}, counted("r3 back")}
	default:
		index := "FROM information_schema.statistics WHERE table_schema = database() AND index_name = 'people_name'"
		r3.deeds = []deed{
			{"CREATE INDEX people_name ON people (name)", "SELECT count(*) " + index},
			{"CREATE TABLE pets (id integer NOT NULL PRIMARY KEY, owner integer, FOREIGN KEY (owner) REFERENCES people (id))", made("pets", "owner")},
			{"ALTER TABLE pets ADD COLUMN name varchar(20), ADD UNIQUE KEY pets_name (name)", made("pets", "name")},
			counted("r3"),
			{"CREATE VIEW owners AS SELECT owner FROM pets", made("owners", "owner")},
		}
		r3.back = []deed{
			{"DROP VIEW owners", gone("owners", "owner")},
			{"ALTER TABLE pets DROP COLUMN name", gone("pets", "name")},
			counted("r3 back"),
			{"DROP TABLE pets", gone("pets", "owner")},
			{"DROP INDEX people_name ON people", "SELECT 1 - count(*) " + index},
		}
	}
	return all
}

// files are the history as revision files, under a configuration.
func files(all []chapter, config string) map[string]string {
	out := map[string]string{"migr.toml": config}
	parent := ""
	for _, c := range all {
		text := fmt.Sprintf("-- migr:revision %s\n-- migr:revises %s\n-- migr:up\n%s-- migr:down\n%s", c.id, parent, c.part(c.deeds), c.part(c.back))
		out["migrations/"+c.id+".sql"] = text
		parent = c.id
	}
	return out
}

func (c chapter) part(deeds []deed) (text string) {
	for i, d := range deeds {
		if c.batch && i == 0 {
			text += "-- migr:batch size=2\n"
		}
		text += d.sql + ";\n"
	}
	return text
}

// did asks how often a statement was carried out. What it is asked about may not be
// there: on the way there it was not carried out then, and on the way back it was.
func (d deed) did(ctx context.Context, db *sql.DB, back bool) int {
	n := 0
	if err := db.QueryRowContext(ctx, d.probe).Scan(&n); err == nil {
		return n
	}
	if back {
		return 1
	}
	return 0
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
		"SELECT revision, direction, state, count(*) FROM migr_log GROUP BY revision, direction, state ORDER BY revision, direction",
		"SELECT revision, statements, checksum, error FROM migr_log ORDER BY revision, direction",
	} {
		rows, err := db.QueryContext(ctx, q)
		if err != nil && strings.Contains(q, "FROM people") { // the way back has taken it away
			schema += "no people\n"
			continue
		}
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
