package history

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A target is a name for a place in the graph, taken apart:
//
//	target = [ branch "@" ] ( symbol | symbol? ("+"|"-") digits )
type target struct {
	text     string // as it was typed
	branched bool
	branch   string
	symbol   string // may be empty when relative
	relative bool
	steps    int // below 0: down
}

// base marks the place before the first revision, where an index is expected.
const base = -1

// parseTarget takes a name apart. Every text is a target; if it names
// anything is seen when it is resolved.
func parseTarget(text string) target {
	t := target{text: text}
	rest := text
	if branch, after, ok := strings.Cut(text, "@"); ok {
		t.branched, t.branch, rest = true, branch, after
	}
	t.symbol = rest
	at := strings.LastIndexAny(rest, "+-")
	if at < 0 || !digits(rest[at+1:]) {
		return t
	}
	n, err := strconv.Atoi(rest[at+1:])
	if err != nil { // more than any history has
		n = math.MaxInt
	}
	if rest[at] == '-' {
		n = -n
	}
	t.symbol, t.relative, t.steps = rest[:at], true, n
	return t
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// special says if the symbol names a place rather than a revision.
func (t target) special() bool {
	switch t.symbol {
	case "", "head", "heads", "base", "current":
		return true
	}
	return false
}

// onBranch returns the revision that names the branch of the target, or base
// when the target has no branch.
func (g *Graph) onBranch(t target) (int, error) {
	if !t.branched {
		return base, nil
	}
	i, err := g.find(t.branch, nil)
	if err == nil || err.Code != NotFound {
		return i, errOrNil(err)
	}
	if !t.special() {
		err.Code = NoSuchBranch
	}
	err.Msg = "no label or revision is named " + strconv.Quote(t.branch)
	return base, err
}

// errOrNil keeps a nil *Error from becoming an error that is not nil.
func errOrNil(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

// lineOf returns the line of a branch, or nil for none, which means all.
func (g *Graph) lineOf(branch int) set {
	if branch == base {
		return nil
	}
	return g.line(branch)
}

// find returns the revision of an id, a label, or a prefix that is unique on
// the line.
func (g *Graph) find(text string, line set) (int, *Error) {
	i, ok := g.index[ID(text)]
	if !ok {
		i, ok = g.labels[text]
	}
	if !ok && g.squash.tip(ID(text)) {
		i, ok = g.index[g.squash.current(ID(text))]
	}
	if ok {
		if line != nil && !line[i] {
			return base, errorf(NotInBranch, "revision %s is not on that branch", g.revs[i].ID).
				hint("leave the branch out, or name a revision that is an ancestor or a descendant of it").candidates(g.revs[i].ID)
		}
		return i, nil
	}
	found := g.withPrefix(text, line)
	switch {
	case len(found) == 1:
		return found[0].rev, nil
	case len(found) > 1:
		e := errorf(AmbiguousPrefix, "%q may mean any of %s", text, joinNames(found)).
			hint("give more of the name")
		for _, n := range found {
			e.Candidates = append(e.Candidates, ID(n.text))
		}
		return base, e
	}
	return base, g.notFound(text)
}

// withPrefix returns the ids and labels on the line that begin with the text.
func (g *Graph) withPrefix(text string, line set) []name {
	if text == "" {
		return nil
	}
	first := sort.Search(len(g.names), func(i int) bool { return g.names[i].text >= text })
	var out []name
	for _, n := range g.names[first:] {
		if !strings.HasPrefix(n.text, text) {
			break
		}
		if line == nil || line[n.rev] {
			out = append(out, n)
		}
	}
	return out
}

func joinNames(names []name) string {
	var ids []ID
	for _, n := range names {
		ids = append(ids, ID(n.text))
	}
	return join(ids)
}

func (g *Graph) notFound(text string) *Error {
	if text == "" {
		return errorf(NotFound, "the name of a revision is missing").
			hint("give an id, a label, head, heads or base")
	}
	e := errorf(NotFound, "no revision or label is named %q", text)
	if by, ok := g.squash.as[ID(text)]; ok {
		return e.hint("it was squashed into %s", by).candidates(by)
	}
	return e.hint("`migr history` lists the revisions; ids and labels of more than %d characters may be shortened", prefixLen)
}

// A finder resolves targets for one purpose.
type finder struct {
	g       *Graph
	st      *state // nil without a database
	current bool   // "current" is a name
}

// absolute returns the revisions that the symbol of a target names, none for
// base. It pays no heed to "+N".
func (f finder) absolute(t target, branch int) ([]int, error) {
	g, line := f.g, f.g.lineOf(branch)
	switch t.symbol {
	case "base":
		return nil, nil
	case "head":
		heads := g.headsOn(line)
		if len(heads) > 1 {
			return nil, g.multipleHeads(heads)
		}
		return heads, nil
	case "heads":
		if line == nil {
			return g.effectiveHeads(), nil
		}
		return g.headsOn(line), nil
	case "current":
		if f.current {
			return f.here(line), nil
		}
	}
	i, err := g.find(t.symbol, line)
	if err != nil {
		return nil, err
	}
	return []int{i}, nil
}

// here returns the revisions that the database is at, on the line.
func (f finder) here(line set) []int {
	if f.st == nil {
		return nil
	}
	if line == nil {
		return f.st.rows
	}
	return line.in(f.st.rows)
}

func (g *Graph) headsOn(line set) []int {
	if line == nil {
		return g.heads()
	}
	return line.in(g.heads())
}

func (g *Graph) multipleHeads(heads []int) error {
	return errorf(MultipleHeads, "there are %d heads: %s", len(heads), join(g.ids(heads))).
		hint("name one of them or a branch (LABEL@head), say heads for all, or join them with `migr merge heads`").
		candidates(g.ids(heads)...)
}

// one returns the single revision of the list, base when it is empty, and an
// error when there are several.
func (g *Graph) one(found []int) (int, error) {
	switch len(found) {
	case 0:
		return base, nil
	case 1:
		return found[0], nil
	}
	return base, g.multipleHeads(found)
}

// walk goes steps from a revision, or from base, along the line: up to the
// one child, down to the one parent. Beyond the first revision is base.
func (g *Graph) walk(t target, from, steps int, line set) (int, error) {
	at, up := from, steps > 0
	for n := range max(steps, -steps) {
		next, toBase := g.beyond(at, up)
		if line != nil {
			next = line.in(next)
		}
		switch {
		case len(next) > 1:
			return base, g.ambiguousWalk(t, at, next)
		case len(next) == 1:
			at = next[0]
		case toBase:
			at = base
		default:
			return base, outOfRange(t, n)
		}
	}
	return at, nil
}

// beyond returns the revisions one step on, and true when base is there if no
// revision is.
func (g *Graph) beyond(at int, up bool) (next []int, toBase bool) {
	switch {
	case at == base && up:
		return g.bases(), false
	case at == base:
		return nil, false
	case up:
		return g.children[at], false
	default:
		return g.parents[at], true
	}
}

func outOfRange(t target, n int) error {
	return errorf(RelativeOutOfRange, "%q goes too far: there are only %d steps that way", t.text, n).
		hint("`migr history --indicate-current` shows what there is")
}

func (g *Graph) ambiguousWalk(t target, at int, next []int) error {
	where := "the base"
	if at != base {
		where = string(g.revs[at].ID)
	}
	next = g.applyOrder(slices.Clone(next))
	return errorf(AmbiguousWalk, "%q is ambiguous: from %s the way may go to any of %s", t.text, where, join(g.ids(next))).
		hint("name the revision, or the branch, as in %s@%s", g.revs[next[0]].ID, relativePart(t)).
		candidates(g.ids(next)...)
}

// relativePart returns the "+N" or "-N" of a target.
func relativePart(t target) string {
	if i := strings.LastIndexAny(t.text, "+-"); i >= 0 {
		return t.text[i:]
	}
	return t.text
}

// ambiguousCurrent is the error for "+N" or "-N" with several rows.
func (g *Graph) ambiguousCurrent(t target, rows []int) error {
	var ways []string
	for _, i := range rows {
		r := g.revs[i]
		if t.steps < 0 {
			ways = append(ways, string(r.ID)+relativePart(t))
		} else {
			ways = append(ways, string(r.ID)+"@"+relativePart(t))
		}
		for _, l := range r.Labels {
			ways = append(ways, l+"@"+relativePart(t))
		}
	}
	return errorf(AmbiguousCurrent, "%q is ambiguous: the database is at %d revisions: %s", t.text, len(rows), join(g.ids(rows))).
		hint("say which: %s", strings.Join(ways, ", ")).candidates(g.ids(rows)...)
}
