package dburl

import (
	"strings"
	"testing"
)

// FuzzParse: no panic; a password is in no error and in nothing that is shown; what
// was read once is read the same from its own text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"postgres://u:canary77@h:5432/db?sslmode=disable", "mysql://u:p@ss/w?r#d@unix(/run/x)/db", "sqlite:///a/b.db?mode=ro",
		"postgres://u:%zz@[::1%25eth0]:1,b:2/db", "file::memory:?cache=shared", "postgres:///db?host=/run/x&password=canary77",
		"tidb://u:1/2@h?a=b@c/d", "user:canary77@tcp(h)/db", "postgres://u:p@h/my@db", "mysql://h/?password=&tls=true&strict=1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := Parse(raw, "")
		if err != nil {
			e, ok := err.(*Error)
			if !ok {
				t.Fatalf("%T", err)
			}
			_, after, _ := strings.Cut(raw, ":")
			if len(after) > 30 && strings.Contains(e.Msg+e.Hint, after) {
				t.Errorf("%q is in %q", after, e.Msg)
			}
			return
		}
		again, err := Parse(u.Full(), "")
		if err != nil {
			t.Fatalf("Parse(Full()) of %q, %q: %v", raw, u.Full(), err)
		}
		if show(again) != show(u) {
			t.Errorf("%q: %q is %q, was %q", raw, u.Full(), show(again), show(u))
		}
		shown := u.Redacted()
		bare := u.Clone()
		bare.Password = ""
		if p := u.Password; len(p) >= 4 && !strings.Contains(p, "*") && strings.Contains(shown, p) && !strings.Contains(bare.Redacted(), p) {
			t.Errorf("%q is in %q", p, shown)
		}
		u.PostgresDSN()
		u.SQLiteDSN()
		if u.mysqlFamily() {
			if _, err := u.MySQL(); err != nil {
				t.Errorf("%q: %v", raw, err)
			}
		}
	})
}
