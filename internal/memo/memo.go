// Package memo keeps what a program answered for as long as nothing has changed
// that the answer was made from.
package memo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// How a file or folder is looked at again.
const (
	Content = "file"      // a file's content
	Stamp   = "lib"       // its size and time
	Names   = "dir"       // the names in a folder
	Modules = "importdir" // the names in a folder that Python could import
)

// A Question is what a program was asked. Another question never gets its answer.
type Question struct {
	Place string // a digest: one answer is kept for each place, so that the folder does not grow
	Key   string // a digest of all that is asked
	Env   []string
}

// From is what an answer was made from.
type From struct {
	Files map[string]string // path → Content, Stamp, Names or Modules
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
// all that it was made from is as it was. folder "" keeps none.
func Get(folder string, q Question, answer any) bool {
	if folder == "" {
		return false
	}
	text, err := os.ReadFile(filepath.Join(folder, q.file()))
	if err != nil {
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
func Put(folder string, q Question, from From, answer any) {
	if folder == "" {
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
	text, err := json.Marshal(e)
	if err != nil || os.MkdirAll(folder, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(folder, ".new-")
	if err != nil {
		return
	}
	_, err = f.Write(text)
	if cerr := f.Close(); err != nil || cerr != nil || os.Rename(f.Name(), filepath.Join(folder, q.file())) != nil {
		_ = os.Remove(f.Name())
	}
}

func (q *Question) file() string { return q.Place[:32] + ".json" }

// state describes a file or folder, so that another state has another text.
func state(path, sort string) string {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return sort + " none"
	case sort == Stamp:
		return fmt.Sprintf("%s %d %d", sort, info.Size(), info.ModTime().UnixNano())
	case info.IsDir():
		return sort + " " + names(path, sort == Modules)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return sort + " unread"
	}
	return sort + " " + Digest(string(text))
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
	return Digest(all...)
}

func variable(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return Digest(v)
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
	return Digest(string(text))
}

// Digest is a sha256, in hex, over texts and where one ends and the next begins.
func Digest(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))
}
