package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// TestSwarm starts many processes at once on an empty database: each revision
// runs once, as an audit table counts, and all processes exit 0. On PostgreSQL
// one revision builds an index concurrently, which a waiting process with a
// snapshot would block.
func TestSwarm(t *testing.T) {
	t.Parallel()
	for _, e := range testdb.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			swarm(t, e)
		})
	}
}

const (
	swarmSize      = 20
	swarmRevisions = 6
)

func swarm(t *testing.T, e testdb.Engine) {
	url := e.New(t)
	dir := t.TempDir()
	folder := filepath.Join(dir, "migrations")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	parent := ""
	for i := range swarmRevisions {
		id := fmt.Sprintf("r%d", i)
		text := fmt.Sprintf("-- migr:revision %s\n-- migr:revises %s\n-- migr:up\n", id, parent)
		if i == 0 {
			text += "CREATE TABLE audit (n integer);\n"
		}
		text += fmt.Sprintf("CREATE TABLE t%d (id integer NOT NULL PRIMARY KEY, n integer);\nINSERT INTO audit VALUES (%[1]d);\n", i)
		if i == 3 && strings.HasPrefix(e.Name, "postgres") {
			text += "CREATE INDEX CONCURRENTLY t3_n ON t3 (n);\n"
		}
		text += "-- migr:down\n"
		if err := os.WriteFile(filepath.Join(folder, id+".sql"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		parent = id
	}
	var wg sync.WaitGroup
	for range swarmSize {
		wg.Go(func() {
			cmd := exec.Command("migr", "-u", url, "--lock-retries", "60", "upgrade")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("upgrade: %v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	db := testdb.Open(t, url)
	defer db.Close()
	for i := range swarmRevisions {
		var n int
		if err := db.QueryRow(fmt.Sprintf("SELECT count(*) FROM audit WHERE n = %d", i)).Scan(&n); err != nil || n != 1 {
			t.Errorf("revision r%d ran %d times (%v)", i, n, err)
		}
	}
}
