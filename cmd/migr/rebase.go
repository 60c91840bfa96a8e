package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
)

func (a *app) rebaseCommand() *cobra.Command {
	var onto string
	var force bool
	cmd := &cobra.Command{
		Use: "rebase REV --onto HEAD", Short: "put a line of revisions on top of another",
		Long: `Gives the line of revisions that REV is on another parent, so that it follows
HEAD (default: the other head): of two heads it makes one, without a merge
revision. Only the files' "revises" lines change. The revisions must not be
applied, in the database at hand; other databases on which they are would see
them as late. --force rebases without asking the database.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("rebase needs one revision, and --onto the head to put it on")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.rebase(cmd.Context(), unmark(args)[0], onto, force)
		},
	}
	cmd.Flags().StringVar(&onto, "onto", "", "the `revision` to follow (default: the one other head)")
	cmd.Flags().BoolVar(&force, "force", false, "also revisions that are applied, or with no database to ask")
	return cmd
}

type rebaseResult struct {
	Moved   []output.Revision `json:"moved"`
	Changed []string          `json:"changed"` // files
}

func (a *app) rebase(ctx context.Context, rev, onto string, force bool) error {
	g, err := a.graph()
	if err != nil {
		return err
	}
	if onto == "" {
		if onto, err = otherHead(g, rev); err != nil {
			return err
		}
	}
	moves, line, err := g.Rebase(rev, onto)
	if err != nil {
		return err
	}
	if !force {
		if err := a.refuseApplied(ctx, g, line); err != nil {
			return err
		}
	}
	changed, err := a.rewrite(moves, nil)
	if err != nil {
		return err
	}
	if g, err = a.graph(); err != nil {
		return err
	}
	for i, r := range line {
		line[i] = g.Get(r.ID)
	}
	return a.result(rebaseResult{a.objects(g, line), changed}, func() {
		for _, r := range line {
			a.print("%s", a.line(g, r))
		}
		a.note("%s changed: %s", count(len(changed), "file"), joined(changed))
	})
}

// otherHead is the head to follow where there is only one other.
func otherHead(g *history.Graph, rev string) (string, error) {
	r, err := g.ResolveOne(rev, nil)
	if err != nil {
		return "", err
	}
	_, err = g.Upgrade(nil, string(r.ID))
	if err != nil {
		return "", err
	}
	var others []history.ID
	for _, h := range g.Heads() {
		needs, err := g.Upgrade(nil, string(h.ID))
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(needs.Steps, func(s history.Step) bool { return s.Revision.ID == r.ID }) {
			others = append(others, h.ID)
		}
	}
	if len(others) != 1 {
		return "", usagef("rebase needs --onto REV: there are %d other heads", len(others))
	}
	return string(others[0]), nil
}

// refuseApplied refuses to move what the database has.
func (a *app) refuseApplied(ctx context.Context, g *history.Graph, line []*history.Revision) error {
	if !a.cfg.HasURL() {
		return &problem{
			exit: exitUnsafe, code: "unsafe", what: "it is not known whether these revisions are applied: no database is configured",
			hint: "nothing was changed; name the database with --url, or say --force",
		}
	}
	db, s, err := a.session(ctx, true, "")
	if err != nil {
		return err
	}
	defer db.Close()
	st, rows, err := a.rows(ctx, s)
	if err != nil {
		return err
	}
	applied, err := g.Applied(rows)
	if err != nil {
		return err
	}
	late, err := a.late(ctx, g, s, rows)
	if err != nil {
		return err
	}
	p := &problem{exit: exitUnsafe, code: "unsafe", hint: "nothing was changed; rebase the line that is not applied, or `migr downgrade` first; --force rebases all the same"}
	for _, r := range line {
		partial := slices.ContainsFunc(st.Partial, func(e entry) bool { return e.Revision == string(r.ID) })
		if partial || slices.Contains(applied, r) && !slices.Contains(late, r) {
			p.why = append(p.why, fmt.Sprintf("%s  %s", r.ID, r.Path))
		}
	}
	if len(p.why) == 0 {
		return nil
	}
	p.what = fmt.Sprintf("%s of this line %s applied on this database", count(len(p.why), "revision"), map[bool]string{true: "is", false: "are"}[len(p.why) == 1])
	return p
}

// rewrite gives revisions other parents in their files and takes away the file of
// another, all or nothing; the history must be sound afterwards. It returns the
// files that changed.
func (a *app) rewrite(moves []history.Move, gone *history.Revision) ([]string, error) {
	revs, err := history.LoadRevisions(dirFS(a.cfg.Dir), a.cfg.Rel(a.cfg.Dir))
	if err != nil {
		return nil, err
	}
	edits := map[string][]byte{} // by the shown path
	old := map[string][]byte{}
	for _, m := range moves {
		path := m.Revision.Path
		if old[path], err = os.ReadFile(a.abs(path)); err != nil {
			return nil, err
		}
		if edits[path], err = history.WithParents(path, old[path], m.Parents); err != nil {
			return nil, err
		}
	}
	var after []*history.Revision
	for _, r := range revs {
		text, edited := edits[r.Path]
		switch {
		case gone != nil && r.ID == gone.ID:
			continue
		case edited:
			if r, err = history.Parse(r.Path, text); err != nil {
				return nil, err
			}
		}
		after = append(after, r)
	}
	if _, err := history.NewGraph(after...); err != nil {
		var h *history.Error
		if errors.As(err, &h) {
			h.Msg, h.Hint = "nothing was changed, as then "+h.Msg, "`migr history --graph` shows what follows what"
		}
		return nil, err
	}
	changed := []string{}
	for _, m := range moves {
		path := m.Revision.Path
		if err := replaceFile(a.abs(path), edits[path]); err != nil {
			for _, done := range changed {
				_ = replaceFile(a.abs(done), old[done])
			}
			return nil, err
		}
		changed = append(changed, path)
	}
	return changed, nil
}

// replaceFile writes a file that is there, whole or not at all.
func replaceFile(path string, data []byte) error {
	mode := os.FileMode(0o666)
	if fi, err := os.Stat(path); err == nil {
		mode = fi.Mode().Perm()
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".migr-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already once it has been renamed
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), mode)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// severalHeads explains two heads where one is needed, and offers the ways out.
func (a *app) severalHeads(g *history.Graph, rows []history.ID, e *history.Error) error {
	p := &problem{exit: exitHistory, code: string(e.Code), what: e.Msg, hint: e.Hint, more: map[string]any{"candidates": e.Candidates}}
	applied, err := g.Applied(rows)
	if err != nil {
		return e
	}
	var have, lack []history.ID
	for _, id := range e.Candidates {
		r := g.Get(id)
		state := statePending
		if slices.Contains(applied, r) {
			state = stateApplied
			have = append(have, id)
		} else {
			lack = append(lack, id)
		}
		p.why = append(p.why, fmt.Sprintf("%s  %s  %s (%s)", id, r.Path, r.Message, state))
	}
	if len(lack) == 0 {
		p.hint = "all of them are applied; join them with `migr merge heads`"
		return p
	}
	moved, to := lack[0], lack[len(lack)-1]
	if len(have) > 0 {
		to = have[0]
	}
	p.hint = fmt.Sprintf("nothing was run; `migr merge heads -m MESSAGE` joins them with a merge revision, or `migr rebase %s --onto %s` puts one on top of the other; "+
		"`migr upgrade heads` runs all as they stand", moved, to)
	return p
}
