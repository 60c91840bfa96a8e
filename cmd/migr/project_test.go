package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

const projectDir = "../../testdata/projects"

// project NAME: a copy of testdata/projects/NAME, in a folder of that name, and
// the Go tool's own settings, which scripts else do not have (no HOME).
func cmdProject(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: project NAME")
	}
	to := ts.MkAbs(args[0])
	ts.Check(os.CopyFS(to, os.DirFS(filepath.Join(projectDir, args[0]))))
	cmdGoSettings(ts, false, nil)
}

// go-settings: the Go tool's own settings, without a project.
func cmdGoSettings(ts *testscript.TestScript, _ bool, _ []string) {
	env, err := goSettings()
	ts.Check(err)
	for k, v := range env {
		ts.Setenv(k, v)
	}
}

var goSettings = sync.OnceValues(func() (map[string]string, error) {
	out, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOTOOLCHAIN", "GONOSUMDB").Output()
	if err != nil {
		return nil, err
	}
	env := map[string]string{"CGO_ENABLED": "0"}
	return env, json.Unmarshal(out, &env)
})
