package main

import (
	"context"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/testdb"
)

// TestRowCounter: a count that takes too long is cut off and the server's own guess
// told instead; the connection of the command is not used for it.
func TestRowCounter(t *testing.T) {
	t.Parallel()
	endless := map[string]string{ // each row takes a second
		"postgres": "SELECT count(*) FROM many WHERE pg_sleep(1) IS NOT NULL",
		"mysql":    "SELECT count(*) FROM many a, many b, many c, many d WHERE a.id + b.id + c.id + d.id > 5",
	}
	analyze := map[string]string{"postgres": "ANALYZE many", "mysql": "ANALYZE TABLE many"}
	for _, e := range testdb.Engines() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			url := e.New(t)
			testdb.Exec(t, url, "CREATE TABLE many (id integer NOT NULL PRIMARY KEY)")
			testdb.Exec(t, url, "INSERT INTO many WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c WHERE id < 1000) SELECT id FROM c")
			a, err := newAutogenApp(nil)
			if err != nil {
				t.Fatal(err)
			}
			u, err := dburl.Parse(url, "/")
			if err != nil {
				t.Fatal(err)
			}
			db, err := a.openURL(t.Context(), u, true)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			count := newRowCounter(t.Context(), db.Conn)
			defer count.close()
			if n, about, ok := count.count("SELECT count(*) FROM many", "many"); n != 1000 || about || !ok {
				t.Errorf("counted %d, about %v, %v", n, about, ok)
			}
			if _, _, ok := count.count("SELECT count(*) FROM nowhere", "nowhere"); ok {
				t.Error("what is not there has been counted")
			}
			family := string(db.dialect.Family)
			if endless[family] == "" {
				return
			}
			testdb.Exec(t, url, analyze[family])
			began := time.Now()
			n, about, ok := count.count(endless[family], "many")
			if took := time.Since(began); took > countAll+5*time.Second {
				t.Errorf("counting was not cut off: %v", took)
			}
			if !ok || !about || n < 500 || n > 2000 {
				t.Errorf("guessed %d, about %v, %v; there are 1000", n, about, ok)
			}
			if _, err := db.Strings(context.Background(), "SELECT 1"); err != nil {
				t.Errorf("the command's own connection: %v", err)
			}
		})
	}
}
