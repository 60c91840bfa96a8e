package dburl

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func lookup(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func TestFill(t *testing.T) {
	pg := map[string]string{"PGHOST": "ph", "PGPORT": "1234", "PGUSER": "pu", "PGPASSWORD": "pp", "PGDATABASE": "pd", "PGSSLMODE": "require"}
	my := map[string]string{"MYSQL_PWD": "mp", "MYSQL_HOST": "mh", "MYSQL_TCP_PORT": "33", "PGUSER": "no"}
	for _, c := range []struct {
		raw  string
		env  map[string]string
		want string
	}{
		{"postgres://", pg, "postgres user=pu password=pp host=ph port=1234 db=pd query=sslmode=require"},
		{"cockroachdb://", pg, "cockroachdb user=pu password=pp host=ph port=1234 db=pd query=sslmode=require"},
		{"postgres://u:p@h:1/d?sslmode=disable", pg, "postgres user=u password=p host=h port=1 db=d query=sslmode=disable"},
		{"postgres://h/d", map[string]string{"PGHOST": "/run/x"}, "postgres host=h db=d"},
		{"postgres:///d", map[string]string{"PGHOST": "/run/x"}, "postgres socket=/run/x db=d"},
		{"mysql://", my, "mysql password=mp host=mh port=33"},
		{"mariadb://u:p@h:1/d", my, "mariadb user=u password=p host=h port=1 db=d"},
		{"tidb:///d", map[string]string{"MYSQL_UNIX_PORT": "/s"}, "tidb socket=/s db=d"},
		{"mysql://h/d", map[string]string{"MYSQL_UNIX_PORT": "/s"}, "mysql host=h db=d"},
		{"mysql://u@h/d", map[string]string{"MIGR_PASSWORD": "x", "MYSQL_PWD": "y"}, "mysql user=u password=x host=h db=d"},
		{"sqlite:////a.db", pg, "sqlite path=/a.db"},
	} {
		u := parse(t, c.raw)
		if err := Fill(u, lookup(c.env)); err != nil {
			t.Errorf("%s: %v", c.raw, err)
		} else if got := show(u); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.raw, got, c.want)
		}
	}
	if err := Fill(parse(t, "postgres://h/d"), lookup(map[string]string{"PGPORT": "many"})); err == nil {
		t.Error("PGPORT=many is taken")
	}
}

func TestFillPassFile(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, ".pgpass")
	if runtime.GOOS == "windows" {
		t.Skip("the file has another place and no mode on Windows")
	}
	text := strings.Join([]string{
		"# h:*:*:*:comment", "", "no fields", "h:5433:*:*:port", `h:*:d\:b:u\\x:esc\\aped\:pass`, "h:*:*:star\\*:no", "h:*:*:\\*:literal",
		"h:*:*:colon:a:b:c", "crlf:*:*:*:line\r", "localhost:*:sock:*:local", "/run/x:*:*:*:folder", "a:*:*:*:same", "b:*:*:*:same", "c:*:*:*:other", "h:*:u3:*:own",
	}, "\n")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"HOME": home}
	for raw, want := range map[string]string{
		"postgres://u@h:5433/x":             "port",
		"postgres://u@h/x":                  "",
		`postgres://u\x@h/d%3Ab`:            `esc\aped:pass`,
		"postgres://*@h/x":                  "literal",
		"postgres://colon@h/x":              "a:b:c",
		"postgres://u@crlf/x":               "line",
		"postgres://u@/sock?host=/run/x":    "local",
		"postgres://u@/other?host=/run/x":   "folder",
		"postgres://u@a,b/x":                "same",
		"postgres://u@a,c/x":                "",
		"postgres://u:mine@h:5433/x":        "mine",
		"postgres://u3@h":                   "own",
		"postgres://u@h:5433/x?passfile=/z": "",
	} {
		u := parse(t, raw)
		if err := Fill(u, lookup(env)); err != nil || u.Password != want || len(u.Notes) > 0 {
			t.Errorf("%s: %q, want %q; %v %v", raw, u.Password, want, err, u.Notes)
		}
	}
	moved := filepath.Join(home, "elsewhere")
	if err := os.Rename(file, moved); err != nil {
		t.Fatal(err)
	}
	env["PGPASSFILE"] = moved
	u := parse(t, "postgres://u@h:5433/x")
	if err := Fill(u, lookup(env)); err != nil || u.Password != "port" {
		t.Errorf("PGPASSFILE: %q %v", u.Password, err)
	}
	if err := os.Chmod(moved, 0o640); err != nil {
		t.Fatal(err)
	}
	u = parse(t, "postgres://u@h:5433/x")
	if err := Fill(u, lookup(env)); err != nil || u.Password != "" || len(u.Notes) != 1 {
		t.Errorf("a file that others may read: %q %v %v", u.Password, u.Notes, err)
	}
}
