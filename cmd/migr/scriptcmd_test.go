package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/migr-dev/migr/internal/testdb"
)

type keyT struct{} // the script's testscript.T

// scriptCommands returns what scripts can do beside testscript's own commands;
// CONTRIBUTING.md explains them.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"db":      cmdDB,
		"project": cmdProject, "go-settings": cmdGoSettings,
		"sql":      cmdSQL,
		"dump":     cmdDump,
		"exitcode": cmdExitcode,
		"json":     cmdJSON,
		"python":   cmdPython,
		"keys":     cmdKeys,
	}
}

// db ENGINE [VARIABLE]: a fresh database; its URL goes to $VARIABLE, else $URL.
func cmdDB(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: db ENGINE [VARIABLE]")
	}
	e, ok := testdb.Lookup(args[0])
	if !ok {
		ts.Fatalf("db: no engine %q", args[0])
	}
	if !e.Available() {
		if testdb.Strict() {
			ts.Fatalf("%s is not set, and CI is", e.Env)
		}
		ts.Value(keyT{}).(testscript.T).Skip(e.Env + " is not set")
	}
	name := "URL"
	if len(args) == 2 {
		name = args[1]
	}
	u, err := scriptDatabase(ts.Getenv("WORK"), e, ts.Defer)
	ts.Check(err)
	ts.Setenv(name, u)
}

// sql URL FILE, sql URL -- STATEMENT...: runs it and prints the rows of each
// result, values separated by tabs, NULL as NULL. "! sql" wants an error, which
// is printed on stderr.
func cmdSQL(ts *testscript.TestScript, neg bool, args []string) {
	var text string
	switch {
	case len(args) == 2 && args[1] != "--":
		text = ts.ReadFile(args[1])
	case len(args) > 2 && args[1] == "--":
		text = strings.Join(args[2:], " ")
	default:
		ts.Fatalf("usage: sql URL FILE|-- STATEMENT...")
	}
	err := runSQL(ts.Stdout(), args[0], text)
	switch {
	case err != nil && neg:
		fmt.Fprintln(ts.Stderr(), err)
	case err != nil:
		ts.Fatalf("sql: %v", err)
	case neg:
		ts.Fatalf("sql: no error")
	}
}

func runSQL(w io.Writer, dsn, text string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := testdb.OpenURL(dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		if err := printRows(w, rows); err != nil {
			return err
		}
		if !rows.NextResultSet() {
			return rows.Err()
		}
	}
}

func printRows(w io.Writer, rows *sql.Rows) error {
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	vals, dest := make([]sql.NullString, len(cols)), make([]any, len(cols))
	for i := range vals {
		dest[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, v := range vals {
			if !v.Valid {
				v.String = "NULL"
			}
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, v.String)
		}
		fmt.Fprintln(w)
	}
	return rows.Err()
}

// dump [-all] [-sort] URL: the schema in the server's own words; -all with migr's
// own tables, -sort with the columns of each table in alphabetical order.
func cmdDump(ts *testscript.TestScript, neg bool, args []string) {
	exclude, sorted := testdb.Own(), false
	for ; len(args) > 1; args = args[1:] {
		switch args[0] {
		case "-all":
			exclude = nil
		case "-sort":
			sorted = true
		default:
			ts.Fatalf("dump: unknown option %s", args[0])
		}
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: dump [-all] [-sort] URL")
	}
	s, err := testdb.DumpURL(context.Background(), args[0], exclude...)
	if errors.Is(err, testdb.ErrOldDump) && !testdb.Strict() {
		ts.Value(keyT{}).(testscript.T).Skip(err)
	}
	ts.Check(err)
	if sorted {
		s = testdb.SortColumns(s)
	}
	fmt.Fprint(ts.Stdout(), s)
}

// exitcode N COMMAND...: runs it and wants exactly that exit code.
func cmdExitcode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		xe := (*exec.ExitError)(nil)
		if !errors.As(err, &xe) {
			ts.Fatalf("%v", err)
		}
		if got = xe.ExitCode(); got < 0 {
			ts.Fatalf("%s: %v", args[1], err)
		}
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", args[1], got, want)
	}
}

// json PATH VALUE: the last stdout is one JSON value that has VALUE at PATH
// (keys and indices joined by dots, "len" for the length of a list; "." the
// whole). A string is compared as it is, anything else as JSON. "! json PATH"
// wants nothing there, "! json PATH VALUE" something else.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && (!neg || len(args) != 1) {
		ts.Fatalf("usage: json PATH VALUE, ! json PATH [VALUE]")
	}
	var doc any
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("json: stdout: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		ts.Fatalf("json: stdout holds more than one value")
	}
	v, ok := atPath(doc, args[0])
	if len(args) == 1 {
		if ok {
			ts.Fatalf("json: %s is there: %s", args[0], asText(v))
		}
		return
	}
	if !ok {
		ts.Fatalf("json: no %s in stdout", args[0])
	}
	want := args[1]
	var w any
	if _, isText := v.(string); !isText && json.Unmarshal([]byte(want), &w) == nil {
		want = asText(w)
	}
	if same := asText(v) == want; same == neg {
		ts.Fatalf("json: %s is %s, want (not: %t) %s", args[0], asText(v), neg, want)
	}
}

// keys PATH KEY...: the last stdout is one JSON value that has an object with at
// least those keys at PATH; a list stands for each of its objects. No null is
// anywhere in it.
func cmdKeys(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: keys PATH KEY...")
	}
	var doc any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc); err != nil {
		ts.Fatalf("keys: stdout: %v", err)
	}
	if at := findNull(doc, ""); at != "" {
		ts.Fatalf("keys: %s is null", at)
	}
	v, ok := atPath(doc, args[0])
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	if !ok || len(list) == 0 {
		ts.Fatalf("keys: nothing at %s", args[0])
	}
	for _, v := range list {
		o, _ := v.(map[string]any)
		for _, k := range args[1:] {
			if _, ok := o[k]; !ok {
				ts.Fatalf("keys: no %s at %s: %s", k, args[0], asText(v))
			}
		}
	}
}

// findNull returns the path of a null.
func findNull(v any, at string) string {
	switch x := v.(type) {
	case nil:
		return at + "."
	case map[string]any:
		for k, e := range x {
			if p := findNull(e, at+"."+k); p != "" {
				return p
			}
		}
	case []any:
		for i, e := range x {
			if p := findNull(e, at+"."+strconv.Itoa(i)); p != "" {
				return p
			}
		}
	}
	return ""
}

func asText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v) // sorts the keys
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func atPath(v any, path string) (any, bool) {
	if path == "." {
		return v, true
	}
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			if key == "len" {
				v = json.Number(strconv.Itoa(len(x)))
				continue
			}
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}
