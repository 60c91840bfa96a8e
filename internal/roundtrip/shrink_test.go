package roundtrip

import "slices"

// shrink leaves out what a failure does not need: nodes of both schemas, of one of
// them, and differences between them, until nothing can go. It asks failing no
// more than limit times.
func shrink(a, b schema, limit int, failing func(a, b schema) bool) (schema, schema) {
	asked := 0
	try := func(x, y schema) bool {
		if asked++; asked > limit || !failing(x, y) {
			return false
		}
		a, b = x, y
		return true
	}
	for size := 8; size >= 1; size /= 2 {
		for again := true; again && asked < limit; {
			again = false
			for _, ids := range chunks(a, b, size) {
				again = try(a.without(ids...), b.without(ids...)) || again
			}
		}
	}
	for again := true; again && asked < limit; {
		again = false
		for _, ids := range chunks(a, b, 1) {
			i, j := a.index(ids[0]), b.index(ids[0])
			switch {
			case i >= 0 && j >= 0:
				again = try(a.without(ids...), b.without(ids...)) || again
				if j = b.index(ids[0]); i >= 0 && j >= 0 && a.index(ids[0]) == i && !sameNode(a[i], b[j]) {
					like := slices.Clone(b)
					like[j] = a[i]
					again = try(a, like) || again
				}
			case i >= 0:
				again = try(a.without(ids...), b) || again
			case j >= 0:
				again = try(a, b.without(ids...)) || again
			}
		}
	}
	return a, b
}

func sameNode(a, b node) bool {
	return a.sql == b.sql && a.tail == b.tail && slices.Equal(a.after, b.after)
}

// chunks cuts the ids of both schemas into lists of that size, the last first:
// nothing needs those.
func chunks(a, b schema, size int) [][]string {
	var ids []string
	for _, s := range []schema{a, b} {
		for _, n := range s {
			if !slices.Contains(ids, n.id) {
				ids = append(ids, n.id)
			}
		}
	}
	slices.Reverse(ids)
	return slices.Collect(slices.Chunk(ids, size))
}
