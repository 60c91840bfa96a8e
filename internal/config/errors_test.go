package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestFileErrors(t *testing.T) {
	for file, want := range map[string]string{
		"\n  modles = []":              `migr.toml:2:3: unknown key "modles" | did you mean models?`,
		"colour = 1":                   `migr.toml:1:1: unknown key "colour" | known are url, dir, models,`,
		"[env.prod]\nlock_timout = 1":  `migr.toml:2:1: unknown key "lock_timout" in [env.prod] | did you mean lock_timeout?`,
		"url.x = 1":                    `migr.toml:1:1: unknown key "url.x" | did you mean url?`,
		"[database]\nurl = 'x'":        `migr.toml:1:2: unknown table [database] | an environment is a table [env.database]`,
		"[models]\n":                   `migr.toml:1:2: unknown table [models] | models is a key: write models = …`,
		"[prod.env]\n":                 `migr.toml:1:2: unknown table [prod.env] | known is [env.NAME]`,
		"[env.a.b]\nurl = 'x'":         `migr.toml:1:2: [env.a.b] is a table within an environment, which has none | write its keys under [env.a]`,
		"[[env]]\nurl = 'x'":           `migr.toml:1:3: [[env]] is a list of tables | write [env.NAME]`,
		"[env]\nurl = 'x'":             `migr.toml:2:1: env.url is not a table | the keys of an environment stand under [env.NAME]`,
		"env = 'prod'":                 `migr.toml:1:1: env is not a value but the start of a table's name | write [env.NAME]`,
		"[env.a]\nurl = { x = 1 }":     `migr.toml:2:1: url is a table, but must be a string`,
		"lock_retries = '3'":           `migr.toml:1:1: lock_retries is a string, but must be a whole number`,
		"lock_retries = 1.5":           `migr.toml:1:1: lock_retries is a number, but must be a whole number`,
		"lock_retries = -1":            `migr.toml:1:1: lock_retries must be a whole number, 0 or more`,
		"lock_retries = 99999999999":   `migr.toml:1:1: lock_retries is a number, but must be a whole number`,
		"lock_timeout = 3":             `migr.toml:1:1: lock_timeout is a number, but must be a duration such as "3s" | write the unit too`,
		"lock_timeout = '3'":           `migr.toml:1:1: lock_timeout is "3", which is no duration | write a number and its unit`,
		"lock_timeout = '-3s'":         `migr.toml:1:1: lock_timeout is "-3s", which is no duration | write a number and its unit`,
		"protected = 'yes'":            `migr.toml:1:1: protected is a string, but must be true or false`,
		"url = 2024-01-01":             `migr.toml:1:1: url is a date or time, but must be a string`,
		"models = 'schema.sql'":        `migr.toml:1:1: models is a string, but must be a list of strings | write models = ['schema.sql']`,
		"models = ['a', 1]":            `migr.toml:1:1: models is a list that not only strings are in, but must be a list of strings`,
		"lock = 'tabel'":               `migr.toml:1:1: lock is "tabel" | did you mean table? it is one of session, table`,
		"transaction = 'none'":         `migr.toml:1:1: transaction is "none" | it is one of revision, all, off`,
		"dir = ''":                     `migr.toml:1:1: dir is empty | write . for the folder itself`,
		"version_table = ''":           `migr.toml:1:1: version_table is empty | the default is "migr_version"`,
		"url = sqlite://a":             `migr.toml:1:7: is not TOML: `,
		"url = 'a'\nurl = 'b'":         `migr.toml:2:1: is not TOML: `,
		"[env.a]\n[env.a]":             `migr.toml:2:2: is not TOML: `,
		"url = 'a":                     `migr.toml:1:8: is not TOML: `,
		"dir = 'x'\n\x00":              `migr.toml:2: is not UTF-8 text | save it as UTF-8`,
		"dir = '\xe4'":                 `migr.toml:1: is not UTF-8 text | save it as UTF-8`,
		"\xff\xfed\x00i\x00r\x00":      `migr.toml: is written in UTF-16 | save it as UTF-8`,
		"\u00fc = 1":                   `migr.toml:1:1: is not TOML: `,
		"dir = 'ü' # x\n'ü x' = 1":     `migr.toml:2:1: unknown key "ü x" | known are`,
		"env = { a = { urk = 'x' } }":  `migr.toml:1:15: unknown key "urk" in [env.a] | did you mean url?`,
		"env.a.dir = 'x'\nenv.b = 'x'": `migr.toml:2:1: env.b is not a table | the keys`,
	} {
		_, err := Load(Inputs{Dir: project(t, map[string]string{"migr.toml": file})})
		if e, ok := err.(*Error); ok && strings.HasSuffix(want, "TOML: ") { // the rest is the library's
			if !strings.HasPrefix(e.Error(), want) {
				t.Errorf("%q: %v, want %s", file, err, want)
			}
			continue
		}
		check(t, file, err, want)
	}
}

// TestSyntaxKeepsSecrets: a broken line may hold a password.
func TestSyntaxKeepsSecrets(t *testing.T) {
	for _, line := range []string{
		"url = postgres://u:canary77@h/db", "url = 'postgres://u:canary77@h", `url = "postgres://u:\canary77@h"`, "postgres://u:canary77@h",
		`url = "postgres://u:canary77@h" canary77`, "canary77", `"canary77`, "url = canary77", `url = "oracle://u:canary77@h"`, `url = "u:canary77@h"`,
		`url = "postgres://u:canary77@h:port"`, `url = "postgres://u:canary77%${NOPE}"`, `url = ["postgres://u:canary77@h"]`,
	} {
		for _, name := range []string{"migr.toml", ".env"} {
			c, err := Load(Inputs{Dir: project(t, map[string]string{name: line})})
			if err == nil {
				_, err = c.URL()
			}
			if err == nil {
				if name == "migr.toml" {
					t.Errorf("%s: no error", line)
				}
				continue
			}
			if e, ok := err.(*Error); !ok || strings.Contains(e.Error()+e.Hint, "canary77") {
				t.Errorf("%s in %s: %v %s", line, name, err, e.Hint)
			}
		}
	}
}

func TestOtherErrors(t *testing.T) {
	dir := project(t, map[string]string{"migr.toml": "[env.prod]\n[env.dev]\n", "adir/x": ""})
	empty := t.TempDir()
	for name, c := range map[string]struct {
		in   Inputs
		want string
	}{
		"unknown env":      {Inputs{Dir: dir, EnvName: "prd"}, `migr.toml: --env names the environment "prd", which is not there | did you mean prod? known are dev, prod`},
		"by variable":      {Inputs{Dir: dir, Environ: []string{"MIGR_ENV=x"}}, `migr.toml: MIGR_ENV names the environment "x", which is not there | known are dev, prod`},
		"env without file": {Inputs{Dir: empty, EnvName: "x"}, `--env names the environment "x", but there is no migr.toml here or above`},
		"no such file":     {Inputs{Dir: dir, Config: "nowhere.toml"}, "nowhere.toml: reading the configuration: no such file or directory | `migr init`"},
		"a folder":         {Inputs{Dir: dir, Config: "adir"}, "adir: reading the configuration: is a directory"},
		"bad flag":         {Inputs{Dir: dir, Flags: map[string][]string{"lock-timeout": {"soon"}}}, `flag --lock-timeout: lock_timeout is "soon", which is no duration | write`},
		"bad variable":     {Inputs{Dir: dir, Environ: []string{"MIGR_ONLINE=maybe"}}, `environment MIGR_ONLINE: online must be true or false`},
		"bad number":       {Inputs{Dir: dir, Environ: []string{"MIGR_LOCK_RETRIES=x"}}, `environment MIGR_LOCK_RETRIES: lock_retries must be a whole number, 0 or more`},
		"no key":           {Inputs{Dir: dir, Flags: map[string][]string{"urk": {"x"}}}, `flag urk stands for no key | url`},
	} {
		if runtime.GOOS == "windows" && strings.Contains(c.want, "directory") {
			continue // the system's own words
		}
		_, err := Load(c.in)
		check(t, name, err, c.want)
	}
	_, err := load(t, Inputs{Dir: dir, Flags: map[string][]string{"url": {""}}}).URL()
	check(t, "empty flag", err, "flag --url: the URL is empty | is the variable empty that it was filled from?")
	_, err = load(t, Inputs{Dir: dir, Flags: map[string][]string{"url": {"postgers://h"}}}).URL()
	check(t, "bad URL", err, `flag --url: url: unknown scheme "postgers" in the database URL | did you mean postgres://?`)
}

func TestDotEnv(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\n\nthis is wrong\nB=2\n":    ".env:3: is not a list of NAME=VALUE lines | quote",
		"A=1\nB='open\nC=2\n":            ".env:2: is not a list of NAME=VALUE lines | quote",
		"A=1\nB=\"ok\n2\"\nMIGR_DIR=x\n": "",
		"":                               "",
		"\ufeffMIGR_DIR=x\r\n":           "",
		"# only\n":                       "",
	} {
		c, err := Load(Inputs{Dir: project(t, map[string]string{".env": text})})
		if want != "" {
			check(t, text, err, want)
		} else if err != nil || strings.Contains(text, "DIR") && filepath.Base(c.Dir) != "x" {
			t.Errorf("%q: %v", text, err)
		}
	}
	dir := project(t, map[string]string{".env/bin/python": ""}) // a virtualenv
	load(t, Inputs{Dir: dir})
}

func TestUnreadable(t *testing.T) {
	dir := project(t, map[string]string{"migr.toml": ""})
	if err := os.Chmod(filepath.Join(dir, "migr.toml"), 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(filepath.Join(dir, "migr.toml")); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	_, err := Load(Inputs{Dir: dir})
	check(t, "unreadable", err, "migr.toml: reading the configuration: permission denied")
}
