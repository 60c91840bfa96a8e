package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
)

// openEditor runs $VISUAL or $EDITOR, which may have arguments, on a file and
// waits for it.
func (a *app) openEditor(ctx context.Context, path string) error {
	editor := a.env("VISUAL")
	if editor == "" {
		editor = a.env("EDITOR")
	}
	if editor == "" {
		return &problem{exit: exitUsage, code: "usage", what: "no editor is set", hint: "set EDITOR, or open " + path + " yourself"}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(a.dir, path)
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", path)
	if runtime.GOOS == "windows" {
		cmd = exec.CommandContext(ctx, "cmd", "/c", editor, path)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.stderr, a.stderr
	cmd.Env = a.environ
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running the editor %s: %w", editor, err)
	}
	return nil
}
