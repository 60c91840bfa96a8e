package source

import (
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// mysqlGrammar is what models of MySQL (8.0 to 9) and MariaDB (10.6 to 11) may
// do.
func mysqlGrammar() *grammar {
	return &grammar{
		family:  sqltext.MySQL,
		leads:   mysqlLeads(),
		calls:   map[string]string{"load_file": "reads a file of the server"},
		starts:  []string{";", "BEGIN", "THEN", "ELSE", "LOOP", "REPEAT", "DO", "ROW", ":", "ATOMIC"},
		foreign: foreignMySQL,
		checks:  []func(*statement) *fault{checkOutfile, checkSoname, checkTablespace, checkSingle},
	}
}

// foreignMySQL: MySQL's own views of the server may be read by name.
func foreignMySQL(parts []string, read bool) bool {
	return !read || !slices.Contains([]string{"information_schema", "performance_schema", "sys"}, strings.ToLower(parts[0]))
}

const hintPrepare = "write the statement out: what a prepared statement does is known only when it runs"

func mysqlLeads() []lead {
	return []lead{
		{words: "CREATE|DROP|ALTER DATABASE|SCHEMA", msg: "this makes, changes or drops a database", hint: hintDatabase},
		{
			words: "USE", do: reject, msg: "this turns to another database",
			hint: "take it out: a model describes one database (mysqldump writes no USE without --databases)",
		},
		{words: "CREATE|DROP|ALTER|RENAME USER", msg: "this makes, changes or drops an account", hint: hintRole},
		{words: "CREATE|DROP ROLE", msg: "this makes or drops a role", hint: hintRole},
		{words: "SET PASSWORD", msg: "this changes an account", hint: hintRole},
		{words: "SET DEFAULT ROLE", msg: "this changes an account", hint: hintRole},
		{words: "CREATE|DROP|ALTER TABLESPACE", msg: "this makes, changes or drops a tablespace", hint: hintServer},
		{words: "CREATE|DROP|ALTER UNDO TABLESPACE", msg: "this makes, changes or drops a tablespace", hint: hintServer},
		{words: "CREATE|DROP|ALTER LOGFILE GROUP", msg: "this changes the server's files", hint: hintServer},
		{words: "CREATE|DROP|ALTER SERVER", msg: "this changes the server's list of other servers", hint: hintServer},
		{words: "CREATE|DROP|ALTER|SET RESOURCE GROUP", msg: "this changes the server", hint: hintServer},
		{words: "CREATE|DROP SPATIAL REFERENCE", msg: "this changes the server, not one database", hint: hintServer},
		{words: "ALTER INSTANCE", msg: "this changes the server", hint: hintServer},
		{words: "LOAD DATA|XML", msg: "this reads a file", hint: "take it out, or write the rows as INSERT"},
		{words: "LOAD INDEX", msg: "this changes the server's caches", hint: hintServer},
		{words: "IMPORT TABLE", msg: "this reads files of the server", hint: hintServer},
		{words: "INSTALL|UNINSTALL PLUGIN|COMPONENT|SONAME", msg: "this loads code into the server", hint: hintServer},
		{words: "SHUTDOWN|RESTART|CLONE", msg: "this acts on the whole server", hint: hintServer},
		{words: "KILL", msg: "this ends another session", hint: hintServer},
		{words: "FLUSH LOGS|BINARY", do: drop}, // what a dump does to its server
		{words: "FLUSH", msg: "this acts on the whole server", hint: hintServer},
		{words: "CACHE INDEX", msg: "this changes the server's caches", hint: hintServer},
		{words: "BACKUP STAGE|LOCK|UNLOCK", msg: "this acts on the whole server", hint: hintServer},
		{words: "RESET MASTER|SLAVE|REPLICA|QUERY|PERSIST|BINARY", msg: "this acts on the whole server", hint: hintServer},
		{words: "CHANGE MASTER|REPLICATION", msg: "this changes the server's replication", hint: hintServer},
		{words: "PURGE BINARY|MASTER", msg: "this removes the server's logs", hint: hintServer},
		{words: "START|STOP SLAVE|REPLICA|ALL|GROUP_REPLICATION", msg: "this changes the server's replication", hint: hintServer},
		{words: "BINLOG", msg: "this replays a log", hint: hintServer},
		{words: "HANDLER", do: reject, msg: "a HANDLER belongs to a program, not to a schema", hint: "take it out"},
		{words: "XA", msg: "a distributed transaction outlives its session", hint: "take it out"},
		{words: "SET", do: drop, test: setsReplication},
		{words: "SET", test: setsGlobal, msg: "this changes the whole server, not only this session", hint: hintServer},
		{words: "PREPARE|EXECUTE|DEALLOCATE", do: reject, msg: "this runs SQL that is put together as it runs", hint: hintPrepare},
		{words: "ROLLBACK", do: reject, msg: "this takes back what stands before it", hint: hintUndo},

		{words: "BEGIN NOT", do: define}, // MariaDB: a block
		{words: "BEGIN|COMMIT|SAVEPOINT|LOCK|UNLOCK|GRANT|REVOKE", do: drop},
		{words: "RELEASE SAVEPOINT", do: drop},
		{words: "START TRANSACTION", do: drop},
		{words: "SET ROLE|TRANSACTION", do: drop},
		{words: "SET SESSION|LOCAL TRANSACTION", do: drop},
		{words: "ANALYZE|OPTIMIZE|CHECK|REPAIR|CHECKSUM|SHOW|DESCRIBE|DESC|EXPLAIN|HELP", do: drop},
		{words: "ALTER TABLE", do: drop, test: switchesKeys},
		{words: "SET", do: setting},
		{words: "INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|SELECT|WITH|VALUES|TABLE|CALL|DO|(", do: data},
	}
}

// setsGlobal: SET GLOBAL a = 1, PERSIST b = 2, @@GLOBAL.c = 3, the statement
// beginning at token i.
func setsGlobal(s *statement, i int) bool {
	depth, first := 0, i
	for ; i+1 < len(s.toks) && !s.op(i, ";") && (i == first || s.up[i] != "SET"); i++ {
		switch {
		case s.op(i, "("):
			depth++
		case s.op(i, ")"):
			depth--
		}
		if depth > 0 || s.up[i] != "SET" && !s.op(i, ",") {
			continue
		}
		if oneOf("GLOBAL|PERSIST|PERSIST_ONLY", s.word(i+1)) && !s.op(i+2, "=") || globalVariable(s, i+1) != "" {
			return true
		}
	}
	return false
}

// globalVariable is the name, in lower case, of the server's variable that
// token i is, or "": @@GLOBAL.name.
func globalVariable(s *statement, i int) string {
	if s.kind(i) != sqltext.Param {
		return ""
	}
	text := strings.ToLower(s.toks[i].Text)
	for _, scope := range []string{"@@global.", "@@persist.", "@@persist_only."} {
		if name, ok := strings.CutPrefix(text, scope); ok {
			return name
		}
	}
	return ""
}

// setsReplication: mysqldump (since 5.6) writes SET @@GLOBAL.GTID_PURGED and
// SET @@SESSION.SQL_LOG_BIN when the server has GTIDs. They are about its log.
func setsReplication(s *statement, i int) bool {
	if globalVariable(s, i+1) == "gtid_purged" {
		return true
	}
	i++
	if oneOf("SESSION|LOCAL", s.word(i)) {
		i++
	}
	name := strings.ToLower(s.ident(i))
	if s.kind(i) == sqltext.Param {
		name = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s.toks[i].Text), "@@"), "session.")
	}
	return name == "sql_log_bin"
}

// switchesKeys: ALTER TABLE t DISABLE KEYS, around the rows of a dump.
func switchesKeys(s *statement, _ int) bool {
	n := len(s.toks)
	return s.word(n-1) == "KEYS" && oneOf("DISABLE|ENABLE", s.word(n-2))
}

// checkOutfile: SELECT … INTO OUTFILE or DUMPFILE writes a file of the server.
func checkOutfile(s *statement) *fault {
	for i := range s.toks {
		if s.up[i] == "INTO" && oneOf("OUTFILE|DUMPFILE", s.word(i+1)) {
			return &fault{s.toks[i].Off, "this writes a file of the server", "take it out"}
		}
	}
	return nil
}

// checkSoname: CREATE FUNCTION … SONAME loads a library into the server.
func checkSoname(s *statement) *fault {
	if s.word(0) != "CREATE" {
		return nil
	}
	n := len(s.toks)
	if s.word(n-2) == "SONAME" && s.kind(n-1) == sqltext.String {
		return &fault{s.toks[n-2].Off, "this loads a library into the server", hintServer}
	}
	return nil
}

// checkTablespace: ALTER TABLE … IMPORT TABLESPACE takes over a server's file.
func checkTablespace(s *statement) *fault {
	if !s.is(0, "ALTER", "TABLE") {
		return nil
	}
	for i := range s.toks {
		if oneOf("IMPORT|DISCARD", s.up[i]) && s.word(i+1) == "TABLESPACE" {
			return &fault{s.toks[i].Off, "this takes or leaves files of the server", hintServer}
		}
	}
	return nil
}

// checkSingle looks at the body of a routine that is one statement without
// BEGIN: it begins behind the parameters or a characteristic.
func checkSingle(s *statement) *fault {
	h := s.head(0)
	if !fits("CREATE FUNCTION|PROCEDURE", h) && !fits("CREATE AGGREGATE FUNCTION", h) {
		return nil
	}
	for i := 1; i < len(s.toks); i++ {
		behind := s.op(i-1, ")") || s.kind(i-1) == sqltext.String ||
			oneOf("DETERMINISTIC|SQL|DATA|DEFINER|INVOKER", s.word(i-1))
		if s.word(i) == "BEGIN" {
			return nil
		}
		if !behind {
			continue
		}
		if l := s.lead(i, true); l != nil {
			return &fault{s.toks[i].Off, l.msg, l.hint}
		}
	}
	return nil
}
