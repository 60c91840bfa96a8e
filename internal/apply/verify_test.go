package apply

import "testing"

func TestAdded(t *testing.T) {
	old := []string{"child", "2", "parent", "0"}
	for name, c := range map[string]struct {
		before, after [][]string
		want          int
	}{
		"none":                  {nil, nil, 0},
		"was there":             {[][]string{old}, [][]string{old}, 0},
		"numbered anew":         {[][]string{old}, [][]string{{"child", "1", "parent", "0"}}, 0},
		"one more":              {[][]string{old}, [][]string{old, {"child", "3", "parent", "0"}}, 1},
		"first":                 {nil, [][]string{old}, 1},
		"one mended, one made":  {[][]string{old}, [][]string{{"child", "5", "other", "1"}}, 1},
		"its table was renamed": {[][]string{old}, [][]string{{"kid", "2", "parent", "0"}}, 0},
	} {
		if got := added(c.before, c.after); len(got) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
