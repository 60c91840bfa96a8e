package output

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Node is a revision as it is drawn. A list of nodes is newest first; parents
// that are not in the list are left out.
type Node struct {
	ID        string
	Text      string // what stands beside it
	Label     string // its message, in diagrams
	Parents   []string
	DependsOn []string
	Filled    bool // it is applied
}

// HistoryGraph draws the nodes like `git log --graph`: one column for each line.
func HistoryGraph(w io.Writer, nodes []Node) error {
	known := map[string]bool{}
	for _, n := range nodes {
		known[n.ID] = true
	}
	d := &lanes{}
	for _, n := range nodes {
		parents := slices.DeleteFunc(slices.Clone(n.Parents), func(p string) bool { return !known[p] })
		d.node(n, parents)
	}
	_, err := io.WriteString(w, d.out.String())
	return err
}

// lanes are the columns: each waits for the revision that it leads to.
type lanes struct {
	waits []string
	out   strings.Builder
}

func (d *lanes) node(n Node, parents []string) {
	at := slices.Index(d.waits, n.ID)
	if at < 0 {
		at = len(d.waits)
		d.waits = append(d.waits, n.ID)
	}
	for { // lines that come together here
		other := lastIndex(d.waits, n.ID)
		if other == at {
			break
		}
		d.join(at, other)
	}
	row := d.bars()
	row[2*at] = '*'
	d.line(row, " "+n.Text)
	if len(parents) == 0 {
		d.end(at)
		return
	}
	d.waits[at] = parents[0]
	for _, p := range slices.Backward(parents[1:]) {
		d.fork(at, p)
	}
}

// bars is a row in which every line goes on.
func (d *lanes) bars() []byte {
	row := []byte(strings.Repeat("| ", len(d.waits)))
	return row
}

func (d *lanes) line(row []byte, text string) {
	d.out.WriteString(strings.TrimRight(strings.TrimRight(string(row), " ")+text, " ") + "\n")
}

// join leads the line of column from into that of column to, on its left.
func (d *lanes) join(to, from int) {
	row := d.bars()
	for k := to; k < from-1; k++ {
		row[2*k+1] = '_'
	}
	d.shift(row, from)
	row[2*from-1] = '/'
	d.line(row, "")
}

// end takes a column away that leads nowhere.
func (d *lanes) end(at int) {
	row := d.bars()
	last := at == len(d.waits)-1
	row[2*at] = ' '
	d.shift(row, at)
	if !last {
		d.line(row, "")
	}
}

// shift removes a column: those on its right move one to the left.
func (d *lanes) shift(row []byte, at int) {
	row[2*at] = ' '
	for k := at + 1; k < len(d.waits); k++ {
		row[2*k], row[2*k-1] = ' ', '/'
	}
	d.waits = slices.Delete(d.waits, at, at+1)
}

// fork begins a column on the right of one: those there move one to the right.
func (d *lanes) fork(at int, id string) {
	row := d.bars()
	row[2*at+1] = '\\'
	for k := at + 1; k < len(d.waits); k++ {
		row[2*k], row[2*k+1] = ' ', '\\'
	}
	d.line(row, "")
	d.waits = slices.Insert(d.waits, at+1, id)
}

func lastIndex(list []string, s string) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == s {
			return i
		}
	}
	return -1
}

// HistoryMermaid writes the nodes as a Mermaid flow chart, dependencies dotted.
func HistoryMermaid(w io.Writer, nodes []Node) error {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	number := map[string]int{}
	for i, n := range slices.Backward(nodes) {
		number[n.ID] = i
		fmt.Fprintf(&b, "  n%d[\"%s\"]\n", i, mermaidText(n))
	}
	edges(nodes, number, func(from, to int, dotted bool) {
		arrow := "-->"
		if dotted {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", from, arrow, to)
	})
	var applied []string
	for i, n := range slices.Backward(nodes) {
		if n.Filled {
			applied = append(applied, fmt.Sprintf("n%d", i))
		}
	}
	if len(applied) > 0 {
		b.WriteString("  classDef applied fill:#cfc\n  class " + strings.Join(applied, ",") + " applied\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mermaidText(n Node) string {
	escape := strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;", "#", "#35;", "\n", " ", "`", "'").Replace
	if n.Label == "" {
		return escape(n.ID)
	}
	return escape(n.ID) + "<br/>" + escape(n.Label)
}

// HistoryDot writes the nodes as a Graphviz graph, dependencies dashed.
func HistoryDot(w io.Writer, nodes []Node) error {
	var b strings.Builder
	b.WriteString("digraph history {\n  rankdir=TB;\n  node [shape=box];\n")
	number := map[string]int{}
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace
	for i, n := range slices.Backward(nodes) {
		number[n.ID] = i
		label := escape(n.ID)
		if n.Label != "" {
			label += `\n` + escape(n.Label)
		}
		style := ""
		if n.Filled {
			style = ", style=filled"
		}
		fmt.Fprintf(&b, "  n%d [label=\"%s\"%s];\n", i, label, style)
	}
	edges(nodes, number, func(from, to int, dashed bool) {
		style := ""
		if dashed {
			style = " [style=dashed]"
		}
		fmt.Fprintf(&b, "  n%d -> n%d%s;\n", from, to, style)
	})
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// edges calls f for each edge from what comes first to what follows, oldest first.
func edges(nodes []Node, number map[string]int, f func(from, to int, dependency bool)) {
	for i, n := range slices.Backward(nodes) {
		for _, p := range n.Parents {
			if from, ok := number[p]; ok {
				f(from, i, false)
			}
		}
		for _, p := range n.DependsOn {
			if from, ok := number[p]; ok {
				f(from, i, true)
			}
		}
	}
}
