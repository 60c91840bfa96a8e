package dburl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestRedacted(t *testing.T) {
	for raw, want := range map[string]string{
		"postgres://u:s3cret@h:1/db?sslmode=disable":              "postgres://u:***@h:1/db?sslmode=disable",
		"postgres://u@h/db":                                       "postgres://u@h/db",
		"postgres://h/db?user=u&password=s3cret":                  "postgres://u:***@h/db",
		"postgres://h/db?sslinline=true&sslkey=s3cret&sslcert=c":  "postgres://h/db?sslcert=c&sslinline=true&sslkey=***",
		"mysql://u:a@b:s3cret@unix(/run/x)/db":                    "mysql://u:***@/db?unix_socket=/run/x",
		"sqlite:////a.db?_auth_pass=s3cret&_pragma=key('s3cret')": "sqlite:////a.db?_auth_pass=***&_pragma=***",
		"mysql://u@h/db?trace_token=s3cret":                       "mysql://u@h/db?trace_token=***",
	} {
		u := parse(t, raw)
		if got := u.Redacted(); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if p, v := fmt.Sprintf(verb, u), fmt.Sprintf(verb, *u); strings.Contains(p+v, "s3cret") {
				t.Errorf("%s shows %s and %s", verb, p, v)
			}
		}
	}
}

func TestRedactURLs(t *testing.T) {
	for text, want := range map[string]string{
		"dial postgres://u:p@ss/w@h:1/d: refused":  "dial postgres://u:***@h:1/d: refused",
		"a postgres://u:x@h/d and mysql://v:y@h/d": "a postgres://u:***@h/d and mysql://v:***@h/d",
		"http://h:80/x no secret":                  "http://h:80/x no secret",
		"exec:pg_dump postgres://u:x@h":            "exec:pg_dump postgres://u:***@h",
		"redis://:x@h":                             "redis://:***@h",
	} {
		if got := RedactURLs(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestRedactor(t *testing.T) {
	const s = `c@n'a"r\y/%7 ü`
	js, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRedactor(s, "", "canary2", "canary2long")
	for _, form := range []string{
		s, fmt.Sprintf("%q", s), string(js), url.QueryEscape(s), url.PathEscape(s), url.UserPassword("u", s).String(),
		"postgres://u:" + escape(s) + "@h", (&URL{Scheme: Postgres, Password: s}).PostgresDSN(), strings.ReplaceAll(s, "'", "''"), "canary2", "<canary2long>",
	} {
		got := r.Redact("before " + form + " after")
		if strings.Contains(got, "r") && strings.Contains(got, "y/") || strings.Contains(got, "canary") || !strings.Contains(got, "***") {
			t.Errorf("%s: %s", form, got)
		}
		if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
			t.Errorf("%s: %s", form, got)
		}
	}
	if got := r.Redact("<canary2long>"); got != "<***>" {
		t.Errorf("the longer secret first: %s", got)
	}
}

// TestRedactorEveryday: the SQL that migr prints stays right where the password is a plain word.
func TestRedactorEveryday(t *testing.T) {
	r := &Redactor{}
	r.AddURL(parse(t, "postgres://shop:shop@h/db"))
	r.Add("postgres", "ab")
	for text, want := range map[string]string{
		"ALTER TABLE shop OWNER TO postgres; SELECT 'ab'": "ALTER TABLE shop OWNER TO postgres; SELECT 'ab'",
		"mysql://x:shop@h":                     "mysql://x:***@h",
		"password=postgres host=h":             "password=*** host=h",
		"user='x' password='ab' dbname='shop'": "user='x' password=*** dbname='shop'",
	} {
		if got := r.Redact(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestWriter cuts a text at every place in two and three writes.
func TestWriter(t *testing.T) {
	r := NewRedactor("abab", "ababab!", "canary77")
	const text = "ab canary77 ababx ababab! abababab canary7 cana ab"
	want := r.Redact(text)
	for i := range text {
		for j := i; j < len(text); j++ {
			var b bytes.Buffer
			w := r.Writer(&b)
			for _, piece := range []string{text[:i], text[i:j], text[j:]} {
				if n, err := w.Write([]byte(piece)); err != nil || n != len(piece) {
					t.Fatalf("Write: %d %v", n, err)
				}
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if b.String() != want {
				t.Fatalf("cut at %d and %d: %q, want %q", i, j, b.String(), want)
			}
		}
	}
	if strings.Contains(want, "canary77") || !strings.HasSuffix(want, "canary7 cana ab") {
		t.Errorf("%q", want)
	}
}
