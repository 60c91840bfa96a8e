package dburl

import (
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// MySQLSettings is what go-sql-driver/mysql needs to connect.
type MySQLSettings struct {
	User, Password, Database string
	Net, Addr                string // "tcp" and host:port, or "unix" and the socket
	// TLS is "false", "preferred", "skip-verify", "true" as the driver has it, "verify-ca"
	// (certificate, but not its name), or a name registered with the driver. Preferred where
	// nothing is said, as with MySQL's own client.
	TLS string
	// CA, Cert and Key are PEM files; where one is given the driver needs a tls.Config
	// of its own.
	CA, Cert, Key string
	// Params are the driver's other parameters in URL encoding, for ParseDSN("/?"+Params):
	// what it does not know it sets as session variable.
	Params string
}

// foreignMySQL are parameters of other clients which the driver would try to set as session
// variables.
func foreignMySQL() []string {
	return []string{
		"allowPublicKeyRetrieval", "autoReconnect", "binary_prefix", "cachePrepStmts", "characterEncoding", "connectTimeout",
		"connection_limit", "pool_timeout", "reconnect", "rewriteBatchedStatements", "serverTimezone", "serverVersion",
		"server_version", "socketTimeout", "socket_timeout", "ssl_check_hostname", "statement_cache_size", "timezone",
		"useCursorFetch", "useServerPrepStmts", "useUnicode", "use_unicode", "zeroDateTimeBehavior", "multiStatements", "parseTime",
	}
}

// MySQL returns what go-sql-driver/mysql needs. The error, an *Error, is about a
// parameter.
func (u *URL) MySQL() (MySQLSettings, error) {
	c := u.Clone()
	s := MySQLSettings{User: c.User, Password: c.Password, Database: c.Database, Net: "unix", Addr: c.Socket}
	if c.Socket == "" {
		host, port := c.Host, c.Port
		if host == "" {
			host = "127.0.0.1"
		}
		if port == "" {
			port = "3306"
		}
		s.Net, s.Addr = "tcp", net.JoinHostPort(host, port)
	}
	var err error
	if s.TLS, err = c.mysqlTLS(); err != nil {
		return MySQLSettings{}, err
	}
	s.CA = c.takeFirst("ssl_ca", "ssl-ca", "sslca", "sslrootcert")
	s.Cert = c.takeFirst("ssl_cert", "ssl-cert", "sslcert")
	s.Key = c.takeFirst("ssl_key", "ssl-key", "sslkey")
	if s.CA != "" && s.TLS == "preferred" {
		s.TLS = "verify-ca" // as MySQL's client: --ssl-ca alone verifies
	}
	if v := c.takeFirst("connect_timeout"); v != "" {
		if _, err := time.ParseDuration(v); err != nil {
			v += "s"
		}
		if _, err := time.ParseDuration(v); err != nil {
			return MySQLSettings{}, &Error{Msg: "connect_timeout in the database URL is not a number of seconds"}
		}
		c.Query.Set("timeout", v)
	}
	c.drop(append(foreignMySQL(), "strict")) // at strict the driver panics
	s.Params = encode(c.Query)
	return s, nil
}

// takeFirst takes all of the parameters out and returns the first that is set.
func (u *URL) takeFirst(names ...string) string {
	found := ""
	for _, n := range names {
		if v := u.Query.Get(n); v != "" && found == "" {
			found = v
		}
		u.Query.Del(n)
	}
	return found
}

// mysqlTLS takes out every way to say how TLS is used, and returns it in the words of
// MySQLSettings.TLS.
func (u *URL) mysqlTLS() (string, error) {
	mode := u.takeFirst("ssl-mode", "ssl_mode", "sslmode", "sslMode")
	ssl := u.takeFirst("ssl", "useSSL", "use_ssl", "sslaccept")
	verify := strings.EqualFold(u.takeFirst("ssl_verify_cert", "verifyServerCertificate", "ssl_verify_identity"), "true")
	own := u.takeFirst("tls")
	if own != "" {
		return own, nil
	}
	switch strings.ToLower(strings.ReplaceAll(mode, "-", "_")) {
	case "disabled", "disable":
		return "false", nil
	case "preferred", "prefer", "allow":
		return "preferred", nil
	case "required", "require":
		return "skip-verify", nil
	case "verify_ca":
		return "verify-ca", nil
	case "verify_identity", "verify_full":
		return "true", nil
	case "":
	default:
		return "", &Error{Msg: "the TLS mode in the database URL is unknown", Hint: "ssl-mode is DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY"}
	}
	switch v := strings.ToLower(ssl); {
	case verify, v == "strict", strings.Contains(v, "rejectunauthorized") && strings.Contains(v, "true"):
		return "true", nil
	case v == "false", v == "0":
		return "false", nil
	case v != "":
		return "skip-verify", nil
	case u.Socket != "":
		return "false", nil
	}
	return "preferred", nil
}

// encode writes parameters sorted by name.
func encode(q url.Values) string {
	var pieces []string
	for _, k := range slices.Sorted(maps.Keys(q)) {
		for _, v := range q[k] {
			pieces = append(pieces, escape(k)+"="+escapeValue(v))
		}
	}
	return strings.Join(pieces, "&")
}
