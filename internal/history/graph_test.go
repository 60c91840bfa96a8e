package history

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// graph makes a graph of revisions written as "id<parent,parent~dependency[label]=replaced".
func graph(t testing.TB, revs ...string) *Graph {
	t.Helper()
	g, err := NewGraph(revisions(revs...)...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func revisions(texts ...string) []*Revision {
	var out []*Revision
	for i, text := range texts {
		r := &Revision{Path: fmt.Sprintf("%03d.sql", i)}
		text, replaces, _ := strings.Cut(text, "=")
		text, labels, _ := strings.Cut(strings.TrimSuffix(text, "]"), "[")
		text, deps, _ := strings.Cut(text, "~")
		id, parents, _ := strings.Cut(text, "<")
		r.ID, r.Labels, r.DependsOn = ID(id), parts[string](labels), parts[string](deps)
		r.Parents, r.Replaces = parts[ID](parents), parts[ID](replaces)
		out = append(out, r)
	}
	return out
}

func parts[T ~string](s string) []T {
	var out []T
	for p := range strings.SplitSeq(s, ",") {
		if p != "" {
			out = append(out, T(p))
		}
	}
	return out
}

// run writes the steps of a plan and the rows after it.
func run(p *Plan, err error) string {
	if err != nil {
		if e, ok := err.(*Error); ok {
			return string(e.Code)
		}
		return err.Error()
	}
	var out []string
	for _, s := range p.Steps {
		id := "-"
		if s.Revision != nil {
			id = string(s.Revision.ID)
		}
		out = append(out, string(s.Direction)+":"+id)
	}
	return fmt.Sprint(strings.Join(out, " "), p.To)
}

func TestLoadErrors(t *testing.T) {
	for _, c := range []struct {
		revs string
		code Code
		msg  string
	}{
		{"a;a", DuplicateRevision, "revision a stands in two files: 000.sql and 001.sql"},
		{"a[x];b<a[x]", DuplicateLabel, "label x of revision b already names revision a"},
		{"a;b<a[a]", DuplicateLabel, "label a of revision b already names revision a"},
		{"a;b<c", MissingRevision, "revision b revises c, which is in no file"},
		{"a~z", MissingRevision, "revision a depends on z, which is in no file"},
		{"a<a", SelfLoop, "revision a revises itself"},
		{"a~a", DependencySelfLoop, "revision a depends on itself"},
		{"a<c;b<a;c<b", Cycle, "revisions revise each other in a circle: a, c, b, a"},
		{"r;a<r~b;b<r~c;c<b~a;d<c", DependencyCycle, "revisions depend on each other in a circle"},
		{"head", IllegalID, `"head" cannot be`},
		{"a;b<a[heads]", IllegalID, `"heads" cannot be`},
		{"a b", IllegalID, "illegal character ' '"},
		{"a;b<a=b", SelfLoop, "revision b replaces itself"},
		{"a=b;b=a", Cycle, "replace each other"},
		{"a=x;b=x", DuplicateRevision, "replaced by a and by b"},
	} {
		_, err := NewGraph(revisions(strings.Split(c.revs, ";")...)...)
		e, ok := err.(*Error)
		if !ok || e.Code != c.code || !strings.Contains(e.Msg, c.msg) {
			t.Errorf("%s: %v, want %s: %s", c.revs, err, c.code, c.msg)
		}
	}
}

// A merge that depends on an ancestor of one of its own parents can be
// upgraded, and undone.
func TestMergeDependsOnOwnAncestor(t *testing.T) {
	g := graph(t, "h", "b<h", "e", "m<b,e~h")
	if got := run(g.Upgrade(nil, "heads")); got != "up:h up:b up:e up:m[m]" {
		t.Error(got)
	}
	if got := run(g.Downgrade([]ID{"m"}, "base")); got != "down:m down:e down:b down:h[]" {
		t.Error(got)
	}
}

func TestTargets(t *testing.T) {
	g := graph(t, "v1.0", "v1.1<v1.0", "v1.2<v1.1[rel]")
	for text, want := range map[string]string{
		"v1.0+1": "v1.1", "v1.2-1": "v1.1", "rel-2": "v1.0", "base+2": "v1.1", "rel@head": "v1.2", "v1.0@head": "v1.2",
		"head": "v1.2", "heads": "v1.2", "base": "", "rel-3": "", "v1.0+0": "v1.0", "-1": "v1.1", "+1": "v1.0",
		"v1.0+1junk": "not_found", "v1.0+": "not_found", "v": "ambiguous_prefix", "re": "not_found", "": "not_found", "@head": "not_found",
		"v1.0+9": "relative_out_of_range", "rel-4": "relative_out_of_range", "v1.0@": "not_found", "V1.0": "not_found", "current": "",
	} {
		revs, err := g.Resolve(text, nil)
		got := join(idsOf(revs))
		if err != nil {
			got = string(err.(*Error).Code)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"current": "v1.1", "-1": "v1.0", "+1": "v1.2", "-2": "", "+2": "relative_out_of_range"} {
		revs, err := g.Resolve(text, []ID{"v1.1"})
		got := join(idsOf(revs))
		if err != nil {
			got = string(err.(*Error).Code)
		}
		if got != want {
			t.Errorf("%q with a row is %q, want %q", text, got, want)
		}
	}
}

func TestUnknownRow(t *testing.T) {
	g := graph(t, "a", "b<a")
	_, err := g.Upgrade([]ID{"b", "zz"}, "head")
	e, ok := err.(*Error)
	if !ok || e.Code != NotFound || !slices.Equal(e.Rows, []ID{"zz"}) || !strings.Contains(e.Msg, "zz") || e.Hint == "" {
		t.Errorf("%#v", err)
	}
	if got := run(g.Stamp([]ID{"zz"}, true, "b")); got != "stamp:- stamp:b[b]" {
		t.Error(got)
	}
	// With the revision from elsewhere, such as what the database kept of it,
	// the way down is known.
	g, err = g.With(&Revision{ID: "zz", Parents: []ID{"b"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := run(g.Downgrade([]ID{"zz"}, "-1")); got != "down:zz[b]" {
		t.Error(got)
	}
}

func TestStampRelative(t *testing.T) {
	g := graph(t, "a", "b<a", "c<b")
	for target, want := range map[string]string{"-1": "stamp:a[a]", "+1": "stamp:c[c]", "-2": "stamp:-[]", "-3": "relative_out_of_range", "b": "[b]"} {
		if got := run(g.Stamp([]ID{"b"}, false, target)); got != want {
			t.Errorf("stamp %s: %s, want %s", target, got, want)
		}
	}
}

func TestScripts(t *testing.T) {
	g := graph(t, "a", "b<a", "c<b")
	script := func(s *Script, err error) string {
		if err != nil {
			return run(nil, err)
		}
		return fmt.Sprint(s.Create, " ", run(s.Plan, nil))
	}
	for got, want := range map[string]string{
		script(g.UpgradeScript(":b")):              "true up:a up:b[b]",
		script(g.UpgradeScript("a:")):              "false up:b up:c[c]",
		script(g.UpgradeScript("a:+1")):            "false up:b[b]",
		script(g.UpgradeScript("a:b:c")):           "bad_range",
		script(g.DowngradeScript("b:")):            "false down:b down:a[]",
		script(g.DowngradeScript(":b")):            "false down:c[b]",
		script(g.DowngradeScript("head:a")):        "false down:c down:b[a]",
		script(g.StampScript(false, "a:b", "b:c")): "single_start_required",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestSquash(t *testing.T) {
	// The old files are gone.
	gone := graph(t, "a", "s<a=b,c", "d<c")
	for rows, want := range map[string]string{
		"": "up:a up:s up:d[d]", "a": "up:s up:d[d]", "s": "up:d[d]", "c": "up:d[d]", "d": "[d]", "b": "missing_revision",
	} {
		if got := run(gone.Upgrade(parts[ID](rows), "head")); got != want {
			t.Errorf("from %q without the old files: %s, want %s", rows, got, want)
		}
	}
	if p, err := gone.Upgrade([]ID{"c"}, "head"); err != nil || fmt.Sprint(p.Steps[0].Delete) != "[c]" {
		t.Errorf("the row of the old revision is not removed: %v %v", p, err)
	}
	if got := run(gone.Downgrade([]ID{"d"}, "-1")); got != "down:d[s]" {
		t.Error(got)
	}
	if got := run(gone.Downgrade([]ID{"c"}, "-1")); got != "down:s[a]" {
		t.Error(got)
	}
	// They are still there.
	kept := graph(t, "a", "b<a", "c<b", "s<a=b,c", "d<c")
	for rows, want := range map[string]string{
		"": "up:a up:s up:d[d]", "a": "up:s up:d[d]", "s": "up:d[d]", "c": "up:d[d]", "b": "up:c up:d[d]",
	} {
		if got := run(kept.Upgrade(parts[ID](rows), "head")); got != want {
			t.Errorf("from %q with the old files: %s, want %s", rows, got, want)
		}
	}
	if got := run(kept.Upgrade([]ID{"b"}, "s")); got != "up:c[c]" {
		t.Error(got)
	}
	if heads := idsOf(kept.Heads()); len(heads) != 1 {
		t.Error("heads", heads)
	}
	if r := kept.Replaced("b"); r == nil || r.ID != "s" {
		t.Error("b is replaced by", r)
	}
	// A squash of squashes.
	twice := graph(t, "a", "t<a=b,s,d", "s<b=c", "e<d")
	for rows, want := range map[string]string{"": "up:a up:t up:e[e]", "d": "up:e[e]", "s": "missing_revision", "c": "missing_revision"} {
		if got := run(twice.Upgrade(parts[ID](rows), "head")); got != want {
			t.Errorf("from %q twice: %s, want %s", rows, got, want)
		}
	}
}

func TestNewRevision(t *testing.T) {
	g := graph(t, "aaaa1111[lib]", "bbbb2222<aaaa1111", "cccc3333")
	for _, c := range []struct {
		d    Draft
		want string
	}{
		{Draft{ID: "n"}, "multiple_heads"},
		{Draft{ID: "n", Heads: []string{"heads"}}, "[bbbb2222 cccc3333] []"},
		{Draft{ID: "n", Heads: []string{"base"}, DependsOn: []string{"lib", "bbbb"}}, "[] [lib bbbb2222]"},
		{Draft{ID: "n", Heads: []string{"lib@head"}}, "[bbbb2222] []"},
		{Draft{ID: "n", Heads: []string{"aaaa", "bbbb"}, Splice: true}, "overlap"},
		{Draft{ID: "cccc3333", Heads: []string{"cccc"}}, "duplicate_revision"},
		{Draft{ID: "lib", Heads: []string{"cccc"}}, "duplicate_label"},
		{Draft{ID: "n", Heads: []string{"cccc"}, Labels: []string{"n@n"}}, "illegal_id"},
		{Draft{ID: "n", Heads: []string{"cccc"}, DependsOn: []string{"base"}}, "not_found"},
	} {
		r, err := g.NewRevision(c.d)
		got := ""
		if err != nil {
			got = run(nil, err)
		} else {
			got = fmt.Sprint(r.Parents, r.DependsOn)
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.d, got, c.want)
		}
	}
}
