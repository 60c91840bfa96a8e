package dburl

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// show writes a URL's fields in one line.
func show(u *URL) string {
	var b strings.Builder
	b.WriteString(u.Scheme)
	for _, f := range []struct{ name, value string }{
		{"user", u.User},
		{"password", u.Password},
		{"host", u.Host},
		{"port", u.Port},
		{"socket", u.Socket},
		{"db", u.Database},
		{"path", u.Path},
		{"query", encode(u.Query)},
	} {
		if f.value != "" {
			b.WriteString(" " + f.name + "=" + f.value)
		}
	}
	if u.Memory {
		b.WriteString(" memory")
	}
	return b.String()
}

func TestParseServer(t *testing.T) {
	for raw, want := range map[string]string{
		"postgres://u:p@h:5433/db":                             "postgres user=u password=p host=h port=5433 db=db",
		"  postgresql://h/db\n":                                "postgres host=h db=db",
		"POSTGRES://h/db":                                      "postgres host=h db=db",
		"postgresql+asyncpg://u@h/db":                          "postgres user=u host=h db=db",
		"postgresql+psycopg2://u@h/db":                         "postgres user=u host=h db=db",
		"mysql+pymysql://root:@127.0.0.1:3306/app":             "mysql user=root host=127.0.0.1 port=3306 db=app",
		"mariadb+mariadbconnector://u:p@h/db":                  "mariadb user=u password=p host=h db=db",
		"cockroachdb://root@h:26257/defaultdb?sslmode=disable": "cockroachdb user=root host=h port=26257 db=defaultdb query=sslmode=disable",
		"crdb://root@h/db":                                     "cockroachdb user=root host=h db=db",
		"tidb://root@h:4000/test":                              "tidb user=root host=h port=4000 db=test",
		"postgres://":                                          "postgres",
		"postgres:///":                                         "postgres",
		"postgres:///db":                                       "postgres db=db",
		"postgres://h":                                         "postgres host=h",
		"postgres://h:5432":                                    "postgres host=h port=5432",
		"postgres://u@":                                        "postgres user=u",
		"postgres://u@/db":                                     "postgres user=u db=db",
		"postgres://h?sslmode=require":                         "postgres host=h query=sslmode=require",
		"postgres://u@[::1]:5432/db":                           "postgres user=u host=::1 port=5432 db=db",
		"postgres://[fe80::1%25eth0]/db":                       "postgres host=fe80::1%eth0 db=db",
		"postgres://a,b/db":                                    "postgres host=a,b db=db",
		"postgres://u:p@a:1,b:2,[::1]:3/db?target_session_attrs=primary": "postgres user=u password=p host=a,b,::1 port=1,2,3 db=db query=target_session_attrs=primary",
		"postgres://a,b:2/db":                                             "postgres host=a,b port=,2 db=db",
		"postgres://a,b/db?port=1,2":                                      "postgres host=a,b port=1,2 db=db",
		"postgres:///db?host=/run/postgresql":                             "postgres socket=/run/postgresql db=db",
		"postgres://u:p@/db?host=/run/x&port=5433":                        "postgres user=u password=p port=5433 socket=/run/x db=db",
		"postgres://%2Frun%2Fx/db":                                        "postgres socket=/run/x db=db",
		"postgres://u@%2Frun%2Fx:5433/db":                                 "postgres user=u port=5433 socket=/run/x db=db",
		"postgres:///db?user=u&password=p%40&host=h&port=1":               "postgres user=u password=p@ host=h port=1 db=db",
		"postgres://?dbname=d&host=h":                                     "postgres host=h db=d",
		"postgres://u@h/my%2Fdb%20%3F":                                    "postgres user=u host=h db=my/db ?",
		"postgres://u@h/d?search_path=a,b&options=-c%20x=1":               "postgres user=u host=h db=d query=options=-c%20x%3D1&search_path=a,b",
		"postgres://u@h/d?application_name=a+b":                           "postgres user=u host=h db=d query=application_name=a%20b",
		"postgres://u@h/d?password=a+b":                                   "postgres user=u password=a+b host=h db=d",
		"postgres://u@h/d?email=a@b":                                      "postgres user=u host=h db=d query=email=a%40b",
		"postgres://u:p@h/d?application_name=me@here/now":                 "postgres user=u password=p host=h db=d query=application_name=me%40here/now",
		"postgres://u%40corp:p@h/d":                                       "postgres user=u@corp password=p host=h db=d",
		"postgres://u@srv:p@h/d":                                          "postgres user=u@srv password=p host=h db=d",
		"postgres://u:p@h/d?schema=app&connection_limit=5&pgbouncer=true": "postgres user=u password=p host=h db=d query=search_path=app",
		"postgres://u@h/d?ssl=true":                                       "postgres user=u host=h db=d query=sslmode=require",
		"postgres://u@h/d?ssl=verify-full&sslrootcert=/c":                 "postgres user=u host=h db=d query=sslmode=verify-full&sslrootcert=/c",
		"postgres://u@h/d?x-migrations-table=a&sslmode=disable":           "postgres user=u host=h db=d query=sslmode=disable",
		"mysql://u@/db?unix_socket=/run/my.sock":                          "mysql user=u socket=/run/my.sock db=db",
		"mysql://u:p@unix(/run/my.sock)/db":                               "mysql user=u password=p socket=/run/my.sock db=db",
		"mysql://u:p@tcp(h:3306)/db?charset=utf8mb4":                      "mysql user=u password=p host=h port=3306 db=db query=charset=utf8mb4",
		"mysql://u:p@tcp([::1]:3306)/db":                                  "mysql user=u password=p host=::1 port=3306 db=db",
		"mysql://root@127.0.0.1:3306/":                                    "mysql user=root host=127.0.0.1 port=3306",
		"postgres://u:p@h/my@db":                                          "postgres user=u password=p host=h db=my@db",
		"postgres://u:p@my_host-1.local/db":                               "postgres user=u password=p host=my_host-1.local db=db",
	} {
		u, err := Parse(raw, "")
		if err != nil {
			t.Errorf("Parse(%q): %v", raw, err)
			continue
		}
		if got := show(u); got != want {
			t.Errorf("Parse(%q)\n got %s\nwant %s", raw, got, want)
		}
		again, err := Parse(u.Full(), "")
		if err != nil || show(again) != want {
			t.Errorf("Parse(Full()) of %q: %s: %v", raw, u.Full(), err)
		}
	}
}

// TestParsePassword puts every byte, raw and escaped, into a password.
func TestParsePassword(t *testing.T) {
	passwords := []string{
		"p@ss", "a:b", "a/b", "a?b", "a#b", "a%b", "%zz", "100%", "[x]", "a b", "ü€", "@:/?#%[] ", "12/34", "12?34", "12#34",
		"a@b/c", "a@b?c", "a/b@c", "@", "/", "?", "#", ":", "%", "p@h/", "a=b&c=d", "a,b", "\\", `'"`, "*", "(x)", "!$&'()*+,;=", "\xff\xfe", "\t",
	}
	for c := range 256 {
		if c != 0 {
			passwords = append(passwords, "x"+string([]byte{byte(c)})+"y", "1"+string([]byte{byte(c)}))
		}
	}
	for _, scheme := range []string{Postgres, MySQL} {
		for _, p := range passwords {
			for _, text := range []string{p, escape(p)} {
				for _, tail := range []string{"@host:5432/db", "@[::1]/db?a=b", "@host/db?a=x@y"} {
					raw := scheme + "://user:" + text + tail
					u, err := Parse(raw, "")
					if err != nil {
						t.Errorf("Parse(%q): %v", raw, err)
					} else if u.Password != p || u.User != "user" || u.Database != "db" {
						t.Errorf("Parse(%q): %s", raw, show(u))
					}
				}
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	const secret = "canary77"
	for raw, want := range map[string]string{
		"":                                      "the database URL is empty | ",
		" \n":                                   "the database URL is empty | ",
		"app.db":                                "does not start with a scheme | sqlite://FILE",
		"user:canary77@tcp(h:3306)/db":          "does not start with a scheme | ",
		"u:canary77://x@h":                      "does not start with a scheme | ",
		"canary77:x@h/db":                       "does not start with a scheme | ",
		"postgers://u:canary77@h/db":            `unknown scheme "postgers" | did you mean postgres://?`,
		"oracle://u:canary77@h/db":              `unknown scheme "oracle" | known are sqlite,`,
		"postgres:u:canary77@h":                 "lacks the // | ",
		"postgres://u:canary77@h:x/db":          "host part | ",
		"postgres://u:canary77@h:99999/d":       "port | ",
		"postgres://u:canary77@h:0/d":           "port | ",
		"postgres://u:canary77@[::1/d":          "host part | ",
		"postgres://u:canary77":                 "host part | ",
		"mysql://u:canary77@a,b/d":              "several hosts | ",
		"postgres://a,b/d?port=1,2,3":           "as many ports | ",
		"postgres://h/d?port=x":                 "port | ",
		"mysql://u:canary77@h/d?ssl-mode=maybe": "TLS mode | ssl-mode is",
		"mysql://h/d?connect_timeout=soon":      "connect_timeout | ",
		"postgres://u:canary77\x00@h/d":         "NUL | ",
	} {
		_, err := Parse(raw, "")
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q): %v, want an *Error", raw, err)
			continue
		}
		msg, hint, _ := strings.Cut(want, " | ")
		if !strings.Contains(e.Msg, msg) || !strings.Contains(e.Hint, hint) || strings.Contains(e.Msg+e.Hint, secret) {
			t.Errorf("Parse(%q): %q, hint %q", raw, e.Msg, e.Hint)
		}
	}
}

func TestParseSQLite(t *testing.T) {
	base := t.TempDir()
	if err := os.Mkdir(filepath.Join(base, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	there := t.TempDir()
	in := func(p string) string { return "path=" + filepath.Join(base, p) }
	for raw, want := range map[string]string{
		"sqlite://rel.db":             in("rel.db"),
		"sqlite3://rel.db":            in("rel.db"),
		"sqlite+aiosqlite:///rel.db":  in("rel.db"),
		"sqlite://./data/../rel.db":   in("rel.db"),
		"sqlite:///rel.db":            in("rel.db"),
		"sqlite:///data/rel.db":       in("data/rel.db"),
		"sqlite:///nowhere/rel.db":    "path=/nowhere/rel.db",
		"sqlite://" + there + "/x.db": "path=" + there + "/x.db",
		"sqlite:////abs.db":           "path=/abs.db",
		"sqlite:////a/b.db":           "path=/a/b.db",
		"sqlite://:memory:":           "memory",
		"sqlite:///:memory:":          "memory",
		"sqlite://":                   "memory",
		"sqlite:///":                  "memory",
		"sqlite::memory:":             "memory",
		"file::memory:?cache=shared":  "query=cache=shared memory",
		"file:x?mode=memory":          "memory",
		"file:rel.db":                 in("rel.db"),
		"file:/a/rel.db":              "path=/a/rel.db",
		"file:///a/rel.db":            "path=/a/rel.db",
		"sqlite://rel.db?mode=ro&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)": in("rel.db") + " query=_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&mode=ro",
		"sqlite://a%20b%3F%23%25.db": in("a b?#%.db"),
		"sqlite://a b#c@d:e.db":      in("a b#c@d:e.db"),
		"sqlite://100%.db":           in("100%.db"),
	} {
		u, err := Parse(raw, base)
		if err != nil {
			t.Errorf("Parse(%q): %v", raw, err)
			continue
		}
		if got := show(u); got != "sqlite "+want {
			t.Errorf("Parse(%q)\n got %s\nwant sqlite %s", raw, got, want)
		}
		again, err := Parse(u.Full(), t.TempDir())
		if err != nil || show(again) != show(u) {
			t.Errorf("Parse(Full()) of %q: %s is %s: %v", raw, u.Full(), show(again), err)
		}
	}
	u, _ := Parse("sqlite:///rel.db", "")
	if u.Path != "/rel.db" {
		t.Errorf("without a base: %s", u.Path)
	}
}

func TestWithDatabase(t *testing.T) {
	u, err := Parse("postgres://u:p@h/a?sslmode=disable", "")
	if err != nil {
		t.Fatal(err)
	}
	v := u.WithDatabase("b/c")
	v.Query.Set("sslmode", "require")
	if v.Full() != "postgres://u:p@h/b%2Fc?sslmode=require" || u.Full() != "postgres://u:p@h/a?sslmode=disable" {
		t.Errorf("%s and %s", v.Full(), u.Full())
	}
	s, err := Parse("sqlite:////a/b.db", "")
	if err != nil {
		t.Fatal(err)
	}
	if m := s.WithDatabase(":memory:"); !m.Memory || m.Path != "" || m.Full() != "sqlite://:memory:" {
		t.Errorf("%s", m.Full())
	}
	if f := s.WithDatabase("/c.db"); f.Path != "/c.db" {
		t.Errorf("%s", f.Path)
	}
}
