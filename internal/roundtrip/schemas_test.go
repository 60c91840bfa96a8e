package roundtrip

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Where developers keep the schemas of public projects; they are not part of this one.
const sharedSchemas = "../../../shared/schemas"

// TestMutatedSchemas leads real schemas to random changes of themselves and back, as
// TestPairs does: with MIGR_TEST_TORTURE, MIGR_TEST_PAIRS (10) times each.
func TestMutatedSchemas(t *testing.T) {
	if os.Getenv("MIGR_TEST_TORTURE") == "" {
		t.Skip("MIGR_TEST_TORTURE is not set")
	}
	text, err := os.ReadFile(filepath.Join(sharedSchemas, "manifest.json"))
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
	for _, p := range products() {
		for _, s := range all {
			if s.Dialect != p.dialect.Name {
				continue
			}
			t.Run(s.Name+"/"+p.server.Name, func(t *testing.T) {
				if !p.server.Available() {
					p.server.Admin(t)
				}
				mutateSchema(t, p, statementsOf(t, p, s.Files))
			})
		}
	}
}

// statementsOf makes a node of each statement that makes something.
func statementsOf(t *testing.T, p *product, files []string) (s schema) {
	t.Helper()
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(sharedSchemas, f))
		if err != nil {
			t.Fatal(err)
		}
		stmts, err := sqltext.Split(p.dialect.Family, f, string(text), sqltext.Lenient())
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range stmts {
			words := append(sqltext.Words(p.dialect.Family, st.Text, 2), "", "")
			switch {
			case words[0] != "CREATE" && words[0] != "ALTER" && words[0] != "COMMENT":
			case words[1] == "DATABASE" || words[1] == "ROLE" || words[1] == "DEFAULT" || strings.Contains(st.Text, " OWNER TO "):
			default:
				s = append(s, node{id: fmt.Sprint(f, ":", st.Line, ":", len(s)), kind: "statement", sql: st.Text})
			}
		}
	}
	return s
}

func mutateSchema(t *testing.T, p *product, s schema) {
	seed, n := number(t, "MIGR_TEST_SEED", int(time.Now().Unix())), number(t, "MIGR_TEST_PAIRS", 10)
	r := &tester{p: p, one: p.world(t), two: p.world(t)}
	a, err := r.one.load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := r.one.db.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		b := changed(rand.New(rand.NewPCG(uint64(seed+i), 2)), p, a, cat)
		x, y, err := r.try(t.Context(), a, b)
		if err != nil {
			r.report(t, fmt.Sprintf("MIGR_TEST_SEED=%d MIGR_TEST_PAIRS=1", seed+i), x, y, err)
		}
	}
	t.Logf("%d of %d statements, %d pairs from seed %d", len(a), len(s), n, seed)
}

// changed leaves out some statements and adds changes of some columns.
func changed(r *rand.Rand, p *product, a schema, cat *catalog.Catalog) schema {
	var columns []*catalog.Object
	for _, o := range cat.Objects {
		if o.Kind == "column" {
			columns = append(columns, o)
		}
	}
	b := a
	for i := range 1 + r.IntN(6) {
		o := columns[r.IntN(len(columns))]
		table, name := sqltext.QuoteIdent(p.dialect.Family, o.Table), sqltext.QuoteIdent(p.dialect.Family, o.Name)
		if o.Schema != "" {
			table = sqltext.QuoteIdent(p.dialect.Family, o.Schema) + "." + table
		}
		alter := "ALTER TABLE " + table + " "
		texts := []string{
			alter + "ADD COLUMN zz" + fmt.Sprint(i) + " int", alter + "ADD COLUMN zz" + fmt.Sprint(i) + " varchar(20) DEFAULT 'x'",
			alter + "DROP COLUMN " + name, alter + "DROP COLUMN " + name, "DROP TABLE " + table,
			"CREATE INDEX zzi" + fmt.Sprint(i) + " ON " + table + " (" + name + ")",
			alter + "ALTER COLUMN " + name + " TYPE text", alter + "ALTER COLUMN " + name + " DROP NOT NULL", alter + "ALTER COLUMN " + name + " DROP DEFAULT",
			alter + "MODIFY COLUMN " + name + " varchar(77)", alter + "MODIFY COLUMN " + name + " bigint FIRST",
		}
		if at := r.IntN(len(texts) + 4); at < len(texts) {
			b = append(b[:len(b):len(b)], node{id: fmt.Sprint("change", i), kind: "statement", sql: texts[at]})
		} else {
			b = b.without(b[r.IntN(len(b))].id)
		}
	}
	return b
}
