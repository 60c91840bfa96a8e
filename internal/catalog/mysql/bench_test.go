package mysql_test

import (
	"net/url"
	"os/exec"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// BenchmarkRead reads 1,000 tables; with mariadb-dump at hand it also reports how
// long that takes for the same, and the ratio.
func BenchmarkRead(b *testing.B) {
	for _, e := range products {
		b.Run(e.Name, func(b *testing.B) {
			dsn := e.New(b)
			db := testdb.Open(b, dsn)
			stmts, err := sqltext.Split(sqltext.MySQL, "", manyTables(1000))
			if err != nil {
				b.Fatal(err)
			}
			for _, s := range stmts {
				if _, err := db.ExecContext(b.Context(), s.Text); err != nil {
					b.Fatal(err)
				}
			}
			dump := dumpTime(b, dsn)
			for b.Loop() {
				if _, err := engine.Read(b.Context(), db, catalog.Scope{}); err != nil {
					b.Fatal(err)
				}
			}
			if dump > 0 {
				b.ReportMetric(float64(dump.Milliseconds()), "dump-ms")
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/dump.Seconds(), "of-dump")
			}
		})
	}
}

// dumpTime is the best of three runs; 0 where there is no mariadb-dump.
func dumpTime(b *testing.B, dsn string) time.Duration {
	u, err := url.Parse(dsn)
	if err != nil {
		b.Fatal(err)
	}
	var best time.Duration
	for range 3 {
		start := time.Now()
		err := exec.CommandContext(b.Context(), "mariadb-dump", "--no-defaults", "--no-data", "--routines", "--triggers", "--events", "--skip-ssl",
			"-h"+u.Hostname(), "-P"+u.Port(), "-u"+u.User.Username(), u.Path[1:]).Run()
		if err != nil {
			b.Logf("no mariadb-dump to compare with: %v", err)
			return 0
		}
		if t := time.Since(start); best == 0 || t < best {
			best = t
		}
	}
	return best
}
