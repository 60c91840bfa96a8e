package output

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/catalog"
)

// Mermaid writes the tables and their foreign keys as a Mermaid ER diagram.
func Mermaid(w io.Writer, c *catalog.Catalog) error {
	var b strings.Builder
	b.WriteString("erDiagram\n")
	for _, t := range tables(c) {
		fmt.Fprintf(&b, "  %s {\n", quoted(t.Path()))
		for _, col := range c.Parts(t.Key, "column") {
			fmt.Fprintf(&b, "    %s %s\n", word(col.Attrs["type"]), word(col.Name))
		}
		b.WriteString("  }\n")
	}
	for _, r := range references(c) {
		fmt.Fprintf(&b, "  %s }o--|| %s : %s\n", quoted(r.from), quoted(r.to), quoted(r.name))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Dot writes the tables and their foreign keys as a Graphviz graph.
func Dot(w io.Writer, c *catalog.Catalog) error {
	var b strings.Builder
	b.WriteString("digraph schema {\n  rankdir=LR;\n  node [shape=plaintext];\n")
	for _, t := range tables(c) {
		fmt.Fprintf(&b, "  %s [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\"><tr><td><b>%s</b></td></tr>", quoted(t.Path()), html(t.Path()))
		for _, col := range c.Parts(t.Key, "column") {
			fmt.Fprintf(&b, "<tr><td align=\"left\">%s %s</td></tr>", html(col.Name), html(col.Attrs["type"]))
		}
		b.WriteString("</table>>];\n")
	}
	for _, r := range references(c) {
		fmt.Fprintf(&b, "  %s -> %s [label=%s];\n", quoted(r.from), quoted(r.to), quoted(r.name))
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func tables(c *catalog.Catalog) []*catalog.Object {
	var all []*catalog.Object
	for _, o := range c.Objects {
		if o.Kind == "table" {
			all = append(all, o)
		}
	}
	return all
}

type reference struct{ from, to, name string }

// references finds the target of each foreign key: its Info where the engine
// tells it, else the table that it depends on.
func references(c *catalog.Catalog) []reference {
	var all []reference
	for _, o := range c.Objects {
		if o.Kind != "foreign_key" {
			continue
		}
		to := o.Info["references"]
		for _, d := range o.Deps {
			if to == "" && d.Kind == "table" && d != o.TableKey() {
				to = d.Path()
			}
		}
		if to == "" {
			to = o.TableKey().Path()
		}
		all = append(all, reference{o.TableKey().Path(), to, o.Name})
	}
	return all
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`"`, "'", "\n", " ", `\`, "/").Replace(s) + `"`
}

func html(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

var notWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\p{L}\p{N}_-]+`) })

// word is what Mermaid takes as a type or a name.
func word(s string) string {
	s = strings.Trim(notWord().ReplaceAllString(s, "_"), "_")
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "_" + s
	}
	return s
}
