package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// canary is a password that must be in no stream. Percent-escaped, it is another
// text: both are looked for.
const canary, escapedCanary = "CanaryPw123!", "CanaryPw123%21"

// A leak is a set-up in which the password is somewhere and something fails.
type leak struct {
	name  string
	env   []string
	files map[string]string
	args  []string // beside the commands'
}

// leaks lists where a password may come from, for a server's URL that wants one.
func leaks(scheme, at string) []leak {
	url := func(password string) string { return scheme + "://ghost:" + password + "@" + at }
	bare := scheme + "://ghost@" + at
	return []leak{
		{name: "flag", args: []string{"--url", url(canary)}},
		{name: "flag escaped", args: []string{"-u", url(escapedCanary)}},
		{name: "flag twice", args: []string{"-u", url(canary), "--scratch", url(canary)}},
		{name: "environment", env: []string{"MIGR_URL=" + url(canary)}},
		{name: "DATABASE_URL", env: []string{"DATABASE_URL=" + url(canary)}},
		{name: ".env", files: map[string]string{".env": "DATABASE_URL=" + url(canary) + "\n"}},
		{name: "configuration", files: map[string]string{"migr.toml": "url = \"" + url(canary) + "\"\nmodels = [\"schema.sql\"]\n"}},
		{name: "[env]", files: map[string]string{"migr.toml": "models = [\"schema.sql\"]\n[env.prod]\nurl = \"" + url(canary) + "\"\n"}, args: []string{"-e", "prod"}},
		{name: "variable", files: map[string]string{"migr.toml": "url = \"" + scheme + "://ghost:${PW}@" + at + "\"\nmodels = [\"schema.sql\"]\n"}, env: []string{"PW=" + canary}},
		{name: "PGPASSWORD", env: []string{"PGPASSWORD=" + canary, "MYSQL_PWD=" + canary}, args: []string{"-u", bare}},
		{name: "query", args: []string{"-u", bare + separator(at) + "password=" + canary}},
		{name: "wrong URL", args: []string{"-u", scheme + "://ghost:" + canary + "@host:port:more/x"}},
		{name: "wrong scheme", args: []string{"-u", "no" + scheme + "://ghost:" + canary + "@" + at}},
		{name: "no scheme", args: []string{"-u", "ghost:" + canary + "@" + at}},
		{name: "broken configuration", files: map[string]string{"migr.toml": "url = \"" + url(canary) + "\nmodels = [\"schema.sql\"]\n"}},
		{name: "broken .env", files: map[string]string{".env": "DATABASE_URL=\"" + url(canary) + "\n"}},
		{name: "wrong type", files: map[string]string{"migr.toml": "url = [\"" + url(canary) + "\"]\n"}},
		{name: "wrong key", files: map[string]string{"migr.toml": "ulr = \"" + url(canary) + "\"\n"}},
		{name: "argument of diff", args: []string{"-u", "sqlite://app.db", "--from", url(canary)}},
	}
}

func separator(at string) string {
	if strings.Contains(at, "?") {
		return "&"
	}
	return "?"
}

// commands that reach for the database, each with what makes it say most.
func canaryCommands() [][]string {
	return [][]string{
		{"current"},
		{"current", "-v"},
		{"current", "--json", "-v"},
		{"upgrade", "-v"},
		{"upgrade", "--json"},
		{"status"},
		{"check", "--json"},
		{"revision", "--autogenerate", "-m", "x", "-v"},
		{"diff", "-v"},
		{"inspect", "--json"},
		{"config"},
		{"config", "--json"},
		{"init"},
		{"upgrade", "--sql"},
		{"downgrade", "base", "--yes", "-v"},
		{"stamp", "head"},
		{"repair", "--json"},
		{"lock", "status", "--json"},
		{"lock", "release", "--yes"},
		{"upgrade", "--dry-run", "-v"},
		{"upgrade", "--lock-wait", "0", "--json", "-v"},
	}
}

// TestCanary runs every command in every such set-up against no server, and
// against servers that refuse the password, and wants it in no stream and no file.
func TestCanary(t *testing.T) {
	t.Parallel()
	targets := map[string][2]string{
		"no postgres": {"postgres", "127.0.0.1:1/nothing"},
		"no mysql":    {"mysql", "127.0.0.1:1/nothing"},
	}
	for _, e := range testdb.Engines() {
		if e.Env == "" || !e.Available() || testing.Short() {
			continue
		}
		url := e.Admin(t)
		scheme, rest, _ := strings.Cut(url, "://")
		_, at, _ := strings.Cut(rest, "@")
		targets[e.Name] = [2]string{scheme, strings.Replace(at, "/postgres", "/no_such_database", 1)}
	}
	for name, target := range targets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, l := range leaks(target[0], target[1]) {
				for _, c := range canaryCommands() {
					if l.name == "argument of diff" && c[0] != "diff" {
						continue
					}
					l.run(t, c)
				}
			}
		})
	}
}

func (l leak) run(t *testing.T, command []string) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"schema.sql":         "CREATE TABLE animal (id integer PRIMARY KEY);\n",
		"migrations/one.sql": "-- migr:revision one\n-- migr:up\nSELECT 1;\n",
	}
	if command[0] != "init" {
		files["migr.toml"] = "models = [\"schema.sql\"]\n"
	}
	for name, text := range l.files {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append(append([]string{}, command...), l.args...)
	var stdout, stderr bytes.Buffer
	a := &app{in: strings.NewReader(""), stdout: &stdout, stderr: &stderr, environ: append([]string{"HOME=" + dir}, l.env...), dir: dir, now: clock, rand: random}
	code := a.run(t.Context(), args)
	for stream, text := range map[string]string{"stdout": stdout.String(), "stderr": stderr.String()} {
		for _, secret := range []string{canary, escapedCanary, "CanaryPw"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: migr %s: exit %d: the password is on %s:\n%s", l.name, strings.Join(args, " "), code, stream, text)
				break
			}
		}
		if strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
			t.Errorf("%s: migr %s: a stack trace:\n%s", l.name, strings.Join(args, " "), text)
		}
	}
	l.written(t, dir, files, args)
}

// written wants the password in no file that was not given.
func (l leak) written(t *testing.T, dir string, given map[string]string, args []string) {
	t.Helper()
	out, _ := exec.Command("grep", "-rl", "CanaryPw", dir).Output()
	for _, f := range strings.Fields(string(out)) {
		rel, _ := filepath.Rel(dir, f)
		if !strings.Contains(given[rel], "CanaryPw") {
			t.Errorf("%s: migr %s: the password is in %s", l.name, strings.Join(args, " "), rel)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, "migrations", "*"))
	if len(left) != 1 {
		t.Errorf("%s: migr %s: left in migrations: %v", l.name, strings.Join(args, " "), left)
	}
}
