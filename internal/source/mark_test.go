package source_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// TestMarks: what a mark is about is found by where it stands.
func TestMarks(t *testing.T) {
	tests := []struct {
		name   string
		family sqltext.Family
		sql    string
		want   string // kind path<-old, joined by "; "
	}{
		{"table before", sqltext.SQLite, "-- migr:renamed from=b\nCREATE TABLE a (x int);", "table a<-b"},
		{"table, blank line and words between", sqltext.SQLite, "CREATE TABLE z (x int);\n\n-- MIGR:renamed FROM = b\n-- the a\nCREATE TEMP TABLE IF NOT EXISTS a (x int);", "table a<-b"},
		{"table behind its name", sqltext.Postgres, "CREATE TABLE app.a ( -- migr:renamed from=app.b\n x int);", "table app.a<-app.b"},
		{"statement behind", sqltext.Postgres, "CREATE INDEX i ON a (x); -- migr:renamed from=j\nCREATE INDEX k ON a (x);", "index i<-j"},
		{"the last one behind", sqltext.Postgres, "CREATE INDEX i ON a (x); -- migr:renamed from=j\n", "index i<-j"},
		{"the last one without an end", sqltext.MySQL, "CREATE VIEW v AS SELECT 1 -- migr:renamed from=w", "view v<-w"},
		{"column at the end of its line", sqltext.SQLite, "CREATE TABLE a (\n x int, -- migr:renamed from=y\n z text DEFAULT 'q' -- migr:renamed from=\"old name\"\n);", "column a.x<-y; column a.z<-old name"},
		{"column before its line", sqltext.Postgres, "CREATE TABLE a (\n k int,\n -- migr:renamed from=Y\n x numeric(1, 2) CHECK (x IN (1, 2))\n);", "column a.x<-y"},
		{"a constraint", sqltext.Postgres, "CREATE TABLE a (x int,\n CONSTRAINT c CHECK (x > 0) -- migr:renamed from=d\n);", "unique a.c<-d"},
		{"a key", sqltext.MySQL, "CREATE TABLE a (x int,\n UNIQUE KEY `k` (x) # migr:renamed from=`l l`\n);", "unique a.k<-l l"},
		{"added", sqltext.Postgres, "-- migr:renamed from=d\nALTER TABLE ONLY a ADD CONSTRAINT c UNIQUE (x);", "unique a.c<-d"},
		{"a type and its values", sqltext.Postgres, "-- migr:renamed from=m\nCREATE TYPE mood AS ENUM ('a', -- migr:renamed from=b\n -- migr:renamed from='it''s'\n 'c');", "enum mood<-m; enum_value mood.a<-b; enum_value mood.c<-it's"},
		{"a value of a column", sqltext.MySQL, "CREATE TABLE t (e enum('x',\n 'y' -- migr:renamed from=Z\n ) DEFAULT 'y');", "enum_value t.e.y<-Z"},
		{"a string that is none", sqltext.MySQL, "CREATE TABLE t (\n e varchar(9) DEFAULT 'x' -- migr:renamed from=f\n);", "column t.e<-f"},
		{"a function", sqltext.Postgres, "-- migr:renamed from=g\nCREATE OR REPLACE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';", "function f<-g"},
		{"no marks", sqltext.Postgres, "-- was renamed from=b\nCREATE TABLE a (x text DEFAULT '-- migr:renamed from=b'); /* -- migr:renamed from=b */", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stmts, err := sqltext.Split(tt.family, "s.sql", tt.sql)
			if err != nil {
				t.Fatal(err)
			}
			marks, err := source.Marks(tt.family, stmts)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range marks {
				got = append(got, m.Kinds[0]+" "+strings.Join(m.Path, ".")+"<-"+m.From)
			}
			if g := strings.Join(got, "; "); g != tt.want {
				t.Errorf("got %q, want %q", g, tt.want)
			}
		})
	}
}

// TestBadMarks: what cannot be a mark is an error with its place.
func TestBadMarks(t *testing.T) {
	for in, want := range map[string]string{
		"CREATE TABLE a (x int);\n\n  -- migr:renamed b\nCREATE TABLE c (x int);": "s.sql:3:3: this mark cannot be read",
		"-- migr:rename from=b\nCREATE TABLE c (x int);":                          "s.sql:1:1: this mark cannot be read",
		"-- migr:renamed from=\nCREATE TABLE c (x int);":                          "s.sql:1:1: this mark has no old name",
		"-- migr:renamed from=b and so\nCREATE TABLE c (x int);":                  "s.sql:1:1: this mark has no old name",
		"-- migr:renamed from=b\nINSERT INTO c VALUES (1);":                       "s.sql:1:1: this mark stands beside nothing",
		"CREATE TABLE c (x int,\n PRIMARY KEY (x) -- migr:renamed from=b\n);":     "s.sql:2:18: this mark stands beside nothing",
		"CREATE TABLE c (x int);\n-- migr:renamed from=b\n":                       "s.sql:2:1: this mark stands beside nothing",
	} {
		stmts, err := sqltext.Split(sqltext.Postgres, "s.sql", in)
		if err != nil {
			t.Fatal(err)
		}
		_, err = source.Marks(sqltext.Postgres, stmts)
		var e *source.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", in, err, want)
		}
	}
}

// TestMarkIs: a mark finds its thing in a catalog, whatever the home schema is called.
func TestMarkIs(t *testing.T) {
	column := source.Mark{Kinds: []string{"column"}, Path: []string{"app", "a", "x"}}
	for _, tt := range []struct {
		m                         source.Mark
		kind, schema, table, name string
		want                      bool
	}{
		{column, "column", "app", "a", "x", true},
		{column, "column", "", "a", "x", true}, // app is the home schema
		{column, "column", "b", "a", "x", false},
		{column, "index", "app", "a", "x", false},
		{source.Mark{Kinds: []string{"column"}, Path: []string{"a", "x"}}, "column", "", "b", "x", false},
		{source.Mark{Kinds: []string{"index", "unique"}, Path: []string{"i"}}, "unique", "", "a", "i", true},
		{source.Mark{Kinds: []string{"function"}, Path: []string{"f"}}, "function", "", "", "f(integer)", true},
		{source.Mark{Kinds: []string{"enum_value"}, Path: []string{"t", "e", "y"}}, "enum_value", "", "t.e", "y", true},
	} {
		if got := tt.m.Is(tt.kind, tt.schema, tt.table, tt.name); got != tt.want {
			t.Errorf("%v Is(%s, %s, %s, %s) = %v", tt.m.Path, tt.kind, tt.schema, tt.table, tt.name, got)
		}
	}
}
