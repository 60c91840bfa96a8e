// Package cache keeps, in a folder of the user's, what can be made again: entries
// that are found whole or not at all, and go away when nobody uses them.
package cache

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Limits of a folder.
const (
	Unused = 30 * 24 * time.Hour // an entry that was not asked for so long is removed
	Most   = 256 << 20           // bytes of all entries together; the longest unused go first
	suffix = ".gz"
)

// A Folder holds entries by key. The zero Folder holds none.
type Folder struct {
	Path string
	Now  func() time.Time
}

// Key is a name for what was made from those texts: a sha256 over them and where
// one ends and the next begins.
func Key(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d:", len(t))
		io.WriteString(h, t)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Get returns the entry of a key, or nil: where there is none, or what is there is
// not what was put (cut short, changed: gzip's checksum tells).
func (f Folder) Get(key string) []byte {
	if f.Path == "" {
		return nil
	}
	file, err := os.Open(f.file(key))
	if err != nil {
		return nil
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	f.touch(key)
	return data
}

// Put keeps an entry. That it cannot be written is no error: it is made again the
// next time. Who reads at the same time sees the old entry or the new one.
func (f Folder) Put(key string, data []byte) {
	if f.Path == "" || os.MkdirAll(f.Path, 0o700) != nil {
		return
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return
	}
	if _, err := z.Write(data); err != nil || z.Close() != nil {
		return
	}
	file, err := os.CreateTemp(f.Path, ".new-") // readable by the user alone
	if err != nil {
		return
	}
	_, err = file.Write(b.Bytes())
	if cerr := file.Close(); err != nil || cerr != nil || os.Rename(file.Name(), f.file(key)) != nil {
		_ = os.Remove(file.Name())
		return
	}
	f.touch(key)
	f.tidy()
}

// touch notes that an entry was used.
func (f Folder) touch(key string) {
	now := f.Now()
	_ = os.Chtimes(f.file(key), now, now) // where it fails the entry goes earlier than it need
}

func (f Folder) file(key string) string { return filepath.Join(f.Path, key+suffix) }

// tidy removes what nobody has used for long, and what is too much. It touches
// nothing but what Put has made.
func (f Folder) tidy() {
	list, err := os.ReadDir(f.Path)
	if err != nil {
		return
	}
	var all []os.FileInfo
	for _, d := range list {
		info, err := d.Info()
		if err == nil && info.Mode().IsRegular() && (strings.HasSuffix(d.Name(), suffix) || strings.HasPrefix(d.Name(), ".new-")) {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	size := int64(0)
	for _, info := range all {
		size += info.Size()
		if size > Most || f.Now().Sub(info.ModTime()) > Unused {
			_ = os.Remove(filepath.Join(f.Path, info.Name()))
		}
	}
}
