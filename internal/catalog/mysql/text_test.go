package mysql

import (
	"maps"
	"slices"
	"testing"
)

func TestTokensLoseNothing(t *testing.T) {
	for _, s := range []string{
		"", "`a``b`.'it''s \\' x' -- c\n/* d */ \"q\" # e", "`open", "'open \\", "é@x-1.5e3", "/*!50003 x */", "a--b", "--",
	} {
		if got := join(tokens(s)); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("select `a`.`b` from 'x' -- y")
	f.Fuzz(func(t *testing.T, s string) {
		if got := join(tokens(s)); got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func TestWithoutHome(t *testing.T) {
	known := func(name string) bool { return name == "t" || name == "f" }
	for in, want := range map[string]string{
		"select `db`.`t`.`id` from `db`.`t`":              "select `t`.`id` from `t`",
		"select `db`.`id` from `db`.`t` `db`":             "select `db`.`id` from `t` `db`", // an alias called as the database
		"select `db`.`gone`.`id`":                         "select `gone`.`id`",
		"select 'db.`t`', \"`db`.`t`\", `db.t`":           "select 'db.`t`', \"`db`.`t`\", `db.t`",
		"select db.f(1), `other`.`t`.`db`, xdb.t, `db`.f": "select f(1), `other`.`t`.`db`, xdb.t, f",
		"nextval(`db`.`t`)":                               "nextval(`t`)",
		"`x`.`db`.`t`":                                    "`x`.`db`.`t`",
	} {
		if got := withoutHome(in, "db", known); got != want {
			t.Errorf("%s\ngave %s\nwant %s", in, got, want)
		}
	}
}

func TestServerText(t *testing.T) {
	for in, want := range map[string]string{
		`_utf8mb4\'it\\\'s \\\\\'`:     `_utf8mb4'it\'s \\'`,
		"concat(`a`,_utf8mb4\\'Ã©\\')": "concat(`a`,_utf8mb4'é')",
		"Ð\u00baÐ»Ñ\u008eÑ\u0087":      "ключ",
		"плохо":                        "плохо",
		"plain":                        "plain",
	} {
		if got := fromDoubleUTF8(unescape(in)); got != want {
			t.Errorf("%q gave %q, want %q", in, got, want)
		}
	}
}

func TestCreateOptions(t *testing.T) {
	got := createOptions("row_format=DYNAMIC COMPRESSION=\"zlib\" partitioned max_rows=100 `page_compressed`='1' ENCRYPTION='Y'")
	want := map[string]string{"ROW_FORMAT": "DYNAMIC", "COMPRESSION": "'zlib'", "MAX_ROWS": "100", "`page_compressed`": "'1'", "ENCRYPTION": "'Y'"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]int{
		"10.11.19-MariaDB-0+deb12u1": 1011019, "11.4.2-MariaDB-log": 1104002, "9.7.4-2": 90704, "8.0.41": 80041, "8.4": 80400,
	} {
		if got, err := parseVersion(in); err != nil || got != want {
			t.Errorf("%s gave %d, %v; want %d", in, got, err, want)
		}
	}
	if _, err := parseVersion("nonsense"); err == nil {
		t.Error("nonsense is no version")
	}
}

func TestAccount(t *testing.T) {
	for in, want := range map[string]string{"root@127.0.0.1": "`root`@`127.0.0.1`", "a@b@%": "`a@b`@`%`", "role": "`role`", "o`x@h": "`o``x`@`h`"} {
		if got := account(in); got != want {
			t.Errorf("%s gave %s, want %s", in, got, want)
		}
	}
}

func TestPartitionChanges(t *testing.T) {
	clause := func(list string) string { return "PARTITION BY RANGE (`a`)\n(" + list + ")" }
	p := func(name, n string) string { return "PARTITION `" + name + "` VALUES LESS THAN (" + n + ")" }
	abc := clause(p("a", "1") + ",\n " + p("b,\n PARTITION", "2") + ",\n " + p("c", "3"))
	for _, c := range []struct {
		name, to   string
		gone, come []string
		ok         bool
	}{
		{"same", abc, nil, []string{}, true},
		{"one goes", clause(p("a", "1") + ",\n " + p("c", "3")), []string{"b,\n PARTITION"}, []string{}, true},
		{"one comes", clause(p("a", "1") + ",\n " + p("b,\n PARTITION", "2") + ",\n " + p("c", "3") + ",\n " + p("d", "4")), nil, []string{p("d", "4")}, true},
		{"both", clause(p("c", "3") + ",\n " + p("d", "4")), []string{"a", "b,\n PARTITION"}, []string{p("d", "4")}, true},
		{"between", clause(p("a", "1") + ",\n " + p("x", "2") + ",\n " + p("c", "3")), []string{"b,\n PARTITION", "c"}, nil, false},
		{"changed", clause(p("a", "0") + ",\n " + p("c", "3")), nil, nil, false},
		{"none stays", clause(p("d", "4")), nil, nil, false},
		{"other way", "PARTITION BY HASH (`a`)\nPARTITIONS 4", nil, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			gone, come, ok := partitionChanges(abc, c.to)
			if ok != c.ok || ok && (!slices.Equal(gone, c.gone) || !slices.Equal(come, c.come)) {
				t.Errorf("got %q, %q, %v", gone, come, ok)
			}
		})
	}
}
