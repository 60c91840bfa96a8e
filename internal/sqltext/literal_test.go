package sqltext

import "testing"

func TestLiteral(t *testing.T) {
	for _, c := range []struct {
		f         Family
		src, want string
		ok        bool
	}{
		{Postgres, `'it''s \n'`, `it's \n`, true},
		{Postgres, `E'it\'s \n'''`, "it's \n'", true},
		{Postgres, `E'\x41'`, "", false},
		{Postgres, "E'a'\n'b'", "", false},
		{Postgres, `$t$a'$$b$t$`, "a'$$b", true},
		{Postgres, `$$$$`, "", true},
		{Postgres, `U&'\0041'`, "A", true},
		{Postgres, `N'x'`, "x", true},
		{Postgres, `X'41'`, "", false},
		{Postgres, `"a"`, "", false},
		{MySQL, `'it\'s''\n\%\q\\'`, "it's'\n\\%q\\", true},
		{MySQL, `"a""b\"é"`, `a"b"é`, true},
		{MySQL, `N'x'`, "x", true},
		{MySQL, `0x41`, "", false},
		{SQLite, `'a''\'`, `a'\`, true},
		{SQLite, `x'41'`, "", false},
	} {
		if got, ok := Tokens(c.f, c.src)[0].Literal(c.f); got != c.want || ok != c.ok {
			t.Errorf("%s %s: %q %v, want %q %v", c.f, c.src, got, ok, c.want, c.ok)
		}
	}
}
