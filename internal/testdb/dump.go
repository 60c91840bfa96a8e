package testdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
)

// Dump returns the schema at the URL in the server's own words, so written that
// equal schemas give equal texts: nothing random, nothing of who made it or
// when. The tables named in exclude are left out with their triggers; migr's
// own are Own.
//
// PostgreSQL: pg_dump (MIGR_TEST_PG_DUMP, else the PATH's); where it is older
// than the server the test is skipped, and fails when CI is set. MySQL and MariaDB: SHOW CREATE of every object.
// SQLite: sqlite_master, with blanks made equal.
func Dump(t testing.TB, dsn string, exclude ...string) string {
	t.Helper()
	s, err := DumpURL(t.Context(), dsn, exclude...)
	if errors.Is(err, ErrOldDump) && !Strict() {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ErrOldDump is returned where the pg_dump that was found does not know so new a server.
var ErrOldDump = errors.New("pg_dump is older than the server; set MIGR_TEST_PG_DUMP to a newer one")

// Own returns the names of the tables that migr keeps in a database, for Dump.
func Own() []string { return []string{"migr_version", "migr_log"} }

// DumpURL is Dump for callers that have no testing.TB.
func DumpURL(ctx context.Context, dsn string, exclude ...string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("dump: %w", err)
	}
	var s string
	switch {
	case u.Scheme == "sqlite":
		s, err = dumpSQLite(ctx, dsn, exclude)
	case isPostgres(u.Scheme):
		s, err = dumpPostgres(ctx, dsn, exclude)
	default:
		s, err = dumpMySQL(ctx, dsn, exclude)
	}
	if err != nil {
		return "", fmt.Errorf("dump %s: %w", u.Redacted(), err)
	}
	return s, nil
}

// SortColumns sorts the lines inside each CREATE TABLE of a dump, for
// comparisons in which the order of columns does not matter: no engine can put
// a column back where it was (MySQL can).
func SortColumns(dump string) string {
	lines := strings.Split(dump, "\n")
	start := -1
	for i, l := range lines {
		switch {
		case start < 0 && strings.HasPrefix(l, "CREATE ") && strings.Contains(l, "TABLE ") && strings.HasSuffix(l, "("):
			start = i + 1
		case start >= 0 && strings.HasPrefix(l, ")"):
			for j := start; j < i; j++ {
				lines[j] = strings.TrimSuffix(lines[j], ",")
			}
			sort.Strings(lines[start:i])
			start = -1
		}
	}
	return strings.Join(lines, "\n")
}

// What pg_dump says about itself and the session it wants; only at the start of
// a line, as written by pg_dump 15 to 18. \restrict (since the minor releases
// of August 2025) carries a random word.
var pgNoise = regexp.MustCompile(`(?m)^(--$|-- (Name|PostgreSQL database dump|Dumped|Data for)\b.*|\\(un)?restrict .*` +
	`|SET (statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|client_encoding` +
	`|standard_conforming_strings|check_function_bodies|xmloption|client_min_messages|row_security` +
	`|default_tablespace|default_table_access_method) = .*;|SELECT pg_catalog\.set_config\('search_path', '', false\);)$`)

func dumpPostgres(ctx context.Context, dsn string, exclude []string) (string, error) {
	out, err := pgDump(ctx, dsn, exclude)
	return squeeze(pgNoise.ReplaceAllString(out, "")), err
}

func pgDump(ctx context.Context, dsn string, exclude []string) (string, error) {
	prog := os.Getenv("MIGR_TEST_PG_DUMP")
	if prog == "" {
		prog = "pg_dump"
	}
	args := []string{"--schema-only", "--no-owner", "--dbname=" + dsn}
	for _, x := range exclude {
		args = append(args, "--exclude-table=*."+x)
	}
	cmd := exec.CommandContext(ctx, prog, args...)
	out, err := cmd.Output()
	if xe := (*exec.ExitError)(nil); errors.As(err, &xe) {
		if bytes.Contains(xe.Stderr, []byte("server version mismatch")) {
			return "", ErrOldDump
		}
		return "", fmt.Errorf("pg_dump: %w: %s", err, bytes.TrimSpace(xe.Stderr))
	}
	return string(out), err
}

// pgEntry is the comment above each entry of a dump.
var pgEntry = regexp.MustCompile(`(?m)^-- Name: .*; Type: .*; Schema: (.*); Owner: .*$`)

// DumpSchemas is DumpURL of a PostgreSQL database cut up by schema, each without
// its own name: what many tests do in one database, each in a schema of its own, needs
// one run of pg_dump. What is in no schema (a cast) is left out.
func DumpSchemas(ctx context.Context, dsn string) (map[string]string, error) {
	text, err := pgDump(ctx, dsn, nil)
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	entries := pgEntry.FindAllStringSubmatchIndex(text, -1)
	parts := map[string]string{}
	for i, at := range entries {
		end := len(text)
		if i+1 < len(entries) {
			end = entries[i+1][0]
		}
		if schema := text[at[2]:at[3]]; schema != "-" {
			entry := squeeze(pgNoise.ReplaceAllString(text[at[0]:end], ""))
			parts[schema] += strings.ReplaceAll(entry, schema+".", "")
		}
	}
	return parts, nil
}

// squeeze drops blank lines.
func squeeze(s string) string {
	lines := slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// Each sort of object of a MySQL database: how to list (name, table it hangs on)
// and what to SHOW CREATE. MariaDB's sequences and system-versioned tables are
// tables to SHOW CREATE TABLE.
var mysqlKinds = []struct{ show, list string }{
	{"TABLE", "SELECT table_name, table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type NOT LIKE '%VIEW'"},
	{"VIEW", "SELECT table_name, table_name FROM information_schema.views WHERE table_schema = DATABASE()"},
	{"TRIGGER", "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = DATABASE()"},
	{"FUNCTION", "SELECT routine_name, '' FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_type = 'FUNCTION'"},
	{"PROCEDURE", "SELECT routine_name, '' FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_type = 'PROCEDURE'"},
	{"EVENT", "SELECT event_name, '' FROM information_schema.events WHERE event_schema = DATABASE()"},
}

var (
	mysqlDefiner = regexp.MustCompile("DEFINER=(`[^`]*`|[^ @]+)@(`[^`]*`|[^ ]+) ")
	mysqlCounter = regexp.MustCompile(` AUTO_INCREMENT=\d+`)
)

func dumpMySQL(ctx context.Context, dsn string, exclude []string) (string, error) {
	db, err := OpenURL(dsn)
	if err != nil {
		return "", err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	var home string
	if err := conn.QueryRowContext(ctx, "SELECT DATABASE()").Scan(&home); err != nil {
		return "", err
	}
	var out strings.Builder
	for _, k := range mysqlKinds {
		names, err := objects(ctx, conn, k.list, exclude)
		if err != nil {
			return "", err
		}
		for _, n := range names {
			text, err := showCreate(ctx, conn, k.show, n)
			if err != nil {
				return "", err
			}
			text = mysqlDefiner.ReplaceAllString(text, "")
			text = strings.ReplaceAll(text, "`"+home+"`.", "")
			if k.show == "TABLE" {
				text = mysqlCounter.ReplaceAllString(text, "")
			}
			out.WriteString(text + ";\n")
		}
	}
	return out.String(), nil
}

func objects(ctx context.Context, conn *sql.Conn, list string, exclude []string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, list)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name, table string
		if err := rows.Scan(&name, &table); err != nil {
			return nil, err
		}
		if !slices.Contains(exclude, table) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, rows.Err()
}

// showCreate finds the text by its column's name: each sort of object puts it
// in another place.
func showCreate(ctx context.Context, conn *sql.Conn, kind, name string) (string, error) {
	rows, err := conn.QueryContext(ctx, "SHOW CREATE "+kind+" `"+strings.ReplaceAll(name, "`", "``")+"`")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(cols, func(c string) bool {
		return strings.HasPrefix(c, "Create ") || c == "SQL Original Statement"
	})
	vals := make([]sql.NullString, len(cols))
	dest := make([]any, len(cols))
	for i := range vals {
		dest[i] = &vals[i]
	}
	if at < 0 || !rows.Next() {
		return "", fmt.Errorf("SHOW CREATE %s %s: no text in columns %v: %w", kind, name, cols, rows.Err())
	}
	if err := rows.Scan(dest...); err != nil {
		return "", err
	}
	return vals[at].String, rows.Err()
}

func dumpSQLite(ctx context.Context, dsn string, exclude []string) (string, error) {
	db, err := OpenURL(dsn)
	if err != nil {
		return "", err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, name`)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		var table, text string
		if err := rows.Scan(&table, &text); err != nil {
			return "", err
		}
		if !slices.Contains(exclude, table) {
			out.WriteString(tidySQLite(text) + ";\n")
		}
	}
	return out.String(), rows.Err()
}
