package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/output"
)

func (a *app) inspectCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "inspect [SRC]", Aliases: []string{"inspectdb"}, Short: "the schema as SQL that rebuilds it", Args: cobra.MaximumNArgs(1),
		Long: `Prints the schema of the live database, or of any state that diff knows (models,
head, a revision, a URL, a file), as SQL that rebuilds it on an empty database.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			src := "live"
			if len(args) == 1 {
				src = unmark(args)[0]
			}
			return a.inspect(cmd.Context(), src, format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "sql", "sql, hcl, json, mermaid or dot")
	return cmd
}

func (a *app) inspect(ctx context.Context, src, format string) error {
	if a.json {
		format = "json"
	}
	write, ok := formats()[format]
	if !ok {
		return usagef("there is no format %q: sql, hcl, json, mermaid, dot", format)
	}
	db, err := a.open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	b, done, err := a.sourceCatalog(ctx, db, src)
	defer done()
	if err != nil {
		return err
	}
	a.tellUnknown(b.catalog)
	a.answered = true
	return write(a, ctx, db, b.catalog)
}

// formats are the ways to print a schema.
func formats() map[string]func(*app, context.Context, *database, *catalog.Catalog) error {
	return map[string]func(*app, context.Context, *database, *catalog.Catalog) error{
		"sql":  (*app).inspectSQL,
		"hcl":  (*app).inspectHCL,
		"json": (*app).inspectJSON,
		"mermaid": func(a *app, _ context.Context, _ *database, c *catalog.Catalog) error {
			return output.Mermaid(a.out, c)
		},
		"dot": func(a *app, _ context.Context, _ *database, c *catalog.Catalog) error { return output.Dot(a.out, c) },
	}
}

func (a *app) inspectSQL(_ context.Context, db *database, c *catalog.Catalog) error {
	p, err := diff.Plan(db.engine, catalog.New(c.Version, nil, nil), c, diff.Options{})
	if err != nil {
		return err
	}
	if len(p.Steps) > 0 && db.dialect.Preamble != "" {
		fmt.Fprintln(a.out, db.dialect.Preamble)
	}
	a.script2(db.product, p.SQL())
	return nil
}

// inspectHCL names what an Atlas schema file cannot say on stderr.
func (a *app) inspectHCL(ctx context.Context, db *database, c *catalog.Catalog) error {
	home := cmp.Or(db.Server.Home, "main")
	text, lost, err := a.hcl().Marshal(ctx, db.engine.Name, home, c)
	if err != nil {
		return err
	}
	for _, what := range lost {
		a.warn("HCL cannot say this, and it is left out: %s", what)
	}
	_, err = a.out.Write(text)
	return err
}

func (a *app) inspectJSON(_ context.Context, _ *database, c *catalog.Catalog) error {
	type object struct {
		Kind       string            `json:"kind"`
		Schema     string            `json:"schema,omitempty"`
		Table      string            `json:"table,omitempty"`
		Name       string            `json:"name"`
		Position   int               `json:"position,omitempty"`
		Attributes map[string]string `json:"attributes"`
	}
	list := []object{}
	for _, o := range c.Objects {
		attrs := map[string]string{}
		for k, v := range o.Attrs {
			if v != "" {
				attrs[k] = v
			}
		}
		list = append(list, object{o.Kind, o.Schema, o.Table, o.Name, o.Pos, attrs})
	}
	unknown := []string{}
	for _, k := range c.Unknown {
		unknown = append(unknown, k.String())
	}
	b, err := output.JSON(map[string]any{"objects": list, "unknown": unknown})
	if err != nil {
		return err
	}
	_, err = a.out.Write(b)
	return err
}
