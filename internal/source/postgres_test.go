package source_test

import (
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

func TestPostgresRefuses(t *testing.T) {
	wantBad(t, sqltext.Postgres, []bad{
		{"CREATE DATABASE x", "1:1", "database"},
		{"CREATE TABLE a (i int);\n  drop /* the */ database if exists x", "2:3", "database"},
		{"ALTER DATABASE x SET a = 1", "1:1", "database"},
		{"-- é\n/* é */ USE x", "2:9", "another database"},
		{"CREATE ROLE x", "1:1", "role"},
		{"CREATE USER x", "1:1", "role"},
		{"DROP USER x", "1:1", "role"},
		{"ALTER ROLE x SET a = 1", "1:1", "role"},
		{"CREATE GROUP x", "1:1", "role"},
		{"CREATE TABLESPACE x LOCATION '/x'", "1:1", "tablespace"},
		{"ALTER SYSTEM SET a = 1", "1:1", "configuration"},
		{"CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p", "1:1", "another server"},
		{"IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", "1:1", "another server"},
		{"LOAD 'x'", "1:1", "library"},
		{"DROP OWNED BY x", "1:1", "role"},
		{"COPY t TO PROGRAM 'x'", "1:1", "program"},
		{"COPY t (a, b) FROM PROGRAM 'x'", "1:1", "program"},
		{"COPY (SELECT a FROM b) TO '/tmp/x'", "1:1", "file"},
		{"COPY t FROM '/etc/passwd'", "1:1", "file"},
		{"ROLLBACK", "1:1", "takes back"},
		{"PREPARE TRANSACTION 'x'", "1:1", "prepared transaction"},
		{"SELECT pg_read_file('/etc/passwd')", "1:8", "files"},
		{"CREATE VIEW v AS\n  SELECT a FROM pg_catalog.pg_ls_dir ('x') a", "2:28", "files"},
		{`SELECT "pg_read_file"('x')`, "1:8", "files"},
		{"SELECT lo_import('x')", "1:8", "file"},
		{"SELECT * FROM dblink('x', 'y') AS t (i int)", "1:15", "another database"},
		{"SELECT dblink_exec('x', 'y')", "1:8", "another database"},
		{"SELECT pg_terminate_backend(1)", "1:8", "another session"},
		{"CREATE TABLE other.public.t (i int)", "1:14", "other.public.t"},
		{"CREATE TABLE t (i int REFERENCES other.public.t)", "1:34", "other.public.t"},
		{"SELECT * FROM a, other.public.t", "1:18", "other.public.t"},
		{"INSERT INTO other.public.t VALUES (1)", "1:13", "other.public.t"},
		{"DO $$\nBEGIN\n  IF true THEN CREATE ROLE x; END IF;\nEND $$", "3:16", "role"},
		{"DO $x$ BEGIN PERFORM pg_read_file('x'); END $x$", "1:22", "files"},
		{"DO 'BEGIN CREATE ROLE x; END'", "1:11", "role"},
		{"DO 'BEGIN RAISE ''x''; CREATE ROLE x; END'", "1:4", "role"},
		{"DO LANGUAGE plpython3u $$ import os $$", "1:24", "cannot be checked"},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT lo_export(1, 'x'); END", "1:66", "file"},
	})
}

// A routine that reaches out may be defined, for that runs nothing; it may not
// be used.
func TestPostgresRoutines(t *testing.T) {
	const def = "CREATE FUNCTION s.f(i int) RETURNS text AS $$\n  SELECT pg_read_file('x')\n$$ LANGUAGE sql;\n"
	const calls = "CREATE FUNCTION g() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN f(1); END $$;\n"
	wantSame(t, sqltext.Postgres, []string{
		def,
		def + "COMMENT ON FUNCTION s.f(int) IS 'x'; DROP FUNCTION s.f(int); CREATE TABLE f (i int)",
		def + calls,
		def + "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION s.f();",
		"CREATE FUNCTION dblink(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
		"CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS 'dblink(1)'; SELECT f();",
	})
	wantBad(t, sqltext.Postgres, []bad{
		{def + "SELECT s.f(1)", "4:10", "f is used here, which reaches out of the database: pg_read_file reads files of the server (m.sql:2)"},
		{def + calls + "CREATE TABLE t (a text DEFAULT g())", "5:32", "g is used here"},
		{def + "DO $$ BEGIN PERFORM f(1); END $$", "4:4", "f is used here"},
		{def + "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION s.f(); INSERT INTO x VALUES (1)", "4:69", "f is used"},
	})
}

func TestPostgresNearMisses(t *testing.T) {
	wantSame(t, sqltext.Postgres, []string{
		"CREATE TABLE t (database text, \"role\" text, use int, tablespace int)",
		"CREATE TABLE database (i int)",
		"CREATE TABLE t (i int) TABLESPACE x",
		"CREATE INDEX i ON t (a) TABLESPACE x",
		"INSERT INTO t VALUES ('USE x; CREATE DATABASE y; pg_read_file(1)')",
		"CREATE TABLE t (i int) -- CREATE ROLE x\n",
		"CREATE TABLE t (i int /* ; USE x; pg_read_file('x') */)",
		"CREATE VIEW v AS SELECT pg_read_file_x(1), my_dblink(2), dblinks(3)",
		"CREATE VIEW v AS SELECT pg_read_file FROM dblink",
		"CREATE TABLE dblink (i int); INSERT INTO dblink (i) VALUES (1)",
		"CREATE INDEX x ON dblink (i)",
		"ALTER TABLE t RENAME COLUMN owner TO boss",
		"ALTER TABLE t RENAME owner TO boss",
		"ALTER TYPE t RENAME ATTRIBUTE owner TO boss",
		"ALTER TYPE t RENAME VALUE 'owner' TO 'x'",
		"COMMENT ON COLUMN s.t.c IS 'x'",
		"ALTER SEQUENCE a OWNED BY s.t.c",
		"CREATE SEQUENCE a OWNED BY s.t.c",
		"SELECT EXTRACT(year FROM s.t.c), trim(both 'x' from s.t.c), s.t.c IS DISTINCT FROM s.t.d FROM s.t",
		"CREATE VIEW v AS SELECT s.t.a, s.t.b FROM s.t, s.u WHERE s.t.c = s.u.c",
		"CREATE USER MAPPING FOR PUBLIC SERVER x",
		"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE x; RETURN 1; END $$",
		"DO $$ BEGIN RAISE NOTICE 'CREATE ROLE x'; /* USE y */ END $$",
		"DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET a.b TO 1'; END $$",
		"CREATE VIEW v AS SELECT CASE WHEN a THEN copy ELSE use END FROM t",
		"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN a THEN load ELSE copy END FROM t; END $$; SELECT f()",
		"DO $$ DECLARE role text; BEGIN role := 'x'; END $$",
		"CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM w)",
		"ALTER TABLE ONLY s.t ATTACH PARTITION s.p FOR VALUES FROM ('a') TO ('b')",
		"CREATE POLICY p ON t TO app USING (true)",
		"CREATE TABLE \"x\ty\" (i int)",
	})
}

func TestPostgresBecomes(t *testing.T) {
	wantBecomes(t, sqltext.Postgres, []becomes{
		{"BEGIN; START TRANSACTION; SAVEPOINT a; RELEASE a; COMMIT; END;", nil},
		{"GRANT ALL ON t TO x; REVOKE ALL ON t FROM x; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO x", nil},
		{"SET ROLE x; SET SESSION AUTHORIZATION x; RESET ROLE; RESET SESSION AUTHORIZATION; LOCK TABLE t", nil},
		{"SET LOCAL ROLE x; SET SESSION ROLE x; SET CONSTRAINTS ALL DEFERRED; SET TRANSACTION READ ONLY", nil},
		{"SET statement_timeout = 0; SET transaction_timeout = 0; SET client_encoding = 'LATIN1'; SET NAMES 'x'", nil},
		{"SET search_path = a; SET check_function_bodies = false; RESET search_path;", []string{
			"setting: SET search_path = a", "setting: SET check_function_bodies = false", "setting: RESET search_path",
		}},
		{"SET LOCAL search_path = a", []string{"setting: SET search_path = a"}},
		{"SELECT pg_catalog.set_config('search_path', '', false)", []string{"setting: SELECT pg_catalog.set_config('search_path', '', false)"}},
		{"SELECT pg_catalog.setval('a', 1)", []string{"data: SELECT pg_catalog.setval('a', 1)"}},
		{"SELECT a INTO b FROM c", []string{"define: SELECT a INTO b FROM c"}},
		{"SELECT a FROM c", []string{"data: SELECT a FROM c"}},
		{"(SELECT 1)", []string{"data: (SELECT 1)"}},
		{"INSERT INTO a VALUES (1); WITH x AS (SELECT 1) DELETE FROM a; TRUNCATE a; REFRESH MATERIALIZED VIEW m", []string{
			"data: INSERT INTO a VALUES (1)", "data: WITH x AS (SELECT 1) DELETE FROM a", "data: TRUNCATE a", "data: REFRESH MATERIALIZED VIEW m",
		}},
		{"COPY t FROM stdin;\n1\t2\n\\.\nCOPY t TO STDOUT;", nil},
		{"CREATE SCHEMA public", []string{"define: CREATE SCHEMA IF NOT EXISTS public"}},
		{"CREATE SCHEMA IF NOT EXISTS public", []string{"define: CREATE SCHEMA IF NOT EXISTS public"}},
		{"CREATE SCHEMA a AUTHORIZATION b", []string{"define: CREATE SCHEMA a"}},
		{"CREATE SCHEMA AUTHORIZATION b", []string{"define: CREATE SCHEMA b"}},
		{"CREATE SCHEMA a AUTHORIZATION b CREATE TABLE t (i int)", []string{"define: CREATE SCHEMA a CREATE TABLE t (i int)"}},
		{"CREATE EXTENSION citext WITH SCHEMA x", []string{"define: CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA x"}},
		{"CREATE EXTENSION IF NOT EXISTS citext", []string{"define: CREATE EXTENSION IF NOT EXISTS citext"}},
		{"COMMENT ON EXTENSION x IS 'y'; COMMENT ON DATABASE x IS 'y'; COMMENT ON ROLE x IS 'y'", nil},
		{"COMMENT ON TABLE x IS 'y'", []string{"define: COMMENT ON TABLE x IS 'y'"}},
		{"ALTER TABLE t OWNER TO x; ALTER FUNCTION f(a int, b text) OWNER TO \"X y\"; ALTER SCHEMA s OWNER TO CURRENT_USER", nil},
		{"ALTER TABLE t ADD a int, OWNER TO x", []string{"define: ALTER TABLE t ADD a int"}},
		{"ALTER TABLE t OWNER TO x, ADD a int", []string{"define: ALTER TABLE t ADD a int"}},
		{"ALTER TABLE t ADD a int, OWNER TO x, ADD b int", []string{"define: ALTER TABLE t ADD a int , ADD b int"}},
		{"\\restrict abc\nCREATE TABLE t (i int);\n\\unrestrict abc\n", []string{"define: CREATE TABLE t (i int)"}},
		{"DROP TABLE IF EXISTS t", []string{"define: DROP TABLE IF EXISTS t"}},
		{"ANALYZE; VACUUM t; EXPLAIN SELECT 1; SHOW x; NOTIFY y", nil},
		{"DO $$ BEGIN NULL; END $$", []string{"define: DO $$ BEGIN NULL; END $$"}},
		{"-- nothing\n;;", nil},
	})
}

// TestGrants keeps the rights on what is in a schema, where they are wanted.
func TestGrants(t *testing.T) {
	const src = `GRANT SELECT ON t TO x; REVOKE ALL ON FUNCTION f() FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO x;
		GRANT CONNECT ON DATABASE d TO x; GRANT admin TO x; REVOKE admin FROM x; GRANT USAGE ON LANGUAGE sql TO x; GRANT USAGE ON SCHEMA s TO x`
	stmts, err := sqltext.Split(sqltext.Postgres, "m.sql", src)
	if err != nil {
		t.Fatal(err)
	}
	for keep, want := range map[bool]string{
		false: "",
		true:  "GRANT SELECT ON t TO x; REVOKE ALL ON FUNCTION f() FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO x; GRANT USAGE ON SCHEMA s TO x",
	} {
		out, err := source.Prepare(sqltext.Postgres, stmts, source.Grants(keep))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range out {
			if p.Sort != source.Define {
				t.Errorf("%s is %s", p.Text, p.Sort)
			}
			got = append(got, p.Text)
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("keep %v:\ngot  %s\nwant %s", keep, s, want)
		}
	}
}
