// Package memo keeps what a program answered for as long as nothing has changed
// that the answer was made from.
package memo

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/cache"
)

// How a file or folder is looked at again.
const (
	Content = "file"      // a file's content
	Stamp   = "lib"       // its size and time
	Names   = "dir"       // the names in a folder
	Modules = "importdir" // the names in a folder that Python could import
	There   = "stat"      // whether it is there, and whether it is a folder
)

// A Question is what a program was asked. Another question never gets its answer.
type Question struct {
	Place string // a cache.Key: one answer is kept for each place, so that the folder does not grow
	Key   string // a cache.Key of all that is asked
	Env   []string
}

// From is what an answer was made from.
type From struct {
	Files map[string]string // path → Content, Stamp, Names, Modules or There
	Asked []string          // variables of the environment
	Whole bool              // all of the environment was looked at
	Began time.Time         // by the file system's clock; 0: no file is too young
}

// An entry is an answer as it is kept, with the state of all that it was made
// from; of a variable a digest, not its value.
type entry struct {
	Key    string            `json:"key"`
	Answer json.RawMessage   `json:"answer"`
	Files  map[string]string `json:"files"`
	Env    map[string]string `json:"env"`
	Whole  string            `json:"whole,omitempty"`
}

// Get puts the kept answer into a pointer, and tells whether there is one and
// all that it was made from is as it was.
func Get(folder cache.Folder, q Question, answer any) bool {
	text := folder.Get(q.Place)
	if text == nil {
		return false
	}
	var e entry
	if err := json.Unmarshal(text, &e); err != nil || e.Key == "" || e.Key != q.Key {
		return false
	}
	for name, was := range e.Env {
		if variable(q.Env, name) != was {
			return false
		}
	}
	if e.Whole != "" && e.Whole != environment(q.Env) {
		return false
	}
	for path, was := range e.Files {
		sort, _, _ := strings.Cut(was, " ")
		if state(path, sort) != was {
			return false
		}
	}
	return json.Unmarshal(e.Answer, answer) == nil
}

// Put keeps an answer, but not when a file has changed since the program began.
// That it could not be written is no error: the next run asks again.
func Put(folder cache.Folder, q Question, from From, answer any) {
	if folder.Path == "" {
		return
	}
	e := entry{Key: q.Key, Files: map[string]string{}, Env: map[string]string{}}
	for path, sort := range from.Files {
		if info, err := os.Stat(path); err == nil && !info.IsDir() && sort != Stamp && !from.Began.IsZero() && !info.ModTime().Before(from.Began) {
			return
		}
		e.Files[path] = state(path, sort)
	}
	for _, name := range from.Asked {
		e.Env[name] = variable(q.Env, name)
	}
	if from.Whole {
		e.Whole = environment(q.Env)
	}
	var err error
	if e.Answer, err = json.Marshal(answer); err != nil {
		return
	}
	if text, err := json.Marshal(e); err == nil {
		folder.Put(q.Place, text)
	}
}

// state describes a file or folder, so that another state has another text.
func state(path, sort string) string {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return sort + " none"
	case sort == There:
		return fmt.Sprint(sort, " ", info.IsDir())
	case sort == Stamp:
		return fmt.Sprintf("%s %d %d", sort, info.Size(), info.ModTime().UnixNano())
	case info.IsDir():
		return sort + " " + names(path, sort == Modules)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return sort + " unread"
	}
	return sort + " " + cache.Key(string(text))
}

// names is a digest of what is in a folder. For an import only modules and
// folders count; hidden names and bytecode never do.
func names(path string, modules bool) string {
	list, err := os.ReadDir(path)
	if err != nil {
		return "unread"
	}
	list = slices.DeleteFunc(list, func(d fs.DirEntry) bool {
		n := d.Name()
		if strings.HasPrefix(n, ".") || n == "__pycache__" {
			return true
		}
		return modules && !d.IsDir() && !strings.HasSuffix(n, ".py") && !strings.HasSuffix(n, ".so") && !strings.HasSuffix(n, ".pyd")
	})
	all := make([]string, len(list))
	for i, d := range list {
		all[i] = d.Name()
	}
	return cache.Key(all...)
}

func variable(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return cache.Key(v)
		}
	}
	return "none"
}

// passing are variables that a shell changes by itself.
func passing(name string) bool {
	switch name {
	case "_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES":
		return true
	}
	return false
}

func environment(env []string) string {
	all := map[string]string{}
	for _, kv := range env {
		name, v, _ := strings.Cut(kv, "=")
		if !passing(name) {
			all[name] = v
		}
	}
	text, err := json.Marshal(all) // sorts the keys
	if err != nil {
		return ""
	}
	return cache.Key(string(text))
}
