package config

import "testing"

// FuzzParseFile: no panic, every error is an *Error with a line, and what is taken is a known key.
func FuzzParseFile(f *testing.F) {
	for _, s := range []string{
		"url = 'x'\nmodels = ['a', \"b\\u00e9\"] # c\n[env.prod]\nprotected = true\nlock_retries = 0x_1\n",
		"env.a.dir = '''x\ny'''\nenv = {a={url=''}}", "[env]\n[env.'a b'.c]\n[[env.x]]", "[env.\"\"]\nx.y=1979-05-27T07:32:00Z\n", "a=[[1,{}],[]]", "dir = 1\r\n\r",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := parseFile("f", src)
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Line < 1 || e.File != "f" {
				t.Fatalf("%#v", err)
			}
			return
		}
		for name, s := range got.top {
			if k, ok := findKey(name); !ok || k.name != s.key.name || s.line < 1 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	})
}
