package dburl

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// masked stands where a password was.
const masked = "***"

// secretName reports whether a parameter of that name holds a secret.
func secretName(key string) bool {
	k := strings.ToLower(key)
	return strings.Contains(k, "passw") || strings.Contains(k, "pwd") || strings.Contains(k, "secret") ||
		strings.Contains(k, "token") || slices.Contains([]string{"pass", "_auth_pass", "_auth_salt", "_key", "hexkey"}, k)
}

// secretParam is secretName, and knows two secrets in parameters of harmless names: lib/pq's
// sslinline puts the key itself into sslkey, SQLCipher has its key in a pragma.
func (u *URL) secretParam(key, value string) bool {
	switch key {
	case "sslkey":
		return u.Query.Has("sslinline")
	case "_pragma":
		name := strings.ToLower(value)
		return strings.HasPrefix(name, "key") || strings.HasPrefix(name, "hexkey") || strings.HasPrefix(name, "rekey")
	}
	return secretName(key)
}

// Secrets returns the passwords in the URL, for a Redactor; also those in parameters.
func (u *URL) Secrets() []string {
	var all []string
	if u.Password != "" {
		all = append(all, u.Password)
	}
	for k, vs := range u.Query {
		for _, v := range vs {
			if u.secretParam(k, v) {
				all = append(all, v)
			}
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

var urlInText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s:@/]*):[^\s]*@`) })

// RedactURLs masks the passwords of URLs that stand anywhere in text.
func RedactURLs(text string) string { return urlInText().ReplaceAllString(text, "${1}:"+masked+"@") }
