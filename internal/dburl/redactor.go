package dburl

import (
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Redactor replaces secrets in texts: as they are, percent-escaped, and quoted as Go, JSON, SQL
// and connection strings do. The zero Redactor knows none. It may be used by
// several goroutines.
//
// A secret that is also an everyday word ("postgres", "app": the likes of a database on
// a developer's machine) is only replaced where it plainly is a password, since SQL on stdout
// has to stay what it is: a secret shorter than four bytes, one of the plain words
// passed to Plain, and a few well-known ones. Those places are :SECRET@ and password=SECRET.
type Redactor struct {
	mu    sync.RWMutex
	plain map[string]bool
	from  []string // longest first
	to    map[string]string
	first [256]bool // how one of from starts
}

// NewRedactor returns a Redactor for the secrets; empty ones are left out.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{}
	r.Add(secrets...)
	return r
}

// Plain names words that are no secrets wherever they stand by themselves, such as
// the names of the user and the database. It holds for secrets added afterwards.
func (r *Redactor) Plain(words ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.plain == nil {
		r.plain = map[string]bool{}
	}
	for _, w := range words {
		r.plain[w] = true
	}
}

// Add adds secrets.
func (r *Redactor) Add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == nil {
		r.to = map[string]string{}
	}
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range forms(s) {
			if len(s) >= 4 && !r.plain[s] && !everyday(s) {
				r.to[form] = masked
			}
			r.to[":"+form+"@"] = ":" + masked + "@"
			for _, q := range []string{"", "'", `"`} {
				r.to["password="+q+form+q] = "password=" + masked
			}
		}
	}
	r.from = r.from[:0]
	for f := range r.to {
		r.from = append(r.from, f)
		r.first[f[0]] = true
	}
	slices.SortFunc(r.from, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
}

// AddURL adds the secrets of a URL, its names being plain words.
func (r *Redactor) AddURL(u *URL) {
	r.Plain(u.Scheme, u.User, u.Host, u.Database)
	r.Add(u.Secrets()...)
}

// everyday reports whether s is one of the passwords that half the example files in the world have.
func everyday(s string) bool {
	return slices.Contains([]string{
		"admin", "cockroach", "database", "example", "localhost", "mariadb", "migr", "mysql", "none", "null",
		"password", "postgres", "postgresql", "public", "root", "secret", "sqlite", "test", "tests", "true", "user", "users",
	}, strings.ToLower(s))
}

// forms are the ways in which a secret may be written.
func forms(s string) []string {
	js, err := json.Marshal(s)
	if err != nil {
		js = []byte(`""`)
	}
	quoted := strconv.Quote(s)
	all := []string{
		s, escape(s), escapeValue(s), strings.ToLower(escape(s)),
		url.QueryEscape(s), url.PathEscape(s), strings.TrimPrefix(url.UserPassword("", s).String(), ":"),
		quoted[1 : len(quoted)-1], string(js[1 : len(js)-1]),
		strings.ReplaceAll(s, "'", "''"), strings.ReplaceAll(s, "'", `\'`),
		strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s), strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s),
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(f string) bool { return f == "" })
}

// Redact returns text with the secrets replaced by ***.
func (r *Redactor) Redact(text string) string {
	done, _ := r.scan(text, true)
	return done
}

// Redact returns text with the secrets, and the passwords of URLs in it, replaced by ***.
func Redact(text string, secrets ...string) string {
	return RedactURLs(NewRedactor(secrets...).Redact(text))
}

// scan replaces secrets from the start of text and returns how far it came: the rest may be the start
// of a secret, unless that was the last of the text.
func (r *Redactor) scan(text string, last bool) (done string, rest string) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.from) == 0 {
		return text, ""
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		if n := r.plainRun(text[i:]); n > 0 {
			b.WriteString(text[i : i+n])
			i += n
			continue
		}
		found, open := r.at(text[i:])
		switch {
		case open && !last:
			return b.String(), text[i:]
		case found != "":
			b.WriteString(r.to[found])
			i += len(found)
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String(), ""
}

// plainRun returns how many bytes of text come before one that may begin a secret.
func (r *Redactor) plainRun(text string) int {
	for i := range len(text) {
		if r.first[text[i]] {
			return i
		}
	}
	return len(text)
}

// at returns the longest secret that text starts with, and whether all of text may be the start of
// a longer one.
func (r *Redactor) at(text string) (found string, open bool) {
	for _, f := range r.from {
		if len(f) > len(text) {
			open = open || strings.HasPrefix(f, text)
		} else if strings.HasPrefix(text, f) {
			return f, open
		}
	}
	return "", open
}

// Writer returns a writer that replaces secrets on their way to w, also one that two
// writes share: the start of what may become a secret is kept back until the next Write, or Flush.
func (r *Redactor) Writer(w io.Writer) *Writer { return &Writer{r: r, w: w} }

// A Writer redacts what is written through it.
type Writer struct {
	mu   sync.Mutex
	r    *Redactor
	w    io.Writer
	held string
}

// Write writes p without the secrets. It returns the error of the writer below.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	done, rest := w.r.scan(w.held+string(p), false)
	w.held = rest
	if done == "" {
		return len(p), nil
	}
	if _, err := io.WriteString(w.w, done); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was kept back.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	done, _ := w.r.scan(w.held, true)
	w.held = ""
	if done == "" {
		return nil
	}
	_, err := io.WriteString(w.w, done)
	return err
}
