package mysql_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/catalog/mysql"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

var engine = mysql.Engine()

// products are the servers on which every case runs.
var products = []testdb.Engine{testdb.EngineMariaDB, testdb.EngineMySQL}

// onEach runs a test on each product that the case is for.
func onEach(t *testing.T, only string, do func(t *testing.T, e testdb.Engine)) {
	t.Helper()
	for _, e := range products {
		if only == "" || only == e.Name {
			t.Run(e.Name, func(t *testing.T) { do(t, e) })
		}
	}
}

// A place is a fresh database.
type place struct {
	t   *testing.T
	e   testdb.Engine
	url string
	db  *sql.DB
}

func fresh(t *testing.T, e testdb.Engine) place {
	t.Helper()
	url := e.New(t)
	db := testdb.Open(t, url)
	db.SetMaxOpenConns(1)
	return place{t, e, url, db}
}

func loaded(t *testing.T, e testdb.Engine, text string) place {
	t.Helper()
	p := fresh(t, e)
	for _, s := range split(t, text) {
		if _, err := p.db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("loading: %v\n%s", err, s)
		}
	}
	return p
}

// split cuts a text and leaves out the statements that fill tables.
func split(t *testing.T, text string) []string {
	t.Helper()
	stmts, err := sqltext.Split(sqltext.MySQL, "case.sql", text)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range stmts {
		words := sqltext.Words(sqltext.MySQL, s.Text, 1)
		if len(words) == 0 || !slices.Contains([]string{"INSERT", "SELECT", "FLUSH", "COMMIT"}, strings.ToUpper(words[0])) {
			all = append(all, s.Text)
		}
	}
	return all
}

func (p place) read() *catalog.Catalog {
	p.t.Helper()
	c, err := engine.Read(p.t.Context(), p.db, catalog.Scope{})
	if err != nil {
		p.t.Fatal(err)
	}
	return testdb.Again(p.t, c)
}

// become plans the way to a catalog and goes it.
func (p place) become(to *catalog.Catalog) *diff.Result {
	p.t.Helper()
	plan, err := diff.Plan(engine, p.read(), to, diff.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, s := range plan.SQL() {
		if _, err := p.db.ExecContext(p.t.Context(), s); err != nil {
			p.t.Fatalf("%v\nrunning: %s\nof the plan:\n%s", err, s, strings.Join(plan.SQL(), ";\n"))
		}
	}
	return plan
}

// is checks that the place has the same schema as another, by the comparison and
// by the server's own words.
func (p place) is(what string, other place, plan *diff.Result) {
	p.t.Helper()
	sqlOf := func() string { return strings.Join(plan.SQL(), ";\n") }
	has := p.read()
	for _, d := range diff.Compare(engine, has, other.read()) {
		p.t.Errorf("%s: still differs: %s\nplan:\n%s", what, describe(d), sqlOf())
	}
	got, want := dump(p), dump(other)
	// what is added to a table comes behind what is there; and MySQL's
	// information_schema does not always give keys in their order
	if what != "built" || p.e == testdb.EngineMySQL {
		got, want = testdb.SortColumns(got), testdb.SortColumns(want)
	}
	if got != want {
		p.t.Errorf("%s: the server says\n%s\nplan:\n%s", what, lineDiff(got, want), sqlOf())
	}
}

// lineDiff cuts off what two texts begin and end with in common.
func lineDiff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for len(g) > 0 && len(w) > 0 && g[0] == w[0] {
		g, w = g[1:], w[1:]
	}
	for len(g) > 0 && len(w) > 0 && g[len(g)-1] == w[len(w)-1] {
		g, w = g[:len(g)-1], w[:len(w)-1]
	}
	return "- " + strings.Join(g, "\n- ") + "\n+ " + strings.Join(w, "\n+ ")
}

// dump is the server's own text, without what its metadata do not tell: that a
// B-tree was asked for by name and that a column was given the table's own
// character set by name (MySQL), and the times at which events start.
func dump(p place) string {
	text := strings.ReplaceAll(testdb.Dump(p.t, p.url), " USING BTREE", "")
	parts := strings.SplitAfter(eventStart.ReplaceAllString(text, ""), ";\n")
	for i, part := range parts {
		if m := tableCharset.FindStringSubmatch(part); m != nil {
			parts[i] = strings.ReplaceAll(part, " CHARACTER SET "+m[1]+" COLLATE "+m[2], "")
		}
	}
	return strings.Join(parts, "")
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
		all = append(all, a+": "+d.From.Attrs[a]+" => "+d.To.Attrs[a])
	}
	return d.To.String() + " (" + strings.Join(all, "; ") + ")"
}

// roundTrip goes from nothing to a, to b and back to a, and does the same on a
// database that a's own SQL has made.
func roundTrip(t *testing.T, e testdb.Engine, a, b string) {
	t.Helper()
	t.Parallel()
	placeA, placeB := loaded(t, e, a), loaded(t, e, b)
	catA, catB := placeA.read(), placeB.read()
	for _, c := range []*catalog.Catalog{catA, catB} {
		if len(c.Unknown) > 0 {
			t.Errorf("unknown: %v", c.Unknown)
		}
		noName(t, c, placeA, placeB)
	}
	built := fresh(t, e)
	built.is("built", placeA, built.become(catA))
	built.is("a to b", placeB, built.become(catB))
	built.is("b to a", placeA, built.become(catA))
	again := loaded(t, e, a)
	again.is("a to b, a made by its own SQL", placeB, again.become(catB))
	again.is("b to a, a made by its own SQL", placeA, again.become(catA))
	back := loaded(t, e, b)
	back.is("b to a, b made by its own SQL", placeA, back.become(catA))
	back.is("to nothing", fresh(t, e), back.become(catalog.New(catA.Version, nil, nil)))
}

// noName checks that no text has the name of the database in it.
func noName(t *testing.T, c *catalog.Catalog, places ...place) {
	t.Helper()
	for _, p := range places {
		name := p.url[strings.LastIndex(p.url, "/")+1:]
		for _, o := range c.Objects {
			for k, v := range o.Attrs {
				if strings.Contains(v, name) {
					t.Errorf("%s: %s has the database's name: %s", o.Key, k, v)
				}
			}
		}
	}
}

const shared = "../../../../shared/schemas"

func TestSchemas(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(shared, "manifest.json"))
	if err != nil {
		t.Skip("the real schemas are not here")
	}
	var all []struct {
		Name, Dialect string
		Files         []string
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Dialect != "mysql" {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			var b strings.Builder
			for _, f := range s.Files {
				part, err := os.ReadFile(filepath.Join(shared, f))
				if err != nil {
					t.Fatal(err)
				}
				b.Write(part)
				b.WriteString("\n")
			}
			onEach(t, "", func(t *testing.T, e testdb.Engine) { roundTrip(t, e, b.String(), "") })
		})
	}
}

// counting counts the queries of a reader.
type counting struct {
	catalog.Querier
	n int
}

func (c *counting) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	c.n++
	return c.Querier.QueryContext(ctx, q, args...)
}

func (c *counting) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	c.n++
	return c.Querier.QueryRowContext(ctx, q, args...)
}
