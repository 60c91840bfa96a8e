package config

import (
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
	late bool     // wrong only for the command that wants it
}

// keys lists the settings in the order of the documentation.
func keys() []key {
	return []key{
		{name: "url", kind: databaseURL, std: "", late: true},
		{name: "dir", kind: path, std: "migrations"},
		{name: "models", kind: list, std: []string(nil), late: true},
		{name: "scratch", kind: databaseURL, std: "", late: true},
		{name: "version_table", kind: text, std: "migr_version"},
		{name: "version_schema", kind: text, std: ""},
		{name: "schemas", kind: list, std: []string(nil)},
		{name: "exclude", kind: list, std: []string(nil)},
		{name: "file_template", kind: text, std: "{date}_{rev}_{slug}"},
		{name: "lock_timeout", kind: duration, std: "3s"},
		{name: "lock_retries", kind: number, std: 10},
		{name: "lock_wait", kind: duration, std: "60s"},
		{name: "lock", kind: text, std: string(LockSession), one: []string{string(LockSession), string(LockTable)}},
		{name: "statement_timeout", kind: duration, std: "0"},
		{name: "protected", kind: yesNo, std: false},
		{name: "python", kind: text, std: ""},
		{name: "online", kind: yesNo, std: false},
		{name: "grants", kind: yesNo, std: false},
		{name: "transaction", kind: text, std: string(TransactionRevision),
			one: []string{string(TransactionRevision), string(TransactionAll), string(TransactionOff)}},
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
