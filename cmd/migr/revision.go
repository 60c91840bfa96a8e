package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A revising holds the flags of revision.
type revising struct {
	message      string
	autogenerate bool
	sqlFile      string
	heads        []string
	splice       bool
	label        []string
	dependsOn    []string
	revID        string
	naming
	allow  []string
	dryRun bool
}

// A naming holds the flags that say what was renamed.
type naming struct {
	rename   []string
	noRename []string
}

func (n *naming) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&n.rename, "rename", nil, "`OLD=NEW`: a table, table.column, type.value or anything else was renamed")
	f.StringArrayVar(&n.noRename, "no-rename", nil, "`NAME` of a table, table.column, … that went and was not renamed")
}

func (o *revising) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.message, "message", "m", "", "what the revision does")
	f.StringVar(&o.sqlFile, "sql", "", "take the up part from a `file`")
	f.StringArrayVar(&o.heads, "head", nil, "the `revision` to follow (default: head)")
	f.BoolVar(&o.splice, "splice", false, "the revision to follow need not be a head")
	f.StringArrayVar(&o.label, "branch-label", nil, "`name` for the branch that begins here")
	f.StringArrayVar(&o.dependsOn, "depends-on", nil, "a `revision` that must be applied first")
	f.StringVar(&o.revID, "rev-id", "", "the `id`, instead of a random one")
	o.naming.flags(cmd)
	f.StringArrayVar(&o.allow, "allow", nil, "write the allow for what loses data, by `CODE`")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the file and write nothing")
}

func (a *app) revisionCommand() *cobra.Command {
	var o revising
	cmd := &cobra.Command{
		Use: "revision", Aliases: []string{"new"}, Short: "write a revision: by hand, from a file, or generated and proved", Args: cobra.NoArgs,
		Long: `Writes a new revision file that follows the head. Its parts are empty, or taken
from a file (--sql), or generated (--autogenerate): the models are built on a
scratch database and compared with the live database, and the two parts are
proved there before the file is written: down gives the live schema, up gives
the models again.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.revision(cmd.Context(), &o) },
	}
	cmd.Flags().BoolVar(&o.autogenerate, "autogenerate", false, "fill the parts from the difference of models and database")
	o.flags(cmd)
	return cmd
}

func (a *app) makemigrationsCommand() *cobra.Command {
	o := revising{autogenerate: true}
	cmd := &cobra.Command{
		Use: "makemigrations", Short: "revision --autogenerate", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.revision(cmd.Context(), &o) },
	}
	o.flags(cmd)
	return cmd
}

type revisionResult struct {
	Created []output.Revision `json:"created"`
	Changes []output.Change   `json:"changes"`
	File    string            `json:"file,omitempty"` // with --dry-run: the text
}

func (a *app) revision(ctx context.Context, o *revising) error {
	if err := o.check(); err != nil {
		return err
	}
	g, err := a.graph()
	if err != nil {
		return err
	}
	r, err := a.draft(g, o)
	if err != nil {
		if late := a.upToDate(ctx, g, o); late != nil {
			return late // what has to be done first
		}
		return err
	}
	body := &history.Body{Down: &history.Part{}}
	changes := []output.Change{}
	switch {
	case o.autogenerate:
		gen, err := a.autogenerate(ctx, g, o)
		if err != nil {
			return err
		}
		if len(gen.changes) == 0 {
			return a.result(revisionResult{[]output.Revision{}, gen.changes, ""}, func() { a.note("no changes: the database is as the models say; nothing was written") })
		}
		body, changes = gen.body, gen.changes
	case o.sqlFile != "":
		if body.Up.Text, err = a.sqlFile(o.sqlFile); err != nil {
			return err
		}
	}
	r.SetBody(body)
	return a.writeRevision(r, o, changes)
}

// upToDate is the error of a database that lacks revisions, where one is to be
// generated on it.
func (a *app) upToDate(ctx context.Context, g *history.Graph, o *revising) error {
	if !o.autogenerate {
		return nil
	}
	rows, err := a.currentRows(ctx)
	if err != nil {
		return nil
	}
	return g.AutogenReady(rows)
}

func (o *revising) check() error {
	if o.autogenerate && o.sqlFile != "" {
		return usagef("--autogenerate and --sql are two ways to fill a revision: choose one")
	}
	if !o.autogenerate && (len(o.rename) > 0 || len(o.noRename) > 0) {
		return usagef("--rename and --no-rename go with --autogenerate")
	}
	return checkCodes(o.allow)
}

// draft is a revision with its place in the graph and nothing else.
func (a *app) draft(g *history.Graph, o *revising) (*history.Revision, error) {
	id := history.ID(o.revID)
	if id == "" {
		var err error
		if id, err = history.NewID(a.rand); err != nil {
			return nil, err
		}
	}
	r, err := g.NewRevision(history.Draft{ID: id, Heads: unmark(o.heads), Splice: o.splice, DependsOn: o.dependsOn, Labels: o.label})
	if err != nil {
		return nil, err
	}
	r.Message, r.Created = o.message, a.now().UTC().Truncate(1e9)
	return r, nil
}

// sqlFile reads the up part from a file, which must be SQL that can be split.
func (a *app) sqlFile(path string) (string, error) {
	b, err := os.ReadFile(a.abs(path))
	if err != nil {
		return "", err
	}
	p, err := a.offline()
	if err != nil {
		return "", err
	}
	text := strings.TrimPrefix(strings.ReplaceAll(string(b), "\r\n", "\n"), "\ufeff")
	stmts, err := sqltext.Split(p.dialect.Family, path, text)
	if err != nil {
		return "", err
	}
	if len(stmts) == 0 {
		return "", &problem{exit: exitFailed, code: "source", what: path + " holds no statement", hint: "nothing was written"}
	}
	return strings.Trim(text, "\n") + "\n", nil
}

// writeRevision puts the file into the folder, or prints it.
func (a *app) writeRevision(r *history.Revision, o *revising, changes []output.Change) error {
	text := r.Format()
	file, err := a.revisionFile(r)
	if err != nil {
		return err
	}
	parsed, err := history.Parse(a.cfg.Rel(file), text)
	if err == nil && o.sqlFile != "" {
		_, err = parsed.UpStmts(a.familyOf())
	}
	if err != nil {
		return fmt.Errorf("the revision would not be readable: %w", err)
	}
	if o.dryRun {
		return a.result(revisionResult{[]output.Revision{}, changes, string(text)}, func() { _, _ = a.out.Write(text) })
	}
	shown, err := a.saveRevision(r, text)
	if err != nil {
		return err
	}
	g, err := a.graph()
	if err != nil {
		return err
	}
	return a.result(revisionResult{[]output.Revision{a.object(g, g.Get(r.ID))}, changes, ""}, func() {
		a.print("%s", shown)
		a.changesText(changes)
	})
}

// revisionFile is where a new revision is to be written.
func (a *app) revisionFile(r *history.Revision) (string, error) {
	name, err := history.FileName(a.cfg.FileTemplate, r.Created, r.ID, r.Message)
	if err != nil {
		return "", &config.Error{Msg: a.cfg.Origin("file_template") + ": " + err.Error()}
	}
	return filepath.Join(a.cfg.Dir, filepath.FromSlash(name)), nil
}

// saveRevision writes a new file and returns its path as it is shown.
func (a *app) saveRevision(r *history.Revision, text []byte) (string, error) {
	file, err := a.revisionFile(r)
	if err != nil {
		return "", err
	}
	shown := a.cfg.Rel(file)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return "", err
	}
	wrote, err := writeNew(file, text)
	if err == nil && !wrote {
		err = &problem{exit: exitFailed, code: "io", what: shown + " is there already", hint: "nothing was overwritten; use another message or id"}
	}
	return shown, err
}

func (a *app) familyOf() sqltext.Family {
	if p, err := a.offline(); err == nil {
		return p.dialect.Family
	}
	return sqltext.Postgres
}

// changesText tells, on stderr, what a generated revision does.
func (a *app) changesText(changes []output.Change) {
	s := a.styleOf(a.errTTY)
	sign := map[string]string{"add": s.Green("+"), "drop": s.Red("-"), "modify": s.Yellow("~"), "rename": s.Cyan(">")}
	for _, c := range changes {
		line := fmt.Sprintf("  %s %s %s", sign[c.Action], c.Kind, c.Name())
		if len(c.Hazards) > 0 {
			line += "  " + s.Red(strings.Join(c.Hazards, ", "))
		}
		a.note("%s", line)
	}
}

func (a *app) mergeCommand() *cobra.Command {
	var o revising
	cmd := &cobra.Command{
		Use: "merge [REV...|heads]", Short: "a revision that joins branches",
		RunE: func(_ *cobra.Command, args []string) error {
			g, err := a.graph()
			if err != nil {
				return err
			}
			o.heads = unmark(args)
			if len(args) == 0 {
				o.heads = []string{"heads"}
			}
			r, err := a.draft(g, &o)
			if err != nil {
				return err
			}
			if len(r.Parents) < 2 {
				return usagef("there is nothing to merge: %s is one revision", strings.Join(o.heads, " "))
			}
			if r.Message == "" {
				r.Message = "merge " + strings.Join(output.Strings(r.Parents), ", ")
			}
			r.SetBody(&history.Body{Down: &history.Part{}})
			return a.writeRevision(r, &o, []output.Change{})
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.message, "message", "m", "", "what the revision does")
	f.StringArrayVar(&o.label, "branch-label", nil, "`name` for the branch that begins here")
	f.BoolVar(&o.splice, "splice", false, "the revisions to join need not be heads")
	f.StringVar(&o.revID, "rev-id", "", "the `id`, instead of a random one")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the file and write nothing")
	return cmd
}
