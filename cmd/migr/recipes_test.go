package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/migr-dev/migr/internal/testdb"
)

// TestRecipes runs testdata/recipes: the tools that docs/models.md names as model
// sources, fetched from their registries. That takes minutes and the network, so
// only "make recipes" does it.
func TestRecipes(t *testing.T) {
	if os.Getenv("MIGR_TEST_RECIPES") == "" {
		t.Skip("make recipes runs these")
	}
	files, err := filepath.Glob("../../testdata/recipes/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recipes: %v", err)
	}
	for _, e := range testdb.Engines() {
		var on []string
		for _, f := range files {
			names, err := scriptEngines(f)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(names, e.Name) {
				on = append(on, f)
			}
		}
		if len(on) == 0 {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			e.Admin(t)
			testscript.Run(t, testscript.Params{
				Files: on,
				Setup: func(env *testscript.Env) error {
					env.Setenv("HOME", filepath.Join(env.WorkDir, ".tmp"))
					for _, name := range []string{"NPM_CONFIG_USERCONFIG", "npm_config_registry", "NPM_CONFIG_REGISTRY", "HTTPS_PROXY", "https_proxy"} {
						if v, ok := os.LookupEnv(name); ok {
							env.Setenv(name, v)
						}
					}
					if home, err := os.UserHomeDir(); err == nil && os.Getenv("NPM_CONFIG_USERCONFIG") == "" {
						env.Setenv("NPM_CONFIG_USERCONFIG", filepath.Join(home, ".npmrc"))
					}
					return setupScript(env, &e)
				},
				Condition: func(c string) (bool, error) { return scriptCondition(c, &e) },
				Cmds:      scriptCommands(),
			})
		})
	}
}
