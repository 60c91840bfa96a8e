package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "set a project up: migr.toml, the migrations folder, a small schema.sql", Args: cobra.NoArgs,
		Long: `Writes migr.toml, the folder for revisions and, where no model is given, a small
schema.sql to begin with. What is there already is left as it is. --url,
--models and --dir are taken over into the configuration.`,
		Annotations: map[string]string{"config": "no"},
		RunE:        func(*cobra.Command, []string) error { return a.init() },
	}
}

const sampleSchema = `-- The schema that the database is to have. Change it, then run:
--   migr revision --autogenerate -m "what changed"
--   migr upgrade
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  name VARCHAR(100) NOT NULL
);
`

func (a *app) init() error {
	path := a.cfgPath
	if path == "" {
		path = "migr.toml"
	}
	at := a.abs(path)
	base := filepath.Dir(at)
	flag := func(name, value string) string {
		if f := a.flags.Lookup(name); f != nil && f.Changed {
			return f.Value.String()
		}
		return value
	}
	url := flag("url", "sqlite://app.db")
	if _, err := parseURL(url); err != nil && !strings.Contains(url, "${") {
		return err
	}
	models, _ := a.flags.GetStringArray("models")
	dir := flag("dir", "migrations")
	var made, kept []string
	write := func(file, text string) error {
		wrote, err := writeNew(file, []byte(text))
		if err != nil {
			return err
		}
		if wrote {
			made = append(made, a.shown(file))
		} else {
			kept = append(kept, a.shown(file))
		}
		return nil
	}
	sample := len(models) == 0
	if sample {
		models = []string{"schema.sql"}
	}
	if err := write(at, initText(url, dir, models)); err != nil {
		return err
	}
	folder := dir
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(base, folder)
	}
	shown := a.shown(folder) + string(filepath.Separator)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		made = append(made, shown)
	} else {
		kept = append(kept, shown)
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("making the folder for revisions: %w", err)
	}
	if sample {
		if err := write(filepath.Join(base, "schema.sql"), sampleSchema); err != nil {
			return err
		}
	}
	return a.result(map[string]any{"created": nonNil(made), "kept": nonNil(kept)}, func() {
		for _, f := range made {
			a.print("created %s", f)
		}
		for _, f := range kept {
			a.print("kept    %s", f)
		}
		a.note("next: migr revision --autogenerate -m \"first\" && migr upgrade")
	})
}

func nonNil(s []string) []string { return append([]string{}, s...) }

func (a *app) abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(a.dir, path)
}

// shown is a path as seen from the working directory, where that is possible.
func (a *app) shown(path string) string {
	if rel, err := filepath.Rel(a.dir, path); err == nil {
		return rel
	}
	return path
}

// writeNew makes a file, whole or not at all; one that is there stays.
func writeNew(path string, data []byte) (bool, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(path)
		return false, err
	}
	return true, nil
}

// initText is the configuration that init writes. A password does not belong
// into a file that is committed, so such a URL is left to the environment.
func initText(url, dir string, models []string) string {
	var b strings.Builder
	if hasPassword(url) {
		b.WriteString("# The URL has a password: set DATABASE_URL in the environment or in .env, which is not to be committed.\n")
		url = "${DATABASE_URL}"
	}
	quoted := make([]string, len(models))
	for i, m := range models {
		quoted[i] = strconv.Quote(m)
	}
	fmt.Fprintf(&b, "url    = %q\ndir    = %q\nmodels = [%s]\n", url, dir, strings.Join(quoted, ", "))
	return b.String()
}

func hasPassword(url string) bool {
	u, err := parseURL(url)
	return err == nil && u.Password != ""
}
