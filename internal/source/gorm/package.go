package gorm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// below is the folder that the generated program seems to stand in, under the
// models' package. It is never made.
const below = "migr_gorm_program"

// A pack is a package as the Go tool knows it.
type pack struct {
	ImportPath, Name, Dir string
	GoFiles               []string
	Module                *struct{ Path, Dir, GoMod string }
	Error                 *struct{ Err string }

	work    string // the go.work in force, or ""
	userEnv string // the file of "go env -w"
	goRoot  string
}

// find asks the Go tool for the package.
func (m *models) find(ctx context.Context) (*pack, error) {
	const what = "-json=ImportPath,Name,Dir,GoFiles,Module,Error"
	dir, target := m.dir, m.pkg
	if filepath.IsAbs(target) || strings.HasPrefix(target, ".") {
		if !filepath.IsAbs(target) {
			target = filepath.Join(m.dir, filepath.FromSlash(target))
		}
		if info, err := os.Stat(target); err != nil || !info.IsDir() {
			return nil, m.failed("there is no folder "+m.pkg, "it starts from the folder of migr.toml: "+m.dir, err)
		}
		dir, target = target, "."
	}
	out, err := m.tool(ctx, dir, "list", "-e", what, target)
	if err != nil {
		return nil, err
	}
	var p pack
	if err := json.Unmarshal(out, &p); err != nil {
		return nil, m.failed("the Go tool does not tell one package: "+err.Error(), "name one package, not a pattern", err)
	}
	switch {
	case p.Error != nil && len(p.GoFiles) == 0:
		return nil, m.failed(strings.TrimSpace(p.Error.Err), "the folder starts from that of migr.toml: "+m.dir, nil)
	case p.Module == nil || p.Module.GoMod == "":
		return nil, m.failed("this package is in no module", "migr.toml must stand in the Go module of the models, or below it", nil)
	case p.Name == "main":
		return nil, m.failed("the models are in a package main, which cannot be imported", "move them into a package of their own", nil)
	}
	return &p, m.goEnv(ctx, &p)
}

func (m *models) tool(ctx context.Context, dir string, args ...string) ([]byte, error) {
	run := source.Program{Name: m.spec, Args: append([]string{"go"}, args...), Dir: dir, Env: m.options.Env, Timeout: m.options.Timeout}
	out, _, err := run.Run(ctx)
	return out, err
}

// A driver is GORM's for one family.
type driver struct {
	Path string // of its package
	New  string // the Dialector on the connection db
}

var drivers = map[sqltext.Family][]driver{
	sqltext.Postgres: {{"gorm.io/driver/postgres", "driver.New(driver.Config{Conn: db})"}},
	sqltext.MySQL:    {{"gorm.io/driver/mysql", "driver.New(driver.Config{Conn: db})"}},
	sqltext.SQLite: {
		{"gorm.io/driver/sqlite", "&driver.Dialector{Conn: db}"},
		{"github.com/glebarez/sqlite", "&driver.Dialector{Conn: db}"},
	},
}

// driver picks the GORM driver for the database from those that the project's
// module requires. Others are not fetched: they would bring another GORM.
func (m *models) driver(ctx context.Context, p *pack, f sqltext.Family) (driver, error) {
	out, err := m.tool(ctx, p.Dir, "mod", "edit", "-json", p.Module.GoMod)
	if err != nil {
		return driver{}, err
	}
	var mod struct{ Require []struct{ Path string } }
	if err := json.Unmarshal(out, &mod); err != nil {
		return driver{}, m.failed("the Go tool does not tell what the module requires: "+err.Error(), "", err)
	}
	required := map[string]bool{}
	for _, r := range mod.Require {
		required[r.Path] = true
	}
	if !required["gorm.io/gorm"] {
		return driver{}, m.failed("the module "+p.Module.Path+" does not require gorm.io/gorm", "go get gorm.io/gorm", nil)
	}
	var paths []string
	for _, d := range drivers[f] {
		if required[d.Path] {
			return d, nil
		}
		paths = append(paths, d.Path)
	}
	return driver{}, m.failed("the module "+p.Module.Path+" has no GORM driver for this database", "go get "+strings.Join(paths, ", or go get "), nil)
}

// flags are those of go run that put the program in its place and leave the
// project's files alone.
func (p *pack) flags(tmp, main string) ([]string, error) {
	place := filepath.Join(p.Dir, below, "main.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {place: main}})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		return nil, err
	}
	flags := []string{"-overlay=" + file}
	if p.work != "" {
		return append(flags, "-mod=readonly"), nil // a workspace takes no -modfile
	}
	if _, err := os.Stat(filepath.Join(p.Module.Dir, "vendor", "modules.txt")); err == nil {
		return append(flags, "-mod=vendor"), nil
	}
	mod := filepath.Join(tmp, "go.mod")
	if err := copyFile(p.Module.GoMod, mod); err != nil {
		return nil, err
	}
	sum := strings.TrimSuffix(p.Module.GoMod, ".mod") + ".sum"
	if err := copyFile(sum, filepath.Join(tmp, "go.sum")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return append(flags, "-modfile="+mod, "-mod=mod"), nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, bytes.Clone(text), 0o600)
}
