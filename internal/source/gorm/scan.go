package gorm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/source"
)

// declarations are the struct types of a package and what makes them models.
type declarations struct {
	at       map[string]token.Position
	structs  map[string]*ast.StructType
	named    map[string]bool // has a TableName method
	embedded map[string]bool // stands in another struct, whose columns its fields are
	order    []string
}

// declarations reads the package's files, without what they import.
func (p *pack) declarations() (*declarations, error) {
	d := &declarations{map[string]token.Position{}, map[string]*ast.StructType{}, map[string]bool{}, map[string]bool{}, nil}
	fset := token.NewFileSet()
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, &source.Error{File: p.ImportPath, Msg: err.Error(), Err: err}
		}
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.GenDecl:
				d.types(fset, decl)
			case *ast.FuncDecl:
				if decl.Recv != nil && decl.Name.Name == "TableName" && len(decl.Recv.List) == 1 {
					d.named[typeName(decl.Recv.List[0].Type)] = true
				}
			}
		}
	}
	for _, s := range d.structs {
		for _, f := range s.Fields.List {
			if len(f.Names) == 0 || hasSetting(f, "EMBEDDED") {
				d.embedded[typeName(f.Type)] = true
			}
		}
	}
	return d, nil
}

func (d *declarations) types(fset *token.FileSet, decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		t, ok := spec.(*ast.TypeSpec)
		if !ok || t.TypeParams != nil || t.Assign.IsValid() {
			continue
		}
		if s, ok := t.Type.(*ast.StructType); ok {
			d.structs[t.Name.Name] = s
			d.at[t.Name.Name] = fset.Position(t.Pos())
			d.order = append(d.order, t.Name.Name)
		}
	}
}

// models are the exported structs that embed gorm.Model, have a field with a
// gorm tag, or a TableName method. One that stands in another as a part of it is
// a model only by its TableName.
func (d *declarations) models() []string {
	var out []string
	for _, n := range d.order {
		if ast.IsExported(n) && (d.named[n] || !d.embedded[n] && d.modelled(n, nil)) {
			out = append(out, n)
		}
	}
	return out
}

func (d *declarations) modelled(name string, seen []string) bool {
	s := d.structs[name]
	if s == nil || slices.Contains(seen, name) {
		return false
	}
	for _, f := range s.Fields.List {
		if tag(f, "gorm") != "" {
			return true
		}
		if len(f.Names) > 0 {
			continue
		}
		if sel, ok := star(f.Type).(*ast.SelectorExpr); ok && sel.Sel.Name == "Model" {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "gorm" {
				return true
			}
		}
		if d.modelled(typeName(f.Type), append(seen, name)) {
			return true
		}
	}
	return false
}

func star(x ast.Expr) ast.Expr {
	if s, ok := x.(*ast.StarExpr); ok {
		return s.X
	}
	return x
}

// typeName is the name of a type of this package, or "".
func typeName(x ast.Expr) string {
	if id, ok := star(x).(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func tag(f *ast.Field, key string) string {
	if f.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(text).Get(key)
}

func hasSetting(f *ast.Field, name string) bool {
	for s := range strings.SplitSeq(tag(f, "gorm"), ";") {
		if key, _, _ := strings.Cut(strings.TrimSpace(s), ":"); strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}
