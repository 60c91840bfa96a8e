package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// project writes files (by path, below a new folder) and returns the folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func load(t *testing.T, in Inputs) *Config {
	t.Helper()
	c, err := Load(in)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

// value is the setting as `migr config` shows it, with its origin.
func value(c *Config, key string) string {
	for _, v := range c.Values {
		if v.Key == key {
			return strings.TrimSpace(fmt.Sprintf("%v (%s) %s", v.Value, v.Origin, v.Problem))
		}
	}
	return "no such key"
}

func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	c := load(t, Inputs{Dir: dir})
	got := *c
	got.Values, got.env, got.chosen, got.workDir = nil, nil, nil, ""
	want := Config{
		Base: dir, Dir: filepath.Join(dir, "migrations"), VersionTable: "migr_version", FileTemplate: "{date}_{rev}_{slug}",
		LockTimeout: 3 * time.Second, LockRetries: 10, LockWait: time.Minute, Lock: LockSession, Transaction: TransactionRevision,
		Mode: ModeModels, ModelTimeout: 2 * time.Minute, ModelCache: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if len(c.Values) != len(Keys()) {
		t.Errorf("%d values, %d keys", len(c.Values), len(Keys()))
	}
	for _, v := range c.Values {
		if v.Origin != "default" || v.Problem != "" {
			t.Errorf("%+v", v)
		}
	}
	if _, err := c.URL(); err == nil || !strings.Contains(err.(*Error).Hint, "DATABASE_URL") {
		t.Errorf("URL: %v", err)
	}
	if s, err := c.Scratch(); s != nil || err != nil {
		t.Errorf("Scratch: %v %v", s, err)
	}
	if m, err := c.Models(); len(m.Specs) != 0 || err != nil || c.HasURL() {
		t.Errorf("Models: %v %v", m, err)
	}
}

func TestEveryKey(t *testing.T) {
	file := `
url = "sqlite://a.db"
dir = 'db/m'
models = ["schema.sql", "gorm:./m"] # two
scratch = "sqlite://:memory:"
version_table = "v"
version_schema = "s"
schemas = [
  "a", # one
  "b",
]
exclude = ["*.tmp_*"]
file_template = "{rev}"
lock_timeout = "1m30s"
lock_retries = 1_0
lock_wait = "5 s"
lock = "table"
statement_timeout = 0
protected = true
python = "venv/bin/python"
import = ["app.models.*"]
mode = "migrations"
exclude_apps = ["silk"]
model_timeout = "7s"
model_cache = false
online = true
grants = true
transaction = "all"
`
	dir := project(t, map[string]string{"migr.toml": "\ufeff" + strings.ReplaceAll(file, "\n", "\r\n")})
	c := load(t, Inputs{Dir: dir})
	got := *c
	got.Values, got.env, got.chosen, got.workDir = nil, nil, nil, ""
	want := Config{
		File: filepath.Join(dir, "migr.toml"), Base: dir, Dir: filepath.Join(dir, "db", "m"), VersionTable: "v", VersionSchema: "s",
		Schemas: []string{"a", "b"}, Exclude: []string{"*.tmp_*"}, FileTemplate: "{rev}", LockTimeout: 90 * time.Second, LockRetries: 10,
		LockWait: 5 * time.Second, Lock: LockTable, Protected: true, Python: filepath.Join(dir, "venv", "bin", "python"),
		Online: true, Grants: true, Transaction: TransactionAll,
		Import: []string{"app.models.*"}, Mode: ModeMigrations, ExcludeApps: []string{"silk"}, ModelTimeout: 7 * time.Second,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i, v := range c.Values {
		if !strings.HasPrefix(v.Origin, "migr.toml:") {
			t.Errorf("%d %+v", i, v)
		}
	}
	if got := value(c, "exclude"); got != "[*.tmp_*] (migr.toml:12)" {
		t.Error(got)
	}
	if got := value(c, "lock_retries"); got != "10 (migr.toml:15)" {
		t.Error(got)
	}
	m, err := c.Models()
	if want := (Models{Specs: []string{"schema.sql", "gorm:./m"}, Base: dir, Origin: "migr.toml:4"}); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v %v", m, err)
	}
}

func TestPrecedence(t *testing.T) {
	const top, prod, dot = "dir = \"top\"\n", "[env.prod]\ndir = \"prod\"\n", "# x\nexport MIGR_DIR=dot\n"
	for _, c := range []struct {
		name, file, dotenv, env, flag string
		chosen                        string
		want                          string
	}{
		{"flag", top + prod, dot, "var", "flag", "prod", "flag (flag --dir)"},
		{"variable", top + prod, dot, "var", "", "prod", "var (environment MIGR_DIR)"},
		{".env", top + prod, dot, "", "", "prod", "dot (.env:2)"},
		{"[env]", top + prod, "", "", "", "prod", "prod (migr.toml:3 [env.prod])"},
		{"another [env]", top + prod + "[env.dev]\n", "", "", "", "dev", "top (migr.toml:1)"},
		{"top", top + prod, "", "", "", "", "top (migr.toml:1)"},
		{"default", "", "", "", "", "", "migrations (default)"},
	} {
		dir := project(t, map[string]string{"migr.toml": c.file, ".env": c.dotenv})
		in := Inputs{Dir: dir, EnvName: c.chosen}
		if c.env != "" || c.name == ".env" { // an empty variable counts as none
			in.Environ = []string{"MIGR_DIR=" + c.env}
		}
		if c.flag != "" {
			in.Flags = map[string][]string{"dir": {c.flag}}
		}
		if got := value(load(t, in), "dir"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestFlagThatTurnsOff: --no-cache makes model_cache false, whatever else says it is.
func TestFlagThatTurnsOff(t *testing.T) {
	dir := project(t, map[string]string{"migr.toml": "model_cache = true\n"})
	for flag, want := range map[string]string{"true": "false (flag --no-cache)", "false": "true (migr.toml:1)"} {
		in := Inputs{Dir: dir, Flags: map[string][]string{"no-cache": {flag}}}
		if got := value(load(t, in), "model_cache"); got != want {
			t.Errorf("--no-cache=%s: %s, want %s", flag, got, want)
		}
	}
}

func TestVariables(t *testing.T) {
	dir := project(t, map[string]string{
		"migr.toml": "schemas = [\"x\"]\nurl = \"sqlite://file.db\"\n[env.e]\nlock = \"table\"\n",
		".env":      "DATABASE_URL=sqlite://dot.db\nMIGR_ENV=e\nMIGR_ONLINE=true\n",
	})
	c := load(t, Inputs{Dir: dir, Environ: []string{
		"MIGR_SCHEMAS= a, b ,,c", "MIGR_MODELS=exec:x a,b\nschema.sql", "MIGR_LOCK_TIMEOUT=0", "MIGR_LOCK_RETRIES=3", "MIGR_GRANTS=on", "MIGR_PROTECTED=1",
	}})
	for key, want := range map[string]string{
		"schemas": "[a b c] (environment MIGR_SCHEMAS)", "models": "[exec:x a,b schema.sql] (environment MIGR_MODELS)",
		"lock_timeout": "0 (environment MIGR_LOCK_TIMEOUT)", "lock_retries": "3 (environment MIGR_LOCK_RETRIES)",
		"grants": "true (environment MIGR_GRANTS)", "protected": "true (environment MIGR_PROTECTED)",
		"lock": "table (migr.toml:4 [env.e])", "online": "true (.env:3)", "url": "sqlite://dot.db (.env:1)",
	} {
		if got := value(c, key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	if c.EnvName != "e" || !c.Grants || !c.Protected || c.LockRetries != 3 || c.Lock != LockTable {
		t.Errorf("%+v", c)
	}
	c = load(t, Inputs{Dir: dir, Environ: []string{"DATABASE_URL=sqlite://a.db", "MIGR_URL=sqlite://b.db"}})
	if got := value(c, "url"); got != "sqlite://b.db (environment MIGR_URL)" {
		t.Error(got)
	}
	c = load(t, Inputs{Dir: dir, Environ: []string{"DATABASE_URL=sqlite://a.db", "MIGR_URL="}})
	if got := value(c, "url"); got != "sqlite://a.db (environment DATABASE_URL)" {
		t.Error(got)
	}
	if v, ok := c.Getenv("MIGR_ONLINE"); v != "true" || !ok || !strings.Contains(strings.Join(c.Environ(), "\n"), "MIGR_ONLINE=true\n") {
		t.Errorf("%q %v %q", v, ok, c.Environ())
	}
}

// TestPaths: what the file says is relative to the file, what flags and variables say to the
// working directory.
func TestPaths(t *testing.T) {
	root := project(t, map[string]string{
		"migr.toml":     "url = \"sqlite://a.db\"\ndir = \"m\"\nmodels = [\"s.sql\"]\n",
		"sub/deep/x":    "",
		"other/my.toml": "dir = \"m\"\n",
	})
	sub := filepath.Join(root, "sub", "deep")
	c := load(t, Inputs{Dir: sub})
	u, err := c.URL()
	if err != nil || u.Path != filepath.Join(root, "a.db") || c.Dir != filepath.Join(root, "m") || c.Base != root {
		t.Errorf("%v %v %s", u, err, c.Dir)
	}
	if got := value(c, "dir"); got != filepath.Join("..", "..", "m")+" ("+filepath.Join("..", "..", "migr.toml")+":2)" {
		t.Error(got)
	}
	c = load(t, Inputs{Dir: sub, Environ: []string{"MIGR_DIR=m2"}, Flags: map[string][]string{"url": {"sqlite://b.db"}, "models": {"a,b", "c"}}})
	u, err = c.URL()
	m, err2 := c.Models()
	if err != nil || err2 != nil || u.Path != filepath.Join(sub, "b.db") || c.Dir != filepath.Join(sub, "m2") || m.Base != sub || len(m.Specs) != 2 {
		t.Errorf("%v %s %+v", u, c.Dir, m)
	}
	for _, in := range []Inputs{
		{Dir: sub, Config: "../../other/my.toml"},
		{Dir: sub, Environ: []string{"MIGR_CONFIG=../../other/my.toml"}},
		{Dir: sub, Config: filepath.Join(root, "other", "my.toml"), Environ: []string{"MIGR_CONFIG=nowhere"}},
	} {
		if c := load(t, in); c.Dir != filepath.Join(root, "other", "m") {
			t.Errorf("%s", c.Dir)
		}
	}
}

func TestExpand(t *testing.T) {
	dir := project(t, map[string]string{
		"migr.toml": `
url = "${BASE_URL}"
dir = "${D:-std}/x"
schemas = ["${S}", "b"]
lock_retries = "${R:-4}"
version_table = "a$${b}"
models = ["${NOT_THERE}"]
[env.prod]
url = "postgres://u:${PW}@h/db"
[env.broken]
dir = "${NOT_THERE}"
[env.odd]
dir = "${}"
[env.empty]
url = "${EMPTY}"
`,
		".env": "BASE_URL=sqlite://x.db\nS=one\nPW=from$dotenv\n",
	})
	env := []string{"PW=p@ss/${x}", "EMPTY="}
	c := load(t, Inputs{Dir: dir, Environ: env})
	for key, want := range map[string]string{
		"url": "sqlite://x.db (migr.toml:2)", "dir": filepath.Join("std", "x") + " (migr.toml:3)", "schemas": "[one b] (migr.toml:4)",
		"lock_retries": "4 (migr.toml:5)", "version_table": "a${b} (migr.toml:6)",
		"models": "[] (migr.toml:7) migr.toml:7:1: models wants the variable NOT_THERE, which is not set",
	} {
		if got := value(c, key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	if _, err := c.Models(); err == nil {
		t.Error("models: no error")
	}
	c = load(t, Inputs{Dir: dir, Environ: env, EnvName: "prod"})
	u, err := c.URL()
	if err != nil || u.Password != "p@ss/${x}" {
		t.Errorf("%#v %v", u, err)
	}
	if got := value(c, "url"); got != "postgres://u:***@h/db (migr.toml:9 [env.prod])" {
		t.Error(got)
	}
	if got := c.Redactor().Redact("no p@ss/${x} here"); got != "no *** here" {
		t.Error(got)
	}
	_, err = Load(Inputs{Dir: dir, Environ: env, EnvName: "broken"})
	check(t, "broken", err, "migr.toml:11:1: dir wants the variable NOT_THERE, which is not set | set NOT_THERE, or write ${NOT_THERE:-default}")
	load(t, Inputs{Dir: dir, Environ: env, EnvName: "broken", Flags: map[string][]string{"dir": {"x"}}})
	_, err = Load(Inputs{Dir: dir, Environ: env, EnvName: "odd"})
	check(t, "odd", err, "migr.toml:13:1: dir holds a ${…} that is not a variable | write ${NAME}")
	_, err = load(t, Inputs{Dir: dir, Environ: env, EnvName: "empty"}).URL()
	check(t, "empty", err, "migr.toml:15:1: url is empty | the variable in it is set, but empty")
}

// check compares an *Error with "message | start of hint".
func check(t *testing.T, name string, err error, want string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v, want an *Error", name, err)
		return
	}
	msg, hint, _ := strings.Cut(want, " | ")
	if e.Error() != msg || !strings.HasPrefix(e.Hint, hint) || hint == "" && e.Hint != "" {
		t.Errorf("%s:\n got %s | %s\nwant %s", name, e, e.Hint, want)
	}
}
