package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/dburl"
)

// TestReference keeps docs/commands.md and the table of docs/configuration.md to
// what --help and the configuration's keys say; -update rewrites them.
func TestReference(t *testing.T) {
	for path, text := range map[string]string{
		"../../docs/commands.md":      commandReference(),
		"../../docs/configuration.md": withTable(t, "../../docs/configuration.md", keyTable()),
	} {
		have, err := os.ReadFile(path)
		if err != nil && !*update {
			t.Fatal(err)
		}
		if string(have) == text {
			continue
		}
		if !*update {
			t.Errorf("%s is not what the program says: run `make update`", path)
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func commandReference() string {
	r := dburl.NewRedactor()
	a := &app{stdout: io.Discard, stderr: io.Discard, redact: r, out: r.Writer(io.Discard), err: r.Writer(io.Discard)}
	root := a.root()
	root.InitDefaultHelpCmd()
	var b bytes.Buffer
	b.WriteString("# Commands\n\nMade from `--help`: change the text there and run `make update`.\n\n## Global flags\n\n")
	flagTable(&b, root.PersistentFlags())
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" {
			command(&b, c)
		}
	}
	return b.String()
}

func command(b *bytes.Buffer, c *cobra.Command) {
	fmt.Fprintf(b, "## %s\n\n`migr %s`: %s.\n", c.Name(), c.Use, c.Short)
	if len(c.Aliases) > 0 {
		fmt.Fprintf(b, "Also: `%s`.\n", strings.Join(c.Aliases, "`, `"))
	}
	if c.Long != "" {
		fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(c.Long))
	}
	b.WriteString("\n")
	flagTable(b, c.LocalNonPersistentFlags())
}

func flagTable(b *bytes.Buffer, flags *pflag.FlagSet) {
	rows := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if rows++; rows == 1 {
			b.WriteString("| flag | what it does |\n|---|---|\n")
		}
		name, usage := pflag.UnquoteUsage(f)
		head := "--" + f.Name
		if f.Shorthand != "" {
			head = "-" + f.Shorthand + ", " + head
		}
		if name != "" {
			head += " " + strings.ReplaceAll(name, "|", "\\|")
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", head, strings.ReplaceAll(usage, "|", "\\|"))
	})
	if rows > 0 {
		b.WriteString("\n")
	}
}

const tableBegins, tableEnds = "<!-- keys -->\n", "<!-- end of keys -->\n"

func withTable(t *testing.T, path, table string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), tableBegins)
	_, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table of keys", path)
	}
	return before + tableBegins + table + tableEnds + after
}

func keyTable() string {
	var b strings.Builder
	b.WriteString("| key | default | what it is | environment |\n|---|---|---|---|\n")
	for _, d := range config.Docs() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | `%s` |\n", d.Name, d.Default, d.Text, strings.Join(d.Variables, "`, `"))
	}
	return b.String()
}
