package gorm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/cache"
	"github.com/migr-dev/migr/internal/memo"
	"github.com/migr-dev/migr/internal/sqltext"
)

// question is this source as its statements are remembered: goTool is the path
// of the Go tool.
func (m *models) question(goTool string, f sqltext.Family) memo.Question {
	env := m.options.Env
	if env == nil {
		env = (&exec.Cmd{}).Environ()
	}
	return memo.Question{
		Place: cache.Key("gorm", m.spec, m.dir, string(f)),
		Key:   cache.Key(m.spec, m.dir, string(f), goTool, programText, fmt.Sprint(m.options.Product)),
		Env:   env,
	}
}

// remember keeps the statements, with all that they were made from: each file of
// the package and of those that it imports, as far as they are not the standard
// library's or a released version's (which go.sum pins); the names in their
// folders; the module files; the Go tool; and the environment. Where the Go tool
// cannot tell all of that, they are not kept.
func (m *models) remember(ctx context.Context, p *pack, d driver, q memo.Question, goTool string, began time.Time, stmts []sqltext.Stmt) error {
	if m.options.Cache.Path == "" {
		return nil
	}
	files, err := m.sources(ctx, p, d)
	if ctx.Err() != nil || files == nil {
		return err
	}
	for _, name := range p.settings(goTool) {
		files[name] = memo.Content
	}
	files[goTool] = memo.Stamp
	memo.Put(m.options.Cache, q, memo.From{Files: files, Whole: true, Began: began}, stmts)
	return nil
}

// settings are the files that say what the Go tool builds with.
func (p *pack) settings(goTool string) []string {
	out := []string{p.userEnv, filepath.Join(p.goRoot, "VERSION")}
	if real, err := filepath.EvalSymlinks(goTool); err == nil {
		out = append(out, filepath.Join(filepath.Dir(filepath.Dir(real)), "VERSION"))
	}
	if p.work != "" {
		out = append(out, p.work, p.work+".sum", filepath.Join(filepath.Dir(p.work), "vendor", "modules.txt"))
	}
	for _, n := range []string{"go.mod", "go.sum", "vendor/modules.txt"} {
		out = append(out, filepath.Join(filepath.Dir(p.Module.GoMod), filepath.FromSlash(n)))
	}
	return out
}

// A dependency is a package as `go list -deps` tells it.
type dependency struct {
	Dir      string
	Standard bool
	Module   *struct {
		GoMod, Version string
		Main           bool
		Replace        *struct{ Version string }
	}
	Error, DepsErrors json.RawMessage

	GoFiles, CgoFiles, CFiles, HFiles, SFiles, EmbedFiles []string
	IgnoredGoFiles, IgnoredOtherFiles                     []string // left out by a build tag, until it is another
}

// inputs adds the files and folders of the package: each file's content, and the
// names in its folder and in those that it embeds from.
func (d *dependency) inputs(files map[string]string) {
	files[d.Dir] = memo.Names
	if d.Module != nil && d.Module.GoMod != "" {
		files[d.Module.GoMod] = memo.Content
	}
	for _, list := range [][]string{d.GoFiles, d.CgoFiles, d.CFiles, d.HFiles, d.SFiles, d.EmbedFiles, d.IgnoredGoFiles, d.IgnoredOtherFiles} {
		for _, name := range list {
			files[filepath.Join(d.Dir, filepath.FromSlash(name))] = memo.Content
		}
	}
	for _, name := range d.EmbedFiles {
		for folder := path.Dir(name); folder != "." && folder != "/"; folder = path.Dir(folder) {
			files[filepath.Join(d.Dir, filepath.FromSlash(folder))] = memo.Names
		}
	}
}

// pinned tells whether a package cannot change but by go.mod, go.sum or the Go
// tool.
func (d *dependency) pinned() bool {
	if d.Standard {
		return true
	}
	m := d.Module
	if m == nil || m.Main || m.GoMod == "" { // of the module, or a vendor folder's
		return false
	}
	return m.Replace == nil || m.Replace.Version != ""
}

// sources are the files and folders that the models are compiled from; nil where
// the Go tool does not know them all.
func (m *models) sources(ctx context.Context, p *pack, d driver) (map[string]string, error) {
	const what = "-json=Dir,Standard,Module,Error,DepsErrors,GoFiles,CgoFiles,CFiles,HFiles,SFiles,EmbedFiles,IgnoredGoFiles,IgnoredOtherFiles"
	out, err := m.tool(ctx, p.Dir, "list", "-e", "-deps", what, ".", d.Path)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var d dependency
		if err := dec.Decode(&d); errors.Is(err, io.EOF) {
			return files, nil
		} else if err != nil {
			return nil, m.failed("the Go tool does not tell what the models import: "+err.Error(), "", err)
		}
		if d.pinned() {
			continue
		}
		if d.Dir == "" || len(d.Error)+len(d.DepsErrors) > 0 {
			return nil, nil
		}
		d.inputs(files)
	}
}

// goEnv asks the Go tool for what is in force in the package's folder.
func (m *models) goEnv(ctx context.Context, p *pack) error {
	out, err := m.tool(ctx, p.Dir, "env", "GOWORK", "GOENV", "GOROOT")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.ReplaceAll(string(out), "\r", "")+"\n\n\n", "\n")
	p.work, p.userEnv, p.goRoot = lines[0], lines[1], lines[2]
	if p.work == "off" {
		p.work = ""
	}
	return nil
}
