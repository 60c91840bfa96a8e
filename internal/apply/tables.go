package apply

import (
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Tables names the version table, laid out as Alembic's (one version_num per
// head), and migr's own log beside it.
type Tables struct {
	Dialect *driver.Dialect
	Schema  string // "": where unqualified names are made
	Version string
}

// DefaultVersionTable is where revisions are recorded unless the user says otherwise.
const DefaultVersionTable = "migr_version"

// LogName is the log table's name: migr_log beside migr_version, and
// NAME_migr_log beside a version table of another name, so that two of them in
// one schema have a log each.
func (t Tables) LogName() string {
	if t.Version == DefaultVersionTable {
		return "migr_log"
	}
	return t.Version + "_migr_log"
}

func (t Tables) qualified(name string) string {
	q := sqltext.Ident(t.Dialect.Family, name)
	if t.Schema != "" {
		q = sqltext.Ident(t.Dialect.Family, t.Schema) + "." + q
	}
	return q
}

func (t Tables) version() string { return t.qualified(t.Version) }
func (t Tables) log() string     { return t.qualified(t.LogName()) }

func (t Tables) lit(s string) string { return sqltext.QuoteLiteral(t.Dialect.Family, s) }

// Create returns the DDL of both tables.
func (t Tables) Create() []string { return []string{t.createVersion(), t.createLog()} }

// Missing returns the DDL of what a state lacks, to be sent before anything is written.
func (t Tables) Missing(st State) []string {
	var ddl []string
	if !st.Versions {
		ddl = append(ddl, t.createVersion())
	}
	switch {
	case !st.Log:
		ddl = append(ddl, t.createLog())
	case st.Older:
		ddl = append(ddl, "ALTER TABLE "+t.log()+" ADD COLUMN found "+t.Dialect.Tables.Text)
	}
	return ddl
}

func (t Tables) createVersion() string {
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (\n  version_num VARCHAR(32) NOT NULL,\n  CONSTRAINT %s PRIMARY KEY (version_num)\n)%s",
		t.version(), sqltext.Ident(t.Dialect.Family, t.Version+"_pkc"), t.Dialect.Tables.Tail)
}

func (t Tables) createLog() string {
	w := t.Dialect.Tables
	cols := []string{
		"id " + w.ID, "revision VARCHAR(32) NOT NULL", "direction VARCHAR(8) NOT NULL", "state VARCHAR(8) NOT NULL",
		"statements INTEGER NOT NULL", "started INTEGER NOT NULL", "done INTEGER NOT NULL",
		"checksum VARCHAR(80) NOT NULL", "applied_at " + w.Time + " NOT NULL", "duration_ms BIGINT NOT NULL",
		"applied_by VARCHAR(255) NOT NULL", "tool VARCHAR(64) NOT NULL", "message " + w.Text, "down_sql " + w.Text, "hashes " + w.Text, "header " + w.Text, "error " + w.Text, "found " + w.Text,
	}
	return "CREATE TABLE IF NOT EXISTS " + t.log() + " (\n  " + strings.Join(cols, ",\n  ") + "\n)" + w.Tail
}

// Drop returns the DDL that removes the tables, that of the lock as well.
func (t Tables) Drop() []string {
	return []string{"DROP TABLE IF EXISTS " + t.version(), "DROP TABLE IF EXISTS " + t.log(), "DROP TABLE IF EXISTS " + t.lock()}
}

// rows returns what turns the version table's rows before into those after.
func (t Tables) rows(task Task) []string {
	ins, del := task.Insert, task.Delete
	var sql []string
	for len(ins) > 0 && len(del) > 0 { // as Alembic writes the usual case
		sql = append(sql, fmt.Sprintf("UPDATE %s SET version_num = %s WHERE version_num = %s", t.version(), t.lit(ins[0]), t.lit(del[0])))
		ins, del = ins[1:], del[1:]
	}
	for _, id := range del {
		sql = append(sql, fmt.Sprintf("DELETE FROM %s WHERE version_num = %s", t.version(), t.lit(id)))
	}
	for _, id := range ins {
		sql = append(sql, fmt.Sprintf("INSERT INTO %s (version_num) VALUES (%s)", t.version(), t.lit(id)))
	}
	return sql
}

const logColumns = "revision, direction, state, statements, started, done, checksum, applied_at, duration_ms, applied_by, tool, message, down_sql, hashes, header"

func (t Tables) insert(task Task, p *Plan, state string, started, done int, hashes string) string {
	by := t.Dialect.Tables.User
	if p.By != "" {
		by = t.lit(p.By)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s, %s, %s, %d, %d, %d, %s, %s, %s, %s, %s, %s, %s, %s, %s)", t.log(), logColumns,
		t.lit(task.Revision), t.lit(task.Direction), t.lit(state), len(task.Stmts), started, done, t.lit(task.Checksum),
		t.Dialect.Tables.Now, durationMark, by, t.lit(p.Tool), t.lit(task.Message), t.lit(task.Down), t.lit(hashes), t.lit(task.Header))
}

// durationMark stands for the milliseconds that a revision took: Run writes them
// in, a script has 0.
const durationMark = "0 /* ms */"

// entry records a revision that happened as a whole.
func (t Tables) entry(task Task, p *Plan) string {
	return t.insert(task, p, "done", len(task.Stmts), len(task.Stmts), "")
}

// begin records a revision before its first statement.
func (t Tables) begin(task Task, p *Plan) string {
	return t.insert(task, p, "running", 0, 0, hashes(task.Stmts))
}

func (t Tables) where(task Task) string {
	return fmt.Sprintf(" WHERE revision = %s AND direction = %s AND state <> 'done'", t.lit(task.Revision), t.lit(task.Direction))
}

// started says that the statements up to n are begun, and that those before are
// done. What the first of them finds is written in the place of foundMark.
func (t Tables) started(task Task, done, n int) string {
	return fmt.Sprintf("UPDATE %s SET state = 'running', started = %d, done = %d, error = NULL, found = %s%s", t.log(), n, done, foundMark, t.where(task))
}

// foundMark stands for what stood in the place of what a statement touches, before it.
const foundMark = "NULL /* found */"

func (t Tables) done(task Task, n int) string {
	return fmt.Sprintf("UPDATE %s SET done = %d%s", t.log(), n, t.where(task))
}

// stands says that n statements are done and none is under way.
func (t Tables) stands(task Task, n int) string {
	return fmt.Sprintf("UPDATE %s SET started = %d, done = %[2]d, found = NULL%s", t.log(), n, t.where(task))
}

func (t Tables) failed(task Task, n int, why string) string {
	return fmt.Sprintf("UPDATE %s SET state = 'failed', started = %d, error = %s%s", t.log(), n, t.lit(why), t.where(task))
}

// finish ends a revision that was recorded statement by statement. What the file
// says is written again: it may have been mended since the revision was begun.
func (t Tables) finish(task Task, p *Plan) string {
	return fmt.Sprintf("UPDATE %s SET state = 'done', applied_at = %s, duration_ms = %s, statements = %d, checksum = %s, down_sql = %s, hashes = '', found = NULL%s",
		t.log(), p.Dialect.Tables.Now, durationMark, len(task.Stmts), t.lit(task.Checksum), t.lit(task.Down), t.where(task))
}
