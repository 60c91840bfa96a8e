package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Load reads the headers of all revision files of a folder and its
// sub-folders, and makes their graph. Files that do not end in ".sql" and all
// whose name begins with a dot are left alone. shown is put before the paths
// in revisions and errors; it may be empty.
//
// The error is a *BadFile for a file that is no revision, an *Error for files
// that do not fit together, or that of the file system.
func Load(fsys fs.FS, shown string) (*Graph, error) {
	revs, err := LoadRevisions(fsys, shown)
	if err != nil {
		return nil, err
	}
	return NewGraph(revs...)
}

// LoadRevisions is Load without the graph: the revisions by path.
func LoadRevisions(fsys fs.FS, shown string) ([]*Revision, error) {
	files, err := sqlFiles(fsys, shown)
	if err != nil {
		return nil, err
	}
	revs := make([]*Revision, len(files))
	errs := make([]error, len(files))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0)+1, 8, len(files)) {
		wg.Go(func() {
			buf := bufio.NewReaderSize(nil, headerSize)
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				revs[i], errs[i] = loadHeader(fsys, files[i], shown, buf)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return revs, nil
}

// headerSize is how much of a file is read at once. Most headers are smaller.
const headerSize = 2048

// sqlFiles lists the files in the order of their paths.
func sqlFiles(fsys fs.FS, shown string) ([]string, error) {
	var out []string
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("reading folder %s: %w", path.Join(shown, p), bare(err))
		case p != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir() && strings.EqualFold(path.Ext(p), ".sql"):
			if ok, err := isFile(fsys, p, d); err != nil {
				return fmt.Errorf("reading revision file %s: %w", path.Join(shown, p), bare(err))
			} else if ok {
				out = append(out, p)
			}
		}
		return nil
	})
	return out, err
}

// isFile says if the entry is a file, or a link to one. What is neither file
// nor folder might never come to an end and is refused.
func isFile(fsys fs.FS, p string, d fs.DirEntry) (bool, error) {
	mode := d.Type()
	if mode&fs.ModeSymlink != 0 {
		info, err := fs.Stat(fsys, p)
		if err != nil {
			return false, err
		}
		mode = info.Mode()
	}
	if mode.IsDir() {
		return false, nil
	}
	if !mode.IsRegular() {
		return false, errors.New("it is not a regular file")
	}
	return true, nil
}

// bare takes the path off an error: the message names it already.
func bare(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// loadHeader reads a file up to its up directive.
func loadHeader(fsys fs.FS, file, shown string, buf *bufio.Reader) (*Revision, error) {
	name := path.Join(shown, file)
	f, err := fsys.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading revision file %s: %w", name, bare(err))
	}
	defer f.Close()
	buf.Reset(f)
	p := newParser(name)
	ok, err := p.readHeader(buf)
	if err != nil {
		return nil, fmt.Errorf("reading revision file %s: %w", name, bare(err))
	}
	r := p.rev
	if !ok {
		// Something is unusual: the whole file tells what, or that it is well.
		src, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("reading revision file %s: %w", name, bare(err))
		}
		if r, err = Parse(name, src); err != nil {
			return nil, err
		}
	}
	r.fsys, r.file, r.body = fsys, file, nil
	return r, nil
}

// readHeader reads until the up part begins. It returns false for a header
// that is too long or has an error, and the error only if it is the reader's.
func (p *parser) readHeader(buf *bufio.Reader) (bool, error) {
	for no := 1; ; no++ {
		line, err := buf.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return false, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if no == 1 {
			text = strings.TrimPrefix(text, "\uFEFF")
		}
		if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 || p.take(text, no, "", 0, 0) != nil {
			return false, nil
		}
		if p.section == inUp {
			return true, nil
		}
		if err != nil {
			return false, nil
		}
	}
}
