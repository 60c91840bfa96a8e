package hclprogram

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

//go:embed all:bin
var bin embed.FS

// Packed returns the program that `make build` put in, gzip-ed, or nil.
func Packed() []byte {
	b, err := bin.ReadFile("bin/" + Name + ".gz")
	if err != nil {
		return nil
	}
	return b
}

// A place yields the program's file, and what to call after its use.
type place func() (file string, done func(), err error)

func (p *Program) places() []place {
	var ps []place
	if b := p.Packed(); b != nil {
		z := packed(b)
		ps = append(ps, func() (string, func(), error) { return z.cached(p.Cache) }, z.temporary)
	}
	return append(ps, p.beside, onPath)
}

func nothing() {}

// packed is the program, gzip-ed.
type packed []byte

func exe(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// cached unpacks the program into the cache folder unless it is there. Its name
// holds what it was unpacked from; those of other builds are removed.
func (z packed) cached(dir string) (string, func(), error) {
	if dir == "" {
		return "", nil, errors.New("this user has no cache folder")
	}
	sum := sha256.Sum256(z)
	file := filepath.Join(dir, exe(Name+"-"+hex.EncodeToString(sum[:8])))
	if z.whole(file) {
		return file, nothing, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("unpacking %s: %w", Name, err)
	}
	part, err := z.unpack(dir)
	if err != nil {
		return "", nil, err
	}
	if err := os.Rename(part, file); err != nil && !z.whole(file) { // another migr may have been faster
		_ = os.Remove(part)
		return "", nil, fmt.Errorf("unpacking %s: %w", Name, err)
	}
	old, _ := filepath.Glob(filepath.Join(dir, Name+"-*")) // the pattern is right
	for _, f := range old {
		if f != file {
			_ = os.Remove(f) // it may be running, where that is in the way
		}
	}
	return file, nothing, nil
}

// whole tells whether the file is there in its full size, which gzip keeps in
// the last four bytes (RFC 1952).
func (z packed) whole(file string) bool {
	st, err := os.Lstat(file)
	if err != nil || !st.Mode().IsRegular() || len(z) < 4 {
		return false
	}
	return st.Size() == int64(binary.LittleEndian.Uint32(z[len(z)-4:]))
}

// temporary unpacks the program for one use.
func (z packed) temporary() (string, func(), error) {
	file, err := z.unpack("")
	if err != nil {
		return "", nil, err
	}
	return file, func() { _ = os.Remove(file) }, nil
}

// unpack writes the program to a new file in dir, "" being the system's folder
// for temporary files.
func (z packed) unpack(dir string) (file string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("unpacking %s: %w", Name, err)
		}
	}()
	r, err := gzip.NewReader(bytes.NewReader(z))
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, exe(Name+"-new-*"))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, r)
	err = errors.Join(err, f.Close(), os.Chmod(f.Name(), 0o700))
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func (p *Program) beside() (string, func(), error) {
	if p.Beside == "" {
		return "", nil, errors.New("the folder of migr is not known")
	}
	file := filepath.Join(p.Beside, exe(Name))
	if st, err := os.Stat(file); err != nil || !st.Mode().IsRegular() {
		return "", nil, fmt.Errorf("%s is not there", file)
	}
	return file, nothing, nil
}

func onPath() (string, func(), error) {
	file, err := exec.LookPath(Name)
	if err != nil {
		return "", nil, fmt.Errorf("looking on PATH: %w", err)
	}
	return file, nothing, nil
}
