package source

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// The hints that several leads share.
const (
	hintDatabase = "take it out: migr makes the scratch database itself; dump one database, without the statements that create it"
	hintRole     = "take it out: roles belong to the server, not to one database; make them beforehand"
	hintServer   = "take it out: a model is run on a scratch database and may change nothing else on its server"
	hintUndo     = "take out what is not wanted; transactions in a model have no effect"
)

// postgresGrammar is what models of PostgreSQL (14 to 18) may do.
func postgresGrammar() *grammar {
	return &grammar{
		family: sqltext.Postgres,
		rights: postgresRights(), leads: postgresLeads(),
		calls:  postgresCalls(),
		prefix: "dblink",
		starts: []string{";", "BEGIN", "THEN", "ELSE", "LOOP", "ATOMIC"},
		foreign: func(parts []string, _ bool) bool {
			return len(parts) > 2 // database.schema.name; a column is never in a table's place
		},
		checks:  []func(*statement) *fault{checkDo},
		rewrite: rewritePostgres,
		whole:   checkRoutines,
	}
}

func postgresLeads() []lead {
	return []lead{
		{words: "CREATE|DROP|ALTER DATABASE", msg: "this makes, changes or drops a database", hint: hintDatabase},
		{words: "USE", do: reject, msg: "this turns to another database", hint: "take it out: a model describes one database"},
		{words: "CREATE|ALTER|DROP USER MAPPING", do: define},
		{words: "CREATE|DROP|ALTER ROLE|USER|GROUP", msg: "this makes, changes or drops a role", hint: hintRole},
		{words: "CREATE|DROP|ALTER TABLESPACE", msg: "this makes, changes or drops a tablespace", hint: hintServer},
		{words: "ALTER SYSTEM", msg: "this changes the server's configuration", hint: hintServer},
		{words: "CREATE|ALTER|DROP SUBSCRIPTION", msg: "a subscription connects to another server", hint: hintServer},
		{words: "IMPORT FOREIGN SCHEMA", msg: "this connects to another server", hint: "write the foreign tables out"},
		{words: "LOAD", test: next(sqltext.String), msg: "this loads a library into the server", hint: hintServer},
		{words: "REASSIGN|DROP OWNED", msg: "this changes all that a role owns", hint: hintRole},
		{words: "COPY", test: copiesProgram, msg: "this runs a program on the server", hint: "take it out"},
		{words: "COPY", test: copiesFile, msg: "this reads or writes a file of the server", hint: "take it out, or write the rows as INSERT"},
		{words: "COPY", do: drop}, // to or from the client; the rows have gone with the splitting
		{words: "PREPARE TRANSACTION", msg: "a prepared transaction outlives its session", hint: "take it out"},
		{words: "COMMIT|ROLLBACK PREPARED", msg: "this ends a prepared transaction of the server", hint: "take it out"},
		{words: "ROLLBACK|ABORT", do: reject, msg: "this takes back what stands before it", hint: hintUndo},

		{words: "BEGIN|COMMIT|END|SAVEPOINT|RELEASE|LOCK", do: drop},
		{words: "START TRANSACTION", do: drop},
		{words: "GRANT|REVOKE", do: drop},
		{words: "ALTER DEFAULT PRIVILEGES", do: drop},
		{words: "COMMENT ON EXTENSION|DATABASE|ROLE|TABLESPACE|SUBSCRIPTION", do: drop},
		{words: "SECURITY LABEL", do: drop, test: labelsShared},
		{words: "ANALYZE|ANALYSE|VACUUM|CHECKPOINT|EXPLAIN|SHOW|LISTEN|UNLISTEN|NOTIFY|DISCARD|DEALLOCATE|REINDEX", do: drop},
		{words: "SET|RESET", do: drop, test: setsDump},
		{words: "SET|RESET", do: setting},

		{words: "SELECT", do: setting, test: setsConfig},
		{words: "SELECT", do: define, test: selectsInto},
		{words: "SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CALL|REFRESH|PREPARE|EXECUTE|(", do: data},
	}
}

// postgresRights are the rights that belong to a schema: not those on a database or
// another thing of the server, nor who is a member of which role.
func postgresRights() []lead {
	return []lead{
		{words: "GRANT|REVOKE", do: define, test: onSchemaObject},
		{words: "ALTER DEFAULT PRIVILEGES", do: define},
	}
}

func onSchemaObject(s *statement, i int) bool {
	for ; i < len(s.toks); i++ {
		switch s.up[i] {
		case "ON":
			return !oneOf("DATABASE|TABLESPACE|LANGUAGE|LARGE|PARAMETER|FOREIGN", s.word(i+1))
		case "TO", "FROM":
			return false
		}
	}
	return false
}

// postgresCalls are the functions that reach files, other servers or other
// sessions (of the server itself, adminpack, and dblink).
func postgresCalls() map[string]string {
	m := map[string]string{
		"dblink":                  "connects to another database",
		"lo_import":               "reads a file of the server",
		"lo_export":               "writes a file of the server",
		"pg_reload_conf":          "makes the server read its configuration again",
		"pg_rotate_logfile":       "changes the server's log",
		"pg_promote":              "changes the server's part in replication",
		"pg_switch_wal":           "changes the server's log",
		"pg_terminate_backend":    "ends another session",
		"pg_cancel_backend":       "stops another session",
		"pg_create_restore_point": "changes the server's log",
	}
	for _, f := range []string{
		"pg_read_file", "pg_read_binary_file", "pg_stat_file", "pg_ls_dir", "pg_ls_logdir",
		"pg_ls_waldir", "pg_ls_tmpdir", "pg_ls_archive_statusdir", "pg_file_read", "pg_logdir_ls",
	} {
		m[f] = "reads files of the server"
	}
	for _, f := range []string{"pg_file_write", "pg_file_rename", "pg_file_unlink", "pg_file_sync"} {
		m[f] = "changes files of the server"
	}
	for _, f := range []string{
		"pg_create_physical_replication_slot", "pg_create_logical_replication_slot",
		"pg_drop_replication_slot", "pg_replication_origin_create", "pg_replication_origin_drop",
	} {
		m[f] = "changes the server's replication"
	}
	return m
}

// next is a test of a lead of one word: what kind the token behind it is.
func next(k sqltext.Kind) func(*statement, int) bool {
	return func(s *statement, i int) bool { return s.kind(i+1) == k }
}

// copyTarget is the token behind the FROM or TO of the COPY at token i.
func copyTarget(s *statement, i int) int {
	depth, first := 0, i
	for ; i < len(s.toks) && !s.op(i, ";") && (i == first || s.up[i] != "COPY"); i++ {
		switch {
		case s.op(i, "("):
			depth++
		case s.op(i, ")"):
			depth--
		case depth == 0 && (s.up[i] == "FROM" || s.up[i] == "TO"):
			return i + 1
		}
	}
	return len(s.toks)
}

func copiesProgram(s *statement, i int) bool { return s.word(copyTarget(s, i)) == "PROGRAM" }

func copiesFile(s *statement, i int) bool { return s.kind(copyTarget(s, i)) == sqltext.String }

// labelsShared: a label on what belongs to the server.
func labelsShared(s *statement, _ int) bool {
	for i := range s.toks {
		if s.up[i] == "ON" {
			return oneOf("ROLE|DATABASE|TABLESPACE|SUBSCRIPTION", s.word(i+1))
		}
	}
	return false
}

// setsDump tells settings that a dump makes for its own run: who runs it, how
// long it may take, how the file is written. pg_dump 17 sets
// transaction_timeout, which an older server does not know.
func setsDump(s *statement, i int) bool {
	i++
	for s.word(i) == "SESSION" && s.word(i+1) != "AUTHORIZATION" || s.word(i) == "LOCAL" {
		i++
	}
	switch strings.ToLower(s.ident(i)) {
	case "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
		"transaction_timeout", "client_encoding", "names", "transaction", "constraints", "role", "characteristics":
		return true
	case "session":
		return s.word(i+1) == "AUTHORIZATION"
	}
	return false
}

// setsConfig: SELECT pg_catalog.set_config(…), as a dump sets its search_path.
func setsConfig(s *statement, i int) bool {
	i++
	if s.ident(i) == "pg_catalog" && s.op(i+1, ".") {
		i += 2
	}
	return s.ident(i) == "set_config" && s.op(i+1, "(")
}

// selectsInto: SELECT … INTO makes a table.
func selectsInto(s *statement, i int) bool {
	depth := 0
	for ; i < len(s.toks); i++ {
		switch {
		case s.op(i, "("):
			depth++
		case s.op(i, ")"):
			depth--
		case depth == 0 && s.up[i] == "FROM":
			return false
		case depth == 0 && s.up[i] == "INTO":
			return true
		}
	}
	return false
}
