package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

const (
	swarmDoc    = "../../docs/reliability.md"
	swarmBegins = "<!-- make torture writes the swarms below -->\n"
	swarmEnds   = "<!-- and above the swarms -->\n"
	swarmHead   = "| swarm | processes | killed | exit 0 | exit 1 | exit 3 | exit 4 | statements | run once | run twice or never |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
)

// swarmNames are the rows of the table.
func swarmNames() []string {
	var names []string
	for _, e := range testdb.Engines() {
		names = append(names, e.Name)
	}
	return append(names, "postgres, PgBouncer in session mode", "postgres, PgBouncer in transaction mode", "mysql group, one primary", "mysql group, the primary killed",
		"mysql group, three primaries", "mysql group, one of three primaries killed")
}

var swarmTable sync.Mutex // swarms run beside one another

// record puts a swarm's figures into its row of docs/reliability.md, in `make torture`.
func (s *swarm) record(name string) {
	s.Helper()
	if os.Getenv("MIGR_TEST_TORTURE") == "" || s.Failed() {
		return
	}
	c := s.tally
	row := fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %d | 0 |\n", name, c.Processes, c.Killed, c.Codes[0], c.Codes[1], c.Codes[3], c.Codes[4], c.Statements, c.Statements)
	swarmTable.Lock()
	defer swarmTable.Unlock()
	text, err := os.ReadFile(swarmDoc)
	if err != nil {
		s.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), swarmBegins)
	table, tail, ok2 := strings.Cut(rest, swarmEnds)
	if !ok || !ok2 {
		s.Fatalf("%s has not both marks of the swarms", swarmDoc)
	}
	made := swarmHead
	for _, other := range swarmNames() {
		if other == name {
			made += row
			continue
		}
		for line := range strings.Lines(table) {
			if strings.HasPrefix(line, "| "+other+" |") {
				made += line
			}
		}
	}
	if err := os.WriteFile(swarmDoc, []byte(head+swarmBegins+made+swarmEnds+tail), 0o600); err != nil {
		s.Fatal(err)
	}
}

// TestSwarmTable: docs/reliability.md tells of every swarm, each of which had
// processes killed, and ran every statement once.
func TestSwarmTable(t *testing.T) {
	t.Parallel()
	if os.Getenv("MIGR_TEST_TORTURE") != "" {
		t.Skip("the table is being written")
	}
	text, err := os.ReadFile(swarmDoc)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), swarmBegins)
	table, _, ok := strings.Cut(rest, swarmEnds)
	body, ok2 := strings.CutPrefix(table, swarmHead)
	if !ok || !ok2 {
		t.Fatalf("%s has not both marks of the swarms and the table's head: run make torture", swarmDoc)
	}
	lines := strings.Split(strings.TrimSpace(body), "\n")
	names := swarmNames()
	if len(lines) != len(names) {
		t.Fatalf("%d rows, want %d: run make torture", len(lines), len(names))
	}
	for i, name := range names {
		var processes, killed, ok, failed, partial, locked, stmts, once, wrong int
		if _, err := fmt.Sscanf(strings.TrimPrefix(lines[i], "| "+name), " | %d | %d | %d | %d | %d | %d | %d | %d | %d |", &processes, &killed, &ok, &failed, &partial, &locked, &stmts, &once, &wrong); err != nil {
			t.Errorf("row %d is %q, want that of %q (%v): run make torture", i+1, lines[i], name, err)
			continue
		}
		struck := killed + failed + partial + locked // a node that was killed strikes processes without a signal
		if struck == 0 || processes != struck+ok || stmts == 0 || stmts != once || wrong != 0 {
			t.Errorf("row %d: %s", i+1, lines[i])
		}
	}
}
