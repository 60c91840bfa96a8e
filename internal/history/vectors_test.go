package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// A vector is one case of testdata/graph.json, whose "fields" say what each
// key means.
type vector struct {
	Name      string
	Revisions []struct {
		ID        ID
		Down      []ID
		Labels    []string
		DependsOn []string `json:"depends_on"`
	}
	Op      string
	Current []ID
	Target  texts
	Upper   texts
	Lower   texts
	Steps   []string
	Options struct {
		Single, Effective, Inclusive, Splice, Purge bool
		ImplicitBase                                bool  `json:"implicit_base"`
		ForDowngrade                                bool  `json:"for_downgrade"`
		DependsOn                                   texts `json:"depends_on"`
		BranchLabel                                 texts `json:"branch_label"`
		RevID                                       ID    `json:"rev_id"`
		Command                                     string
		SQL                                         *bool `json:"sql"`
	}
	Order        string
	ExpectRevs   []ID     `json:"expect_revs"`
	ExpectError  Code     `json:"expect_error"`
	ExpectSteps  []string `json:"expect_steps"`
	ExpectRows   []ID     `json:"expect_version_rows_after"`
	ExpectTrace  [][]ID   `json:"expect_rows_trace"`
	ExpectResult *bool    `json:"expect_result"`
	ExpectScript []string `json:"expect_script"`
	ExpectNew    *struct {
		Down      []ID
		DependsOn []string `json:"depends_on"`
		Labels    []string
	} `json:"expect_new"`
}

// texts is a string, a list of strings, or nothing.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil && string(b) != "null" {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// or returns the only text, or the default.
func (t texts) or(def string) string {
	if len(t) == 0 {
		return def
	}
	return t[0]
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	b, err := os.ReadFile("testdata/graph.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Vectors []vector }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.Vectors
}

func (v vector) graph() (*Graph, error) {
	var revs []*Revision
	for i, r := range v.Revisions {
		revs = append(revs, &Revision{
			ID: r.ID, Path: fmt.Sprintf("%03d_%s.sql", i, r.ID), Parents: r.Down,
			DependsOn: r.DependsOn, Labels: r.Labels,
		})
	}
	return NewGraph(revs...)
}

func TestVectors(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) < 230 {
		t.Fatalf("only %d cases", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Op+"/"+v.Name, func(t *testing.T) {
			g, err := v.graph()
			if err == nil && v.Op != "load" {
				op := ops[v.Op]
				if op == nil {
					t.Fatalf("unknown op %s", v.Op)
				}
				err = op(t, g, v)
			}
			checkCode(t, err, v.ExpectError)
		})
	}
}

func checkCode(t *testing.T, err error, want Code) {
	t.Helper()
	var e *Error
	switch {
	case err == nil && want == "":
	case err == nil:
		t.Errorf("no error, want %s", want)
	case !errors.As(err, &e):
		t.Errorf("error %v is no *Error", err)
	case e.Code != want:
		t.Errorf("error %s (%v), want %q", e.Code, e, want)
	case e.Msg == "":
		t.Errorf("error %s has no message", e.Code)
	}
}

// ops run one case each and check what it gives; they return its error.
var ops = map[string]func(*testing.T, *Graph, vector) error{
	"heads": func(t *testing.T, g *Graph, v vector) error {
		if v.Options.Effective {
			return v.revs(t, g.EffectiveHeads(), nil)
		}
		return v.revs(t, g.Heads(), nil)
	},
	"bases": func(t *testing.T, g *Graph, v vector) error {
		if v.Options.Effective {
			return v.revs(t, g.EffectiveBases(), nil)
		}
		return v.revs(t, g.Bases(), nil)
	},
	"resolve": func(t *testing.T, g *Graph, v vector) error {
		if v.Options.Single {
			r, err := g.ResolveOne(v.Target.or("head"), v.Current)
			return v.revs(t, []*Revision{r}, err)
		}
		revs, err := g.Resolve(v.Target.or("head"), v.Current)
		return v.revs(t, revs, err)
	},
	"effective_down": func(t *testing.T, g *Graph, v vector) error {
		return v.revs(t, g.EffectiveParents(ID(v.Target[0])), nil)
	},
	"labels": func(t *testing.T, g *Graph, v vector) error {
		var got []ID
		for _, l := range g.Labels(ID(v.Target[0])) {
			got = append(got, ID(l))
		}
		sameIDs(t, "labels", got, v.ExpectRevs, false)
		return nil
	},
	"branch_bases": func(t *testing.T, g *Graph, v vector) error {
		revs, err := g.BranchBases(v.Target[0])
		return v.revs(t, revs, err)
	},
	"iterate": iterateOp,
	"history": func(t *testing.T, g *Graph, v vector) error {
		revs, err := g.Range(v.Target.or(""), v.Current)
		if IsRange(v.Target.or("")) {
			return v.revs(t, revs, err)
		}
		_, _, err = cutRange(v.Target[0])
		return err
	},
	"current": func(t *testing.T, g *Graph, v vector) error {
		revs, err := g.Current(v.Current)
		return v.revs(t, revs, err)
	},
	"check_heads": func(t *testing.T, g *Graph, v vector) error {
		at, err := g.AtHeads(v.Current)
		if at != *v.ExpectResult {
			t.Errorf("at heads: %v, want %v", at, *v.ExpectResult)
		}
		return err
	},
	"autogen_ready": func(t *testing.T, g *Graph, v vector) error { return g.AutogenReady(v.Current) },
	"upgrade": func(t *testing.T, g *Graph, v vector) error {
		plan, err := g.Upgrade(v.Current, v.Target...)
		return v.plan(t, g, plan, err)
	},
	"downgrade": func(t *testing.T, g *Graph, v vector) error {
		plan, err := g.Downgrade(v.Current, v.Target.or("-1"))
		return v.plan(t, g, plan, err)
	},
	"apply": applyOp,
	"stamp": func(t *testing.T, g *Graph, v vector) error {
		plan, err := g.Stamp(v.Current, v.Options.Purge, v.Target...)
		return v.plan(t, g, plan, err)
	},
	"new_revision": newRevisionOp,
	"offline":      offlineOp,
}

func iterateOp(t *testing.T, g *Graph, v vector) error {
	f := finder{g: g, st: &state{applied: make(set, g.Len())}}
	if v.Options.ForDowngrade {
		return iterateDown(t, g, v)
	}
	s := span{exclusive: !v.Options.Inclusive && v.Lower != nil, withNeeds: v.Options.ImplicitBase}
	for _, x := range v.Lower {
		s.lower = append(s.lower, parseTarget(x))
	}
	for _, x := range v.Upper {
		s.upper = append(s.upper, parseTarget(x))
	}
	found, err := f.iterate(s)
	if err != nil {
		return err
	}
	return v.revs(t, g.list(found), nil)
}

// iterateDown is what a downgrade undoes, with its target.
func iterateDown(t *testing.T, g *Graph, v vector) error {
	rows, err := g.Resolve(v.Upper[0], nil)
	if err != nil {
		return err
	}
	plan, err := g.Downgrade(idsOf(rows), v.Lower[0])
	if err != nil {
		return err
	}
	var got []*Revision
	for _, s := range plan.Steps {
		got = append(got, s.Revision)
	}
	return v.revs(t, got, nil)
}

func applyOp(t *testing.T, g *Graph, v vector) error {
	g, st, err := g.at(v.Current)
	if err != nil {
		return err
	}
	p := newPlanner(g, st)
	for _, s := range v.Steps {
		direction, id, _ := strings.Cut(s, ":")
		if direction == "up" {
			p.up(g.index[ID(id)])
		} else {
			p.down(g.index[ID(id)])
		}
	}
	v.trace(t, p.done())
	return nil
}

func newRevisionOp(t *testing.T, g *Graph, v vector) error {
	id := v.Options.RevID
	if id == "" {
		id = "newrevision"
	}
	r, err := g.NewRevision(Draft{
		ID: id, Heads: v.Target, Splice: v.Options.Splice,
		DependsOn: v.Options.DependsOn, Labels: v.Options.BranchLabel,
	})
	if err != nil || v.ExpectNew == nil {
		return err
	}
	sameIDs(t, "parents", r.Parents, v.ExpectNew.Down, true)
	if !slices.Equal(r.DependsOn, v.ExpectNew.DependsOn) || !slices.Equal(r.Labels, v.ExpectNew.Labels) {
		t.Errorf("depends on %q, labels %q", r.DependsOn, r.Labels)
	}
	return nil
}

func offlineOp(t *testing.T, g *Graph, v vector) error {
	if v.Options.SQL != nil && !*v.Options.SQL {
		return NoRange(v.Target...)
	}
	var script *Script
	var err error
	switch v.Options.Command {
	case "upgrade":
		script, err = g.UpgradeScript(v.Target.or("head"))
	case "downgrade":
		script, err = g.DowngradeScript(v.Target.or(""))
	case "stamp":
		script, err = g.StampScript(v.Options.Purge, v.Target...)
	}
	if err != nil {
		return err
	}
	var got []string
	if script.Create {
		got = append(got, "create_version_table")
	}
	for _, s := range script.Plan.Steps {
		if s.Direction != Stamp {
			got = append(got, fmt.Sprintf("%s:%s", s.Direction, s.Revision.ID))
		}
		for _, op := range s.RowOps() {
			switch {
			case op.From == "":
				got = append(got, fmt.Sprintf("insert:%s", op.To))
			case op.To == "":
				got = append(got, fmt.Sprintf("delete:%s", op.From))
			default:
				got = append(got, fmt.Sprintf("update:%s>%s", op.From, op.To))
			}
		}
	}
	if !slices.Equal(got, v.ExpectScript) {
		t.Errorf("script\n%q, want\n%q", got, v.ExpectScript)
	}
	return nil
}

// revs compares the revisions found with those expected.
func (v vector) revs(t *testing.T, got []*Revision, err error) error {
	t.Helper()
	if err == nil && v.ExpectError == "" {
		sameIDs(t, "revisions", idsOf(got), v.ExpectRevs, v.Order == "exact")
	}
	return err
}

// plan compares a plan with the steps and rows expected.
func (v vector) plan(t *testing.T, g *Graph, p *Plan, err error) error {
	t.Helper()
	if err != nil || v.ExpectError != "" {
		return err
	}
	if v.Op != "stamp" {
		var got []ID
		var want []ID
		for _, s := range p.Steps {
			got = append(got, ID(string(s.Direction)+":"+string(s.Revision.ID)))
		}
		for _, s := range v.ExpectSteps {
			want = append(want, ID(s))
		}
		sameIDs(t, "steps", got, want, v.Order == "exact")
		checkOrder(t, g, p)
	}
	sameIDs(t, "rows", p.To, v.ExpectRows, false)
	v.trace(t, p)
	return nil
}

// trace follows the rows through the steps.
func (v vector) trace(t *testing.T, p *Plan) {
	t.Helper()
	traced := rowsTrace(t, p)
	if v.Order == "any-topological" && v.Op != "apply" {
		return
	}
	for i := range min(len(v.ExpectTrace), len(traced)) {
		sameIDs(t, fmt.Sprintf("rows after step %d", i+1), traced[i], v.ExpectTrace[i], false)
	}
}

// rowsTrace plays the changes of the rows, and fails the test when one is
// inserted twice or deleted without being there.
func rowsTrace(t testing.TB, p *Plan) [][]ID {
	t.Helper()
	rows := slices.Clone(p.From)
	var out [][]ID
	for _, s := range p.Steps {
		for _, id := range s.Delete {
			i := slices.Index(rows, id)
			if i < 0 {
				t.Fatalf("step %v deletes %s, which is no row", s.Revision, id)
			}
			rows = slices.Delete(rows, i, i+1)
		}
		for _, id := range s.Insert {
			if slices.Contains(rows, id) {
				t.Fatalf("step %v inserts %s again", s.Revision, id)
			}
			rows = append(rows, id)
		}
		slices.Sort(rows)
		out = append(out, slices.Clone(rows))
	}
	if !slices.Equal(rows, p.To) {
		t.Fatalf("steps lead to %v, the plan says %v", rows, p.To)
	}
	return out
}

// checkOrder checks that every step can run when its turn comes.
func checkOrder(t testing.TB, g *Graph, p *Plan) {
	t.Helper()
	g, st, err := g.at(p.From)
	if err != nil {
		t.Fatal(err)
	}
	applied := st.applied
	for _, s := range p.Steps {
		i := g.index[s.Revision.ID]
		if s.Direction == Up {
			for j, in := range g.needed([]int{i}) {
				if in && j != i && !applied[j] {
					t.Fatalf("%s runs before %s, which it needs", g.revs[i].ID, g.revs[j].ID)
				}
			}
		} else {
			for j, in := range g.dependent([]int{i}) {
				if in && j != i && applied[j] {
					t.Fatalf("%s is undone before %s, which needs it", g.revs[i].ID, g.revs[j].ID)
				}
			}
		}
		applied[i] = s.Direction == Up
	}
}

func sameIDs(t *testing.T, what string, got, want []ID, ordered bool) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	if !ordered {
		slices.Sort(got)
		slices.Sort(want)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s %v, want %v", what, got, want)
	}
}
