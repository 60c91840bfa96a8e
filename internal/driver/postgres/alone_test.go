package postgres

import "testing"

func TestShape(t *testing.T) {
	for stmt, def := range map[string]string{
		"CREATE INDEX CONCURRENTLY i ON t (a)":                               "CREATE INDEX i ON public.t USING btree (a)",
		"create unique index concurrently if not exists \"i\" on s.t (a, b)": "CREATE UNIQUE INDEX i ON s.t USING btree (a, b)",
		"CREATE INDEX CONCURRENTLY I ON T USING gin (a)":                     "CREATE INDEX i ON public.t USING gin (a)",
	} {
		if shape(stmt) != shape(def) {
			t.Errorf("%s\n%s\n%s", stmt, shape(stmt), shape(def))
		}
	}
	for stmt, def := range map[string]string{
		"CREATE INDEX CONCURRENTLY i ON t (a)":    "CREATE INDEX i ON public.t USING btree (b)",
		"CREATE INDEX CONCURRENTLY j ON t (a, b)": "CREATE UNIQUE INDEX j ON public.t USING btree (a, b)",
		"CREATE INDEX CONCURRENTLY k ON t (a)":    "CREATE INDEX k ON public.t USING btree (a) WHERE (a > 1)",
	} {
		if shape(stmt) == shape(def) {
			t.Errorf("%s is not %s", stmt, def)
		}
	}
}
