// Package sqlfile is the model source of plain SQL files: DDL in the
// database's own dialect, written by hand or dumped by the server's own tool.
package sqlfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Kind reads a file, a folder with all the .sql files below it, or a glob that
// ends in .sql ("**" stands for any number of folders).
var Kind = source.Kind{Name: "sql", Match: match, New: open}

// scheme is "exec:", "gorm:" and their like; a drive letter is none.
var scheme = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+]+:`) })

// match takes a spec that is a path to SQL: it ends in .sql, or names a folder.
func match(spec string) bool {
	if spec == "" || scheme().MatchString(spec) {
		return false
	}
	if strings.HasSuffix(spec, "/") || spec == "." || spec == ".." {
		return true
	}
	ext := strings.ToLower(path.Ext(filepath.ToSlash(spec)))
	return ext == ".sql" || ext == ""
}

func open(dir, spec string, _ source.Options) (source.Source, error) {
	return &files{dir: dir, spec: spec}, nil
}

// files is one spec.
type files struct{ dir, spec string }

// DDL returns the statements of all files of the spec, the files in the order
// of their names.
func (s *files) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	names, err := s.list()
	if err != nil {
		return nil, err
	}
	var out []sqltext.Stmt
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		stmts, err := s.read(f, name)
		if err != nil {
			return nil, err
		}
		out = append(out, stmts...)
	}
	return out, nil
}

// list returns the files of the spec, as paths with slashes that are relative
// to dir where the spec is.
func (s *files) list() ([]string, error) {
	spec := path.Clean(filepath.ToSlash(s.spec))
	info, err := os.Stat(s.full(spec))
	switch {
	case err == nil && info.IsDir():
		return s.below(spec, func(name string) bool { return strings.EqualFold(path.Ext(name), ".sql") },
			"no .sql file is below this folder")
	case err == nil && strings.HasSuffix(s.spec, "/"):
		return nil, &source.Error{File: s.spec, Msg: "is a file, not a folder", Hint: "leave the slash off"}
	case err == nil:
		return []string{spec}, nil
	case strings.ContainsAny(spec, "*?["):
		return s.glob(spec)
	case errors.Is(err, fs.ErrNotExist):
		return nil, &source.Error{
			File: s.spec, Err: err, Msg: "there is no such model file or folder",
			Hint: "paths start from the folder of migr.toml: " + s.dir,
		}
	}
	return nil, s.failed(s.spec, err)
}

// glob lists the files that a pattern matches. The walk starts at the folder
// before the first wildcard.
func (s *files) glob(pattern string) ([]string, error) {
	re, err := globRegexp(pattern)
	if err != nil {
		return nil, &source.Error{File: s.spec, Err: err, Msg: "this is not a pattern that can be read"}
	}
	root := path.Dir(pattern[:strings.IndexAny(pattern, "*?[")] + "x")
	if _, err := os.Stat(s.full(root)); errors.Is(err, fs.ErrNotExist) {
		return nil, &source.Error{
			File: s.spec, Err: err, Msg: "no file matches this pattern",
			Hint: "there is no folder " + root,
		}
	}
	return s.below(root, re.MatchString, "no file matches this pattern")
}

// below lists the wanted files under root, sorted. Names that start with a dot
// are left out: they are editors' and version control's own.
func (s *files) below(root string, wanted func(string) bool, none string) ([]string, error) {
	var names []string
	top := s.full(root)
	err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return s.failed(s.display(root, top, p), err)
		}
		if p != top && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		name := s.display(root, top, p)
		if !d.IsDir() && wanted(name) && isFile(p, d) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &source.Error{File: s.spec, Msg: none}
	}
	sort.Strings(names)
	return names, nil
}

// isFile tells a file, or a link to one, from anything else. A link that leads
// nowhere counts, so that reading it is an error and not a silent gap.
func isFile(p string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(p)
	return err != nil || info.Mode().IsRegular()
}

// display turns a path of the walk back into one that starts as the spec does.
func (s *files) display(root, top, p string) string {
	rel, err := filepath.Rel(top, p)
	if err != nil {
		return filepath.ToSlash(p)
	}
	return path.Join(root, filepath.ToSlash(rel))
}

func (s *files) full(name string) string {
	p := filepath.FromSlash(name)
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(s.dir, p)
}

// failed is an error of the file system, without the path that Error prints already.
func (s *files) failed(name string, err error) error {
	msg := err.Error()
	var pe *fs.PathError
	if errors.As(err, &pe) {
		msg = pe.Err.Error()
	}
	return &source.Error{File: name, Err: err, Msg: "this cannot be read: " + msg}
}

// globRegexp turns a pattern into the expression for whole paths: "*" and "?"
// stay within a folder, "**" does not, "[…]" is a set of characters.
func globRegexp(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString("^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case strings.HasPrefix(pattern[i:], "**/"):
			b.WriteString("(?:[^/]+/)*")
			i += 2
		case strings.HasPrefix(pattern[i:], "**"):
			b.WriteString(".*")
			i++
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[':
			set, n := charSet(pattern[i:])
			b.WriteString(set)
			i += n - 1
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString("$")
	return regexp.Compile(b.String())
}

// charSet reads "[a-z]" or "[!a-z]" at the start of p and returns it as an
// expression, with its length. An unclosed one is a plain bracket.
func charSet(p string) (string, int) {
	end := strings.IndexByte(p[1:], ']')
	if end < 1 {
		return `\[`, 1
	}
	in := p[1 : 1+end]
	not := ""
	if in[0] == '!' || in[0] == '^' {
		not, in = "^", in[1:]
	}
	if in == "" {
		return `\[`, 1
	}
	return "[" + not + strings.ReplaceAll(in, `\`, `\\`) + "]", end + 2
}
