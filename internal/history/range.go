package history

import (
	"errors"
	"slices"
	"strings"
)

// A span is the two ends of a walk, each as it was typed. No lower end means
// base.
type span struct {
	lower, upper []target
	exclusive    bool // leave the lower end out
	withNeeds    bool // with what the upper end needs from other lines
}

// Range returns the revisions of "A:B", newest first, both ends included: B
// and what it needs, down to A, as far as it follows A. An open end is base
// or the heads; the empty text means all. "+N" as the upper end counts from
// the lower end and "-N" as the lower end from the upper; a "-N" that goes
// too far means base. "current" is what the rows say.
func (g *Graph) Range(text string, rows []ID) ([]*Revision, error) {
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	lower, upper := "", ""
	if text != "" {
		if lower, upper, err = cutRange(text); err != nil {
			return nil, err
		}
	}
	s := span{upper: []target{parseTarget(upper)}}
	if upper == "" {
		s.upper = []target{parseTarget("heads")}
	}
	if lower != "" {
		s.lower = []target{parseTarget(lower)}
	}
	found, err := finder{g: g, st: st, current: true}.iterate(s)
	if err != nil {
		return nil, err
	}
	return g.list(found), nil
}

// IsRange says if the text is a range rather than a single target.
func IsRange(text string) bool { return strings.Contains(text, ":") }

// cutRange parts "A:B".
func cutRange(text string) (lower, upper string, err error) {
	lower, upper, ok := strings.Cut(text, ":")
	if !ok || strings.Contains(upper, ":") {
		return "", "", errorf(BadRange, "%q is not a range", text).
			hint("a range is written A:B, A: or :B")
	}
	return lower, upper, nil
}

// iterate returns the revisions of the span, newest first.
func (f finder) iterate(s span) ([]int, error) {
	g := f.g
	lower, upper, err := f.ends(s)
	if err != nil {
		return nil, err
	}
	if err := g.overlapping(lower); err != nil {
		return nil, err.hint("name only the later of them")
	}
	needed := g.needed(upper)
	if !s.withNeeds && len(needed.in(lower)) < len(lower) {
		return nil, g.wrongWay(lower, upper)
	}
	found := g.minus(needed, g.needed(lower))
	if !s.exclusive {
		for _, i := range needed.in(lower) {
			found[i] = true
		}
	}
	if len(lower) > 0 && !s.withNeeds {
		found = both(found, g.following(lower, upper))
	}
	out := g.members(found)
	slices.Reverse(out)
	return out, nil
}

// following returns what follows the lower end on its own line, or, when none
// of the upper ends does, also what depends on it.
func (g *Graph) following(lower, upper []int) set {
	s := g.reach(lower, g.children)
	if len(s.in(upper)) == 0 {
		return g.dependent(lower)
	}
	return s
}

func (g *Graph) wrongWay(lower, upper []int) error {
	at := "the base"
	if len(upper) > 0 {
		at = join(g.ids(upper))
	}
	return errorf(NotAncestor, "revision %s is not an ancestor of %s", join(g.ids(lower)), at).
		hint("a range goes from the older revision to the newer").candidates(g.ids(append(lower, upper...))...)
}

// ends resolves the two ends of a span. A relative end counts from the other.
func (f finder) ends(s span) (lower, upper []int, err error) {
	g := f.g
	for _, t := range s.lower {
		if hangs(t) && t.steps < 0 {
			continue // when the upper end is known
		}
		found, err := f.end(t)
		if err != nil {
			return nil, nil, err
		}
		lower = append(lower, found...)
	}
	from := finder{g: g, st: &state{rows: lower, applied: g.needed(lower)}, current: f.current}
	for _, t := range s.upper {
		found, err := f.upperEnd(t, from)
		if err != nil {
			return nil, nil, err
		}
		upper = append(upper, found...)
	}
	for _, t := range s.lower {
		if t.branched {
			if upper, err = g.onSameLine(t, upper); err != nil {
				return nil, nil, err
			}
		}
		if hangs(t) && t.steps < 0 {
			found, err := f.downFrom(t, upper, true)
			if err != nil {
				return nil, nil, err
			}
			lower = append(lower, found...)
		}
	}
	return g.uniq(lower), g.uniq(upper), nil
}

// hangs says if the target is only a number of steps.
func hangs(t target) bool { return t.relative && t.symbol == "" }

func (f finder) upperEnd(t target, from finder) ([]int, error) {
	switch {
	case hangs(t) && t.steps < 0:
		return f.end(t)
	case hangs(t):
		return from.upward(t)
	}
	return f.end(t)
}

// onSameLine keeps the revisions that are on the line the target names.
func (g *Graph) onSameLine(t target, revs []int) ([]int, error) {
	branch, err := g.onBranch(t)
	if err != nil {
		return nil, err
	}
	return g.line(branch).in(revs), nil
}

// end returns the revisions of a target that stands for itself: without a
// database "-N" counts from the heads and "+N" from base.
func (f finder) end(t target) ([]int, error) {
	if hangs(t) && t.steps < 0 {
		branch, err := f.g.onBranch(t)
		if err != nil {
			return nil, err
		}
		return f.downFrom(t, f.g.headsOn(f.g.lineOf(branch)), false)
	}
	if hangs(t) {
		f.st = nil
	}
	return f.upward(t)
}

// downFrom goes down from each of the revisions.
func (f finder) downFrom(t target, from []int, tolerant bool) ([]int, error) {
	branch, err := f.g.onBranch(t)
	if err != nil {
		return nil, err
	}
	line := f.g.lineOf(branch)
	var out []int
	for _, i := range from {
		to, err := f.g.walk(t, i, t.steps, line)
		var e *Error
		if errors.As(err, &e) && tolerant && e.Code == RelativeOutOfRange {
			continue
		}
		if err != nil {
			return nil, err
		}
		if to != base {
			out = append(out, to)
		}
	}
	return out, nil
}

// Resolve returns the revisions that a target means, none for base. With rows
// "+N" and "-N" count from them, and "current" means them; without (nil) "-N"
// counts from the heads and "+N" from base.
func (g *Graph) Resolve(text string, rows []ID) ([]*Revision, error) {
	t := parseTarget(text)
	if rows == nil {
		found, err := finder{g: g, current: true}.end(t)
		return g.list(found), err
	}
	g, st, err := g.at(rows)
	if err != nil {
		return nil, err
	}
	f := finder{g: g, st: st, current: true}
	if !hangs(t) || t.steps >= 0 {
		found, err := f.upward(t)
		return g.list(found), err
	}
	branch, err := g.onBranch(t)
	if err != nil {
		return nil, err
	}
	to, _, err := f.downFromHere(t, branch)
	if err != nil || to == base {
		return nil, err
	}
	return g.list([]int{to}), nil
}

// ResolveOne is Resolve where one revision is needed: several are an error
// with the code MultipleHeads, and none is NotFound.
func (g *Graph) ResolveOne(text string, rows []ID) (*Revision, error) {
	found, err := g.Resolve(text, rows)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, errorf(NotFound, "%q names no revision", text).hint("`migr history` lists the revisions")
	case len(found) > 1:
		ids := idsOf(found)
		return nil, errorf(MultipleHeads, "%q means %d revisions: %s", text, len(found), join(ids)).
			hint("name one of them").candidates(ids...)
	}
	return found[0], nil
}

// BranchBases returns the bases of the line that "BRANCH@base" names, or all.
func (g *Graph) BranchBases(text string) ([]*Revision, error) {
	branch, err := g.onBranch(parseTarget(text))
	if err != nil {
		return nil, err
	}
	if branch == base {
		return g.Bases(), nil
	}
	return g.list(g.line(branch).in(g.bases())), nil
}
