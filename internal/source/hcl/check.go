package hcl

import (
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/migr-dev/migr/internal/source"
)

// check makes sure that all of the file will be read, and that no name holds a
// quotation mark, which Atlas's planner would write as it is.
func (doc *document) check(d *dialect) error {
	if err := checkBody("", doc.body, d.vocabulary, d); err != nil {
		return err
	}
	for _, b := range doc.body.Blocks {
		if b.Type == "schema" {
			return nil
		}
	}
	return &source.Error{
		File: doc.name, Msg: "there is no schema block",
		Hint: `write schema "` + d.home + `" {}, and schema = schema.` + d.home + " in each table",
	}
}

func checkBody(in string, body *hclsyntax.Body, v *block, d *dialect) error {
	for _, a := range sorted(body.Attributes) {
		if !v.allows(a.Name) {
			where := "at the top of the file"
			if in != "" {
				where = "in a block " + in
			}
			return at(a.NameRange, "take it out, or write the object in SQL beside this file",
				"the attribute %s %s is not known for %s: Atlas would pass over it", a.Name, where, d.name)
		}
	}
	for _, b := range body.Blocks {
		if err := checkBlock(in, b, v, d); err != nil {
			return err
		}
	}
	return nil
}

func checkBlock(in string, b *hclsyntax.Block, v *block, d *dialect) error {
	w := v.blocks[b.Type]
	if w == nil {
		what := b.Type
		for _, l := range b.Labels {
			what += ` "` + l + `"`
		}
		hint := elsewhere[b.Type]
		if hint == "" {
			hint = "is the word right? " + sqlBesides
		}
		if in != "" {
			what += " in a block " + in
		}
		return at(b.TypeRange, hint, "the block %s is not read for %s: Atlas would pass over it", what, d.name)
	}
	if len(b.Labels) > w.labels {
		hint := ""
		if b.Type == "primary_key" {
			hint = "leave the name out: the server's own is the table's with _pkey"
		}
		return at(b.LabelRanges[w.labels], hint, "a block %s may not have the label %q here", b.Type, b.Labels[w.labels])
	}
	for i, l := range b.Labels {
		if strings.ContainsAny(l, "\"`\x00") {
			return at(b.LabelRanges[i], "a name with a quotation mark cannot be written through HCL: use SQL for it", "the name %q has a quotation mark in it", l)
		}
	}
	return checkBody(b.Type, b.Body, w, d)
}

func (v *block) allows(attr string) bool {
	return v.attrs == "*" || slices.Contains(strings.Fields(v.attrs), attr)
}

// sorted lists attributes as they stand in the file.
func sorted(attrs hclsyntax.Attributes) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(attrs))
	for _, a := range attrs {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
	return out
}

// checkVariables makes sure that each value given has a variable that takes it,
// and that each variable without a default has a value.
func (doc *document) checkVariables(spec string, given url.Values) error {
	known := map[string]bool{}
	for _, b := range doc.body.Blocks {
		if b.Type != "variable" || len(b.Labels) != 1 {
			continue
		}
		name := b.Labels[0]
		known[name] = true
		if _, ok := given[name]; !ok && b.Body.Attributes["default"] == nil {
			return at(b.TypeRange, "give it behind the file's name: "+spec+"?"+name+"=VALUE", "the variable %s has no value and no default", name)
		}
	}
	for name := range given {
		if !known[name] {
			return &source.Error{File: spec, Msg: "there is no variable " + name + " in this file", Hint: `declare it: variable "` + name + `" { type = string }`}
		}
	}
	return nil
}
