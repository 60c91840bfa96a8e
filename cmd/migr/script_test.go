package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/migr-dev/migr/internal/testdb"
)

var update = flag.Bool("update", false, "rewrite what the scripts' cmp commands compare with")

const scriptDir = "../../testdata/script"

// TestScript runs testdata/script/*.txtar, each in a folder of its own. A line
//
//	# engines: sqlite postgres postgres18 mariadb mysql
//
// runs the script once on each, with $ENGINE set and $URL naming a fresh
// database; so does a name that begins with an engine ("mysql_lock.txtar";
// "postgres_" means both PostgreSQL versions, "server_" all but SQLite). Any
// other script is run once, without a database. CONTRIBUTING.md lists the
// commands and conditions.
func TestScript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(scriptDir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", scriptDir, err)
	}
	byEngine := map[string][]string{}
	for _, f := range files {
		names, err := scriptEngines(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			byEngine[n] = append(byEngine[n], f)
		}
	}
	if fs := byEngine[""]; fs != nil {
		t.Run("any", func(t *testing.T) { runScripts(t, nil, fs) })
	}
	for _, e := range testdb.Engines() {
		if fs := byEngine[e.Name]; fs != nil {
			t.Run(e.Name, func(t *testing.T) { runScripts(t, &e, fs) })
		}
	}
}

func runScripts(t *testing.T, e *testdb.Engine, files []string) {
	if e != nil && e.Env != "" {
		e.Admin(t) // skips, or fails, all of them at once
	}
	testscript.Run(t, testscript.Params{
		Files:              files,
		Setup:              func(env *testscript.Env) error { return setupScript(env, e) },
		Condition:          func(c string) (bool, error) { return scriptCondition(c, e) },
		Cmds:               scriptCommands(),
		UpdateScripts:      *update,
		RequireUniqueNames: true,
	})
}

func setupScript(env *testscript.Env, e *testdb.Engine) error {
	env.Values[keyT{}] = env.T()
	env.Setenv("MIGR_TEST_CLOCK", "2026-11-22T16:40:12Z")
	env.Setenv("MIGR_TEST_IDS", filepath.Join(env.WorkDir, ".tmp", "ids"))
	env.Setenv("NO_COLOR", "1")
	if e == nil {
		return nil
	}
	env.Setenv("ENGINE", e.Name)
	u, err := scriptDatabase(env.WorkDir, *e, env.Defer)
	env.Setenv("URL", u)
	return err
}

// scriptDatabase makes a database that goes away at the end of the script.
func scriptDatabase(dir string, e testdb.Engine, atEnd func(func())) (string, error) {
	if e == testdb.EngineSQLite {
		for i := 1; ; i++ {
			f := filepath.Join(dir, ".tmp", fmt.Sprintf("test%d.db", i))
			if _, err := os.Stat(f); err != nil {
				return testdb.SQLiteURL(f), os.WriteFile(f, nil, 0o600) // an empty file is an empty database
			}
		}
	}
	u, drop, err := e.Create(context.Background())
	if err != nil {
		return "", err
	}
	atEnd(func() {
		if err := drop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	return u, nil
}

var prefixes = map[string][]string{
	"sqlite":     {"sqlite"},
	"postgres":   {"postgres", "postgres18"},
	"postgres18": {"postgres18"},
	"mariadb":    {"mariadb"},
	"mysql":      {"mysql"},
	"server":     {"postgres", "postgres18", "mariadb", "mysql"},
	"all":        {"sqlite", "postgres", "postgres18", "mariadb", "mysql"},
}

// scriptEngines returns the engines that a script is to be run on; "" is none.
func scriptEngines(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan() && !strings.HasPrefix(s.Text(), "-- "); {
		list, ok := strings.CutPrefix(s.Text(), "# engines:")
		if !ok {
			continue
		}
		var names []string
		for _, w := range strings.Fields(list) {
			switch _, known := testdb.Lookup(w); {
			case w == "all" || w == "server":
				names = append(names, prefixes[w]...)
			case known:
				names = append(names, w)
			default:
				return nil, fmt.Errorf("%s: no engine %q", file, w)
			}
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s: # engines: names none", file)
		}
		return names, nil
	}
	word, _, _ := strings.Cut(filepath.Base(file), "_")
	if names, ok := prefixes[word]; ok {
		return names, nil
	}
	return []string{""}, nil
}

// scriptCondition answers [sqlite], [postgres], [postgres18], [mariadb], [mysql],
// and the families [pg], [my] and [server]. In a script that runs on an engine it
// is about that engine; in another, whether such a server is there.
func scriptCondition(cond string, e *testdb.Engine) (bool, error) {
	family := map[string][]string{
		"sqlite": {"sqlite"}, "postgres": {"postgres"}, "postgres18": {"postgres18"}, "mariadb": {"mariadb"}, "mysql": {"mysql"},
		"pg": {"postgres", "postgres18"}, "my": {"mariadb", "mysql"}, "server": prefixes["server"],
	}
	names, ok := family[cond]
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	if e != nil {
		return slices.Contains(names, e.Name), nil
	}
	for _, n := range names {
		if x, _ := testdb.Lookup(n); x.Available() {
			return true, nil
		}
	}
	return false, nil
}
