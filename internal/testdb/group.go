package testdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Group is three MySQL servers on loopback that replicate to one another by group
// replication.
type Group struct {
	Nodes []*Node
}

// A Node is one of a group's servers.
type Node struct {
	URL string // of its administrator
	dir string
}

const groupSize = 3

// NewGroup starts a group, each server by scripts/testdb.sh, and has it end with the
// test. In a group of several primaries each node takes writes; else all but the
// first answer them with error 1290.
func NewGroup(t testing.TB, severalPrimaries bool) *Group {
	t.Helper()
	ports := make([]string, groupSize)
	for i := range ports {
		ports[i] = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	}
	g := &Group{Nodes: make([]*Node, groupSize)}
	errs := make([]error, groupSize)
	var wg sync.WaitGroup
	for i := range groupSize {
		wg.Go(func() { g.Nodes[i], errs[i] = startNode(t.Context(), i, ports, severalPrimaries) })
	}
	wg.Wait()
	t.Cleanup(func() {
		for _, n := range g.Nodes {
			if n != nil {
				_ = script(context.Background(), "down", n.dir).Run()
			}
		}
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if err := g.form(t.Context()); err != nil {
		t.Fatalf("forming a replication group: %v", err)
	}
	return g
}

// script is a call of scripts/testdb.sh, from wherever in the repository.
func script(ctx context.Context, args ...string) *exec.Cmd {
	path := filepath.Join("scripts", "testdb.sh")
	for range 8 {
		if _, err := os.Stat(path); err == nil {
			break
		}
		path = filepath.Join("..", path)
	}
	return exec.CommandContext(ctx, path, args...)
}

func startNode(ctx context.Context, i int, members []string, severalPrimaries bool) (*Node, error) {
	single, everywhere := "ON", "OFF"
	if severalPrimaries {
		single, everywhere = "OFF", "ON"
	}
	flags := []string{
		"--log-bin=binlog", "--server-id=" + strconv.Itoa(i+1), "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--report-host=127.0.0.1", "--sync-binlog=0",
		"--plugin-load-add=group_replication.so", "--loose-group-replication-group-name=6d696772-0000-4000-8000-737761726d00",
		"--loose-group-replication-start-on-boot=OFF", "--loose-group-replication-recovery-get-public-key=ON",
		"--loose-group-replication-local-address=" + members[i], "--loose-group-replication-group-seeds=" + strings.Join(members, ","),
		"--loose-group-replication-single-primary-mode=" + single, "--loose-group-replication-enforce-update-everywhere-checks=" + everywhere,
	}
	cmd := script(ctx, "up", "mysql")
	cmd.Env = append(os.Environ(), "MIGR_TESTDB_PERFSCHEMA=ON", "MIGR_TESTDB_MYSQLD="+strings.Join(flags, " "))
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("starting node %d: %w\n%s", i+1, err, said.String())
	}
	n := &Node{}
	for _, m := range regexp.MustCompile(`export \w+_(URL|DIR)='([^']*)'`).FindAllStringSubmatch(string(out), -1) {
		if m[1] == "URL" {
			n.URL = m[2]
		} else {
			n.dir = m[2]
		}
	}
	return n, nil
}

// form makes the group of the first node, and has the others join it.
func (g *Group) form(ctx context.Context) error {
	for i, n := range g.Nodes {
		db, err := OpenURL(n.URL)
		if err != nil {
			return err
		}
		defer db.Close()
		begin, end := "", ""
		if i == 0 {
			begin, end = "SET GLOBAL group_replication_bootstrap_group = ON;", ";SET GLOBAL group_replication_bootstrap_group = OFF"
		}
		// what a node did before it joined must not be in its binary log
		text := `SET sql_log_bin = 0; CREATE USER repl@'%' IDENTIFIED BY 'repl';
			GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO repl@'%'; SET sql_log_bin = 1;
			CHANGE REPLICATION SOURCE TO SOURCE_USER = 'repl', SOURCE_PASSWORD = 'repl' FOR CHANNEL 'group_replication_recovery';
			RESET BINARY LOGS AND GTIDS;` + begin + "START GROUP_REPLICATION" + end
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("node %d: %w", i+1, err)
		}
	}
	_, err := g.WaitFor(ctx, groupSize)
	return err
}

// WaitFor waits, up to a minute, until so many nodes are online in the eyes of one
// that lives, and a primary is among them. It returns the primary; in a group of
// several the first that lives.
func (g *Group) WaitFor(ctx context.Context, online int) (*Node, error) {
	for range 300 {
		for _, n := range g.Nodes {
			if port, ok := n.primary(ctx, online); ok {
				for _, p := range g.Nodes {
					if u, err := url.Parse(p.URL); err == nil && u.Port() == port {
						return p, nil
					}
				}
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil, fmt.Errorf("no group of %d nodes within a minute", online)
}

// primary asks a node whether so many are online, and the port of the primary. It
// answers once it takes writes itself, if it is that.
func (n *Node) primary(ctx context.Context, online int) (string, bool) {
	db, err := OpenURL(n.URL)
	if err != nil {
		return "", false
	}
	defer db.Close()
	var count int
	var port sql.NullString
	err = db.QueryRowContext(ctx, `SELECT count(*), max(CASE WHEN member_role = 'PRIMARY' AND member_id = @@server_uuid AND NOT @@super_read_only THEN member_port END)
		FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'`).Scan(&count, &port)
	return port.String, err == nil && count == online && port.Valid
}

// Kill ends the node as a power cut does.
func (n *Node) Kill() error {
	b, err := os.ReadFile(filepath.Join(n.dir, "pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return err
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

// Database makes a database of that name on the group, and returns its URL through
// each node.
func (g *Group) Database(ctx context.Context, name string) ([]string, error) {
	if err := onServer(ctx, g.Nodes[0].URL, "CREATE DATABASE "+name); err != nil {
		return nil, fmt.Errorf("create database %s on the group: %w", name, err)
	}
	var urls []string
	for _, n := range g.Nodes {
		u := strings.TrimSuffix(n.URL, "/") + "/" + name
		for range 100 { // it comes to the others a little later
			if onServer(ctx, u, "SELECT 1") == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		urls = append(urls, u)
	}
	return urls, nil
}
