package diff

import (
	"context"
	"slices"

	"github.com/migr-dev/migr/internal/catalog"
)

// A Part is the stretch of a way that one revision carries.
type Part struct {
	From, To *catalog.Catalog
	Up, Down *Result
}

// Online plans a way in the least blocking form that the server has. It is cut
// in parts where one must be committed before the next begins; Up and Down of each are
// plans of their own. q is asked what the engine must know of the server. Without
// a difference there is no part.
func Online(ctx context.Context, e *catalog.Engine, q catalog.Querier, from, to *catalog.Catalog) ([]Part, error) {
	var stages []catalog.Stage
	if e.Stages != nil {
		var err error
		if stages, err = e.Stages(ctx, q, from, to); err != nil {
			return nil, err
		}
	}
	var parts []Part
	at, cut := from, false
	for _, s := range append(stages, catalog.Stage{Catalog: to}) {
		up, err := Plan(e, at, s.Catalog, Options{Online: true})
		if err != nil {
			return nil, err
		}
		up.Steps = append(fills(s.Fill), up.Steps...)
		at, cut = s.Catalog, cut || s.Cut
		if len(up.Steps) == 0 {
			continue
		}
		if n := len(parts); n > 0 && !cut {
			parts[n-1].Up.append(up)
			parts[n-1].To = at
		} else {
			parts = append(parts, Part{From: begin(parts, from), To: at, Up: up})
		}
		cut = false
	}
	if len(parts) > 0 {
		parts[len(parts)-1].To = to
	}
	return parts, waysBack(e, parts)
}

// begin is where the next part begins.
func begin(parts []Part, from *catalog.Catalog) *catalog.Catalog {
	if len(parts) == 0 {
		return from
	}
	return parts[len(parts)-1].To
}

func waysBack(e *catalog.Engine, parts []Part) error {
	for i := range parts {
		var err error
		if parts[i].Down, err = Plan(e, parts[i].To, parts[i].From, Options{Online: true}); err != nil {
			return err
		}
	}
	return nil
}

// fills are the steps that give rows their values, round by round.
func fills(updates []string) []Step {
	var steps []Step
	for _, u := range updates {
		steps = append(steps, Step{SQL: []string{u}, Rounds: true})
	}
	return steps
}

func (r *Result) append(more *Result) {
	r.Steps = append(r.Steps, more.Steps...)
	r.Changes = append(r.Changes, more.Changes...)
}

// Whole joins parts to one plan: each difference between the two ends is one
// change, and what is there only on the way is none.
func Whole(parts []Part) *Result {
	whole := &Result{}
	if len(parts) == 0 {
		return whole
	}
	from, to := parts[0].From, parts[len(parts)-1].To
	byKey := map[catalog.Key]*Change{}
	for _, p := range parts {
		whole.Steps = append(whole.Steps, p.Up.Steps...)
		for _, c := range p.Up.Changes {
			if from.Get(c.Key) == nil && to.Get(c.Key) == nil {
				continue
			}
			if had := byKey[c.Key]; had != nil {
				had.SQL = append(slices.Clone(had.SQL), c.SQL...)
				had.Hazards = append(slices.Clone(had.Hazards), c.Hazards...)
				continue
			}
			c := *c
			byKey[c.Key] = &c
			whole.Changes = append(whole.Changes, &c)
		}
	}
	return whole
}
