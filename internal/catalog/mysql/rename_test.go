package mysql_test

import (
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/testdb"
)

func kind(t *testing.T, name string) catalog.Kind {
	t.Helper()
	for _, k := range engine.Kinds {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %q", name)
	return catalog.Kind{}
}

// alterWith alters table t from a to b; the columns named are renamed rather than
// dropped and added.
func alterWith(t *testing.T, e testdb.Engine, a, b string, names map[string]string) string {
	t.Helper()
	from, to := loaded(t, e, a), loaded(t, e, b)
	p := &catalog.Ctx{From: from.read(), To: to.read()}
	key := catalog.Key{Kind: "table", Name: "t"}
	d := catalog.Delta{From: p.From.Get(key), To: p.To.Get(key)}
	for _, part := range diff.Compare(engine, p.From, p.To) {
		switch {
		case part.To != nil && part.To.Kind == "foreign_key", part.From != nil && part.From.Kind == "foreign_key":
		case part.To == nil && names[part.From.Name] != "":
			d.Parts = append(d.Parts, catalog.Delta{From: part.From, To: p.To.Get(catalog.Key{Kind: "column", Table: "t", Name: names[part.From.Name]})})
		case part.From == nil && part.To.Kind == "column" && isValue(names, part.To.Name):
		default:
			d.Parts = append(d.Parts, part)
		}
	}
	alt := kind(t, "table").Alter(p, &d)
	for _, s := range alt.SQL {
		if _, err := from.db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%v\nrunning: %s", err, s)
		}
	}
	for _, d := range diff.Compare(engine, from.read(), p.To) {
		t.Errorf("still differs: %s\n%s", describe(d), strings.Join(alt.SQL, ";\n"))
	}
	return strings.Join(alt.SQL, ";\n")
}

func isValue(names map[string]string, name string) bool {
	for _, v := range names {
		if v == name {
			return true
		}
	}
	return false
}

func TestRenameColumn(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		got := alterWith(t, e, "CREATE TABLE t (a int, b int, KEY k (b, a))", "CREATE TABLE t (a int, `z``z` int, KEY k (`z``z`, a))", map[string]string{"b": "z`z"})
		if want := "ALTER TABLE `t`\n  RENAME COLUMN `b` TO `z``z`"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		alterWith(t, e,
			"CREATE TABLE t (a int, b int, c int AS (a+1), d int AS (b+1) STORED, e int, CONSTRAINT k CHECK (a > 0), CONSTRAINT l CHECK (e > b), KEY (c))",
			"CREATE TABLE t (x varchar(9), y bigint, e int, z int, c int AS (z+1), d int AS (y+1) STORED, CONSTRAINT k CHECK (z > 0), CONSTRAINT l CHECK (e > y), KEY (c))",
			map[string]string{"a": "z", "b": "y"})
	})
	onEach(t, "mysql", func(t *testing.T, e testdb.Engine) {
		alterWith(t, e, "CREATE TABLE t (a int, KEY k ((a + 1)))", "CREATE TABLE t (z int, KEY k ((z + 1)))", map[string]string{"a": "z"})
	})
	onEach(t, "mariadb", func(t *testing.T, e testdb.Engine) {
		got := alterWith(t, e, "CREATE TABLE t (a int CHECK (a > 0), b int AS (a+1), CHECK (a < 9))",
			"CREATE TABLE t (z int CHECK (z > 0), b int AS (z+1), CHECK (z < 9))", map[string]string{"a": "z"})
		if want := "ALTER TABLE `t`\n  RENAME COLUMN `a` TO `z`"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestRenameIndex(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		from, to := loaded(t, e, "CREATE TABLE t (a int, KEY k (a))"), loaded(t, e, "CREATE TABLE t (a int, KEY l (a))")
		p := &catalog.Ctx{From: from.read(), To: to.read()}
		key := catalog.Key{Kind: "table", Name: "t"}
		alt := kind(t, "table").Alter(p, &catalog.Delta{From: p.From.Get(key), To: p.To.Get(key), Parts: []catalog.Delta{{
			From: p.From.Parts(key, "index")[0], To: p.To.Parts(key, "index")[0],
		}}})
		for _, s := range alt.SQL {
			testdb.Exec(t, from.url, s)
		}
		from.is("renamed", to, &diff.Result{})
	})
}

// TestRenameTable checks Rename and the names that the server changes in passing.
func TestRenameTable(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		p := loaded(t, e, `CREATE TABLE p (id int PRIMARY KEY);
			CREATE TABLE q (id int, n int, PRIMARY KEY (id, n));
			CREATE TABLE t (a int, b int, CHECK (b > 0), CONSTRAINT t_chk_x CHECK (b < 9), FOREIGN KEY (a) REFERENCES p (id), CONSTRAINT mine FOREIGN KEY (b) REFERENCES p (id), CONSTRAINT t_ibfk_x FOREIGN KEY (b, a) REFERENCES q (id, n));
			CREATE VIEW v AS SELECT id FROM p`)
		before := p.read()
		table, to := before.Get(catalog.Key{Kind: "table", Name: "t"}), catalog.Key{Kind: "table", Name: "new`t"}
		for _, s := range kind(t, "table").Rename(nil, table, to) {
			testdb.Exec(t, p.url, s)
		}
		for _, s := range kind(t, "view").Rename(nil, before.Get(catalog.Key{Kind: "view", Name: "v"}), catalog.Key{Kind: "view", Name: "w"}) {
			testdb.Exec(t, p.url, s)
		}
		after := p.read()
		if after.Get(catalog.Key{Kind: "view", Name: "w"}) == nil {
			t.Error("the view has not its new name")
		}
		for _, part := range before.Parts(table.Key, "") {
			k := part.Key
			k.Table = to.Name
			if name := kind(t, part.Kind).NameAfter; name != nil {
				k.Name = name(&catalog.Ctx{From: before}, part, to)
			}
			if after.Get(k) == nil {
				t.Errorf("%s is not called %s", part.Key, k)
			}
		}
	})
}
