package history

import "strings"

// A Script is what a command prints instead of running it.
type Script struct {
	Create bool // the version table is made first: the script begins at base
	Plan   *Plan
}

// start is what a range says about where the database is.
type start struct {
	given bool
	rows  []ID
	text  string
}

// UpgradeScript plans `upgrade --sql`: TO begins at base, FROM:TO at FROM. An
// open end is base or head.
func (g *Graph) UpgradeScript(text string) (*Script, error) {
	st, to, err := g.cut(text, "base")
	if err != nil {
		return nil, err
	}
	if to == "" {
		to = "head"
	}
	plan, err := g.Upgrade(st.rows, to)
	if err != nil {
		return nil, err
	}
	return &Script{Create: len(st.rows) == 0, Plan: plan}, nil
}

// DowngradeScript plans `downgrade --sql`, which must say from where: FROM:TO.
// An open end is the heads or base.
func (g *Graph) DowngradeScript(text string) (*Script, error) {
	if !IsRange(text) {
		return nil, errorf(RangeRequired, "downgrade --sql needs to know where it begins").
			hint("write FROM:TO, as in head:%s", text)
	}
	st, to, err := g.cut(text, "heads")
	if err != nil {
		return nil, err
	}
	if to == "" {
		to = "base"
	}
	plan, err := g.Downgrade(st.rows, to)
	if err != nil {
		return nil, err
	}
	return &Script{Plan: plan}, nil
}

// StampScript plans `stamp --sql`. The targets may be ranges, which then must
// all begin at the same place.
func (g *Graph) StampScript(purge bool, texts ...string) (*Script, error) {
	if purge {
		return nil, errorf(PurgeWithSQL, "stamp --purge cannot be used with --sql: the rows are not known").
			hint("leave out --purge")
	}
	var first start
	var targets []string
	for i, text := range texts {
		st, to, err := g.cut(text, "base")
		if err != nil {
			return nil, err
		}
		if i == 0 {
			first = st
		}
		if st.text != first.text {
			return nil, errorf(SingleStartRequired, "the ranges begin at different places: %s and %s", first.text, st.text).
				hint("let all of them begin at one revision")
		}
		if to == "" {
			to = "heads"
		}
		targets = append(targets, to)
	}
	plan, err := g.Stamp(first.rows, false, targets...)
	if err != nil {
		return nil, err
	}
	return &Script{Create: len(first.rows) == 0, Plan: plan}, nil
}

// cut parts a target and the start before it, if there is one. An open start
// is the place named open.
func (g *Graph) cut(text, open string) (start, string, error) {
	if !IsRange(text) {
		return start{text: "base"}, text, nil
	}
	from, to, err := cutRange(text)
	if err != nil {
		return start{}, "", err
	}
	if from == "" {
		from = open
	}
	revs, err := g.Resolve(from, nil)
	if err != nil {
		return start{}, "", err
	}
	return start{given: true, rows: idsOf(revs), text: strings.TrimSpace(from)}, to, nil
}

// NoRange refuses a range where a database says from where to go.
func NoRange(texts ...string) error {
	for _, text := range texts {
		if IsRange(text) {
			return errorf(RangeNeedsSQL, "%q is a range, which only makes sense with --sql", text).
				hint("name the target alone, or add --sql")
		}
	}
	return nil
}
