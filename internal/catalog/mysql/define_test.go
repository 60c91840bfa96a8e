package mysql

import (
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
)

// TestDefineColumn: what a statement calls a type, in the words of information_schema.
func TestDefineColumn(t *testing.T) {
	for in, want := range map[string]string{
		"INTEGER(11) UNSIGNED NOT NULL":       "int unsigned",
		"BOOL DEFAULT 0":                      "tinyint",
		"character varying(20)":               "varchar(20)",
		"NATIONAL VARCHAR(20)":                "varchar(20)",
		"numeric(8)":                          "decimal(8,0)",
		"DEC":                                 "decimal(10,0)",
		"double precision":                    "double",
		"float(30)":                           "double",
		"TEXT(70000)":                         "mediumtext",
		"blob(10)":                            "tinyblob",
		"LONG VARCHAR":                        "mediumtext",
		"enum(\"a\", 'b''c') DEFAULT 'a'":     "enum('a','b''c')",
		"datetime(3) NOT NULL":                "datetime(3)",
		"char CHARACTER SET latin1 NOT NULL ": "char(1)",
	} {
		was := &catalog.Object{Attrs: map[string]string{"type": "x", "collation": "utf8mb4_bin"}}
		o := defineColumn(was, in)
		if o.Attrs["type"] != want {
			t.Errorf("%s: got %q, want %q", in, o.Attrs["type"], want)
		}
	}
	was := &catalog.Object{Attrs: map[string]string{"type": "int", "collation": "utf8mb4_bin"}}
	if o := defineColumn(was, "char(3) CHARACTER SET latin1 NOT NULL"); o.Attrs["not_null"] == "" || o.Attrs["collation"] != "latin1" {
		t.Errorf("got %v", o.Attrs)
	}
}
