package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/nearest"
)

// A source is who gave a setting.
type source int

const (
	fromDefault source = iota
	fromFile
	fromOutside // flag or environment
)

// A setting is a key's value as it was given, and by whom. Value is what the kind of the key says,
// or a string still to be read as such.
type setting struct {
	key    key
	value  any
	origin string
	source source

	file      string // for errors
	line, col int
}

// text is the value when it is a single one, else "".
func (s setting) text() string {
	t, _ := s.value.(string)
	return t
}

// fail is an error at the setting's place.
func (s setting) fail(hint, format string, args ...any) *Error {
	e := &Error{File: s.file, Line: s.line, Col: s.col, Msg: fmt.Sprintf(format, args...), Hint: hint}
	if s.file == "" {
		e.Msg = s.origin + ": " + e.Msg
	}
	return e
}

// choose decides for every key who says what it is.
func (c *Config) choose(flags map[string][]string, f *file) error {
	given := map[string][]string{}
	for name, values := range flags {
		given[strings.ReplaceAll(name, "-", "_")] = values
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := findKey(name); !ok && !slices.ContainsFunc(keys(), func(k key) bool { return k.off == name }) {
			return &Error{Msg: fmt.Sprintf("flag %s stands for no key", name), Hint: nearest.Word(name, Keys())}
		}
	}
	c.chosen = map[string]setting{}
	for _, k := range keys() {
		s := c.pick(k, given, f)
		s.key = k
		c.chosen[k.name] = s
	}
	return nil
}

// pick returns the setting of the first who gives the key.
func (c *Config) pick(k key, flags map[string][]string, f *file) setting {
	if v, ok := flags[k.name]; ok && len(v) > 0 {
		s := setting{value: v[len(v)-1], origin: "flag --" + strings.ReplaceAll(k.name, "_", "-"), source: fromOutside}
		if k.kind == list {
			s.value = v
		}
		return s
	}
	if v, ok := flags[k.off]; ok && slices.Equal(v, []string{"true"}) {
		return setting{value: "false", origin: "flag --" + strings.ReplaceAll(k.off, "_", "-"), source: fromOutside}
	}
	for _, vars := range []map[string]string{c.env.real, c.env.dotenv} {
		for _, name := range k.variables() {
			if v := vars[name]; v != "" {
				return c.fromVariable(k, name, v)
			}
		}
	}
	if s, ok := f.envs[c.EnvName][k.name]; ok && c.EnvName != "" {
		return s
	}
	if s, ok := f.top[k.name]; ok {
		return s
	}
	return setting{value: k.std, origin: "default"}
}

// fromVariable is the setting that an environment variable makes. A list is separated by
// commas, or by line ends where there are any (a command may hold commas).
func (c *Config) fromVariable(k key, name, v string) setting {
	s := setting{value: v, origin: "environment " + name, source: fromOutside}
	if c.env.real[name] == "" {
		s.origin, s.source = c.env.dotOrigin(name), fromFile // .env stands beside migr.toml, and so do its paths
		s.file, s.line = c.env.name, c.env.lines[name]
	}
	if k.kind == list {
		sep := ","
		if strings.Contains(v, "\n") {
			sep = "\n"
		}
		all := []string{}
		for _, one := range strings.Split(v, sep) {
			if one = strings.TrimSpace(one); one != "" {
				all = append(all, one)
			}
		}
		s.value = all
	}
	return s
}

// baseOf is the folder that a path of the setting is relative to.
func (c *Config) baseOf(s setting) string {
	if s.source == fromOutside {
		return c.workDir
	}
	return c.Base
}

// fill reads the chosen settings into the typed fields.
func (c *Config) fill() error {
	r := reader{c: c}
	c.Dir = r.path("dir")
	c.VersionTable = r.word("version_table")
	c.VersionSchema = r.word("version_schema")
	c.Schemas = r.list("schemas")
	c.Exclude = r.list("exclude")
	c.FileTemplate = r.word("file_template")
	c.LockTimeout = r.duration("lock_timeout")
	c.LockRetries = r.number("lock_retries")
	c.LockWait = r.duration("lock_wait")
	c.Lock = Lock(r.word("lock"))
	c.StatementTimeout = r.duration("statement_timeout")
	c.Protected = r.yesNo("protected")
	c.Python = r.program("python")
	c.Import = r.list("import")
	c.Mode = Mode(r.word("mode"))
	c.ExcludeApps = r.list("exclude_apps")
	c.ModelTimeout = r.duration("model_timeout")
	c.ModelCache = r.yesNo("model_cache")
	c.Online = r.yesNo("online")
	c.Grants = r.yesNo("grants")
	c.Transaction = Transaction(r.word("transaction"))
	if r.err == nil && c.VersionTable == "" {
		return c.chosen["version_table"].fail(`the default is "migr_version"`, "version_table is empty")
	}
	if r.err == nil && c.FileTemplate == "" {
		return c.chosen["file_template"].fail(`the default is "{date}_{rev}_{slug}"`, "file_template is empty")
	}
	return r.err
}

// databaseURL reads a key that is a database's URL; nil when it is empty.
func (c *Config) databaseURL(name string) (*dburl.URL, error) {
	s := c.chosen[name]
	raw, err := c.expand(s, s.text())
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(raw) == "" {
		if s.text() != "" {
			return nil, s.fail("the variable in it is set, but empty", "%s is empty", name)
		}
		if s.source == fromOutside && name == "url" { // never fall back to another database than was meant
			return nil, s.fail("is the variable empty that it was filled from?", "the URL is empty")
		}
		return nil, nil
	}
	u, err := dburl.Parse(raw, c.baseOf(s))
	if err != nil {
		return nil, s.fail(hintOf(err), "%s: %s", name, err)
	}
	if err := dburl.Fill(u, c.env.lookup); err != nil {
		return nil, s.fail(hintOf(err), "%s: %s", name, err)
	}
	return u, nil
}

func hintOf(err error) string {
	var e *dburl.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// A reader turns settings into typed values and keeps the first error.
type reader struct {
	c   *Config
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// word reads a string.
func (r *reader) word(name string) string {
	s := r.c.chosen[name]
	v, err := r.c.expand(s, s.text())
	if err != nil {
		r.fail(err)
		return ""
	}
	if s.key.one != nil && !slices.Contains(s.key.one, v) {
		hint := "it is one of " + strings.Join(s.key.one, ", ")
		if n := nearest.Word(v, s.key.one); n != "" {
			hint = "did you mean " + n + "? " + hint
		}
		r.fail(s.fail(hint, "%s is %q", name, v))
	}
	return v
}

// path reads a path and makes it absolute.
func (r *reader) path(name string) string {
	s, v := r.c.chosen[name], r.word(name)
	if v == "" && r.err == nil {
		r.fail(s.fail("write . for the folder itself", "%s is empty", name))
	}
	if filepath.IsAbs(v) {
		return filepath.Clean(v)
	}
	return filepath.Join(r.c.baseOf(s), v)
}

// program reads a program: a name to be found in PATH stays, a path is made absolute.
func (r *reader) program(name string) string {
	v := r.word(name)
	if v == "" || filepath.IsAbs(v) || !strings.ContainsAny(v, `/\`) {
		return v
	}
	return filepath.Join(r.c.baseOf(r.c.chosen[name]), v)
}

func (r *reader) list(name string) []string {
	all, err := r.c.expandList(r.c.chosen[name])
	if err != nil {
		r.fail(err)
	}
	return all
}

func (r *reader) number(name string) int {
	s := r.c.chosen[name]
	n, ok := s.value.(int)
	if !ok {
		var err error
		n, err = strconv.Atoi(strings.TrimSpace(r.word(name)))
		ok = err == nil
	}
	if !ok || n < 0 {
		r.fail(s.fail("", "%s must be a whole number, 0 or more", name))
	}
	return n
}

func (r *reader) yesNo(name string) bool {
	s := r.c.chosen[name]
	if b, ok := s.value.(bool); ok {
		return b
	}
	switch strings.ToLower(strings.TrimSpace(r.word(name))) {
	case "true", "1", "yes", "on", "t", "y":
		return true
	case "false", "0", "no", "off", "f", "n":
		return false
	}
	r.fail(s.fail("", "%s must be true or false", name))
	return false
}
