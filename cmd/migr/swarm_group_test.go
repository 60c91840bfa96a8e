package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

// TestSwarmGroup runs the swarm on three MySQL servers in a replication group, whose
// GET_LOCK is each node's own: migr takes the table lock by itself. It takes a
// minute: `make torture` runs it.
func TestSwarmGroup(t *testing.T) {
	if os.Getenv("MIGR_TEST_TORTURE") == "" {
		t.Skip("MIGR_TEST_TORTURE is not set: make torture runs this")
	}
	t.Run("one primary", func(t *testing.T) {
		g := testdb.NewGroup(t, false)
		t.Run("primary", func(t *testing.T) { groupSwarm(t, g, "one", 1).kill(4, 2).run("mysql group, one primary") })
		t.Run("secondary", func(t *testing.T) { refusedBySecondary(t, g) })
		t.Run("primary killed", func(t *testing.T) { nodeKilled(t, g, 1, "mysql group, the primary killed") })
	})
	t.Run("several primaries", func(t *testing.T) {
		g := testdb.NewGroup(t, true)
		t.Run("all", func(t *testing.T) {
			groupSwarm(t, g, "several", len(g.Nodes)).kill(4, 2).run("mysql group, three primaries")
		})
		t.Run("node killed", func(t *testing.T) { nodeKilled(t, g, len(g.Nodes), "mysql group, one of three primaries killed") })
	})
}

// groupSwarm is a swarm spread over the first nodes of a group.
func groupSwarm(t *testing.T, g *testdb.Group, name string, nodes int) *swarm {
	t.Helper()
	urls, err := g.Database(t.Context(), "swarm_"+name)
	if err != nil {
		t.Fatal(err)
	}
	return newSwarm(t, testdb.EngineMySQL, urls[:nodes]...)
}

// refusedBySecondary: a node that takes no writes is told as that.
func refusedBySecondary(t *testing.T, g *testdb.Group) {
	s := groupSwarm(t, g, "secondary", 3)
	out, err := s.command(s.urls[2], "upgrade").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "takes no writes") {
		t.Errorf("upgrade on a secondary: %v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// nodeKilled kills the first node of a group while a swarm is at work on so many.
// Those that were connected to it end with exit code 1, or 3 where a statement's end
// was not seen; while the group finds that a node is gone, a lease of two seconds may
// run out (4). A new swarm on a node that lives ends the work.
func nodeKilled(t *testing.T, g *testdb.Group, nodes int, name string) {
	s := groupSwarm(t, g, "killed", nodes)
	s.exits = map[int]bool{0: true, 1: true, 3: true, 4: true}
	s.at = "r4 2"
	s.strike = func() {
		if err := g.Nodes[0].Kill(); err != nil {
			t.Error(err)
		}
	}
	began := time.Now()
	s.herd(swarmSize)
	p, err := g.WaitFor(t.Context(), len(g.Nodes)-1)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a new primary after %.1f s", time.Since(began).Seconds())
	s.urls = []string{strings.TrimSuffix(p.URL, "/") + "/swarm_killed"}
	s.admin = s.urls[0]
	s.exits = map[int]bool{0: true, 3: true}
	s.run(name)
}
