package postgres

import "testing"

func TestSettled(t *testing.T) {
	for in, want := range map[string]string{
		`CHECK (s::text = ANY (ARRAY['a'::character varying, 'b, ''c'::character varying]::text[]))`: `CHECK (s::text = ANY (ARRAY['a'::character varying::text, 'b, ''c'::character varying::text]))`,
		`((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))`:        `((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))`,
		`ARRAY[E'a\\\\'::character varying(9)]::text[]`:                                              `ARRAY[E'a\\\\'::character varying(9)::text]`,
		`s = 'ARRAY[''a''::character varying]::text[]' OR "ARRAY['a'::character varying]::text[]"`:   `s = 'ARRAY[''a''::character varying]::text[]' OR "ARRAY['a'::character varying]::text[]"`,
		`ARRAY[a, 'b'::text]::text[]`: `ARRAY[a, 'b'::text]::text[]`,
		`ARRAY['x'::text, 'y'::text]`: `ARRAY['x'::text, 'y'::text]`,
		`ARRAY[]::text[]`:             `ARRAY[]::text[]`,
		`'ARRAY['`:                    `'ARRAY['`,
	} {
		if got := settled(in); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
		if got := settled(settled(in)); got != want {
			t.Errorf("%s, twice\ngot  %s", in, got)
		}
	}
}
