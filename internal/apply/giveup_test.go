package apply

import "testing"

// TestBecame: that a group is undone is said only where all is as it was before it; what
// another process wrote meanwhile says neither.
func TestBecame(t *testing.T) {
	t.Parallel()
	task := &Task{Revision: "b", Direction: "up", Insert: []string{"b"}, Delete: []string{"a"}}
	at := func(done int) []Entry { return []Entry{{Revision: "b", Direction: "up", Done: done}} }
	part, closing := group{tx: true, from: 2}, group{tx: true, last: true, closing: true}
	for name, c := range map[string]struct {
		g    group
		rows []string
		log  []Entry
		want fate
	}{
		"whole, rows after":           {group{last: true}, []string{"b"}, nil, committed},
		"whole, rows before":          {group{last: true}, []string{"a"}, nil, undone},
		"whole, another went on":      {group{last: true}, []string{"c"}, nil, moved},
		"whole, another branch":       {group{last: true}, []string{"b", "x"}, nil, moved},
		"whole, no row is left":       {group{last: true}, nil, nil, moved},
		"several, rows after":         {group{last: true, end: []string{"c"}}, []string{"c"}, nil, committed},
		"several, one by another":     {group{last: true, end: []string{"c"}}, []string{"b"}, nil, moved},
		"several, back where it was":  {group{last: true, end: []string{"a"}}, []string{"a"}, nil, moved},
		"end, rows before":            {closing, []string{"a"}, at(3), undone},
		"end, its entry is gone":      {closing, []string{"a"}, nil, moved},
		"part, done":                  {part, []string{"a"}, at(3), committed},
		"part, not done":              {part, []string{"a"}, at(2), undone},
		"part, its record not either": {part, []string{"a"}, at(1), undone},
		"part, its entry is gone":     {part, []string{"a"}, nil, moved},
		"part, another ended it":      {part, []string{"b"}, nil, moved},
		"part, other rows":            {part, []string{"c"}, at(2), moved},
		"part, entry of another":      {part, []string{"a"}, []Entry{{Revision: "b", Direction: "down", Done: 3}}, moved},
	} {
		r := &runner{t: task, g: c.g, rows: []string{"a"}}
		if got := r.became(State{Rows: c.rows, Partial: c.log}); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
