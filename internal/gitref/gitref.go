// Package gitref reads files of other commits through the git program.
package gitref

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// An Error is what git said.
type Error struct {
	Doing string
	Said  string
	Err   error
}

func (e *Error) Error() string {
	if e.Said != "" {
		return fmt.Sprintf("%s: git says: %s", e.Doing, e.Said)
	}
	return fmt.Sprintf("%s: %v", e.Doing, e.Err)
}

// Unwrap returns the error of running git.
func (e *Error) Unwrap() error { return e.Err }

// A Repo is the repository that a folder is in.
type Repo struct {
	dir string
	env []string
}

// Open returns the repository of a folder; git runs with this environment.
func Open(dir string, env []string) *Repo { return &Repo{dir: dir, env: env} }

func (r *Repo) git(ctx context.Context, doing string, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", r.dir}, args...)...)
	cmd.Env, cmd.Stdin = r.env, stdin
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, &Error{Doing: doing, Said: strings.TrimSpace(said.String()), Err: err}
	}
	return out.Bytes(), nil
}

// Commit returns the commit that a reference names.
func (r *Repo) Commit(ctx context.Context, ref string) (string, error) {
	out, err := r.git(ctx, "finding "+ref, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	var e *Error
	if errors.As(err, &e) && e.Said == "" && !errors.Is(err, exec.ErrNotFound) {
		e.Said = "there is no commit " + ref
	}
	return strings.TrimSpace(string(out)), err
}

// MergeBase returns the commit from which the work at hand and another commit went
// different ways, "" when there is none (a shallow clone).
func (r *Repo) MergeBase(ctx context.Context, commit string) string {
	out, err := r.git(ctx, "", nil, "merge-base", "HEAD", commit)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// Versions gives the texts that a file (its path in the folder, with slashes) had, newest first,
// each with its commit, until yield returns false; at most limit of them.
func (r *Repo) Versions(ctx context.Context, file string, limit int, yield func(commit string, text []byte) bool) error {
	doing := "reading the history of " + file
	out, err := r.git(ctx, doing, nil, "log", "--format=%h", fmt.Sprintf("--max-count=%d", limit), "--", ":(literal)"+file)
	if err != nil {
		return err
	}
	for _, commit := range strings.Fields(string(out)) {
		text, err := r.git(ctx, doing, nil, "cat-file", "blob", commit+":./"+file)
		if err != nil { // that commit has removed it
			continue
		}
		if !yield(commit, text) {
			return nil
		}
	}
	return nil
}

// Files returns the files of a folder that end in ext (a path of this system, in the repository) as
// they were at a commit, by their path in it, with slashes. A folder that was not
// there is empty.
func (r *Repo) Files(ctx context.Context, commit, folder, ext string) (map[string][]byte, error) {
	doing := fmt.Sprintf("reading %s at %s", folder, commit)
	out, err := r.git(ctx, doing, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	rel, err := within(strings.TrimSpace(string(out)), folder)
	if err != nil {
		return nil, &Error{Doing: doing, Err: err}
	}
	// from the top: the names that ls-tree prints depend on the folder otherwise
	args := []string{"ls-tree", "-r", "-z", "--full-tree", commit}
	if rel != "." {
		args = append(args, "--", rel+"/")
	}
	list, err := r.git(ctx, doing, nil, args...)
	if err != nil {
		return nil, err
	}
	var names []string
	var ask bytes.Buffer
	for line := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		meta, name, ok := strings.Cut(line, "\t") // MODE blob HASH
		f := strings.Fields(meta)
		if !ok || len(f) != 3 || f[1] != "blob" || !strings.EqualFold(path.Ext(name), ext) {
			continue
		}
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(name, rel), "/"))
		ask.WriteString(f[2] + "\n")
	}
	blobs, err := r.git(ctx, doing, &ask, "cat-file", "--batch")
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte, len(names))
	for _, name := range names {
		var text []byte
		if text, blobs, err = blob(blobs); err != nil {
			return nil, &Error{Doing: doing, Err: err}
		}
		files[name] = text
	}
	return files, nil
}

// blob cuts one answer of cat-file --batch off: HASH blob SIZE, the bytes, a line end.
func blob(b []byte) (text, rest []byte, err error) {
	head, rest, ok := bytes.Cut(b, []byte("\n"))
	var hash, kind string
	var size int
	if _, err := fmt.Sscan(string(head), &hash, &kind, &size); !ok || err != nil || size < 0 || size >= len(rest) {
		return nil, nil, fmt.Errorf("git cat-file gave an answer that cannot be read: %q", head)
	}
	return rest[:size], rest[size+1:], nil
}

// within returns the path of a folder in the repository, with slashes.
func within(top, folder string) (string, error) {
	top = filepath.FromSlash(top)
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	if real, err := filepath.EvalSymlinks(top); err == nil {
		top = real
	}
	rel, err := filepath.Rel(top, folder)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("%s is not in the repository %s", folder, top)
	}
	return filepath.ToSlash(rel), nil
}
