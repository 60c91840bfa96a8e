package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/catalog/postgres"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

var everything = catalog.Scope{Home: "public", Schemas: []string{"*"}}

// servers runs a test on each PostgreSQL that is there.
func servers(t *testing.T, f func(t *testing.T, e testdb.Engine)) {
	for _, e := range []testdb.Engine{testdb.EnginePostgres, testdb.EnginePostgres18} {
		t.Run(e.Name, func(t *testing.T) {
			e.Admin(t)
			f(t, e)
		})
	}
}

// connect opens one connection that makes functions without looking into their
// bodies, as migr's runner does.
func connect(t testing.TB, url string) *sql.Conn {
	t.Helper()
	conn, err := testdb.Open(t, url).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	exec(t, conn, "SET check_function_bodies = off", "SET client_min_messages = error")
	return conn
}

func exec(t testing.TB, conn *sql.Conn, stmts ...string) {
	t.Helper()
	for _, s := range stmts {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%v\nin: %s", err, s)
		}
	}
}

// run executes a plan and gives the first failure back.
func run(ctx context.Context, conn *sql.Conn, stmts []string) error {
	if slices.ContainsFunc(stmts, func(s string) bool { return strings.HasPrefix(s, "LOCK TABLE ") }) { // as migr has a revision
		stmts = append(append([]string{"BEGIN"}, stmts...), "COMMIT")
	}
	for _, s := range stmts {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%w\nin: %s", err, s)
		}
	}
	return nil
}

func read(t testing.TB, conn *sql.Conn) *catalog.Catalog {
	t.Helper()
	c, err := postgres.Engine().Read(t.Context(), conn, everything)
	if err != nil {
		t.Fatal(err)
	}
	return testdb.Again(t, c)
}

func plan(t testing.TB, from, to *catalog.Catalog) []string {
	t.Helper()
	r, err := diff.Plan(postgres.Engine(), from, to, diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r.SQL()
}

// differences lists in words what two catalogs do not share.
func differences(a, b *catalog.Catalog) []string {
	var out []string
	for _, d := range diff.Compare(postgres.Engine(), a, b) {
		switch {
		case d.From == nil:
			out = append(out, "only wanted: "+d.To.Key.String())
		case d.To == nil:
			out = append(out, "only got: "+d.From.Key.String())
		default:
			for _, n := range d.Attrs {
				out = append(out, fmt.Sprintf("%s: %s: got %q, wanted %q", d.To.Key, n, d.From.Attrs[n], d.To.Attrs[n]))
			}
		}
	}
	return out
}

// rights are not read: GRANT and REVOKE are no part of the comparison.
var rights = regexp.MustCompile(`(?m)^(GRANT|REVOKE|ALTER DEFAULT PRIVILEGES|COMMENT ON SCHEMA public) .*\n|^-- .*\n`)

// dump is pg_dump's text with the columns of tables sorted, as no server can put
// a column into another place.
func dump(t testing.TB, url string) string {
	t.Helper()
	s, err := testdb.DumpURL(t.Context(), url)
	if err != nil {
		t.Log(err) // an old pg_dump: the catalogs are still compared
		return ""
	}
	return rights.ReplaceAllString(testdb.SortColumns(s), "")
}

// firstDifference shows where two dumps part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	slices.Sort(g)
	slices.Sort(w)
	var out []string
	for _, l := range g {
		if _, found := slices.BinarySearch(w, l); !found {
			out = append(out, "got    "+l)
		}
	}
	for _, l := range w {
		if _, found := slices.BinarySearch(g, l); !found {
			out = append(out, "wanted "+l)
		}
	}
	if len(out) == 0 && got != want {
		return "the same lines in another order"
	}
	return strings.Join(out[:min(len(out), 12)], "\n")
}

var roles = regexp.MustCompile(`(?is)^\s*(CREATE|DROP|ALTER)\s+(ROLE|USER|GROUP|DATABASE)\b`)

// load runs a script of many statements.
func load(t testing.TB, conn *sql.Conn, name, src string) {
	t.Helper()
	stmts, err := sqltext.Split(sqltext.Postgres, name, src, sqltext.Lenient())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stmts {
		if roles.MatchString(s.Text) {
			continue
		}
		if _, err := conn.ExecContext(t.Context(), s.Text); err != nil {
			t.Fatalf("%s:%d: %v\nin: %.300s", s.File, s.Line, err, s.Text)
		}
	}
}
