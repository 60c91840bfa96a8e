package source

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// sqliteGrammar is what models of SQLite may do.
func sqliteGrammar() *grammar {
	return &grammar{
		family: sqltext.SQLite,
		leads:  sqliteLeads(),
		calls: map[string]string{ // of the sqlite3 program, but for the first two
			"load_extension": "loads a library",
			"fts3_tokenizer": "takes a pointer",
			"readfile":       "reads a file",
			"writefile":      "writes a file",
			"edit":           "starts a program",
		},
		starts: []string{";", "BEGIN"},
		foreign: func(parts []string, _ bool) bool {
			db := strings.ToLower(parts[0])
			return db != "main" && db != "temp"
		},
		checks:  []func(*statement) *fault{checkModule, checkOwnTables},
		rewrite: rewriteSQLite,
		whole:   dropShadows,
	}
}

func sqliteLeads() []lead {
	return []lead{
		{words: "ATTACH", msg: "this opens another database", hint: "take it out: a model describes one database"},
		{words: "DETACH", msg: "this closes another database", hint: "take it out: a model describes one database"},
		{words: "USE", do: reject, msg: "this turns to another database", hint: "take it out: a model describes one database"},
		{words: "VACUUM", test: vacuumsInto, msg: "this writes another database", hint: "take it out"},
		{words: "PRAGMA", do: drop, test: harmlessPragma},
		{words: "PRAGMA", msg: "this pragma may not stand in a model", hint: "take it out: a model holds the tables; pragmas are set where the database is opened"},
		{words: "ROLLBACK", do: reject, msg: "this takes back what stands before it", hint: hintUndo},

		{words: "BEGIN|COMMIT|END|SAVEPOINT|RELEASE|ANALYZE|REINDEX|VACUUM|EXPLAIN", do: drop},
		{words: "INSERT|REPLACE|UPDATE|DELETE|SELECT|WITH|VALUES", do: data},
	}
}

func vacuumsInto(s *statement, i int) bool {
	return s.word(i+1) == "INTO" || s.word(i+2) == "INTO"
}

// harmlessPragma knows the pragmas that say how a database is opened, stored or
// checked. They are passed over: none of them makes another schema.
func harmlessPragma(s *statement, i int) bool {
	i++
	if s.op(i+1, ".") {
		if db := strings.ToLower(s.ident(i)); db != "main" && db != "temp" {
			return false
		}
		i += 2
	}
	switch strings.ToLower(s.ident(i)) {
	case "foreign_keys", "defer_foreign_keys", "ignore_check_constraints", "foreign_key_check", "foreign_key_list",
		"encoding", "user_version", "application_id", "schema_version", "page_size", "auto_vacuum", "incremental_vacuum",
		"journal_mode", "journal_size_limit", "synchronous", "locking_mode", "cache_size", "cache_spill", "mmap_size",
		"temp_store", "busy_timeout", "threads", "automatic_index", "secure_delete", "wal_autocheckpoint",
		"wal_checkpoint", "legacy_alter_table", "legacy_file_format", "recursive_triggers", "case_sensitive_like",
		"reverse_unordered_selects", "trusted_schema", "query_only", "read_uncommitted", "cell_size_check",
		"count_changes", "full_column_names", "short_column_names", "empty_result_callbacks", "fullfsync",
		"checkpoint_fullfsync", "optimize", "analysis_limit", "integrity_check", "quick_check", "table_info",
		"table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "database_list", "collation_list",
		"function_list", "module_list", "pragma_list", "compile_options", "page_count", "freelist_count",
		"max_page_count", "soft_heap_limit", "hard_heap_limit", "shrink_memory", "default_cache_size", "data_version":
		return true
	case "writable_schema": // .dump, around the row of a virtual table: see virtualTable
		return true
	}
	return false
}

// checkModule: virtual tables of these modules read files.
func checkModule(s *statement) *fault {
	i := usingModule(s)
	switch m := strings.ToLower(s.ident(i)); m {
	case "csv", "zipfile", "fsdir", "vsv", "sqlite_dbpage":
		return &fault{s.toks[i].Off, "the module " + m + " reads files", "take it out"}
	}
	return nil
}

// usingModule is the token of the module's name in CREATE VIRTUAL TABLE, or -1.
func usingModule(s *statement) int {
	if !s.is(0, "CREATE", "VIRTUAL", "TABLE") {
		return -1
	}
	for i := 3; i < len(s.toks); i++ {
		if s.up[i] == "USING" {
			return i + 1
		}
	}
	return -1
}

// changedTable gives the name, in lower case, of the table whose rows the
// statement changes, and its token.
func changedTable(s *statement) (table string, at int) {
	if !oneOf("INSERT|REPLACE|UPDATE|DELETE", s.word(0)) {
		return "", -1
	}
	for i := 1; i < len(s.toks) && i < 8; i++ {
		if oneOf("INTO|FROM|OR|IGNORE|REPLACE|ABORT|FAIL|ROLLBACK", s.word(i)) {
			continue
		}
		if s.op(i+1, ".") {
			i += 2
		}
		return strings.ToLower(s.tableName(i)), i
	}
	return "", -1
}

// tableName is the name at token i; SQLite takes a string for one too, and its
// own dump writes them so.
func (s *statement) tableName(i int) string {
	if s.kind(i) == sqltext.String && strings.HasPrefix(s.toks[i].Text, "'") {
		name, _ := unquote(s.toks[i])
		return name
	}
	return s.ident(i)
}

// checkOwnTables: rows of the schema table are not written by hand, but for the
// virtual tables of a dump.
func checkOwnTables(s *statement) *fault {
	table, at := changedTable(s)
	if table != "sqlite_schema" && table != "sqlite_master" || virtualTable(s) != "" {
		return nil
	}
	return &fault{s.toks[at].Off, "this writes into SQLite's own table of the schema", "write the CREATE statement instead"}
}

// virtualTable is the CREATE VIRTUAL TABLE that .dump hides in
// INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','t','t',0,'CREATE …').
func virtualTable(s *statement) string {
	n := len(s.toks)
	if s.word(0) != "INSERT" || !s.op(n-1, ")") || s.kind(n-2) != sqltext.String || s.kind(n-3) != sqltext.Op {
		return ""
	}
	sql, _ := unquote(s.toks[n-2])
	var in statement
	in.read(s.g, sqltext.Stmt{Text: sql})
	if !in.is(0, "CREATE", "VIRTUAL", "TABLE") || in.refused(0) != nil || checkModule(&in) != nil {
		return ""
	}
	return sql
}

// rewriteSQLite turns a dump's statements into those that make the same schema,
// and leaves SQLite's own tables to itself.
func rewriteSQLite(s *statement) (string, bool) {
	table, _ := changedTable(s)
	switch {
	case table == "sqlite_schema" || table == "sqlite_master":
		return virtualTable(s), true
	case strings.HasPrefix(table, "sqlite_"):
		return "", false
	}
	if i := createdTable(s); i > 0 && strings.HasPrefix(strings.ToLower(s.tableName(i)), "sqlite_") {
		return "", false // .schema prints CREATE TABLE sqlite_sequence(name,seq)
	}
	return "", true
}

// createdTable is the token of the name in CREATE TABLE, or -1.
func createdTable(s *statement) int {
	i := 1
	if oneOf("TEMP|TEMPORARY|VIRTUAL", s.word(i)) {
		i++
	}
	if s.word(0) != "CREATE" || s.word(i) != "TABLE" {
		return -1
	}
	i++
	if s.is(i, "IF", "NOT", "EXISTS") {
		i += 3
	}
	if s.op(i+1, ".") {
		i += 2
	}
	return i
}

// shadows are the endings of the tables that a virtual table makes for itself,
// for each module of SQLite's own.
func shadows(module string) []string {
	switch module {
	case "fts5":
		return []string{"data", "idx", "content", "docsize", "config"}
	case "fts3", "fts4":
		return []string{"content", "segments", "segdir", "docsize", "stat"}
	case "rtree", "rtree_i32", "geopoly":
		return []string{"node", "rowid", "parent"}
	}
	return nil
}

// dropShadows leaves out the tables, and their rows, that the models' virtual
// tables make by themselves: .schema and .dump print them all the same.
func dropShadows(g *grammar, stmts []sqltext.Stmt, all []verdict) error {
	own := map[string]bool{}
	var s statement
	read := func(i int) {
		st := stmts[i]
		if all[i].text != "" {
			st.Text = all[i].text
		}
		s.read(g, st)
	}
	for i, st := range stmts {
		if words := sqltext.Words(g.family, st.Text, 2); all[i].drop || all[i].text == "" && !fits("CREATE VIRTUAL", words) {
			continue
		}
		read(i)
		if all[i].text != "" {
			all[i].sort = Define
		}
		at, m := createdTable(&s), usingModule(&s)
		if at < 0 || m < 0 {
			continue
		}
		for _, end := range shadows(strings.ToLower(s.ident(m))) {
			own[strings.ToLower(s.tableName(at))+"_"+end] = true
		}
	}
	if len(own) == 0 {
		return nil
	}
	for i := range stmts {
		if all[i].drop {
			continue
		}
		read(i)
		table, _ := changedTable(&s)
		if at := createdTable(&s); at > 0 {
			table = strings.ToLower(s.tableName(at))
		}
		all[i].drop = own[table]
	}
	return nil
}
