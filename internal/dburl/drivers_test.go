package dburl

import (
	"path/filepath"
	"strings"
	"testing"
)

func parse(t *testing.T, raw string) *URL {
	t.Helper()
	u, err := Parse(raw, "")
	if err != nil {
		t.Fatalf("Parse(%q): %v", raw, err)
	}
	return u
}

func TestPostgresDSN(t *testing.T) {
	for raw, want := range map[string]string{
		"postgres://":                       `sslmode='prefer'`,
		"postgres://u:p%27%5C%20@h:1/d%27b": `host='h' port='1' user='u' password='p\'\\ ' dbname='d\'b' sslmode='prefer'`,
		"postgres://h/d?sslmode=disable&search_path=%22a+b%22,c&options=-c%20work_mem=1MB": `host='h' dbname='d' options='-c work_mem=1MB' search_path='"a b",c' sslmode='disable'`,
		"postgres:///d?host=/run/x":                                           `host='/run/x' dbname='d' sslmode='prefer'`,
		"postgres://,b:2/d":                                                   `host='localhost,b' port='5432,2' dbname='d' sslmode='prefer'`,
		"postgres://a,b/d?port=7":                                             `host='a,b' port='7,7' dbname='d' sslmode='prefer'`,
		"postgres://[::1]/d?sslrootcert=system":                               `host='::1' dbname='d' sslrootcert='system'`,
		"postgres://h/d?sslnegotiation=direct":                                `host='h' dbname='d' sslnegotiation='direct'`,
		"postgres://h/d?sslmode=require&channel_binding=require&keepalives=1": `host='h' dbname='d' sslmode='require'`,
	} {
		if got := parse(t, raw).PostgresDSN(); got != want {
			t.Errorf("%s\n got %s\nwant %s", raw, got, want)
		}
	}
	if n := parse(t, "postgres://h/d?channel_binding=require").Notes; len(n) != 1 || !strings.Contains(n[0], "channel_binding") {
		t.Errorf("notes %q", n)
	}
	if n := parse(t, "postgres://h/d?channel_binding=prefer&keepalives=1").Notes; len(n) != 0 {
		t.Errorf("notes %q", n)
	}
}

func TestMySQL(t *testing.T) {
	for raw, want := range map[string]MySQLSettings{
		"mysql://":             {Net: "tcp", Addr: "127.0.0.1:3306", TLS: "preferred"},
		"mysql://u:p@[::1]/d":  {User: "u", Password: "p", Database: "d", Net: "tcp", Addr: "[::1]:3306", TLS: "preferred"},
		"mysql://u@unix(/s)/d": {User: "u", Database: "d", Net: "unix", Addr: "/s", TLS: "false"},
		"tidb://u@h:4000/d?ssl_ca=/ca.pem&ssl_verify_cert=true": {User: "u", Database: "d", Net: "tcp", Addr: "h:4000", TLS: "true", CA: "/ca.pem"},
		"mysql://h/?ssl_ca=/ca.pem":                             {Net: "tcp", Addr: "h:3306", TLS: "verify-ca", CA: "/ca.pem"},
		"mysql://h/?ssl-mode=VERIFY_IDENTITY":                   {Net: "tcp", Addr: "h:3306", TLS: "true"},
		"mysql://h/?sslmode=disable":                            {Net: "tcp", Addr: "h:3306", TLS: "false"},
		"mysql://h/?tls=custom&ssl-mode=DISABLED":               {Net: "tcp", Addr: "h:3306", TLS: "custom"},
		`mysql://h/?ssl={"rejectUnauthorized":true}`:            {Net: "tcp", Addr: "h:3306", TLS: "true"},
		"mysql://h/?charset=utf8mb4&connect_timeout=5&strict=true&connection_limit=3&sql_mode=%27ANSI%27": {
			Net: "tcp", Addr: "h:3306", TLS: "preferred", Params: "charset=utf8mb4&sql_mode=%27ANSI%27&timeout=5s",
		},
	} {
		got, err := parse(t, raw).MySQL()
		if err != nil || got != want {
			t.Errorf("%s\n got %+v %v\nwant %+v", raw, got, err, want)
		}
	}
}

func TestSQLiteDSN(t *testing.T) {
	base := t.TempDir()
	for raw, want := range map[string]string{
		"sqlite://a%20b%25%23%3F.db?mode=ro&_pragma=foreign_keys(1)": "file:" + filepath.ToSlash(base) + "/a%20b%25%23%3F.db?_pragma=foreign_keys(1)&mode=ro",
		"sqlite://:memory:":          "file::memory:",
		"sqlite://?_pragma=x(1)":     "file::memory:?_pragma=x(1)",
		"file::memory:?cache=shared": "file::memory:?cache=shared",
		"sqlite:////a/b.db":          "file:/a/b.db",
	} {
		u, err := Parse(raw, base)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.SQLiteDSN(); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}
