package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

const (
	reliability     = "../../docs/reliability.md"
	markBegins      = "<!-- make torture writes what is below -->\n"
	markEnds        = "<!-- and above -->\n"
	reliabilityHead = "| what happens | to | on | points | went on by itself | by the same command | `repair` | wrong |\n|---|---|---|---:|---:|---:|---:|---:|\n"
)

// cells are the rows that the table must have: every fault in every course on every engine
// that has it.
func cells() [][3]string {
	var all [][3]string
	for _, f := range faults() {
		for _, c := range courses() {
			for _, e := range testdb.Engines() {
				if c.on(e) && c.has(e, f) {
					all = append(all, [3]string{f.name, c.name, e.Name})
				}
			}
		}
	}
	return all
}

var tableRow = regexp.MustCompile(`^\| (.+?) \| (.*?) \| (\w*) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$`)

// written are the tallies that the table has.
func written(table string) map[[3]string]tally {
	by := map[[3]string]tally{}
	for line := range strings.Lines(table) {
		if m := tableRow.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			c := tally{fault: m[1], course: m[2], engine: m[3]}
			for i, how := range []ending{byItself, byAgain, byRepair, wrong} {
				c.by[how], _ = strconv.Atoi(m[i+5])
			}
			by[[3]string(m[1:4])] = c
		}
	}
	return by
}

// writeTable puts the tallies into docs/reliability.md, beside those of courses that were not
// run this time. An engine that was not there leaves the table as it is, and is a failure.
func writeTable(t *testing.T, all []tally) {
	t.Helper()
	text, err := os.ReadFile(reliability)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), markBegins)
	old, tail, ok2 := strings.Cut(rest, markEnds)
	if !ok || !ok2 {
		t.Fatalf("%s has not both marks", reliability)
	}
	by := written(old)
	if os.Getenv("MIGR_TEST_TORTURE_COURSE") == "" {
		clear(by)
	}
	for _, c := range all {
		by[[3]string{c.fault, c.course, c.engine}] = c
	}
	var sum tally
	table := reliabilityHead
	row := func(k [3]string, c tally) {
		table += fmt.Sprintf("| %s | %s | %s | %d | %d | %d | %d | %d |\n", k[0], k[1], k[2], c.points(), c.by[byItself], c.by[byAgain], c.by[byRepair], c.by[wrong])
	}
	for _, k := range cells() {
		c, ok := by[k]
		if !ok || c.points() == 0 {
			t.Errorf("the table is not written: %s of %s was not tried on %s", k[0], k[1], k[2])
			return
		}
		sum.add(c)
		row(k, c)
	}
	row([3]string{"**all**"}, sum)
	if err := os.WriteFile(reliability, []byte(head+markBegins+table+markEnds+tail), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReliabilityTable: the table tells of every fault on every engine, its numbers
// fit together, and nothing ended wrong.
func TestReliabilityTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(reliability)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), markBegins)
	table, _, ok := strings.Cut(rest, markEnds)
	body, ok2 := strings.CutPrefix(table, reliabilityHead)
	if !ok || !ok2 {
		t.Fatalf("%s has not both marks and the head of the table between them: run make torture", reliability)
	}
	want := append(cells(), [3]string{"**all**"})
	lines := strings.Split(strings.TrimSpace(body), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d rows, want %d: run make torture", len(lines), len(want))
	}
	var sum, last [5]int
	for i, line := range lines {
		m := tableRow.FindStringSubmatch(line)
		if m == nil || [3]string(m[1:4]) != want[i] {
			t.Fatalf("row %d is %q, want %q: run make torture", i+1, line, want[i])
		}
		var n [5]int
		for j := range n {
			n[j], _ = strconv.Atoi(m[j+4])
		}
		if n[0] == 0 || n[0] != n[1]+n[2]+n[3]+n[4] || n[4] != 0 {
			t.Errorf("row %d: %s", i+1, line)
		}
		for j := range n {
			sum[j] += n[j]
		}
		last = n
	}
	for j := range sum {
		if sum[j] != 2*last[j] {
			t.Errorf("the last row is not the sum: %v", last)
		}
	}
}
