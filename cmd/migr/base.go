package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/gitref"
	"github.com/migr-dev/migr/internal/history"
)

// checkBase compares the revision files with those of another commit: none that is
// there may be edited or removed here, and both together must have one head. What the
// other side got since the two went different ways counts as merged in.
func (a *app) checkBase(ctx context.Context, ref string) ([]problemResult, error) {
	repo := gitref.Open(a.cfg.Dir, a.environ)
	tip, err := repo.Commit(ctx, ref)
	if err != nil {
		return nil, gitProblem(err, ref)
	}
	there, err := a.revisionsAt(ctx, repo, tip)
	if err != nil {
		return nil, gitProblem(err, ref)
	}
	before := there
	if m := repo.MergeBase(ctx, tip); m != "" && m != tip {
		if before, err = a.revisionsAt(ctx, repo, m); err != nil {
			return nil, gitProblem(err, ref)
		}
	}
	here, err := history.LoadRevisions(dirFS(a.cfg.Dir), a.cfg.Rel(a.cfg.Dir))
	if p, ok := unsound(err); ok {
		return []problemResult{p}, nil
	}
	if err != nil {
		return nil, err
	}
	c := &baseCheck{ref: ref, here: byID(here), there: byID(there), before: byID(before), all: here}
	for _, r := range here {
		c.replaced = append(c.replaced, r.Replaces...)
	}
	for _, r := range there {
		if err := c.compare(r); err != nil {
			return nil, err
		}
	}
	c.together()
	return c.found, nil
}

func (a *app) revisionsAt(ctx context.Context, repo *gitref.Repo, commit string) ([]*history.Revision, error) {
	files, err := repo.Files(ctx, commit, a.cfg.Dir, ".sql")
	if err != nil {
		return nil, err
	}
	var revs []*history.Revision
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
			continue
		}
		r, err := history.Parse(path.Join(a.cfg.Rel(a.cfg.Dir), name), files[name])
		if err != nil {
			return nil, err
		}
		revs = append(revs, r)
	}
	return revs, nil
}

func byID(revs []*history.Revision) map[history.ID]*history.Revision {
	out := make(map[history.ID]*history.Revision, len(revs))
	for _, r := range revs {
		out[r.ID] = r
	}
	return out
}

type baseCheck struct {
	ref                 string
	here, there, before map[history.ID]*history.Revision
	replaced            []history.ID
	all                 []*history.Revision // what is here, and what comes with the merge
	found               []problemResult
}

// compare looks at one revision of the base.
func (c *baseCheck) compare(r *history.Revision) error {
	mine, old := c.here[r.ID], c.before[r.ID]
	switch {
	case mine == nil && slices.Contains(c.replaced, r.ID):
		return nil
	case mine == nil && old == nil: // it came there meanwhile
		c.all = append(c.all, r)
		return nil
	case mine == nil:
		c.add("removed_revision", r.Path, "revision %s, which is in %s, was removed", r.ID, c.ref)
		return nil
	}
	same, err := equal(mine, r)
	if err != nil || same {
		return err
	}
	if old == nil { // it is new on both sides
		c.add(string(history.DuplicateRevision), mine.Path, "revision %s is another one in %s", r.ID, c.ref)
		return nil
	}
	if same, err = equal(mine, old); err != nil || same { // it was changed there
		return err
	}
	c.add("edited_revision", mine.Path, "revision %s, which is in %s, was edited", r.ID, c.ref)
	return nil
}

func (c *baseCheck) add(code, path, format string, args ...any) {
	c.found = append(c.found, problemResult{Code: code, Message: fmt.Sprintf(format, args...), Path: path})
}

// equal says if two revisions stand at one place and do the same.
func equal(a, b *history.Revision) (bool, error) {
	x, err := a.Checksum()
	if err != nil {
		return false, err
	}
	y, err := b.Checksum()
	return x == y && slices.Equal(a.Parents, b.Parents) && slices.Equal(a.DependsOn, b.DependsOn), err
}

// together looks at the history as it is once merged.
func (c *baseCheck) together() {
	g, err := history.NewGraph(c.all...)
	if p, ok := unsound(err); ok {
		if len(c.all) > len(c.here) {
			p.Message = "merged with " + c.ref + ": " + p.Message
		}
		if !slices.ContainsFunc(c.found, func(f problemResult) bool { return f.Code == p.Code }) {
			c.found = append(c.found, p)
		}
		return
	}
	if g == nil {
		return
	}
	heads := g.Heads()
	if len(heads) < 2 {
		return
	}
	mine, theirs := heads[0], heads[1]
	for _, h := range heads {
		if c.there[h.ID] == nil {
			mine = h
		} else {
			theirs = h
		}
	}
	c.add(string(history.MultipleHeads), mine.Path, "there are %d heads once merged with %s: %s; `migr rebase %s --onto %s` or `migr merge heads` makes one of them",
		len(heads), c.ref, join(heads), mine.ID, theirs.ID)
}

func join(revs []*history.Revision) string {
	var ids []string
	for _, r := range revs {
		ids = append(ids, string(r.ID))
	}
	return joined(ids)
}

func gitProblem(err error, ref string) error {
	var g *gitref.Error
	if !errors.As(err, &g) {
		return err
	}
	return &problem{exit: exitFailed, code: "io", what: g.Error(), hint: fmt.Sprintf("is %s fetched? in CI: `git fetch --no-tags origin BRANCH`, with a full history", ref)}
}
