// Package dburl reads database URLs: the text a user gives becomes a URL value,
// and that becomes what a driver wants. It also keeps passwords out of every text
// that is shown: no error of this package holds a password, and a Redactor
// takes them out of what others wrote.
package dburl

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Schemes as a URL names them after Parse: one for each product.
const (
	SQLite    = "sqlite"
	Postgres  = "postgres"
	MySQL     = "mysql"
	MariaDB   = "mariadb"
	Cockroach = "cockroachdb"
	TiDB      = "tidb"
)

// A URL is a parsed database URL. The zero URL is none.
type URL struct {
	Scheme   string // one of the constants above
	User     string
	Password string
	// Host is without the brackets of an IPv6 address; several hosts are
	// separated by commas, and then Port holds as many items (or one for all).
	Host string
	Port string
	// Socket is a unix socket instead of a host: for PostgreSQL the folder it is
	// in, for MySQL the socket itself.
	Socket string
	// Database is the database's name; empty for SQLite.
	Database string
	// Path is the SQLite file, absolute where Parse was given a base; empty
	// when the database is in Memory.
	Path   string
	Memory bool
	// Query holds the parameters that no field above stands for.
	Query url.Values
	// Notes are what the user should be told about the URL: a parameter that
	// does nothing here, a password file that was passed over. No secrets.
	Notes []string
}

// An Error says why a text is not a database URL. It never holds a part of the text
// that might be a password.
type Error struct {
	Msg  string
	Hint string // what to do next; may be empty
}

// Error returns the message without the hint.
func (e *Error) Error() string { return e.Msg }

// Clone returns a copy that shares nothing with u.
func (u *URL) Clone() *URL {
	c := *u
	c.Query = make(url.Values, len(u.Query))
	for k, v := range u.Query {
		c.Query[k] = slices.Clone(v)
	}
	c.Notes = slices.Clone(u.Notes)
	return &c
}

// WithDatabase returns a copy of u that names another database on the same
// server; for SQLite another file (":memory:" is one in memory).
func (u *URL) WithDatabase(name string) *URL {
	c := u.Clone()
	switch {
	case u.Scheme != SQLite:
		c.Database = name
	case name == memory:
		c.Path, c.Memory = "", true
	default:
		c.Path, c.Memory = name, false
		c.Query.Del("mode")
	}
	return c
}

// Full returns the whole URL, password included: Parse reads the same URL from it. It is for
// drivers and child processes, never for showing.
func (u *URL) Full() string {
	return u.text(escape(u.Password), func(_, v string) string { return v })
}

// String is Redacted, so that a URL that is printed by mistake gives nothing away.
func (u URL) String() string { return u.Redacted() }

// GoString is Redacted in quotes, for the same reason.
func (u URL) GoString() string { return strconv.Quote(u.Redacted()) }

// MarshalText is Redacted too: what is written as JSON or logged is shown as well.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.Redacted()), nil }

// Redacted returns the URL as it may be shown: each password in it, also in the
// parameters, is "***".
func (u *URL) Redacted() string {
	mask := ""
	if u.Password != "" {
		mask = masked
	}
	return u.text(mask, func(k, v string) string {
		if u.secretParam(k, v) && v != "" {
			return masked
		}
		return v
	})
}

// text writes the URL with the password as given and each parameter's value as
// show returns it.
func (u *URL) text(password string, show func(key, value string) string) string {
	var b strings.Builder
	b.WriteString(u.Scheme + "://")
	if u.Scheme == SQLite {
		b.WriteString(u.sqlitePath())
	} else {
		b.WriteString(u.authority(password))
		if u.Database != "" || u.Socket != "" || len(u.Query) > 0 {
			b.WriteString("/" + escape(u.Database))
		}
	}
	sep := "?"
	param := func(k, v string) {
		b.WriteString(sep + escape(k) + "=" + v)
		sep = "&"
	}
	if u.Socket != "" {
		param(u.socketParam(), escapeValue(u.Socket))
		if u.Port != "" {
			param("port", escapeValue(u.Port))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(u.Query)) {
		for _, v := range u.Query[k] {
			shown := show(k, v)
			if shown != masked {
				shown = escapeValue(shown)
			}
			param(k, shown)
		}
	}
	return b.String()
}

// authority is the part between :// and the path.
func (u *URL) authority(password string) string {
	var b strings.Builder
	if u.User != "" || password != "" {
		b.WriteString(escape(u.User))
		if password != "" {
			b.WriteString(":" + password)
		}
		b.WriteString("@")
	}
	if u.Socket != "" {
		return b.String()
	}
	ports := strings.Split(u.Port, ",")
	for i, h := range strings.Split(u.Host, ",") {
		if i > 0 {
			b.WriteString(",")
		}
		if strings.Contains(h, ":") {
			b.WriteString("[" + escapeBut(h, ":.") + "]")
		} else {
			b.WriteString(escape(h))
		}
		port := ports[min(i, len(ports)-1)]
		if port != "" {
			b.WriteString(":" + port)
		}
	}
	return b.String()
}

func (u *URL) socketParam() string {
	if u.postgresFamily() {
		return "host"
	}
	return "unix_socket"
}

// postgresFamily reports whether the server speaks PostgreSQL's protocol.
func (u *URL) postgresFamily() bool { return u.Scheme == Postgres || u.Scheme == Cockroach }

// mysqlFamily reports whether the server speaks MySQL's protocol.
func (u *URL) mysqlFamily() bool {
	return u.Scheme == MySQL || u.Scheme == MariaDB || u.Scheme == TiDB
}

// escape writes every byte but letters, digits and -._~ as %XX.
func escape(s string) string { return escapeBut(s, "-._~") }

// escapeValue is escape for a parameter's value, where more may stand as it is.
func escapeValue(s string) string { return escapeBut(s, "-._~/:,()*") }

func escapeBut(s, plain string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isAlnum(c) || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// unescape turns %XX into its byte and leaves a % that starts no escape as it is.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(hexValue(s[i+1])<<4 | hexValue(s[i+2]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
