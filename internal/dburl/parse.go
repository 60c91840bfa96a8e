package dburl

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/nearest"
)

// families holds what each scheme may be called in a URL. CockroachDB's own tools write
// postgresql://; the schemes here are those of SQLAlchemy's and Atlas's URLs.
func families() map[string]string {
	return map[string]string{
		"sqlite": SQLite, "sqlite3": SQLite, "file": SQLite,
		"postgres": Postgres, "postgresql": Postgres,
		"mysql": MySQL, "mariadb": MariaDB,
		"cockroachdb": Cockroach, "cockroach": Cockroach, "crdb": Cockroach,
		"tidb": TiDB,
	}
}

func schemeList() []string {
	return []string{"sqlite", "postgres", "postgresql", "mysql", "mariadb", "cockroachdb", "tidb", "sqlite3", "file"}
}

var schemeForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+._-]*$`) })

// Parse reads a database URL. Every byte may stand in the password, escaped as %XX
// or raw; a % that starts no escape stands for itself. Where raw bytes could be read in
// two ways (a raw @ in the password and another in the parameters), the reading with
// a plain host and database name wins; escape them to be sure.
// A +driver in the scheme is dropped. A relative SQLite path is taken
// relative to base, when base is not empty. The error is an *Error and holds
// nothing of raw but its scheme.
func Parse(raw, base string) (*URL, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return nil, &Error{Msg: "the database URL is empty", Hint: "such as sqlite://app.db or postgres://user@host/database"}
	}
	if strings.ContainsRune(unescape(raw), 0) {
		return nil, &Error{Msg: "the database URL holds a NUL byte"}
	}
	scheme, rest, ok := strings.Cut(raw, ":")
	if !ok || !schemeForm().MatchString(scheme) {
		return nil, noScheme()
	}
	name, _, _ := strings.Cut(strings.ToLower(scheme), "+")
	family, known := families()[name]
	after, slashes := strings.CutPrefix(rest, "//")
	switch {
	case !known && !slashes:
		return nil, noScheme() // may be user:password@…, so not a word of it is repeated
	case !known:
		return nil, unknownScheme(scheme, name)
	case family == SQLite:
		if slashes {
			return parseSQLite(after, base), nil
		}
		return parseSQLiteURI(rest, base), nil
	case !slashes:
		return nil, &Error{Msg: "the database URL lacks the // after " + name + ":", Hint: "write " + name + "://user@host/database"}
	}
	return parseServer(family, after)
}

func noScheme() error {
	return &Error{
		Msg:  "the database URL does not start with a scheme such as postgres://",
		Hint: "known are " + strings.Join(schemeList(), ", ") + "; for a SQLite file write sqlite://FILE",
	}
}

func unknownScheme(scheme, name string) error {
	e := &Error{Msg: "unknown scheme " + strconv.Quote(scheme) + " in the database URL", Hint: "known are " + strings.Join(schemeList(), ", ")}
	if n := nearest.Word(name, schemeList()); n != "" {
		e.Hint = "did you mean " + n + "://? " + e.Hint
	}
	return e
}

// parts is a URL after :// taken apart, nothing unescaped yet.
type parts struct {
	userinfo, hosts, database, query string
	slash                            bool // a / came before the parameters
}

// parseServer reads what follows the :// of a server's URL.
func parseServer(family, rest string) (*URL, error) {
	u := &URL{Scheme: family}
	p, ok := split(rest)
	if !ok {
		return nil, badAuthority()
	}
	user, password, _ := strings.Cut(p.userinfo, ":")
	u.User, u.Password = unescape(user), unescape(password)
	u.Database = unescape(p.database)
	u.Query = parseQuery(p.query)
	if err := u.setHosts(p.hosts); err != nil {
		return nil, err
	}
	u.takeParams()
	if err := u.check(); err != nil {
		return nil, err
	}
	if u.mysqlFamily() {
		_, err := u.MySQL()
		return u, err
	}
	u.postgresParams()
	return u, nil
}

func badAuthority() error {
	return &Error{
		Msg:  "the host part of the database URL is not understood",
		Hint: "it is SCHEME://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE; in the password write @ : / ? # % as %40 %3A %2F %3F %23 %25",
	}
}

// split takes apart what follows the ://. The trouble is a password with raw @, /, ?
// or #: every @ may be the one before the host. The first after which a plain
// host, database name and parameters follow is taken, since a later @ then stands in a
// parameter; one that a path follows is preferred to one without.
func split(rest string) (parts, bool) {
	var weak *parts
	for at := -1; at < len(rest); {
		p, ok := plain(rest[at+1:])
		if ok {
			if at >= 0 {
				p.userinfo = rest[:at]
			}
			if p.slash {
				return p, true
			}
			if weak == nil {
				weak = &p
			}
		}
		next := strings.IndexByte(rest[at+1:], '@')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	standard, ok := byTheBook(rest)
	switch {
	case weak == nil:
		return standard, ok
	case ok && standard.slash && strings.Contains(standard.userinfo, ":") && strings.Contains(weak.userinfo, "/"):
		return standard, true // user:password@host/my@database
	}
	return *weak, true
}

var (
	hostForm  = `(?:\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._~%-]+)?\]|[A-Za-z0-9_.~%-]*)(?::[0-9]*)?`
	hostsForm = `(?:(?:tcp|unix)\([^()@?]*\)|` + hostForm + `(?:,` + hostForm + `)*)`
	plainForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(` + hostsForm + `)(/[^/?#@]*)?(\?(?s:.*))?$`) })
	bookForm  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(` + hostsForm + `)$`) })
	paramForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*=`) })
)

// plain takes text apart as HOSTS/DATABASE?PARAMETERS; false when it has not that form.
func plain(text string) (parts, bool) {
	m := plainForm().FindStringSubmatch(text)
	if m == nil {
		return parts{}, false
	}
	query := strings.TrimPrefix(m[3], "?")
	for _, piece := range strings.Split(query, "&") {
		if piece != "" && !paramForm().MatchString(piece) {
			return parts{}, false
		}
	}
	return parts{hosts: m[1], database: strings.TrimPrefix(m[2], "/"), query: query, slash: m[2] != ""}, true
}

// byTheBook takes text apart as RFC 3986 does: the first /, ? or # ends the
// authority, its last @ ends the user. It is asked when no plain reading was found.
func byTheBook(text string) (parts, bool) {
	var p parts
	authority := text
	if i := strings.IndexAny(text, "/?#"); i >= 0 {
		authority = text[:i]
		path, query, _ := strings.Cut(text[i:], "?")
		p.database, p.query = strings.TrimPrefix(path, "/"), query
		p.slash = strings.HasPrefix(path, "/")
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		p.userinfo, authority = authority[:i], authority[i+1:]
	}
	p.hosts = authority
	return p, bookForm().MatchString(authority)
}

// parseQuery reads parameters. A + is a space, as Go's and Python's parsers have
// it, but not in a password.
func parseQuery(text string) url.Values {
	q := url.Values{}
	for _, piece := range strings.Split(text, "&") {
		if piece == "" {
			continue
		}
		k, v, _ := strings.Cut(piece, "=")
		k = unescape(k)
		if !secretName(k) {
			v = strings.ReplaceAll(v, "+", " ")
		}
		q[k] = append(q[k], unescape(v))
	}
	return q
}

// setHosts reads host:port, several of them, [v6]:port, tcp(host:port) and unix(/socket).
func (u *URL) setHosts(text string) error {
	if inner, ok := strings.CutPrefix(text, "unix("); ok {
		u.Socket = unescape(strings.TrimSuffix(inner, ")"))
		return nil
	}
	if inner, ok := strings.CutPrefix(text, "tcp("); ok {
		text = strings.TrimSuffix(inner, ")")
		if !bookForm().MatchString(text) {
			return badAuthority()
		}
	}
	var hosts, ports []string
	anyPort := false
	for _, one := range strings.Split(text, ",") {
		host, port := cutPort(one)
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
			return &Error{Msg: "the port of the database is not a number from 1 to 65535"}
		}
		hosts, ports = append(hosts, host), append(ports, port)
		anyPort = anyPort || port != ""
	}
	u.Host = strings.Join(hosts, ",")
	if anyPort {
		u.Port = strings.Join(ports, ",")
	}
	return nil
}

// cutPort takes host:port or [v6]:port apart.
func cutPort(text string) (host, port string) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		host, port, _ = strings.Cut(inner, "]")
		return unescape(host), strings.TrimPrefix(port, ":")
	}
	host, port, _ = strings.Cut(text, ":")
	return unescape(host), port
}

// takeParams moves the parameters that stand for a field into it. As in libpq they win over
// the same thing said before the ?.
func (u *URL) takeParams() {
	take := func(field *string, keys ...string) {
		for _, k := range keys {
			if v := u.Query.Get(k); v != "" {
				*field = v
			}
			u.Query.Del(k)
		}
	}
	take(&u.User, "user")
	take(&u.Password, "password")
	take(&u.Port, "port")
	if u.mysqlFamily() {
		take(&u.Socket, "unix_socket", "socket")
	} else {
		take(&u.Host, "host")
		take(&u.Database, "dbname", "database")
	}
	if strings.HasPrefix(u.Host, "/") && !strings.Contains(u.Host, ",") {
		u.Socket = u.Host
	}
	if u.Socket != "" {
		u.Host = ""
	}
	if n := strings.Count(u.Host, ","); n > 0 && u.Port != "" && !strings.Contains(u.Port, ",") {
		u.Port += strings.Repeat(","+u.Port, n) // one port for all
	}
}

// check refuses what no driver of the family can do.
func (u *URL) check() error {
	hosts, ports := strings.Count(u.Host, ","), strings.Count(u.Port, ",")
	switch {
	case u.mysqlFamily() && hosts > 0:
		return &Error{Msg: "the database URL names several hosts", Hint: "migr connects to one " + u.Scheme + " server: name the primary"}
	case ports > 0 && ports != hosts:
		return &Error{Msg: "the database URL has not as many ports as hosts"}
	}
	for k := range u.Query {
		if !paramForm().MatchString(k + "=") {
			return &Error{Msg: "a parameter in the database URL has no proper name", Hint: "parameters are ?NAME=VALUE&NAME=VALUE"}
		}
	}
	for _, p := range strings.Split(u.Port, ",") {
		if n, err := strconv.ParseUint(p, 10, 16); p != "" && (err != nil || n == 0) {
			return &Error{Msg: "the port of the database is not a number from 1 to 65535"}
		}
	}
	return nil
}
