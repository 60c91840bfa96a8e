package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// A database that Alembic has brought to two heads is taken over as it stands: migr
// reads its rows, goes on, and Alembic reads what migr wrote.
func TestAlembicAdoption(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sa14", "sa20"} { // Alembic 1.13 and 1.16
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adoptAlembic(t, testdb.FindPython(t, name).Exe)
		})
	}
}

func adoptAlembic(t *testing.T, python string) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		f := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(f), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	db := filepath.Join(dir, "app.db")
	write("env.py", `from alembic import context
from sqlalchemy import create_engine
with create_engine("sqlite:///`+filepath.ToSlash(db)+`").connect() as c:
    context.configure(connection=c)
    with context.begin_transaction():
        context.run_migrations()
`)
	write("alembic.ini", "[alembic]\nscript_location = .\n")
	write("migr.toml", fmt.Sprintf("url = %q\ndir = \"revs\"\nversion_table = \"alembic_version\"\n", testdb.SQLiteURL(db)))
	for _, r := range []struct{ id, down string }{{"a1", ""}, {"b1", "a1"}, {"b2", "a1"}, {"m1", "b1, b2"}, {"n1", "m1"}} {
		down := "None"
		if r.down != "" {
			down = fmt.Sprintf("(%q,)", strings.ReplaceAll(r.down, ", ", `", "`))
			down = strings.ReplaceAll(down, `\"`, `"`)
		}
		write("versions/"+r.id+".py", fmt.Sprintf("from alembic import op\nrevision = %q\ndown_revision = %s\ndef upgrade():\n    op.execute('CREATE TABLE t_%s (x int)')\n"+
			"def downgrade():\n    op.execute('DROP TABLE t_%s')\n", r.id, down, r.id, r.id))
		write("revs/"+r.id+".sql", fmt.Sprintf("-- migr:revision %s\n-- migr:revises %s\n-- migr:up\nCREATE TABLE t_%s (x int);\n-- migr:down\nDROP TABLE t_%s;\n", r.id, r.down, r.id, r.id))
	}
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	alembic := func(args ...string) string {
		t.Helper()
		return run(python, append([]string{"-m", "alembic"}, args...)...)
	}
	rows := func(want ...string) {
		t.Helper()
		var got []string
		for line := range strings.Lines(alembic("current")) {
			if f := strings.Fields(line); len(f) > 0 && len(f[0]) == 2 {
				got = append(got, f[0])
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("Alembic reads %q, want %q", got, want)
		}
	}
	alembic("upgrade", "b1")
	alembic("upgrade", "b2")
	if out := run("migr", "current"); !strings.Contains(out, "b1") || !strings.Contains(out, "b2") {
		t.Fatalf("migr current: %s", out)
	}
	run("migr", "upgrade", "m1")
	rows("m1")
	alembic("upgrade", "head")
	rows("n1")
	run("migr", "upgrade") // nothing to do
	run("migr", "downgrade", "b1")
	rows("b1", "b2")
	run("migr", "downgrade", "base")
	rows()
	run("migr", "upgrade")
	rows("n1")
	alembic("downgrade", "base")
	rows()
}
