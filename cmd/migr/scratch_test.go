package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// A way out is how a run with a scratch database ends.
type wayOut struct {
	name  string
	model string
	stop  os.Signal // sent while the model's sleep runs
	code  int
	says  string // in what is printed
}

// waysOut are those of each family; the sleeps are longer than migr may take to end.
var waysOut = map[string][]wayOut{
	"postgres": {
		{name: "done", model: "CREATE TABLE t (id int);"},
		{name: "error in a model", model: "CREATE TABLE t (id int);\nCREATE TABLE u (id integr);", code: 1, says: `model.sql:2:20: type "integr" does not exist`},
		{
			name: "unproven", code: 1, says: "fails on the scratch database",
			model: "CREATE TYPE e AS ENUM ('a'); CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (c e) SERVER s;",
		},
		{name: "SIGINT", model: "CREATE TABLE t AS SELECT pg_sleep(60)::text AS s;", stop: os.Interrupt, code: 130},
		{name: "SIGTERM", model: "SELECT pg_sleep(60);", stop: syscall.SIGTERM, code: 143},
	},
	"mysql": {
		{name: "done", model: "CREATE TABLE t (id int);"},
		{name: "error in a model", model: "CREATE TABLE t (id int);\nCREATE TABLE u (id integr);", code: 1, says: "model.sql:2:"},
		{name: "SIGINT", model: "CREATE TABLE t AS SELECT SLEEP(60) AS s;", stop: os.Interrupt, code: 130},
		{name: "SIGTERM", model: "SELECT SLEEP(60);", stop: syscall.SIGTERM, code: 143},
	},
}

func familyOf(e testdb.Engine) string {
	if e == testdb.EnginePostgres || e == testdb.EnginePostgres18 {
		return "postgres"
	}
	return "mysql"
}

// TestScratchIsDropped ends runs in every way and finds no database left behind.
func TestScratchIsDropped(t *testing.T) {
	t.Parallel()
	for _, e := range []testdb.Engine{testdb.EnginePostgres, testdb.EngineMariaDB, testdb.EngineMySQL} {
		for _, w := range waysOut[familyOf(e)] {
			t.Run(e.Name+"/"+w.name, func(t *testing.T) {
				t.Parallel()
				admin := testdb.Open(t, e.Admin(t))
				p := &project{t: t, e: e, dir: t.TempDir(), url: e.New(t)}
				p.write("model.sql", w.model)
				p.configure(p.url, []string{"model.sql"})
				before := scratchDatabases(t, admin, e)
				code, text := p.run(t, admin, w.stop)
				if code != w.code || !strings.Contains(text, w.says) {
					t.Errorf("exit %d, want %d with %q:\n%s", code, w.code, w.says, text)
				}
				if files, _ := os.ReadDir(p.dir + "/migrations"); w.code != 0 && len(files) > 0 {
					t.Errorf("a file was written: %s", files[0].Name())
				}
				wantGone(t, admin, e, before)
			})
		}
	}
}

// run runs revision --autogenerate and, with stop, sends it that signal while a
// statement of the model sleeps on the scratch database.
func (p *project) run(t *testing.T, admin *sql.DB, stop os.Signal) (int, string) {
	t.Helper()
	if err := os.MkdirAll(p.dir+"/migrations", 0o777); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	if stop != nil { // a mark by which the statement is found
		p.write("model.sql", strings.Replace(p.read("model.sql"), "SELECT", "SELECT '"+p.dir+"' AS mark,", 1))
	}
	cmd := exec.CommandContext(ctx, "migr", "revision", "--autogenerate", "-m", "x")
	cmd.Dir = p.dir
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if stop != nil {
		p.waitForSleep(t, admin, p.dir)
		if err := cmd.Process.Signal(stop); err != nil {
			t.Fatal(err)
		}
	}
	err := cmd.Wait()
	xe := (*exec.ExitError)(nil)
	if err != nil && !errors.As(err, &xe) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func (p *project) read(name string) string {
	p.t.Helper()
	b, err := os.ReadFile(p.dir + "/" + name)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// waitForSleep waits until the server runs the statement that holds the mark.
func (p *project) waitForSleep(t *testing.T, admin *sql.DB, mark string) {
	t.Helper()
	query := "SELECT count(*) FROM information_schema.processlist WHERE info LIKE ? AND id <> connection_id()"
	if familyOf(p.e) == "postgres" {
		query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE $1 AND state = 'active' AND pid <> pg_backend_pid()"
	}
	for range 600 {
		var n int
		if err := admin.QueryRowContext(t.Context(), query, "%"+mark+"%").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the model's sleep never ran")
}

func scratchDatabases(t *testing.T, admin *sql.DB, e testdb.Engine) []string {
	t.Helper()
	query := `SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'migr\_scratch\_%'`
	if familyOf(e) == "postgres" {
		query = `SELECT datname FROM pg_database WHERE datname LIKE 'migr\_scratch\_%'`
	}
	rows, err := admin.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}

// wantGone looks at the scratch databases that were not there before. Other tests
// make some, too, but theirs go away.
func wantGone(t *testing.T, admin *sql.DB, e testdb.Engine, before []string) {
	t.Helper()
	left := slices.DeleteFunc(scratchDatabases(t, admin, e), func(n string) bool { return slices.Contains(before, n) })
	for deadline := time.Now().Add(90 * time.Second); len(left) > 0 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		now := scratchDatabases(t, admin, e)
		left = slices.DeleteFunc(left, func(n string) bool { return !slices.Contains(now, n) })
	}
	if len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// TestScratchWithoutRights: a user who may make no database is told what to do;
// with scratch set it works, and that database is as empty afterwards as before.
func TestScratchWithoutRights(t *testing.T) {
	t.Parallel()
	for _, e := range []testdb.Engine{testdb.EnginePostgres, testdb.EnginePostgres18, testdb.EngineMariaDB, testdb.EngineMySQL} {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			live, lent := e.New(t), e.New(t)
			empty := testdb.Dump(t, lent)
			user := plainUser(t, e, live, lent)
			p := &project{t: t, e: e, dir: t.TempDir(), url: as(t, live, user)}
			p.write("model.sql", richModels[familyOf(e)])
			p.configure(p.url, []string{"model.sql"})
			code, text := p.run(t, nil, nil)
			if code != 1 || !strings.Contains(text, "hint: set scratch") || !strings.Contains(text, "denied") {
				t.Fatalf("exit %d, want 1 and how to set scratch:\n%s", code, text)
			}
			if _, err := p.migr("revision", "--autogenerate", "--scratch", as(t, lent, user), "-m", "x"); err != nil {
				t.Fatal(err)
			}
			if got := testdb.Dump(t, lent); got != empty {
				t.Errorf("the scratch database is not what it was:\n%s", firstLines(got, empty))
			}
			if _, err := p.migr("upgrade"); err != nil {
				t.Fatal(err)
			}
			testdb.Exec(t, lent, "CREATE TABLE mine (id int)")
			_, err := p.migr("check", "--no-cache", "--scratch", as(t, lent, user))
			if err == nil || !strings.Contains(err.Error(), "exit status 64") || !strings.Contains(err.Error(), "is not empty: it holds") {
				t.Errorf("a scratch database with a table in it: %v", err)
			}
			if !strings.Contains(testdb.Dump(t, lent), "mine") {
				t.Error("the table is gone")
			}
		})
	}
}

// richModels leave much behind when a scratch database is not emptied with care.
var richModels = map[string]string{
	"postgres": `CREATE SCHEMA s; CREATE TYPE s.e AS ENUM ('a'); CREATE TYPE p AS (a int); CREATE DOMAIN d AS int;
		CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE TABLE t (id serial PRIMARY KEY, c s.e, i int GENERATED ALWAYS AS IDENTITY, g int DEFAULT f());
		CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM v; CREATE SEQUENCE q; CREATE COLLATION c (locale = 'C');
		CREATE OPERATOR === (LEFTARG = int, RIGHTARG = text, FUNCTION = g); CREATE FUNCTION g(int, text) RETURNS bool LANGUAGE sql AS 'SELECT true';
		CREATE TEXT SEARCH CONFIGURATION w (COPY = simple); CREATE PUBLICATION b FOR TABLE t; CREATE EXTENSION hstore; CREATE TABLE h (h hstore);
		CREATE STATISTICS st ON id, g FROM t; CREATE PROCEDURE pr() LANGUAGE sql AS '';`,
	"mysql": `CREATE TABLE a (id int PRIMARY KEY, b int, FOREIGN KEY (b) REFERENCES b (id)); CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id));
		CREATE VIEW v AS SELECT * FROM a; CREATE PROCEDURE p() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1; CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1;`,
}

// plainUser makes a user who may do all in those databases and make none.
func plainUser(t *testing.T, e testdb.Engine, urls ...string) string {
	t.Helper()
	admin := testdb.Open(t, e.Admin(t))
	user := "u" + strings.ReplaceAll(databaseOf(t, urls[0]), "migr_test", "")
	do := func(text string) {
		t.Helper()
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if familyOf(e) == "postgres" {
		do("CREATE ROLE " + user + " LOGIN")
		for _, u := range urls {
			do("ALTER DATABASE " + databaseOf(t, u) + " OWNER TO " + user)
		}
		t.Cleanup(func() {
			for _, u := range urls {
				db, err := testdb.OpenURL(u)
				if err != nil {
					t.Error(err)
					continue
				}
				if _, err := db.ExecContext(context.Background(), "REASSIGN OWNED BY "+user+" TO CURRENT_USER; DROP OWNED BY "+user); err != nil {
					t.Error(err)
				}
				_ = db.Close()
			}
			do("DROP ROLE " + user)
		})
		return user
	}
	do("CREATE USER " + user + "@'%'")
	for _, u := range urls {
		do("GRANT ALL ON " + databaseOf(t, u) + ".* TO " + user + "@'%'")
	}
	t.Cleanup(func() { do("DROP USER " + user + "@'%'") })
	return user
}

func databaseOf(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func as(t *testing.T, dsn, user string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(user)
	return u.String()
}
