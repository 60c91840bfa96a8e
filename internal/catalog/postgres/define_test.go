package postgres

import (
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
)

// TestTypeName: what a statement calls a type, in the words of format_type.
func TestTypeName(t *testing.T) {
	for in, want := range map[string]string{
		"VARCHAR(10) COLLATE \"C\" USING left(a, 10)": "character varying(10)",
		"int4":                      "integer",
		"decimal(10)":               "numeric(10,0)",
		"numeric(10, 2) NOT NULL":   "numeric(10,2)",
		"char":                      "character(1)",
		"float(10)":                 "real",
		"double precision":          "double precision",
		"timestamptz(3)":            "timestamp(3) with time zone",
		"timestamp (3)":             "timestamp(3) without time zone",
		"time with time zone":       "time with time zone",
		"text[]":                    "text[]",
		"int ARRAY[4]":              "integer[]",
		"pg_catalog.int8":           "bigint",
		"app.\"My Type\" DEFAULT 1": "app.\"My Type\"",
		"bigserial PRIMARY KEY":     "bigint",
	} {
		if got := typeName(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	was := &catalog.Object{Attrs: map[string]string{"type": "mood"}}
	if got := define(was, "app.mood USING x::app.mood").Attrs["type"]; got != "mood" {
		t.Errorf("one type, with its schema and without: %q", got)
	}
}
