package mysql_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/testdb"
)

// eventStart is the time at which an event was made.
var eventStart = regexp.MustCompile(` STARTS '[^']*'`)

// tableCharset is a table's own character set and collation.
var tableCharset = regexp.MustCompile(`DEFAULT CHARSET=(\w+) COLLATE=(\w+)`)

// manyTables writes n tables with keys, a check and a foreign key each.
func manyTables(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "CREATE TABLE t%d (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, parent bigint unsigned, name varchar(50) NOT NULL, "+
			"n int DEFAULT 5, at datetime DEFAULT CURRENT_TIMESTAMP, UNIQUE KEY u (name), KEY k (n, at), CONSTRAINT c%d CHECK (n > 0), "+
			"CONSTRAINT f%d FOREIGN KEY (parent) REFERENCES t%d (id));\n", i, i, i, i/2)
	}
	return b.String()
}

func TestNumberOfQueriesIsFixed(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		count := func(tables int) int {
			q := &counting{Querier: loaded(t, e, manyTables(tables)).db}
			c, err := engine.Read(t.Context(), q, catalog.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			// the table, 5 columns, primary key, unique, 2 indexes, check, foreign key
			if got := len(c.Objects); got != tables*12 {
				t.Errorf("%d tables gave %d objects", tables, got)
			}
			return q.n
		}
		if few, many := count(3), count(300); few != many {
			t.Errorf("3 tables take %d queries, 300 take %d", few, many)
		}
	})
}

func TestExclude(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		p := loaded(t, e, manyTables(3)+"CREATE VIEW v AS SELECT id FROM t2; CREATE TABLE migr_version (id int PRIMARY KEY);")
		c, err := engine.Read(t.Context(), p.db, catalog.Scope{Exclude: func(k catalog.Key) bool {
			return k.Name == "migr_version" || k.Name == "t1" || k.Kind == "column" && k.Name == "at" || k.Kind == "view"
		}})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Unknown) > 0 {
			t.Errorf("unknown: %v", c.Unknown)
		}
		for _, o := range c.Objects {
			if o.Table == "t1" || o.Name == "t1" || o.Name == "migr_version" || o.Name == "at" || o.Kind == "view" {
				t.Errorf("%s was not left out", o.Key)
			}
		}
		if want := 2 * 11; len(c.Objects) != want {
			t.Errorf("%d objects, want %d", len(c.Objects), want)
		}
	})
}

// TestUnknown has things beyond the model, which are named and left alone.
func TestUnknown(t *testing.T) {
	check := func(t *testing.T, e testdb.Engine, text string, want ...catalog.Key) {
		t.Helper()
		c := loaded(t, e, text).read()
		if !slices.Equal(c.Unknown, want) {
			t.Errorf("got %v, want %v", c.Unknown, want)
		}
		for _, o := range c.Objects {
			for _, k := range want {
				if o.Name == k.Name || o.Table == k.Name {
					t.Errorf("%s is unknown and in the catalog", o.Key)
				}
			}
		}
	}
	onEach(t, "mariadb", func(t *testing.T, e testdb.Engine) {
		check(t, e, `CREATE TABLE pe (id int, d1 date, d2 date, PERIOD FOR dp (d1, d2), UNIQUE (id, dp WITHOUT OVERLAPS));
			CREATE TABLE ordinary (d1 date NOT NULL, d2 date NOT NULL, CONSTRAINT dp CHECK (d1 < d2));
			SET sql_mode = 'ORACLE';
			DELIMITER //
			CREATE PACKAGE pk AS FUNCTION f RETURN int; END//
			CREATE PACKAGE BODY pk AS FUNCTION f RETURN int AS BEGIN RETURN 1; END; END//
			SET sql_mode = DEFAULT//`,
			catalog.Key{Kind: "package", Name: "pk"}, catalog.Key{Kind: "package body", Name: "pk"}, catalog.Key{Kind: "table", Name: "pe"})
	})
	onEach(t, "mysql", func(t *testing.T, e testdb.Engine) {
		check(t, e, "CREATE LIBRARY l LANGUAGE JAVASCRIPT AS 'export function f(n) { return n }'; CREATE TABLE a (id int PRIMARY KEY);"+
			"CREATE JSON RELATIONAL DUALITY VIEW dv AS SELECT json_duality_object('_id': id) FROM a",
			catalog.Key{Kind: "library", Name: "l"}, catalog.Key{Kind: "view", Name: "dv"})
	})
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		check(t, e, `CREATE TABLE a (id int) ENGINE=MyISAM; CREATE TABLE m (id int) ENGINE=MRG_MyISAM UNION=(a)`, catalog.Key{Kind: "table", Name: "m"})
	})
}

// TestDefiner: who an object runs as is not compared, and is written when it is
// somebody else.
func TestDefiner(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		text := func(definer string) string {
			return fmt.Sprintf("CREATE TABLE t (a int); CREATE %[1]s VIEW v AS SELECT a FROM t; CREATE %[1]s FUNCTION f() RETURNS int DETERMINISTIC RETURN 1;"+
				"CREATE %[1]s TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'x'; CREATE %[1]s EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 'x';", definer)
		}
		mine, theirs := loaded(t, e, text("")), loaded(t, e, text("DEFINER=`some``one`@`%`"))
		plan := mine.become(theirs.read())
		if len(plan.SQL()) > 0 {
			t.Errorf("a definer alone makes a plan: %s", plan.SQL())
		}
		for who, n := range map[*catalog.Catalog]int{mine.read(): 0, theirs.read(): 4} {
			sql := strings.Join(fresh(t, e).become(who).SQL(), ";\n")
			if got := strings.Count(sql, "DEFINER=`some``one`@`%`"); got != n || strings.Count(sql, "DEFINER=") != n {
				t.Errorf("%d definers, want %d:\n%s", got, n, sql)
			}
		}
	})
}

// TestNoRights reads as a user who may see little: what is kept back is named.
func TestNoRights(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		p := loaded(t, e, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE PROCEDURE pr() SELECT 'x'; CREATE PROCEDURE ps() SELECT 2;")
		name := p.url[strings.LastIndex(p.url, "/")+1:]
		user := "u" + name[len(name)-12:]
		testdb.Exec(t, p.url, fmt.Sprintf("CREATE USER %[1]s@'127.0.0.1' IDENTIFIED BY ''; GRANT SELECT, EXECUTE ON %[2]s.* TO %[1]s@'127.0.0.1'", user, name))
		defer testdb.Exec(t, p.url, "DROP USER "+user+"@'127.0.0.1'")
		db := testdb.Open(t, strings.Replace(p.url, "root", user, 1))
		c, err := engine.Read(t.Context(), db, catalog.Scope{})
		if err != nil {
			t.Fatal(err)
		}
		want := []catalog.Key{{Kind: "procedure", Name: "pr"}, {Kind: "procedure", Name: "ps"}, {Kind: "view", Name: "v"}}
		if !slices.Equal(c.Unknown, want) {
			t.Errorf("unknown: %v, want %v", c.Unknown, want)
		}
		if c.Get(catalog.Key{Kind: "column", Table: "t", Name: "a"}) == nil {
			t.Error("the column was not read")
		}
	})
}

// TestBrokenView reads a view whose table is gone, and drops it.
func TestBrokenView(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		p := loaded(t, e, "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE VIEW v AS SELECT t.a FROM t JOIN u; CREATE VIEW w AS SELECT a FROM u; DROP TABLE t")
		c := p.read()
		if v := c.Get(catalog.Key{Kind: "view", Name: "v"}); v == nil || !strings.Contains(v.Attrs["definition"], "join") || len(c.Unknown) > 0 {
			t.Errorf("view %v, unknown %v", v, c.Unknown)
		}
		p.is("cleaned", fresh(t, e), p.become(catalog.New(c.Version, nil, nil)))
	})
}

// TestSessionModes reads in a session that quotes in another way, and leaves it so.
func TestSessionModes(t *testing.T) {
	const text = "CREATE TABLE t (a varchar(9) DEFAULT 'it''s \\\\', b varbinary(5) DEFAULT x'00ff', c int AS (length(concat(a, '\\'\\\\'))), CHECK (a <> 'q\\\\'));" +
		"CREATE VIEW v AS SELECT a, 'x\\\\' FROM t; CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN length('a\\'b'); CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'a\\\\'"
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		p := loaded(t, e, text)
		want := p.read()
		const mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"
		if _, err := p.db.ExecContext(t.Context(), "SET SESSION sql_mode = '"+mode+"'"); err != nil {
			t.Fatal(err)
		}
		for _, d := range diff.Compare(engine, p.read(), want) {
			t.Error(describe(d))
		}
		var after string
		if err := p.db.QueryRowContext(t.Context(), "SELECT @@SESSION.sql_mode").Scan(&after); err != nil || after != mode {
			t.Errorf("the session's mode is now %q, %v", after, err)
		}
	})
}

func TestNoDatabase(t *testing.T) {
	onEach(t, "", func(t *testing.T, e testdb.Engine) {
		_, err := engine.Read(t.Context(), testdb.Open(t, e.Admin(t)), catalog.Scope{})
		if err == nil || !strings.Contains(err.Error(), "no database is selected") {
			t.Errorf("got %v", err)
		}
		p := loaded(t, e, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'x'")
		c, err := engine.Read(t.Context(), testdb.Open(t, e.Admin(t)), catalog.Scope{Home: p.url[strings.LastIndex(p.url, "/")+1:]})
		if err != nil {
			t.Fatal(err)
		}
		if d := diff.Compare(engine, c, p.read()); len(d) > 0 {
			t.Errorf("read from outside differs: %v", d)
		}
	})
}
