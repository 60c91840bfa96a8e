package scratch_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/catalog/postgres"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	driverpostgres "github.com/migr-dev/migr/internal/driver/postgres"
	"github.com/migr-dev/migr/internal/scratch"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// load builds files, given as name and text in turn, and returns the paths of what is then there.
func load(t *testing.T, files ...string) ([]string, error) {
	t.Helper()
	u, err := dburl.Parse(testdb.Postgres(t), "")
	if err != nil {
		t.Fatal(err)
	}
	live, err := driver.Open(t.Context(), driverpostgres.Dialect(), u, driver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	d, err := scratch.Open(t.Context(), live, postgres.Engine(), scratch.Options{Scope: catalog.Scope{Schemas: []string{"*"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all []sqltext.Stmt
	for i := 0; i < len(files); i += 2 {
		stmts, err := sqltext.Split(sqltext.Postgres, files[i], files[i+1])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, stmts...)
	}
	ready, err := source.Prepare(sqltext.Postgres, all)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Load(t.Context(), ready); err != nil {
		return nil, err
	}
	c, err := d.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, o := range c.Objects {
		paths = append(paths, o.String())
	}
	return paths, nil
}

// TestLoadInAnyOrder: more statements than one batch holds, in order, backwards and
// shuffled, make the same schema; each refers to the one before.
func TestLoadInAnyOrder(t *testing.T) {
	t.Parallel()
	stmts := []string{"CREATE TYPE state AS ENUM ('a', 'b');\n", "CREATE TABLE c0 (id int PRIMARY KEY);\n"}
	for i := 1; i < 150; i++ {
		stmts = append(stmts, fmt.Sprintf("CREATE TABLE c%d (id int PRIMARY KEY, up int REFERENCES c%d (id), s state);\n", i, i-1))
	}
	stmts = append(stmts, "ALTER TABLE c7 ADD COLUMN late int;\n", "CREATE VIEW v AS SELECT late FROM c7;\n")
	want, err := load(t, "a.sql", strings.Join(stmts, ""))
	if err != nil {
		t.Fatal(err)
	}
	backwards := slices.Clone(stmts)
	slices.Reverse(backwards)
	shuffled := slices.Clone(stmts)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for name, order := range map[string][]string{"backwards": backwards, "shuffled": shuffled} {
		var files []string // what stands in one file, and what in one each
		for i, s := range order[:20] {
			files = append(files, fmt.Sprintf("%d.sql", i), s)
		}
		files = append(files, "rest.sql", strings.Join(order[20:], ""))
		if got, err := load(t, files...); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v\n%q\nwant\n%q", name, err, got, want)
		}
	}
}

// TestSettingsHoldToTheEndOfTheirFile: whether statements are run together or one by one.
func TestSettingsHoldToTheEndOfTheirFile(t *testing.T) {
	t.Parallel()
	in := "SET search_path = s;\nCREATE TABLE a (id int REFERENCES public.later (id));\n" + strings.Repeat("SELECT 1;\n", 120) + "CREATE TABLE b (id int);\n"
	got, err := load(t, "0.sql", "CREATE SCHEMA s;", "1.sql", in, "2.sql", "CREATE TABLE later (id int PRIMARY KEY);")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"table s.a", "table s.b", "table later"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not among %q", want, got)
		}
	}
}

// TestPlaceOfAFailure: the statement that fails is named with its place, wherever in a batch it stands.
func TestPlaceOfAFailure(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 130 {
		if i == 117 {
			b.WriteString("CREATE TABLE bad (id integr);\n")
			continue
		}
		fmt.Fprintf(&b, "CREATE TABLE t%d (id int);\n", i)
	}
	_, err := load(t, "m.sql", b.String())
	var le *scratch.LoadError
	if !errors.As(err, &le) || le.Stmt.File != "m.sql" || le.Line != 118 || le.Col != 22 || le.More != 0 {
		t.Errorf("%+v", err)
	}
}
