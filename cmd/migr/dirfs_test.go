package main

import (
	"testing"
	"testing/fstest"
)

// TestDirFS holds the reading of revision files to the rules of fs.FS.
func TestDirFS(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.sql": "a", "sub/b.sql": "bb", "empty.sql": "", "large.sql": string(make([]byte, 10000))})
	if err := fstest.TestFS(dirFS(dir), "a.sql", "sub/b.sql", "empty.sql", "large.sql"); err != nil {
		t.Error(err)
	}
}
