package python

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

// An entry is an answer as it is kept, with the state of all that it was made
// from: the content of the project's files, the size and time of the
// interpreter's and the packages' files, the names in the folders that were
// looked through, and the variables that were asked for (a digest, no value).
type entry struct {
	Key    string            `json:"key"`
	Answer *Answer           `json:"answer"`
	Files  map[string]string `json:"files"`
	Env    map[string]string `json:"env"`
	Whole  string            `json:"whole,omitempty"`
}

// key is what is asked: another question never gets this answer.
func (p *Project) key(j *Job) string {
	requests, err := json.Marshal(j.Requests) // sorts the keys
	if err != nil {
		return ""
	}
	return digest(j.Name, p.Interpreter, p.Dir, prelude, j.Script, string(requests))
}

// file is the entry's place: one for each source, written over when it changes,
// so that the folder does not grow.
func (p *Project) file(j *Job) string {
	return filepath.Join(p.Cache, digest(j.Name, p.Dir, p.Interpreter)[:32]+".json")
}

// remembered returns the kept answer if all that it was made from is as it was,
// else nil.
func (p *Project) remembered(j *Job) *Answer {
	if p.Cache == "" {
		return nil
	}
	text, err := os.ReadFile(p.file(j))
	if err != nil {
		return nil
	}
	var e entry
	if err := json.Unmarshal(text, &e); err != nil || e.Answer == nil || e.Key == "" || e.Key != p.key(j) {
		return nil
	}
	for name, was := range e.Env {
		if variable(p.Env, name) != was {
			return nil
		}
	}
	if e.Whole != "" && e.Whole != environment(p.Env) {
		return nil
	}
	for path, was := range e.Files {
		sort, _, _ := strings.Cut(was, " ")
		if state(path, sort) != was {
			return nil
		}
	}
	e.Answer.Cached = true
	return e.Answer
}

// remember keeps an answer. It is not kept when it depends on what cannot be
// seen (a program, the network), or when a file changed meanwhile. That it could
// not be written is no error: the next run asks again.
func (p *Project) remember(j *Job, a *Answer, began time.Time) {
	if p.Cache == "" || len(a.Outside) > 0 {
		return
	}
	e := entry{Key: p.key(j), Answer: a, Files: map[string]string{}, Env: map[string]string{}}
	for _, path := range interpreterFiles(p.Interpreter) {
		e.Files[path] = state(path, "lib")
	}
	for path, sort := range a.Reads {
		if info, err := os.Stat(path); err == nil && !info.IsDir() && sort != "lib" && !info.ModTime().Before(began) {
			return
		}
		e.Files[path] = state(path, sort)
	}
	for _, name := range a.Asked {
		e.Env[name] = variable(p.Env, name)
	}
	if a.Whole {
		e.Whole = environment(p.Env)
	}
	kept := *a
	kept.Reads, kept.Asked, e.Answer = nil, nil, &kept
	text, err := json.Marshal(e)
	if err != nil || os.MkdirAll(p.Cache, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(p.Cache, ".new-")
	if err != nil {
		return
	}
	_, err = f.Write(text)
	if cerr := f.Close(); err != nil || cerr != nil || os.Rename(f.Name(), p.file(j)) != nil {
		_ = os.Remove(f.Name())
	}
}

// interpreterFiles are those that change when the interpreter is another.
func interpreterFiles(p string) []string {
	out := []string{p, filepath.Join(filepath.Dir(filepath.Dir(p)), "pyvenv.cfg")}
	if real, err := filepath.EvalSymlinks(p); err == nil {
		out = append(out, real)
	}
	return out
}

// state describes a file or folder, so that another state has another text.
func state(path, sort string) string {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return sort + " none"
	case sort == "lib":
		return fmt.Sprintf("%s %d %d", sort, info.Size(), info.ModTime().UnixNano())
	case info.IsDir():
		return sort + " " + names(path, sort == "importdir")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return sort + " unread"
	}
	return sort + " " + digest(string(text))
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
	return digest(all...)
}

func variable(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return digest(v)
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
	return digest(string(text))
}

// digest is a sha256, in hex, over texts and where one ends and the next begins.
func digest(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil))
}
