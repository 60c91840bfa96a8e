package python

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"time"

	"github.com/migr-dev/migr/internal/cache"
	"github.com/migr-dev/migr/internal/memo"
)

// question is a job as it is remembered.
func (p *Project) question(j *Job) memo.Question {
	q := memo.Question{Place: cache.Key(j.Name, p.Dir, p.Interpreter), Env: p.Env}
	if requests, err := json.Marshal(j.Requests); err == nil { // sorts the keys
		q.Key = cache.Key(j.Name, p.Interpreter, p.Dir, prelude, j.Script, string(requests))
	}
	return q
}

// remembered returns the kept answer if all that it was made from is as it was,
// else nil.
func (p *Project) remembered(j *Job) *Answer {
	var a Answer
	if !memo.Get(p.Cache, p.question(j), &a) {
		return nil
	}
	a.Cached = true
	return &a
}

// remember keeps an answer, but not one that depends on what cannot be seen (a
// program, the network).
func (p *Project) remember(j *Job, a *Answer, began time.Time) {
	if len(a.Outside) > 0 {
		return
	}
	from := memo.From{Files: maps.Clone(a.Reads), Asked: a.Asked, Whole: a.Whole, Began: began}
	for _, path := range interpreterFiles(p.Interpreter) {
		from.Files[path] = memo.Stamp
	}
	kept := *a
	kept.Reads, kept.Asked = nil, nil
	memo.Put(p.Cache, p.question(j), from, &kept)
}

// interpreterFiles are those that change when the interpreter is another.
func interpreterFiles(p string) []string {
	out := []string{p, filepath.Join(filepath.Dir(filepath.Dir(p)), "pyvenv.cfg")}
	if real, err := filepath.EvalSymlinks(p); err == nil {
		out = append(out, real)
	}
	return out
}
