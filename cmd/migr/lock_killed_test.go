package main

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// TestLockOfTheKilled: migr is killed while the server carries out a long statement for
// it. The server ends that, and the lock is free, within seconds; the next upgrade finds
// nothing of it.
func TestLockOfTheKilled(t *testing.T) {
	t.Parallel()
	for _, e := range []testdb.Engine{testdb.EnginePostgres, testdb.EnginePostgres18} {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			u := e.New(t)
			dir := folder(t, map[string]string{
				"migr.toml":          "",
				"migrations/one.sql": "-- migr:revision one\n-- migr:up\nCREATE TABLE one (id integer);\nSELECT pg_sleep(300);\n",
			})
			cmd := exec.Command("migr", "upgrade", "-u", u)
			cmd.Dir = dir
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			db := testdb.Open(t, u)
			count := func(q string) (n int) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if err := db.QueryRowContext(ctx, q).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			sleeping := "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(300)%' AND state = 'active' AND pid <> pg_backend_pid()"
			for count(sleeping) == 0 {
				time.Sleep(20 * time.Millisecond)
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			for began := time.Now(); count("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") > 0; {
				if time.Since(began) > 15*time.Second {
					t.Fatal("the lock of a killed migr is held after 15 s")
				}
				time.Sleep(100 * time.Millisecond)
			}
			if n := count("SELECT count(*) FROM pg_class WHERE relname = 'one'"); n != 0 {
				t.Error("something of the revision is left")
			}
		})
	}
}
