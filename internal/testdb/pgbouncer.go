package testdb

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PgBouncer starts a PgBouncer in front of the server of a PostgreSQL URL and
// returns the URL of the same database through it. mode is its pool_mode
// ("session", "transaction"), pool the server connections that it makes per
// database. It ends with the test. Where there is no PgBouncer the test is skipped;
// with CI set it fails.
func PgBouncer(t testing.TB, server, mode string, pool int) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	program := pgbouncerProgram(t)
	port := freePort(t)
	ini := filepath.Join(t.TempDir(), "pgbouncer.ini")
	as := u.User.Username()
	if password, ok := u.User.Password(); ok {
		as += " password='" + strings.ReplaceAll(password, "'", "''") + "'"
	}
	text := fmt.Sprintf(`[databases]
* = host=%s port=%s user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = %s
default_pool_size = %d
max_client_conn = 200
log_connections = 0
log_disconnections = 0
ignore_startup_parameters = extra_float_digits
`, u.Hostname(), u.Port(), as, port, mode, pool)
	if err := os.WriteFile(ini, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{ini}
	if os.Getuid() == 0 { // which it refuses to be; the file is read before it is nobody
		args = []string{"-u", "nobody", ini}
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting PgBouncer: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("PgBouncer's log:\n%s", log.String())
		}
	})
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for range 500 {
		if c, err := net.Dial("tcp", u.Host); err == nil {
			_ = c.Close()
			return u.String()
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("PgBouncer does not listen")
	return ""
}

func pgbouncerProgram(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} { // not in every user's path
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	if Strict() {
		t.Fatal("there is no pgbouncer, and CI is set (scripts/testdb.sh deps postgres installs it, as root)")
	}
	t.Skip("there is no pgbouncer")
	return ""
}

// freePort is one on loopback that nobody listens on now.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}
