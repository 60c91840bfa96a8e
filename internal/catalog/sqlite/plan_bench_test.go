package sqlite_test

import "testing"

// BenchmarkPlan plans 1,000 tables from nothing.
func BenchmarkPlan(b *testing.B) {
	from, to := read(b, open(b)), read(b, openAt(b, thousand(b)))
	for b.Loop() {
		plan(b, from, to)
	}
}
