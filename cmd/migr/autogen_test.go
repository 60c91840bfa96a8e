package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/testdb"
)

// TestAutogen does what revision --autogenerate does with each pair of schemas in
// testdata/autogen, by the same functions, and runs the result: after up the
// server's own dump must be that of to.sql, after down that of from.sql, a second
// run must find nothing, the rows must survive, and what inspect prints must
// build the schema again.
func TestAutogen(t *testing.T) {
	for _, f := range families {
		cases := autogenCases(t, f.name)
		for n, e := range f.engines {
			t.Run(e.Name, func(t *testing.T) { autogenOn(t, e, n, cases) })
		}
		for _, c := range cases {
			if *update {
				if err := c.save(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// batchSize is how many cases share two databases and the runs of pg_dump.
const batchSize = 40

func autogenOn(t *testing.T, e testdb.Engine, n int, cases []*autogenCase) {
	version := majorVersion(t, e)
	var runs, shared []*autogenRun
	var batches []*autogenBatch
	for _, c := range cases {
		if !c.runsOn(e, version) || !asked(t.Name()+"/"+c.name) {
			continue
		}
		r := &autogenRun{c: c, e: e, first: n == 0 || !c.has("up.sql")}
		runs = append(runs, r)
		if isPostgres(e) && !c.own {
			shared = append(shared, r)
		} else {
			batches = append(batches, &autogenBatch{e: e, runs: []*autogenRun{r}})
		}
	}
	for part := range slices.Chunk(shared, batchSize) {
		batches = append(batches, &autogenBatch{e: e, runs: part, shared: true})
	}
	var all sync.WaitGroup
	free := make(chan struct{}, 3)
	for _, b := range batches {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			if err := b.run(t); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, r := range runs {
		t.Run(r.c.name, r.report)
	}
}

func isPostgres(e testdb.Engine) bool { return strings.HasPrefix(e.Name, "postgres") }

// majorVersion is the server's: 15. SQLite is always new enough.
func majorVersion(t *testing.T, e testdb.Engine) int {
	t.Helper()
	if e.Env == "" {
		return 1000
	}
	var version string
	if err := testdb.Open(t, e.Admin(t)).QueryRowContext(t.Context(), "SELECT version()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(version))
	return n
}

// asked tells whether -run asks for a test: what is not asked for is not worked out.
func asked(name string) bool {
	patterns := strings.Split(flag.Lookup("test.run").Value.String(), "/")
	for i, part := range strings.Split(name, "/") {
		if i >= len(patterns) {
			break
		}
		// a slash within brackets parts the pattern where the testing package does not
		if re, err := regexp.Compile(patterns[i]); err != nil || !re.MatchString(part) {
			return err != nil
		}
	}
	return true
}

// An autogenBatch is cases that share two databases, each in a schema of its own,
// or one case with two of its own. On the first, work, the revision runs;
// the second holds the models.
type autogenBatch struct {
	e            testdb.Engine
	shared       bool
	runs         []*autogenRun
	work, models side
}

// A side is one of the two databases, and the connection that its cases share.
type side struct {
	url  string
	conn *database
}

func (b *autogenBatch) run(t *testing.T) error {
	ctx := t.Context()
	for _, s := range []*side{&b.work, &b.models} {
		drop, err := b.open(t, s)
		if err != nil {
			return err
		}
		defer drop()
	}
	for i, r := range b.runs {
		if b.shared {
			r.schema = fmt.Sprintf("migr_case_%03d", i)
		}
	}
	b.each(func(r *autogenRun) error { return r.plan(ctx, b.work.conn, b.models.conn) })
	from, to := b.dump(ctx, b.work), b.dump(ctx, b.models)
	b.each(func(r *autogenRun) error { return r.walk(ctx, "up", r.ways.upSQL(), r.want) })
	b.same("after up", b.dump(ctx, b.work), to)
	b.each(func(r *autogenRun) error { return r.walk(ctx, "down", r.ways.downSQL(), r.have) })
	b.same("after down", b.dump(ctx, b.work), from)
	b.each(func(r *autogenRun) error { return r.inspectAgain(ctx) })
	b.same("as inspect prints it", b.dump(ctx, b.models), to)
	return nil
}

// open makes a database and connects to it.
func (b *autogenBatch) open(t *testing.T, s *side) (drop func(), err error) {
	s.url = testdb.SQLiteURL(filepath.Join(t.TempDir(), "test.db"))
	away := func() error { return nil }
	if b.e.Env != "" {
		if s.url, away, err = b.e.Create(t.Context()); err != nil {
			return nil, err
		}
	}
	a, err := newAutogenApp(nil)
	if err != nil {
		return nil, err
	}
	u, err := dburl.Parse(s.url, "")
	if err != nil {
		return nil, err
	}
	if s.conn, err = a.openURL(t.Context(), u, false); err != nil {
		return nil, err
	}
	return func() {
		_ = s.conn.Close()
		if err := away(); err != nil {
			t.Error(err)
		}
	}, nil
}

// each does something with every case that has not failed yet.
func (b *autogenBatch) each(do func(*autogenRun) error) {
	for _, r := range b.runs {
		if r.err == nil {
			r.err = do(r)
		}
	}
}

// A dumped is what the server's own dump says of each case, by schema.
type dumped struct {
	parts map[string]string
	err   error
}

func (b *autogenBatch) dump(ctx context.Context, s side) (d dumped) {
	if b.shared {
		d.parts, d.err = testdb.DumpSchemas(ctx, s.url)
		return d
	}
	text, err := testdb.DumpURL(ctx, s.url)
	return dumped{map[string]string{"": eventStart.ReplaceAllString(text, "")}, err}
}

var rights = regexp.MustCompile(`(?m)^(GRANT|REVOKE) .*\n?`)

// sorted puts into one order what stands in none: columns, which cannot be moved, and
// the rights on one object, which a dump shows in the order in which they were given.
func sorted(dump string) string {
	lines := strings.Split(testdb.SortColumns(dump), "\n")
	right := func(l string) bool {
		return strings.HasPrefix(l, "GRANT ") || strings.HasPrefix(l, "REVOKE ") || strings.HasPrefix(l, "ALTER DEFAULT PRIVILEGES ")
	}
	for from := 0; from < len(lines); from++ {
		to := from
		for to < len(lines) && right(lines[to]) {
			to++
		}
		slices.Sort(lines[from:to])
		from = to
	}
	return strings.Join(lines, "\n")
}

// eventStart is when an event was made, where its text does not say when it starts.
var eventStart = regexp.MustCompile(` STARTS '[^']*'`)

func (b *autogenBatch) same(when string, got, want dumped) {
	if err := cmp.Or(got.err, want.err); err != nil {
		if errors.Is(err, testdb.ErrOldDump) && !testdb.Strict() {
			return // the catalogs were compared
		}
		b.each(func(*autogenRun) error { return err })
		return
	}
	b.each(func(r *autogenRun) error {
		g, w := sorted(got.parts[r.schema]), sorted(want.parts[r.schema])
		if r.c.has("live.sql") && when == "after up" { // the rights that are on the database only
			g, w = rights.ReplaceAllString(g, ""), rights.ReplaceAllString(w, "")
		}
		if g == w || r.c.noDump != "" {
			return nil
		}
		return fmt.Errorf("%s the dump is another:\n%s\n%s", when, firstLines(g, w), r.parts())
	})
}
