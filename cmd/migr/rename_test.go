package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/rename"
)

// TestAskedOnce: where all is planned a second time, because a rename that migr had
// guessed did not prove itself, what a person has answered is kept.
func TestAskedOnce(t *testing.T) {
	var told bytes.Buffer
	a := &app{in: strings.NewReader("y\nn\n"), err: (&dburl.Redactor{}).Writer(&told), inTTY: true, errTTY: true}
	e := &catalog.Engine{Name: "none"}
	column := func(name string) *catalog.Object {
		return &catalog.Object{Key: catalog.Key{Kind: "column", Table: "t", Name: name}}
	}
	empty, o := catalog.New(0, nil, nil), &naming{}
	for range 2 {
		s, err := a.settling(e, empty, empty, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.refuse = true
		b, d := column("b"), column("d")
		if got := s.Decide(rename.Candidate{Gone: column("a"), Path: "t.a", Come: []*catalog.Object{b}}); got != b {
			t.Errorf("a -> b: got %v", got)
		}
		if got := s.Decide(rename.Candidate{Gone: column("c"), Path: "t.c", Come: []*catalog.Object{d}}); got != nil {
			t.Errorf("c -> d: got %v", got)
		}
	}
	_ = a.err.Flush()
	if n := strings.Count(told.String(), "[y/n]"); n != 2 {
		t.Errorf("%d questions, want 2:\n%s", n, told.String())
	}
}
