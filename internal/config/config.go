// Package config gathers migr's settings from flags, environment, .env and migr.toml into one
// typed Config, and knows of each where it came from.
package config

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
)

// FileName is the name of the configuration file that Load looks for.
const FileName = "migr.toml"

// Inputs is all that Load takes from the outside.
type Inputs struct {
	// Dir is the working directory, absolute.
	Dir string
	// Environ is the process's environment as KEY=VALUE; a later one wins.
	Environ []string
	// Flags holds the flags that were set on the command line, by the name of their key
	// ("url", "lock_timeout" or "lock-timeout"): one value, or several for a list.
	Flags map[string][]string
	// Config is the file named by -c, EnvName the environment named by -e; empty
	// when not given.
	Config  string
	EnvName string
}

// A Config is every setting, checked and with its default. URL, Models and Scratch are
// methods: what is wrong with them is an error only to the command that wants them.
type Config struct {
	// File is the configuration file, absolute; empty when there is none.
	File string
	// EnvName is the environment chosen by -e or MIGR_ENV; may be empty.
	EnvName string
	// Base is the folder of the configuration file, or the working directory
	// when there is none.
	Base string

	Dir              string // folder of the revision files, absolute
	VersionTable     string
	VersionSchema    string
	Schemas          []string
	Exclude          []string
	FileTemplate     string
	LockTimeout      time.Duration
	LockRetries      int
	LockWait         time.Duration
	Lock             Lock
	StatementTimeout time.Duration
	Protected        bool
	Python           string // a program's name, or an absolute path; empty = found by itself
	Import           []string
	Mode             Mode
	ExcludeApps      []string
	ModelTimeout     time.Duration
	ModelCache       bool
	Online           bool
	Grants           bool
	Transaction      Transaction

	// Values is every setting in the order of the documentation, with its origin, fit to be
	// shown: secrets are masked.
	Values []Value

	workDir string
	env     *environment
	chosen  map[string]setting
}

// A Lock is the kind of lock that keeps a second runner out.
type Lock string

// The kinds of lock.
const (
	LockSession Lock = "session" // a session lock of the server
	LockTable   Lock = "table"   // a row with a lease, for poolers and servers without session locks
)

// A Mode says which of a Django project's two descriptions of its schema is meant.
type Mode string

// The modes.
const (
	ModeModels     Mode = "models"     // the models of the installed apps
	ModeMigrations Mode = "migrations" // what `manage.py migrate` makes
)

// A Transaction says how much of an upgrade is one transaction.
type Transaction string

// The extents of a transaction.
const (
	TransactionRevision Transaction = "revision"
	TransactionAll      Transaction = "all"
	TransactionOff      Transaction = "off"
)

// A Value is one setting as `migr config` shows it.
type Value struct {
	Key string
	// Value is a string, a []string, an int or a bool; a duration is a string.
	Value any
	// Origin says where it came from: "flag --url", "environment MIGR_URL", ".env:3",
	// "migr.toml:4", "migr.toml:9 [env.prod]", "default".
	Origin string
	// Problem says why the value cannot be used, where it is one that
	// not every command needs; empty when it can.
	Problem string
}

// Models are the model sources under the key models.
type Models struct {
	Specs []string
	// Base is the folder that paths in Specs are relative to, and in which
	// programs are started; absolute.
	Base string
	// Origin is as in Value.
	Origin string
}

// An Error says what is wrong with the settings and where.
type Error struct {
	File      string // empty when the place is in no file
	Line, Col int    // from 1; 0 = not known
	Msg       string
	Hint      string // what to do next; may be empty
}

// Error returns the place and the message, without the hint.
func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Msg
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	case e.Col == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// Load gathers the settings. For each key the first of these that has it wins:
// flag, environment variable, .env beside the configuration file (or in the working directory
// when there is none), [env.NAME], top level, default. An empty environment variable
// counts as not set, since that is how CI systems pass what is missing. The error is an *Error.
func Load(in Inputs) (*Config, error) {
	real := newEnvironment(in.Environ)
	path, err := findFile(in, real)
	if err != nil {
		return nil, err
	}
	c := &Config{File: path, Base: in.Dir, workDir: in.Dir, env: real}
	if path != "" {
		c.Base = filepath.Dir(path)
	}
	if err := c.env.readDotEnv(filepath.Join(c.Base, ".env"), c.Rel); err != nil {
		return nil, err
	}
	f, err := readFile(path, c.Rel)
	if err != nil {
		return nil, err
	}
	if c.EnvName, err = f.chooseEnv(in.EnvName, c.env); err != nil {
		return nil, err
	}
	if err := c.choose(in.Flags, f); err != nil {
		return nil, err
	}
	if err := c.fill(); err != nil {
		return nil, err
	}
	c.list()
	return c, nil
}

// URL returns the database's URL, completed from PG* variables, ~/.pgpass and MYSQL_PWD. The
// error, an *Error, says so when there is none or it cannot be read.
func (c *Config) URL() (*dburl.URL, error) {
	u, err := c.databaseURL("url")
	if u == nil && err == nil {
		return nil, &Error{
			Msg:  "no database URL is given",
			Hint: `give --url, set MIGR_URL or DATABASE_URL, or write url = "…" into ` + FileName,
		}
	}
	return u, err
}

// HasURL reports whether a database URL is given, be it right or wrong.
func (c *Config) HasURL() bool { return c.chosen["url"].text() != "" }

// Scratch returns the URL of the scratch database; nil when none is named and it is chosen
// by itself.
func (c *Config) Scratch() (*dburl.URL, error) { return c.databaseURL("scratch") }

// Models returns the model sources; the zero Models when none is named.
func (c *Config) Models() (Models, error) {
	s := c.chosen["models"]
	list, err := c.expandList(s)
	if err != nil {
		return Models{}, err
	}
	return Models{Specs: list, Base: c.baseOf(s), Origin: s.origin}, nil
}

// Redactor returns a Redactor that knows every password of the settings: those of the URLs as
// they are completed, and those in the environment.
func (c *Config) Redactor() *dburl.Redactor {
	r := &dburl.Redactor{}
	for _, name := range []string{"url", "scratch"} {
		if u, err := c.databaseURL(name); err == nil && u != nil {
			r.AddURL(u)
		}
	}
	for _, name := range []string{"MIGR_PASSWORD", "PGPASSWORD", "MYSQL_PWD"} {
		if v, ok := c.env.lookup(name); ok {
			r.Add(v)
		}
	}
	return r
}

// Getenv looks a variable up in the environment and then in .env.
func (c *Config) Getenv(name string) (string, bool) { return c.env.lookup(name) }

// Environ returns the environment for programs that are started: that of the process,
// and what .env adds to it.
func (c *Config) Environ() []string { return c.env.environ() }

// Origin says where the value of key came from, as in Value.
func (c *Config) Origin(key string) string { return c.chosen[key].origin }

// Rel returns path as it is best shown: relative to the working directory, unless that
// would climb more than two folders.
func (c *Config) Rel(path string) string { return relativeTo(c.workDir, path) }

func relativeTo(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	tooFar := filepath.Join("..", "..", "..")
	if err != nil || len(rel) >= len(tooFar) && rel[:len(tooFar)] == tooFar {
		return path
	}
	return rel
}
