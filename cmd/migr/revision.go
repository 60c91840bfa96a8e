package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/catalog"
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
	online bool
	dryRun bool
}

// A naming holds the flags that say what was renamed.
type naming struct {
	rename   []string
	noRename []string
	answers  map[catalog.Key]catalog.Key // given on the terminal; no key: it was not renamed
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
	f.BoolVar(&o.online, "online", false, "plan the least blocking form, in several revisions where one must be committed before the next, and write which locks each statement takes")
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
	a.cfg.Online = a.cfg.Online || o.online
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
	bodies := []*history.Body{{Down: &history.Part{}}}
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
		bodies, changes = gen.bodies, gen.changes
	case o.sqlFile != "":
		if bodies[0].Up.Text, err = a.sqlFile(o.sqlFile); err != nil {
			return err
		}
	}
	rs, err := a.chain(r, bodies)
	if err != nil {
		return err
	}
	return a.writeRevisions(rs, o, changes)
}

// chain gives each body a revision, the first of which is r.
func (a *app) chain(r *history.Revision, bodies []*history.Body) ([]*history.Revision, error) {
	r.SetBody(bodies[0])
	rs := []*history.Revision{r}
	for i, b := range bodies[1:] {
		id, err := history.NewID(a.rand)
		if err != nil {
			return nil, err
		}
		next := &history.Revision{ID: id, Parents: []history.ID{rs[i].ID}, Created: r.Created, Message: strings.TrimSpace(fmt.Sprintf("%s part %d", r.Message, i+2))}
		next.SetBody(b)
		rs = append(rs, next)
	}
	return rs, nil
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
	if o.online && !o.autogenerate {
		return usagef("--online goes with --autogenerate")
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

// writeRevisions puts the files into the folder, all or none, or prints them.
func (a *app) writeRevisions(rs []*history.Revision, o *revising, changes []output.Change) error {
	texts := make([][]byte, len(rs))
	for i, r := range rs {
		var err error
		if texts[i], err = a.readable(r, o); err != nil {
			return err
		}
	}
	if o.dryRun {
		all := bytes.Join(texts, []byte("\n"))
		return a.result(revisionResult{[]output.Revision{}, changes, string(all)}, func() { _, _ = a.out.Write(all) })
	}
	var shown []string
	for i, r := range rs {
		path, err := a.saveRevision(r, texts[i])
		if err != nil {
			for _, p := range shown {
				_ = os.Remove(a.abs(p))
			}
			return err
		}
		shown = append(shown, path)
	}
	g, err := a.graph()
	if err != nil {
		return err
	}
	created := []output.Revision{}
	for _, r := range rs {
		created = append(created, a.object(g, g.Get(r.ID)))
	}
	return a.result(revisionResult{created, changes, ""}, func() {
		for _, path := range shown {
			a.print("%s", path)
		}
		a.changesText(changes)
	})
}

// readable is the text of a revision file, which can be read again.
func (a *app) readable(r *history.Revision, o *revising) ([]byte, error) {
	text := r.Format()
	file, err := a.revisionFile(r)
	if err != nil {
		return nil, err
	}
	parsed, err := history.Parse(a.cfg.Rel(file), text)
	if err == nil && o.sqlFile != "" {
		_, err = parsed.UpStmts(a.familyOf())
	}
	if err != nil {
		return nil, fmt.Errorf("the revision would not be readable: %w", err)
	}
	return text, nil
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
			return a.writeRevisions([]*history.Revision{r}, &o, []output.Change{})
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
