package roundtrip

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/scratch"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// A product is what the pairs run on.
type product struct {
	server   testdb.Engine
	dialect  *driver.Dialect
	catalog  *catalog.Engine
	grammar  *grammar
	pairs    int                      // in an ordinary run
	tidy     func(dump string) string // without what no statement can change
	describe []string                 // queries whose rows are part of the dump
	rowsErr  []string                 // codes (or what they begin with) and words of errors that rows cause
}

// A world is one database.
type world struct {
	p   *product
	url string
	db  *scratch.DB
}

func (p *product) world(t testing.TB) *world {
	t.Helper()
	url := p.server.New(t)
	u, err := dburl.Parse(url, "")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := driver.Open(t.Context(), p.dialect, u, driver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	w := &world{p, url, &scratch.DB{Conn: conn, Engine: p.catalog, Scope: catalog.Scope{Home: conn.Server.Home}}}
	if p.dialect.Schemas != nil {
		w.db.Scope.Schemas = []string{"*"}
	}
	if p.dialect.InProcess {
		if err := conn.Exec(t.Context(), "PRAGMA synchronous = OFF"); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// wipe leaves nothing.
func (w *world) wipe(ctx context.Context) error {
	var schemas []string
	if w.p.dialect.Schemas != nil {
		var err error
		if schemas, err = w.p.dialect.Schemas(ctx, w.db.Conn); err != nil {
			return err
		}
	}
	if _, err := w.p.dialect.Wipe(ctx, w.db.Conn, schemas); err != nil {
		return err
	}
	for _, s := range schemas {
		if s != w.db.Scope.Home {
			if err := w.db.Conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+sqltext.QuoteIdent(w.p.dialect.Family, s)+" CASCADE"); err != nil {
				return err
			}
		}
	}
	return nil
}

// load builds a schema and returns what the server took of it.
func (w *world) load(ctx context.Context, s schema) (schema, error) {
	if err := w.wipe(ctx); err != nil {
		return nil, fmt.Errorf("wiping: %w", err)
	}
	if err := w.p.dialect.Reset(ctx, w.db.Conn); err != nil {
		return nil, err
	}
	for from := 0; ; {
		if from == 0 && !w.p.dialect.TxDDL || w.p.dialect.InProcess {
			s = s.filled()
		}
		all := s.statements()
		var texts []string
		for _, st := range all[from:] {
			texts = append(texts, st.sql)
		}
		failed, err := w.p.dialect.Batch(ctx, w.db.Conn, texts, w.p.dialect.TxDDL)
		if err == nil {
			at, err := w.check(ctx, s)
			if err != nil || at == "" {
				return s, err
			}
			if s, from = s.without(at), 0; w.wipe(ctx) != nil {
				return nil, err
			}
			continue
		}
		if ctx.Err() != nil || w.p.dialect.CauseOf(err) == driver.Lost {
			return nil, fmt.Errorf("loading: %w", err)
		}
		if os.Getenv("MIGR_TEST_REFUSED") != "" {
			fmt.Fprintf(os.Stderr, "refused: %v\n  %s\n", err, texts[failed])
		}
		if !w.p.dialect.TxDDL {
			from += failed
			failed = 0
		}
		s = s.trim(all[from+failed])
	}
}

// check finds what the server should not have taken, by its id.
func (w *world) check(ctx context.Context, s schema) (id string, err error) {
	if w.p.dialect.Check == nil {
		return "", nil
	}
	kind, name, err := w.p.dialect.Check(ctx, w.db.Conn)
	for _, n := range s {
		words := sqltext.Words(w.p.dialect.Family, n.sql, 6)
		made := n.kind == "statement" && len(words) > 2 && strings.EqualFold(words[1], kind) && slices.ContainsFunc(words[2:], func(s string) bool { return strings.EqualFold(s, name) })
		if made || n.kind == kind && n.name == name {
			return n.id, nil
		}
	}
	return "", err
}

// trim leaves out what made a statement fail, perhaps: of a table, its last part.
func (s schema) trim(st statement) schema {
	i := s.index(st.id)
	if at := slices.Index(s[i].after, st.sql); at >= 0 {
		s = slices.Clone(s)
		s[i].after = slices.Delete(slices.Clone(s[i].after), at, at+1)
		return s
	}
	for _, n := range slices.Backward(s) {
		if n.table == st.id && n.kind != "column" {
			return s.without(n.id)
		}
	}
	if s[i].tail != "" {
		s = slices.Clone(s)
		s[i].tail = ""
		return s
	}
	for _, n := range slices.Backward(s) {
		if n.table == st.id {
			if s = s.without(n.id); len(s.columns(st.id)) > 0 {
				return s
			}
			break
		}
	}
	return s.without(st.id)
}

// columns are those of a table.
func (s schema) columns(table string) (all []node) {
	for _, n := range s {
		if n.table == table && n.kind == "column" {
			all = append(all, n)
		}
	}
	return all
}

// filled leaves out the tables without columns: PostgreSQL alone has such.
func (s schema) filled() schema {
	for _, n := range s {
		if n.kind == "table" && len(s.columns(n.id)) == 0 {
			s = s.without(n.id)
		}
	}
	return s
}

// A state is a schema as it is on a server.
type state struct {
	s    schema
	cat  *catalog.Catalog
	dump string
}

func (w *world) state(ctx context.Context, s schema) (state, error) {
	cat, err := w.db.Read(ctx)
	if err != nil {
		return state{}, fmt.Errorf("reading: %w", err)
	}
	dump, err := testdb.DumpURL(ctx, w.url)
	if err != nil && !errors.Is(err, testdb.ErrOldDump) { // then the catalogs alone are compared
		return state{}, err
	}
	dump = w.p.tidy(dump)
	for _, q := range w.p.describe {
		rows, err := w.db.Conn.Strings(ctx, q)
		if err != nil {
			return state{}, err
		}
		var all []string
		for _, r := range rows {
			all = append(all, strings.Join(r, " ")+"\n")
		}
		slices.Sort(all)
		dump += strings.Join(all, "")
	}
	return state{s, cat, dump}, nil
}

// A failure is a pair that does not hold.
type failure struct {
	stage string // what failed, in few words: the shrinker keeps to it
	text  string
}

func (f *failure) Error() string { return f.stage + ": " + f.text }

// become leads the world to another state.
func (w *world) become(ctx context.Context, way string, to state) (*diff.Result, error) {
	have, err := w.db.Read(ctx)
	if err != nil {
		return nil, &failure{way + " reading", err.Error()}
	}
	plan, err := diff.Plan(w.p.catalog, have, to.cat, diff.Options{})
	if err != nil {
		return nil, &failure{way + " planning", err.Error()}
	}
	if failed, err := w.db.Run(ctx, plan.SQL()); err != nil {
		code := ""
		if s := w.p.dialect.Explain(err); s != nil {
			code, _, _ = strings.Cut(s.Code, ",") // MySQL: 1062, SQLSTATE 23000
		}
		if w.p.byRows(err, code) {
			return nil, &failure{"rows", err.Error()}
		}
		return nil, &failure{way + " running " + code, fmt.Sprintf("%v\nin: %s\nof:\n%s", err, plan.SQL()[failed], strings.Join(plan.SQL(), ";\n"))}
	}
	return plan, w.is(ctx, way, to, plan)
}

// is compares the world with the state that it should have.
func (w *world) is(ctx context.Context, way string, want state, plan *diff.Result) error {
	got, err := w.state(ctx, want.s)
	if err != nil {
		return &failure{way + " reading", err.Error()}
	}
	var found []string
	for _, d := range diff.Compare(w.p.catalog, got.cat, want.cat) {
		found = append(found, describe(d))
	}
	what := " comparing"
	if len(found) == 0 {
		found, what = lines(got.dump, want.dump), " dumping"
	}
	if len(found) == 0 {
		return nil
	}
	return &failure{way + what, strings.Join(found, "\n") + "\nplan:\n" + strings.Join(plan.SQL(), ";\n")}
}

func describe(d catalog.Delta) string {
	switch {
	case d.From == nil:
		return "lacks " + d.To.String()
	case d.To == nil:
		return "has " + d.From.String()
	}
	var all []string
	for _, a := range d.Attrs {
		all = append(all, fmt.Sprintf("%s: got %q, want %q", a, d.From.Attrs[a], d.To.Attrs[a]))
	}
	return d.To.String() + " " + strings.Join(all, "; ")
}

// lines shows where two dumps differ.
func lines(got, want string) []string {
	if got == want {
		return nil
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for len(g) > 0 && len(w) > 0 && g[0] == w[0] {
		g, w = g[1:], w[1:]
	}
	for len(g) > 0 && len(w) > 0 && g[len(g)-1] == w[len(w)-1] {
		g, w = g[:len(g)-1], w[:len(w)-1]
	}
	return []string{"got  " + strings.Join(g, "\ngot  "), "want " + strings.Join(w, "\nwant ")}
}

// byRows tells whether a statement failed for what the rows hold.
func (p *product) byRows(err error, code string) bool {
	for _, s := range p.rowsErr {
		if code != "" && (code == s || len(s) == 2 && strings.HasPrefix(code, s)) || len(s) > 5 && strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// fill puts a row into each table that takes one, and returns how many there are.
func (w *world) fill(ctx context.Context, s schema) map[string]int {
	for _, n := range s {
		if n.kind != "table" && n.kind != "partition" {
			continue
		}
		table := sqltext.QuoteIdent(w.p.dialect.Family, n.name)
		for _, text := range []string{w.row(s, n, table), "INSERT INTO " + table + " DEFAULT VALUES", "INSERT INTO " + table + " () VALUES ()"} {
			if text != "" && w.db.Conn.Exec(ctx, text) == nil {
				break
			}
		}
	}
	return w.count(ctx, s)
}

// row writes a row of ones, which nearly every type takes.
func (w *world) row(s schema, table node, quoted string) string {
	var names, values []string
	for _, n := range s {
		if n.table == table.id && n.kind == "column" && (n.class == "int" || n.class == "text") {
			names = append(names, sqltext.QuoteIdent(w.p.dialect.Family, n.name))
			values = append(values, "'1'")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "INSERT INTO " + quoted + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}

// count tells how many rows each table has that has any.
func (w *world) count(ctx context.Context, s schema) map[string]int {
	rows := map[string]int{}
	for _, n := range s {
		if n.kind != "table" && n.kind != "partition" {
			continue
		}
		got, err := w.db.Conn.Strings(ctx, "SELECT count(*) FROM "+sqltext.QuoteIdent(w.p.dialect.Family, n.name))
		if err == nil {
			if c, _ := strconv.Atoi(got[0][0]); c > 0 {
				rows[n.name] = c
			}
		}
	}
	return rows
}

// survive compares the rows of what is there before and after, but for the
// tables of which the plan says that it drops them, and those whose partitions come
// or go: rows may come and go with them.
func survive(way string, before, after map[string]int, a, b schema, plan *diff.Result) error {
	told := map[string]bool{}
	for _, h := range plan.Hazards() {
		if h.Code == "drop-table" {
			told[h.Object] = true
		}
	}
	for name, n := range before {
		at := slices.IndexFunc(b, func(t node) bool { return t.name == name && t.kind == "table" })
		if at >= 0 && !told[name] && slices.Equal(a.partitions(name), b.partitions(name)) && after[name] != n {
			return &failure{way + " rows", fmt.Sprintf("%s has %d rows, had %d\nplan:\n%s", name, after[name], n, strings.Join(plan.SQL(), ";\n"))}
		}
	}
	return nil
}

// partitions are the names of those of a table.
func (s schema) partitions(table string) (names []string) {
	for _, n := range s {
		if at := s.index(n.of); n.kind == "partition" && at >= 0 && s[at].name == table {
			names = append(names, n.name)
		}
	}
	slices.Sort(names)
	return names
}

// A tester has the two databases on which the pairs of a product run.
type tester struct {
	p         *product
	one, two  *world
	pairs     int
	stopped   int // by rows: run again without
	withRows  int
	unchanged int // pairs of equal schemas
}

// walk leads a to b and back, and returns what the server took of both.
func (r *tester) walk(ctx context.Context, a, b schema, rows bool) (schema, schema, error) {
	a, err := r.one.load(ctx, a)
	if err != nil {
		return a, b, &failure{"loading", err.Error()}
	}
	if b, err = r.two.load(ctx, b); err != nil {
		return a, b, &failure{"loading", err.Error()}
	}
	from, err := r.one.state(ctx, a)
	if err != nil {
		return a, b, &failure{"reading", err.Error()}
	}
	to, err := r.two.state(ctx, b)
	if err != nil {
		return a, b, &failure{"reading", err.Error()}
	}
	for _, s := range []state{from, to} {
		if len(s.cat.Unknown) > 0 {
			return a, b, &failure{"unknown", fmt.Sprint(s.cat.Unknown)}
		}
	}
	if len(diff.Compare(r.p.catalog, from.cat, to.cat)) == 0 {
		r.unchanged++
	}
	if rows {
		return a, b, r.thereAndBackWithRows(ctx, from, to)
	}
	if _, err = r.one.become(ctx, "up", to); err == nil {
		_, err = r.one.become(ctx, "down", from)
	}
	return a, b, err
}

func (r *tester) thereAndBackWithRows(ctx context.Context, from, to state) error {
	before := r.one.fill(ctx, from.s)
	plan, err := r.one.become(ctx, "up", to)
	if err != nil {
		return err
	}
	there := r.one.count(ctx, to.s)
	if err := survive("up", before, there, from.s, to.s, plan); err != nil {
		return err
	}
	if plan, err = r.one.become(ctx, "down", from); err != nil {
		return err
	}
	return survive("down", there, r.one.count(ctx, from.s), to.s, from.s, plan)
}

// try walks with rows, and without where rows stop it.
func (r *tester) try(ctx context.Context, a, b schema) (schema, schema, error) {
	x, y, err := r.walk(ctx, a, b, true)
	if f := (*failure)(nil); errors.As(err, &f) && f.stage == "rows" {
		r.stopped++
		return r.walk(ctx, a, b, false)
	}
	r.withRows++
	return x, y, err
}

// pair is the pair of schemas of a seed: some changes of one another, or strangers.
func (g *grammar) pair(seed uint64) (a, b schema) {
	r := rand.New(rand.NewPCG(seed, 1))
	a = g.random(r, 6+r.IntN(20))
	if r.IntN(5) == 0 {
		return a, g.random(r, 6+r.IntN(20))
	}
	return a, g.mutate(r, a, 1+r.IntN(8))
}

// report shrinks a failure and tells it as a case to be kept.
func (r *tester) report(t *testing.T, what string, a, b schema, err error) {
	t.Helper()
	f := (*failure)(nil)
	if !errors.As(err, &f) {
		t.Fatalf("%s: %v", what, err)
	}
	last := f
	a, b = shrink(a, b, 400, func(x, y schema) bool {
		_, _, err := r.try(t.Context(), x, y)
		g := (*failure)(nil)
		if !errors.As(err, &g) || g.stage != f.stage {
			return false
		}
		last = g
		return true
	})
	t.Errorf("%s: %v\n-- from.sql --\n%s-- to.sql --\n%s", what, last, a, b)
}

func number(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestPairs leads random schemas to one another. With MIGR_TEST_TORTURE set it
// does thousands of them, from a seed of the day. MIGR_TEST_PAIRS and
// MIGR_TEST_SEED say how many and from where: a failure names its seed.
func TestPairs(t *testing.T) {
	for _, p := range products() {
		t.Run(p.server.Name, func(t *testing.T) {
			t.Parallel()
			if !p.server.Available() {
				p.server.Admin(t)
			}
			pairs, seed := p.pairs, 0
			if os.Getenv("MIGR_TEST_TORTURE") != "" {
				pairs, seed = 2000, int(time.Now().Unix())
			}
			pairs, seed = number(t, "MIGR_TEST_PAIRS", pairs), number(t, "MIGR_TEST_SEED", seed)
			r := &tester{p: p, one: p.world(t), two: p.world(t)}
			for i := range pairs {
				a, b := p.grammar.pair(uint64(seed + i))
				a, b, err := r.try(t.Context(), a, b)
				r.pairs++
				if err != nil {
					r.report(t, fmt.Sprintf("MIGR_TEST_SEED=%d MIGR_TEST_PAIRS=1", seed+i), a, b, err)
				}
			}
			t.Logf("%d pairs from seed %d: %d with rows, %d again without, %d of equal schemas", r.pairs, seed, r.withRows, r.stopped, r.unchanged)
		})
	}
}

func products() []*product {
	return []*product{
		sqliteProduct(), postgresProduct(testdb.EnginePostgres), postgresProduct(testdb.EnginePostgres18),
		mysqlProduct(testdb.EngineMariaDB), mysqlProduct(testdb.EngineMySQL),
	}
}
