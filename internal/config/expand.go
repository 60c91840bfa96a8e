package config

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
)

var (
	variable     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([^}]*)\}`) })
	variableName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })
)

// expand fills ${VAR} and ${VAR:-default} of a value from migr.toml; values given elsewhere are
// taken as they are. As in a shell, the default also stands for a variable that is empty. $${ is
// a literal ${.
func (c *Config) expand(s setting, v string) (string, error) {
	if s.source != fromFile || s.file == c.env.name || !strings.Contains(v, "${") {
		return v, nil
	}
	const literal = "\x00{"
	v = strings.ReplaceAll(v, "$${", literal)
	var fail error
	v = variable().ReplaceAllStringFunc(v, func(m string) string {
		inner := m[2 : len(m)-1]
		name, std, hasStd := strings.Cut(inner, ":-")
		if !variableName().MatchString(name) {
			if fail == nil {
				fail = s.fail("write ${NAME} or ${NAME:-default}; $${ stands for ${ itself", "%s holds a ${…} that is not a variable", s.key.name)
			}
			return ""
		}
		value, ok := c.env.lookup(name)
		switch {
		case value != "":
			return value
		case hasStd:
			return std
		case !ok && fail == nil:
			fail = s.fail(fmt.Sprintf("set %s, or write ${%s:-default}", name, name), "%s wants the variable %s, which is not set", s.key.name, name)
		}
		return ""
	})
	return strings.ReplaceAll(v, literal, "${"), fail
}

// expandList is expand for each item of a list; items that come out empty are left out.
func (c *Config) expandList(s setting) ([]string, error) {
	given, _ := s.value.([]string)
	var all []string
	for _, one := range given {
		v, err := c.expand(s, one)
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(v) != "" {
			all = append(all, v)
		}
	}
	return all, nil
}

func (r *reader) duration(name string) time.Duration {
	s := r.c.chosen[name]
	v := r.word(name)
	d, ok := parseDuration(v)
	if !ok {
		r.fail(s.fail(`write a number and its unit, such as "500ms", "3s" or "1m"; "0" is no limit`, "%s is %q, which is no duration", name, v))
	}
	return d
}

// list fills Values from what was chosen.
func (c *Config) list() {
	for _, k := range keys() {
		s := c.chosen[k.name]
		v := Value{Key: k.name, Value: s.value, Origin: s.origin}
		var err error
		switch {
		case k.kind == databaseURL:
			v.Value, err = c.shownURL(k.name)
		case k.kind == list:
			var all []string
			all, err = c.expandList(s)
			for i := range all {
				all[i] = dburl.RedactURLs(all[i])
			}
			if all == nil {
				all = []string{}
			}
			v.Value = all
		case k.kind == path:
			v.Value = c.Rel(c.Dir)
		case s.text() != "":
			v.Value = c.typed(k.name)
		}
		if err != nil {
			v.Problem = err.Error()
		}
		c.Values = append(c.Values, v)
	}
}

// typed is the value of a key that was given as a string, as the key's kind has it. Every such
// value was read once by fill, so there is no error left.
func (c *Config) typed(name string) any {
	r := reader{c: c}
	switch c.chosen[name].key.kind {
	case number:
		return r.number(name)
	case yesNo:
		return r.yesNo(name)
	}
	return dburl.RedactURLs(r.word(name))
}

// shownURL is a URL key's value, passwords masked.
func (c *Config) shownURL(name string) (string, error) {
	u, err := c.databaseURL(name)
	if u == nil || err != nil {
		return "", err
	}
	if u.Path != "" {
		u.Path = c.Rel(u.Path)
	}
	return u.Redacted(), nil
}
