package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/testdb"
)

// TestHazards tells for each change of a table with rows what it loses; the count
// is run where there is one.
func TestHazards(t *testing.T) {
	for _, c := range []struct{ name, a, rows, b, want string }{
		{"drop table", "CREATE TABLE t (a int)", "(1), (2)", "", "drop-table t 2"},
		{"drop column", "CREATE TABLE t (a int, b int)", "(1, 1), (2, NULL)", "CREATE TABLE t (a int)", "drop-column t.b 1"},
		{"drop generated column", "CREATE TABLE t (a int, b int AS (a+1) STORED)", "", "CREATE TABLE t (a int)", ""},
		{"column becomes computed", "CREATE TABLE t (a int, b int)", "(1, 2)", "CREATE TABLE t (a int, b int AS (a) VIRTUAL)", "drop-column t.b 1"},
		{"shorter", "CREATE TABLE t (v varchar(10))", "('12345'), ('é2345678')", "CREATE TABLE t (v varchar(8))", "narrow-type t.v 0"},
		{"too short", "CREATE TABLE t (v varchar(10))", "('12345'), ('é23456789')", "CREATE TABLE t (v varchar(8))", "narrow-type t.v 1"},
		{"longer", "CREATE TABLE t (v varchar(10))", "", "CREATE TABLE t (v varchar(20))", ""},
		{"to text", "CREATE TABLE t (v varchar(10))", "", "CREATE TABLE t (v text)", ""},
		{"text to varchar", "CREATE TABLE t (v text)", "('abc'), ('abcdef')", "CREATE TABLE t (v varchar(5))", "narrow-type t.v 1"},
		{"smaller text", "CREATE TABLE t (v longtext)", "('abc'), (repeat('é', 200))", "CREATE TABLE t (v tinytext)", "narrow-type t.v 1"},
		{"int down", "CREATE TABLE t (n bigint)", "(1), (-2147483649), (2147483648)", "CREATE TABLE t (n int)", "narrow-type t.n 2"},
		{"int up", "CREATE TABLE t (n int)", "", "CREATE TABLE t (n bigint)", ""},
		{"unsigned", "CREATE TABLE t (n int)", "(1), (-1)", "CREATE TABLE t (n int unsigned)", "narrow-type t.n 1"},
		{"signed", "CREATE TABLE t (n int unsigned)", "(1), (4294967295)", "CREATE TABLE t (n int)", "narrow-type t.n 1"},
		{"unsigned to larger", "CREATE TABLE t (n int unsigned)", "", "CREATE TABLE t (n bigint)", ""},
		{"unsigned bigint", "CREATE TABLE t (n bigint)", "(-1)", "CREATE TABLE t (n bigint unsigned)", "narrow-type t.n 1"},
		{"decimal", "CREATE TABLE t (n decimal(10,2))", "", "CREATE TABLE t (n decimal(10,1))", "narrow-type t.n ?"},
		{"decimal digits", "CREATE TABLE t (n decimal(10,2))", "", "CREATE TABLE t (n decimal(11,4))", "narrow-type t.n ?"},
		{"wider decimal", "CREATE TABLE t (n decimal(10,2))", "", "CREATE TABLE t (n decimal(12,3))", ""},
		{"int to decimal", "CREATE TABLE t (n int)", "", "CREATE TABLE t (n decimal(12,2))", ""},
		{"double to float", "CREATE TABLE t (n double)", "", "CREATE TABLE t (n float)", "narrow-type t.n ?"},
		{"int to varchar", "CREATE TABLE t (n int)", "", "CREATE TABLE t (n varchar(30))", ""},
		{"varchar to int", "CREATE TABLE t (n varchar(30))", "", "CREATE TABLE t (n int)", "narrow-type t.n ?"},
		{"fractions", "CREATE TABLE t (d datetime(6))", "", "CREATE TABLE t (d datetime(3))", "narrow-type t.d ?"},
		{"datetime to date", "CREATE TABLE t (d datetime)", "", "CREATE TABLE t (d date)", "narrow-type t.d ?"},
		{"datetime to timestamp", "CREATE TABLE t (d datetime)", "", "CREATE TABLE t (d timestamp NULL)", "narrow-type t.d ?"},
		{"date to datetime", "CREATE TABLE t (d date)", "", "CREATE TABLE t (d datetime)", ""},
		{"enum value", "CREATE TABLE t (e enum('a','b''c','d'))", "('a'), ('b''c'), ('d')", "CREATE TABLE t (e enum('d','a','x'))", "drop-enum-value t.e 1"},
		{"set value", "CREATE TABLE t (e set('a','b','c'))", "('a,b'), ('b'), ('c')", "CREATE TABLE t (e set('a','c'))", "drop-enum-value t.e 2"},
		{"enum grows", "CREATE TABLE t (e enum('a'))", "", "CREATE TABLE t (e enum('b','a'))", ""},
		{"enum to varchar", "CREATE TABLE t (e enum('a','abc'))", "", "CREATE TABLE t (e varchar(9))", ""},
		{"charset", "CREATE TABLE t (v varchar(9) CHARACTER SET utf8mb4)", "('é'), ('ш')", "CREATE TABLE t (v varchar(9) CHARACTER SET latin1)", "narrow-type t.v 1"},
		{"larger charset", "CREATE TABLE t (v varchar(9) CHARACTER SET latin1)", "", "CREATE TABLE t (v varchar(9) CHARACTER SET utf8mb4)", ""},
		{"not null", "CREATE TABLE t (a int)", "(1), (NULL)", "CREATE TABLE t (a int NOT NULL)", "add-not-null t.a 1"},
		{"nullable", "CREATE TABLE t (a int NOT NULL)", "", "CREATE TABLE t (a int)", ""},
		{"new date", "CREATE TABLE t (a int)", "(1), (2)", "CREATE TABLE t (a int, d date NOT NULL)", "add-not-null t.d 2"},
		{"new number", "CREATE TABLE t (a int)", "(1), (2)", "CREATE TABLE t (a int, n int NOT NULL)", ""},
		{"unique", "CREATE TABLE t (a int, b int)", "(1, 1), (1, 2), (2, 1), (1, 1), (1, NULL), (1, NULL)", "CREATE TABLE t (a int, b int, UNIQUE KEY u (a, b DESC))", "add-unique t.u 1"},
		{"unique wider than one before", "CREATE TABLE t (a int, b int, UNIQUE KEY v (a))", "", "CREATE TABLE t (a int, b int, UNIQUE KEY u (a, b))", ""},
		{"unique on a new column", "CREATE TABLE t (a int)", "", "CREATE TABLE t (a int, b int UNIQUE)", ""},
		{"unique on a new column with a value", "CREATE TABLE t (a int)", "", "CREATE TABLE t (a int, b int NOT NULL DEFAULT 1, UNIQUE KEY u (b))", "add-unique t.u ?"},
		{"auto increment", "CREATE TABLE t (a int)", "", "CREATE TABLE t (a int, id int AUTO_INCREMENT PRIMARY KEY)", ""},
		{
			"partition", "CREATE TABLE t (a int) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (5), PARTITION q VALUES LESS THAN (9))", "(1), (2), (7)",
			"CREATE TABLE t (a int) PARTITION BY RANGE (a) (PARTITION q VALUES LESS THAN (9))", "drop-table t.p 2",
		},
		{"partitions anew", "CREATE TABLE t (a int) PARTITION BY HASH (a) PARTITIONS 4", "", "CREATE TABLE t (a int) PARTITION BY HASH (a) PARTITIONS 2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, "", func(t *testing.T, e testdb.Engine) { oneHazard(t, e, c.a, c.rows, c.b, c.want) })
		})
	}
	t.Run("history", func(t *testing.T) {
		onEach(t, "mariadb", func(t *testing.T, e testdb.Engine) {
			oneHazard(t, e, "CREATE TABLE t (a int) WITH SYSTEM VERSIONING", "(1)", "CREATE TABLE t (a int)", "drop-table t 1")
		})
	})
}

func oneHazard(t *testing.T, e testdb.Engine, a, rows, b, want string) {
	t.Helper()
	place := loaded(t, e, a)
	if rows != "" {
		testdb.Exec(t, place.url, "INSERT INTO t VALUES "+rows)
	}
	plan, err := diff.Plan(engine, place.read(), loaded(t, e, b).read(), diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range plan.Hazards() {
		count := "?"
		if h.Count != "" {
			var n int
			if err := place.db.QueryRowContext(t.Context(), h.Count).Scan(&n); err != nil {
				t.Fatalf("%v\n%s", err, h.Count)
			}
			count = fmt.Sprint(n)
		}
		if h.Why == "" {
			t.Error("no reason given")
		}
		got = append(got, h.Code+" "+h.Object+" "+count)
	}
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got %q, want %q", s, want)
	}
}
