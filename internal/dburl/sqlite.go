package dburl

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
)

const memory = ":memory:"

var drive = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^/+[A-Za-z]:[/\\]`) })

// parseSQLite reads what follows sqlite://. Nothing, / and :memory: are a database in
// memory, as in SQLAlchemy; //abs.db is absolute; /some.db see threeSlashes.
func parseSQLite(rest, base string) *URL {
	path, query, _ := strings.Cut(rest, "?")
	path = unescape(path)
	switch {
	case path == "" || path == "/" || path == memory || path == "/"+memory:
		return sqliteURL("", query)
	case runtime.GOOS == "windows" && drive().MatchString(path):
		path = strings.TrimLeft(path, "/")
	case strings.HasPrefix(path, "//"):
		path = path[1:]
	case strings.HasPrefix(path, "/"):
		path = threeSlashes(path, base)
	default:
		path = under(base, path)
	}
	return sqliteURL(path, query)
}

// parseSQLiteURI reads what follows file: or sqlite: where no // follows: SQLite's own
// file:rel.db, file:/abs.db and file::memory:.
func parseSQLiteURI(rest, base string) *URL {
	path, query, _ := strings.Cut(rest, "?")
	path = unescape(path)
	if path == "" || path == memory {
		return sqliteURL("", query)
	}
	return sqliteURL(under(base, path), query)
}

func sqliteURL(path, query string) *URL {
	u := &URL{Scheme: SQLite, Path: path, Query: parseQuery(query)}
	if path == "" || u.Query.Get("mode") == "memory" {
		u.Path, u.Memory = "", true
		u.Query.Del("mode")
	}
	return u
}

// threeSlashes decides what sqlite:///some/file.db is: to most tools an absolute
// path, to SQLAlchemy (and so in many projects' settings) one relative to the project. It
// is the relative one
//   - with folders in the path, when its folder exists under base and the absolute
//     one's does not;
//   - for a bare name (sqlite:///app.db), unless /app.db exists: hardly anybody keeps a
//     database in the root folder, and who does can write four slashes.
//
// Else, and without a base, it is absolute.
func threeSlashes(path, base string) string {
	if base == "" {
		return path
	}
	relative := filepath.Join(base, path)
	if strings.Count(path, "/") == 1 {
		if exists(path) {
			return path
		}
		return relative
	}
	if !exists(filepath.Dir(path)) && exists(filepath.Dir(relative)) {
		return relative
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// under makes path absolute by base, unless it is already or there is no base.
func under(base, path string) string {
	if base == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}

// sqlitePath is the path as it stands after sqlite://: four slashes in all for an
// absolute one, which no tool can read otherwise.
func (u *URL) sqlitePath() string {
	switch {
	case u.Memory:
		return memory
	case strings.HasPrefix(u.Path, "/"):
		return "//" + strings.TrimPrefix(escapePath(u.Path), "/")
	}
	return escapePath(u.Path)
}

// escapePath keeps a path readable and escapes what ends it in a URL.
func escapePath(path string) string { return escapeBut(filepath.ToSlash(path), "-._~/:,()+=@!$*'") }

// SQLiteDSN returns what SQLite opens (a file: URI, https://www.sqlite.org/uri.html, which
// modernc.org/sqlite reads too), with the parameters behind it. In memory
// every connection has a database of its own, unless cache=shared is among the parameters.
func (u *URL) SQLiteDSN() string {
	path := escapePath(u.Path)
	if runtime.GOOS == "windows" && filepath.IsAbs(u.Path) {
		path = "/" + path
	}
	if u.Memory {
		path = memory
	}
	if len(u.Query) == 0 {
		return "file:" + path
	}
	return "file:" + path + "?" + encode(u.Query)
}
