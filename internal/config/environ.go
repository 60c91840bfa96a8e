package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/joho/godotenv"
)

// An environment is the process's variables and those of .env behind them.
type environment struct {
	real   map[string]string
	dotenv map[string]string
	lines  map[string]int // of dotenv
	name   string         // of the .env file as shown
}

func newEnvironment(environ []string) *environment {
	e := &environment{real: map[string]string{}, dotenv: map[string]string{}, lines: map[string]int{}}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k != "" {
			e.real[k] = v
		}
	}
	return e
}

// lookup returns a variable, the process's before that of .env. An empty one of the process
// counts as not set when .env has it, as it does for a key.
func (e *environment) lookup(name string) (string, bool) {
	r, inReal := e.real[name]
	if inReal && r != "" {
		return r, true
	}
	d, inDot := e.dotenv[name]
	if inDot {
		return d, true
	}
	return r, inReal
}

func (e *environment) environ() []string {
	all := maps.Clone(e.dotenv)
	maps.Copy(all, e.real)
	var list []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		list = append(list, k+"="+all[k])
	}
	return list
}

// readDotEnv reads the .env file, when there is one. An error never repeats its text, which
// may be secret (the library's errors do).
func (e *environment) readDotEnv(path string, show func(string) string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() { // some keep a virtualenv in .env
		return nil
	}
	e.name = show(path)
	src, err := readText(path, e.name)
	if err != nil {
		return err
	}
	if e.dotenv, err = godotenv.Parse(bytes.NewReader(src)); err != nil {
		return &Error{
			File: e.name, Line: badLine(src), Msg: "is not a list of NAME=VALUE lines",
			Hint: "quote a value that holds spaces, quotes or line ends",
		}
	}
	for i, line := range strings.Split(string(src), "\n") {
		if m := dotEnvLine().FindStringSubmatch(line); m != nil {
			e.lines[m[1]] = i + 1
		}
	}
	return nil
}

var dotEnvLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]`) })

// badLine finds the line at which the statement starts that cannot be read: the one after
// the longest beginning of the file that can.
func badLine(src []byte) int {
	lines := bytes.SplitAfter(src, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := godotenv.Parse(bytes.NewReader(bytes.Join(lines[:n], nil))); err == nil {
			return n + 1
		}
	}
	return 1
}

// dotOrigin is where a variable of .env stands.
func (e *environment) dotOrigin(name string) string {
	if n := e.lines[name]; n > 0 {
		return fmt.Sprintf("%s:%d", e.name, n)
	}
	return e.name
}
