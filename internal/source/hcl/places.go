package hcl

import (
	"regexp"
	"sync"

	"ariga.io/atlas/sql/schema"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// places are where the blocks of a document stand, by sort and name. Two tables
// of one name in two schemas are told apart by their first label.
type places struct {
	at    map[[2]string]hcl.Range
	start hcl.Range
}

func (doc *document) places() *places {
	p := &places{at: map[[2]string]hcl.Range{}}
	for i, b := range doc.body.Blocks {
		r := b.DefRange()
		if i == 0 {
			p.start = r
		}
		if n := len(b.Labels); n > 0 {
			p.at[[2]string{b.Type, b.Labels[n-1]}] = r
			if n > 1 {
				p.at[[2]string{b.Type, b.Labels[0] + "." + b.Labels[1]}] = r
			}
		}
	}
	return p
}

// of is the place of what a statement makes: of its table where it makes a part.
func (p *places) of(c schema.Change) hcl.Range {
	switch c := c.(type) {
	case *schema.AddSchema:
		return p.named("schema", nil, c.S.Name)
	case *schema.AddTable:
		return p.named("table", c.T.Schema, c.T.Name)
	case *schema.ModifyTable:
		return p.named("table", c.T.Schema, c.T.Name)
	case *schema.AddIndex:
		return p.named("table", c.I.Table.Schema, c.I.Table.Name)
	case *schema.AddObject:
		if e, ok := c.O.(*schema.EnumType); ok {
			return p.named("enum", e.Schema, e.T)
		}
	}
	return p.start
}

func (p *places) named(sort string, s *schema.Schema, name string) hcl.Range {
	if s != nil {
		if r, ok := p.at[[2]string{sort, s.Name + "." + name}]; ok {
			return r
		}
	}
	if r, ok := p.at[[2]string{sort, name}]; ok {
		return r
	}
	return p.start
}

var blockName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(table|enum|schema) "([^"]+)"`) })

// told is the place of the first block that Atlas names in an error.
func (p *places) told(msg string) hcl.Range {
	for _, m := range blockName().FindAllStringSubmatch(msg, -1) {
		if r, ok := p.at[[2]string{m[1], m[2]}]; ok {
			return r
		}
	}
	return p.start
}

// stranger is the place of the first columns = […] that names another table, or
// that of the document.
func (doc *document) stranger() hcl.Range {
	for _, t := range doc.body.Blocks {
		if t.Type != "table" || len(t.Labels) == 0 {
			continue
		}
		for _, b := range t.Body.Blocks {
			if r, ok := otherTable(b, t.Labels[len(t.Labels)-1]); ok {
				return r
			}
		}
	}
	return doc.places().start
}

// otherTable finds table.OTHER in a block's columns.
func otherTable(b *hclsyntax.Block, own string) (hcl.Range, bool) {
	a := b.Body.Attributes["columns"]
	if a == nil {
		return hcl.Range{}, false
	}
	for _, v := range a.Expr.Variables() {
		if step, ok := stepName(v, 1); ok && v.RootName() == "table" && step != own {
			return v.SourceRange(), true
		}
	}
	return hcl.Range{}, false
}

func stepName(v hcl.Traversal, i int) (string, bool) {
	if len(v) <= i {
		return "", false
	}
	a, ok := v[i].(hcl.TraverseAttr)
	return a.Name, ok
}
