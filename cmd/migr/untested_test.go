package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/testdb"
)

// TestUntestedVersions: servers before and behind those of the tests are warned of, once.
func TestUntestedVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		product string
		version int
		want    string
	}{
		{"PostgreSQL", 120022, "older"},
		{"PostgreSQL", 130000, ""},
		{"PostgreSQL", 180001, ""},
		{"PostgreSQL", 190000, "newer"},
		{"MySQL", 50744, "older"},
		{"MySQL", 80000, ""},
		{"MySQL", 90704, ""},
		{"MySQL", 100000, "newer"},
		{"MariaDB", 100527, "older"},
		{"MariaDB", 100600, ""},
		{"MariaDB", 110803, ""},
		{"MariaDB", 120001, "newer"},
		{"CockroachDB", 130000, ""},
		{"SQLite", 3054001, ""},
	} {
		got := ""
		for _, p := range products() {
			if text := p.dialect.Untested(driver.Server{Product: c.product, Version: c.version}); text != "" {
				got += text
			}
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) || c.want != "" && !strings.Contains(got, c.product) {
			t.Errorf("%s %d: %q, want %q", c.product, c.version, got, c.want)
		}
	}
	var errs bytes.Buffer
	a := &app{err: new(dburl.Redactor).Writer(&errs)}
	a.tellUntested("")
	a.tellUntested("old")
	a.tellUntested("old")
	if n := strings.Count(errs.String(), "old"); n != 1 {
		t.Errorf("it was said %d times: %s", n, errs.String())
	}
}

// TestServersAreTestedOnes: what the tests run on is within what migr says that it is tested with.
func TestServersAreTestedOnes(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, e testdb.Engine) {
		dir := folder(t, map[string]string{"migr.toml": "", "migrations/.keep": ""})
		var out, errs bytes.Buffer
		a := &app{in: strings.NewReader(""), stdout: &out, stderr: &errs, dir: dir, now: clock, rand: random}
		if code := a.run(t.Context(), []string{"current", "-u", e.New(t)}); code != exitOK || strings.Contains(errs.String(), "is tested with") {
			t.Errorf("exit %d\n%s", code, errs.String())
		}
	})
}
