package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A kind is what sort of value a key takes.
type kind int

const (
	text kind = iota
	list
	path
	databaseURL
	duration
	number
	yesNo
)

func (k kind) String() string {
	return [...]string{"a string", "a list of strings", "a string", "a string", `a duration such as "3s"`, "a whole number", "true or false"}[k]
}

// A key is one setting.
type key struct {
	name string
	kind kind
	std  any      // default: string, []string, int or bool by kind
	one  []string // the words it may be; nil = any
	off  string   // a flag that makes it false; "" = none
	late bool     // wrong only for the command that wants it
	doc  string   // one line, for the documentation
}

// keys lists the settings in the order of the documentation.
func keys() []key {
	return []key{
		{name: "url", kind: databaseURL, std: "", late: true, doc: "the database; `sqlite://app.db`, `postgres://user@host/db`, `mysql://user@host/db`"},
		{name: "dir", kind: path, std: "migrations", doc: "the folder of the revision files"},
		{name: "models", kind: list, std: []string(nil), late: true, doc: "where the wanted schema is written: files, folders, globs of SQL"},
		{name: "scratch", kind: databaseURL, std: "", late: true, doc: "an empty database on which schemas are built, of the same product as `url`; empty: a temporary one beside it, or memory for SQLite"},
		{name: "version_table", kind: text, std: "migr_version", doc: "the table that holds the current revision; `alembic_version` adopts an Alembic database as it stands"},
		{name: "version_schema", kind: text, std: "", doc: "the schema of that table; empty: the home schema"},
		{name: "schemas", kind: list, std: []string(nil), doc: "PostgreSQL: the schemas under management; empty: the URL's search_path and what the models create; `[\"*\"]`: all but the system's"},
		{name: "exclude", kind: list, std: []string(nil), doc: "globs over `schema.object` or `object`, of any kind, that are left alone"},
		{name: "file_template", kind: text, std: "{date}_{rev}_{slug}", doc: "the name of a new revision file, of `{date}`, `{time}`, `{rev}` and `{slug}`"},
		{name: "lock_timeout", kind: duration, std: "3s", doc: "longest wait of a statement for a lock, per try; `0`: the server's default"},
		{name: "lock_retries", kind: number, std: 10, doc: "how often a transaction that met a lock is tried again"},
		{name: "lock_wait", kind: duration, std: "60s", doc: "longest wait for another migr that is at work on the database"},
		{name: "lock", kind: text, std: string(LockSession), one: []string{string(LockSession), string(LockTable)}, doc: "how runners exclude one another: `session`, a lock of the server's that ends with the connection, or `table`, a row with a lease, which is chosen unasked where session locks do not hold (a pooler in transaction mode, a cluster)"},
		{name: "statement_timeout", kind: duration, std: "0", doc: "longest time of a statement; `0`: no limit"},
		{name: "protected", kind: yesNo, std: false, doc: "downgrade and loss of data need `--yes` as well"},
		{name: "python", kind: text, std: "", doc: "the interpreter for models in Python; empty: the active virtual environment's, else that of `.venv` beside the configuration, else python3"},
		{name: "import", kind: list, std: []string(nil), doc: "further Python modules that hold models; `app.models.*`: all below"},
		{name: "mode", kind: text, std: string(ModeModels), one: []string{string(ModeModels), string(ModeMigrations)}, doc: "Django: the wanted schema is that of the `models`, or what the project's own `migrations` make"},
		{name: "exclude_apps", kind: list, std: []string(nil), doc: "Django: labels of apps whose tables are left out"},
		{name: "model_timeout", kind: duration, std: "2m", doc: "longest time of a program that gives the models"},
		{name: "model_cache", kind: yesNo, std: true, off: "no_cache", doc: "models that have not changed are neither read again by starting their program nor built again on a scratch database; `--no-cache` turns it off once"},
		{name: "online", kind: yesNo, std: false, doc: "plan the least blocking form that the server has"},
		{name: "grants", kind: yesNo, std: false, doc: "compare the rights on tables, routines, types and schemas as well, and default privileges (PostgreSQL)"},
		{
			name: "transaction", kind: text, std: string(TransactionRevision), doc: "one transaction per `revision`, one for `all`, or `off`",
			one: []string{string(TransactionRevision), string(TransactionAll), string(TransactionOff)},
		},
	}
}

// Keys returns the names of all settings in the order of the documentation.
func Keys() []string {
	var names []string
	for _, k := range keys() {
		names = append(names, k.name)
	}
	return names
}

// A KeyDoc describes one setting.
type KeyDoc struct {
	Name, Type, Default, Text string
	Variables                 []string // of the environment, the first that is set wins
}

// Docs describes all settings, in the order of the documentation.
func Docs() []KeyDoc {
	var out []KeyDoc
	for _, k := range keys() {
		d := KeyDoc{Name: k.name, Type: k.kind.String(), Text: k.doc, Variables: k.variables()}
		switch v := k.std.(type) {
		case []string:
			d.Default = "[]"
		case string:
			d.Default = strconv.Quote(v)
		default:
			d.Default = fmt.Sprint(v)
		}
		out = append(out, d)
	}
	return out
}

func findKey(name string) (key, bool) {
	for _, k := range keys() {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

// variables are the environment variables that set the key, the first that is set wins.
func (k key) variables() []string {
	own := "MIGR_" + strings.ToUpper(k.name)
	if k.name == "url" {
		return []string{own, "DATABASE_URL"}
	}
	return []string{own}
}

// parseDuration reads "3s", "1m30s", "0"; a number without unit is refused, as it
// would be seconds to one and milliseconds to another.
func parseDuration(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(strings.ReplaceAll(s, " ", ""))
	return d, err == nil && d >= 0
}
