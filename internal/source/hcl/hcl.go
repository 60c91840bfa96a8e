// Package hcl is the model source of Atlas schema files: HCL is evaluated into
// Atlas's schema model, whose planner writes the DDL. No database is asked.
//
// Atlas (ariga.io/atlas v1.2.0) passes over what it does not know: blocks such
// as view or trigger, and attributes such as deferrable. Here each of them is
// an error with its place, for a model that is half read is a wrong model.
package hcl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Open makes the source for PATH.hcl, or a pattern that ends in .hcl whose files
// are one schema. Input variables follow a question mark, as in a URL:
// schema.hcl?tenant=acme&size=10. It is called in the program migr-hcl; what
// migr itself lists is hclprogram's Kind.
func Open(dir, spec string, _ source.Options) (source.Source, error) {
	name, query, _ := strings.Cut(spec, "?")
	vars, err := url.ParseQuery(query)
	if err != nil {
		return nil, &source.Error{
			File: spec, Msg: "the variables behind the question mark cannot be read: " + err.Error(),
			Hint: "write them as in a URL: schema.hcl?tenant=acme&size=10", Err: err,
		}
	}
	return &model{dir: dir, spec: name, vars: vars}, nil
}

// A model is one spec.
type model struct {
	dir, spec string
	vars      url.Values
}

// DDL evaluates the files as one schema.
func (m *model) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	d := dialectOf(f)
	if d == nil {
		return nil, &source.Error{File: m.spec, Msg: fmt.Sprintf("HCL is not read for %s", f)}
	}
	doc, err := m.parse()
	if err != nil {
		return nil, err
	}
	if err := doc.check(d); err != nil {
		return nil, err
	}
	if err := doc.checkVariables(m.spec, m.vars); err != nil {
		return nil, err
	}
	return d.ddl(ctx, doc, m.inputs())
}

// inputs are the variables as Atlas takes them; one given twice is a list.
func (m *model) inputs() map[string]cty.Value {
	in := make(map[string]cty.Value, len(m.vars))
	for name, vs := range m.vars {
		if len(vs) == 1 {
			in[name] = cty.StringVal(vs[0])
			continue
		}
		var list []cty.Value
		for _, v := range vs {
			list = append(list, cty.StringVal(v))
		}
		in[name] = cty.ListVal(list)
	}
	return in
}

// A document is the files of a spec as one body, so that they may refer to one
// another.
type document struct {
	name string
	body *hclsyntax.Body
}

func (m *model) parse() (*document, error) {
	names, err := m.files()
	if err != nil {
		return nil, err
	}
	p := hclparse.NewParser()
	doc := &document{name: m.spec, body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}}
	for _, name := range names {
		text, err := os.ReadFile(m.full(name))
		if err != nil {
			return nil, unreadable(name, err)
		}
		file, diags := p.ParseHCL(text, name)
		if diags.HasErrors() {
			return nil, diagnosed(name, diags)
		}
		body := file.Body.(*hclsyntax.Body)
		doc.body.Blocks = append(doc.body.Blocks, body.Blocks...)
		for k, a := range body.Attributes {
			doc.body.Attributes[k] = a
		}
		doc.body.SrcRange, doc.body.EndRange = body.SrcRange, body.EndRange
	}
	return doc, nil
}

// files lists the files of the spec, relative to dir where the spec is.
func (m *model) files() ([]string, error) {
	if !strings.ContainsAny(m.spec, "*?[") {
		return []string{filepath.ToSlash(filepath.Clean(m.spec))}, nil
	}
	found, err := filepath.Glob(m.full(m.spec))
	if err != nil {
		return nil, &source.Error{File: m.spec, Err: err, Msg: "this is not a pattern that can be read"}
	}
	if len(found) == 0 {
		return nil, &source.Error{File: m.spec, Msg: "no file matches this pattern", Hint: "paths start from the folder of migr.toml: " + m.dir}
	}
	for i, p := range found {
		if rel, err := filepath.Rel(m.dir, p); err == nil && !filepath.IsAbs(m.spec) {
			found[i] = filepath.ToSlash(rel)
		}
	}
	slices.Sort(found)
	return found, nil
}

func (m *model) full(name string) string {
	p := filepath.FromSlash(name)
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(m.dir, p)
}

func unreadable(name string, err error) error {
	e := &source.Error{File: name, Err: err, Msg: "this cannot be read: " + err.Error()}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		e.Msg = "this cannot be read: " + pe.Err.Error()
	}
	if errors.Is(err, fs.ErrNotExist) {
		e.Msg, e.Hint = "there is no such model file", "paths start from the folder of migr.toml"
	}
	return e
}

// diagnosed turns HCL's own diagnostics into an error with the place of the first.
func diagnosed(name string, diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		e := &source.Error{File: name, Msg: d.Summary, Err: diags}
		if d.Detail != "" {
			e.Msg += ": " + d.Detail
		}
		if d.Subject != nil {
			e.Line, e.Col = d.Subject.Start.Line, d.Subject.Start.Column
			if d.Subject.Filename != "" {
				e.File = d.Subject.Filename
			}
		}
		return e
	}
	return &source.Error{File: name, Msg: diags.Error(), Err: diags}
}

// at is an error at a place of the text.
func at(r hcl.Range, hint, format string, args ...any) error {
	return &source.Error{File: r.Filename, Line: r.Start.Line, Col: r.Start.Column, Msg: fmt.Sprintf(format, args...), Hint: hint}
}
