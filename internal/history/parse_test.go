package history

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/sqltext"
)

const sample = `-- migr:revision 3f9c2a71d0b4
-- migr:revises 1975ea83b712
-- migr:message add invoices
-- migr:created 2026-11-22T16:40:12Z

-- migr:up
CREATE TABLE invoices (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (id));

-- migr:down
-- migr:allow drop-table: recreated empty by the next upgrade
DROP TABLE invoices;
`

func parse(t testing.TB, src string) *Revision {
	t.Helper()
	r, err := Parse("m/x.sql", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plain returns what Parse read, without what guards it.
func plain(r *Revision) string {
	b := *r.body
	var down Part
	if b.Down != nil {
		down = *b.Down
	}
	return fmt.Sprintf("%q %q %q %q %q %q %v %v %v %q %v %v %q %q %v %q", r.ID, r.Parents, r.DependsOn, r.Labels, r.Message, r.Created.Format(time.RFC3339Nano),
		r.NoTx, r.Template, r.Allow, r.Replaces, r.Ignore, b.Up.Line, b.Up.Text, down.Text, b.Down != nil, b.Irreversible)
}

func TestParse(t *testing.T) {
	r := parse(t, sample)
	want := `"3f9c2a71d0b4" ["1975ea83b712"] [] [] "add invoices" "2026-11-22T16:40:12Z" false false [] [] [] 7 ` +
		`"CREATE TABLE invoices (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL REFERENCES users (id));\n" ` +
		`"-- migr:allow drop-table: recreated empty by the next upgrade\nDROP TABLE invoices;\n" true ""`
	if got := plain(r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(r.Format()); got != sample {
		t.Errorf("written again:\n%s", got)
	}
	stmts, err := r.DownStmts(sqltext.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	if len(stmts) != 1 || stmts[0].Text != "DROP TABLE invoices" || stmts[0].Line != 11 || stmts[0].File != "m/x.sql" ||
		!reflect.DeepEqual(stmts[0].Allow, []Directive{{"drop-table", "recreated empty by the next upgrade", 10}}) {
		t.Errorf("%+v", stmts)
	}
}

func TestParseAll(t *testing.T) {
	r := parse(t, "\uFEFF/* by hand\n*/ -- and so\r\n-- MIGR:Revision v1.0\r\n-- migr:labels a,b \r\n-- migr:depends-on lib, 77\r\n-- migr:transaction OFF\r\n"+
		"-- migr:template on\r\n-- migr:replaces x,y\r\n-- migr:allow drop-table: one: two\r\n-- migr:ignore MG101\r\n-- migr:created 2026-01-02T03:04:05+02:00\r\n"+
		"-- migr:Up\r\n\r\nSELECT 1;  \r\n\r\n-- MIGR:irreversible it is gone\r\n-- the end\r\n")
	want := `"v1.0" [] ["lib" "77"] ["a" "b"] "" "2026-01-02T03:04:05+02:00" true true [drop-table: one: two] ["x" "y"] [MG101] 14 "SELECT 1;\n" "" false "it is gone"`
	if got := plain(r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	again := parse(t, string(r.Format()))
	if strings.Replace(plain(again), " 13 ", " 14 ", 1) != want {
		t.Errorf("written and read again %s", plain(again))
	}
}

func TestParseErrors(t *testing.T) {
	head := "-- migr:revision a\n"
	for _, c := range []struct{ src, want, hint string }{
		{"", "1:1: the file is empty", "remove"},
		{" \n\n", "1:1: the file is empty", "remove"},
		{"CREATE TABLE t (a int);\n", "1:1: this is not a revision file", "--sql m/x.sql"},
		{"-- just words\n", "1:1: this is not a revision file", "migr:up"},
		{"\xff\xfea\x00", "1:1: the file is UTF-16", "UTF-8"},
		{head + "a\x00", "2:2: the file is not text", ""},
		{head + "ä\xff", "2:2: the file is not UTF-8", ""},
		{"-- migr:up\n", "1:1: no -- migr:revision before -- migr:up", "an id of its own"},
		{head, "1:1: the file has no up part", "-- migr:up"},
		{head + "SELECT 1;\n-- migr:up\n", "2:1: a statement before -- migr:up", ""},
		{head + "/* x */ SELECT 1;\n-- migr:up\n", "2:9: a statement before -- migr:up", ""},
		{head + "<<<<<<< HEAD\n-- migr:up\n", "2:1: a mark of an unfinished merge", "conflict"},
		{head + "-- migr:up\n-- migr:up\n", "3:1: a second -- migr:up; the first is in line 2", ""},
		{head + "-- migr:up\n-- migr:down\n-- migr:down\n", "4:1: a second -- migr:down", ""},
		{head + "-- migr:down\n-- migr:up\n", "2:1: down must stand once, after", ""},
		{head + "-- migr:up\n-- migr:down\n-- migr:irreversible x\n", "4:1: irreversible must stand in place of", ""},
		{head + "-- migr:up\n-- migr:irreversible\n", "3:21: irreversible needs a reason", ""},
		{head + "-- migr:up\n-- migr:irreversible x\nSELECT 1;\n", "4:1: a statement after", ""},
		{head + "-- migr:up now\n", "2:12: up stands alone", ""},
		{head + "-- migr:revision b\n-- migr:up\n", "2:1: a second -- migr:revision", ""},
		{head + "-- migr:revices b\n-- migr:up\n", `2:9: unknown directive "revices"`, "-- migr:revises?"},
		{head + "-- migr:depends_on b\n-- migr:up\n", `2:9: unknown directive "depends_on"`, "-- migr:depends-on?"},
		{head + "-- migr:zzzzzzzzz\n-- migr:up\n", `2:9: unknown directive "zzzzzzzzz"`, "the directives are allow, batch"},
		{head + "-- migr: up\n", "2:9: a directive without a name", "did you mean -- migr:up?"},
		{head + "--migr:up\n", "2:1: this is not read as a directive", "write -- migr:up"},
		{head + "-- migr:up\n--migr:DOWN\n", "3:1: this is not read as a directive", "write -- migr:down"},
		{head + "-- migr:up\n  -- migr:down\n", "3:1: this is not read as a directive", "first column"},
		{head + "-- migr:revises b c\n-- migr:up\n", "2:17: a comma is missing", ""},
		{head + "-- migr:revises b,,c\n-- migr:up\n", "2:19: empty entry", ""},
		{head + "-- migr:revises b, b\n-- migr:up\n", "2:20: b stands twice", ""},
		{head + "-- migr:revises b, c-d\n-- migr:up\n", "2:20: illegal character '-'", ""},
		{"-- migr:revision\n-- migr:up\n", "1:17: the revision id is empty", ""},
		{"-- migr:revision heads\n-- migr:up\n", "1:18: \"heads\" cannot be", ""},
		{head + "-- migr:created yesterday\n-- migr:up\n", `2:17: "yesterday" is no date`, "2026"},
		{head + "-- migr:transaction maybe\n-- migr:up\n", "2:21: transaction is on or off", ""},
		{head + "-- migr:allow\n-- migr:up\n", "2:14: allow needs one code", ""},
		{head + "-- migr:batch size=1\n-- migr:up\n", "2:1: batch must stand before a statement", ""},
		{head + "-- migr:up\n-- migr:batch sise=5\nDELETE FROM t", `3:15: batch has no setting "sise"`, "size=5000"},
		{head + "-- migr:up\n-- migr:batch size=0\nDELETE FROM t", "3:15: batch needs a size", ""},
		{head + "-- migr:up\n-- migr:batch size=1 sleep=-1s\nDELETE FROM t", "3:15: batch cannot use", ""},
		{head + "-- migr:up\n-- migr:labels x\n", "3:1: labels must stand before -- migr:up", ""},
	} {
		_, err := Parse("m/x.sql", []byte(c.src))
		e, ok := err.(*BadFile)
		if !ok || !strings.HasPrefix(err.Error(), "m/x.sql:"+c.want) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%q: %v (%+v), want %s", c.src, err, e, c.want)
		}
	}
}

func TestStmts(t *testing.T) {
	r := parse(t, "-- migr:revision a\n-- migr:up\n\n-- migr:allow x: y\n\n-- a comment\nSELECT 1; -- behind\n\n-- migr:BATCH size=5 sleep=50ms\n-- migr:ignore R1: so\n-- migr:hazard h: why\nUPDATE t\nSET a = 1;\nSELECT '  -- migr:allow'\n")
	stmts, err := r.UpStmts(sqltext.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	if len(stmts) != 3 {
		t.Fatalf("%d statements", len(stmts))
	}
	first, second := stmts[0], stmts[1]
	if first.Line != 7 || len(first.Allow) != 1 || first.Allow[0].Line != 4 || first.Batch != nil || strings.HasPrefix(first.Comment, "\n") {
		t.Errorf("%+v", first)
	}
	if second.Line != 12 || len(second.Hazard) != 1 || second.Batch == nil || *second.Batch != (Batch{5, 50 * time.Millisecond}) || second.Ignore[0] != (Directive{"R1", "so", 10}) {
		t.Errorf("%+v", second)
	}
	if s := stmts[2]; s.Allow != nil || s.Ignore != nil || s.Batch != nil {
		t.Errorf("%+v", s)
	}
	if none, err := r.DownStmts(sqltext.Postgres); err != nil || none != nil {
		t.Error(none, err)
	}
}

func TestStmtErrors(t *testing.T) {
	head := "-- migr:revision a\n-- migr:template on\n-- migr:up\n"
	for _, c := range []struct{ body, want, hint string }{
		{"CREATE FUNCTION f() RETURNS int AS $$\n-- migr:down\nSELECT 1 $$ LANGUAGE sql;\n", "m/x.sql:4:", "the first line that begins with -- migr:down"},
		{"CREATE FUNCTION f() RETURNS int AS $$\n-- migr:allow x: y\nSELECT 1 $$ LANGUAGE sql;\n", "m/x.sql:5:1: a directive inside of a statement", "change the line"},
		{"SELECT 1;\n-- migr:allow x: y\n", "m/x.sql:5:1: allow stands before no statement", ""},
		{"-- migr:batch size=1\nINSERT INTO t VALUES (1);\n", "m/x.sql:4:1: batch must stand before an UPDATE or a DELETE", ""},
		{"-- migr:batch size=1\n-- migr:batch size=1\nDELETE FROM t;\n", "m/x.sql:5:1: a second batch", ""},
		{"SELECT\n {{ .x }};\n", "m/x.sql:5:", "-x x=VALUE"},
		{"SELECT\n {{ if }};\n", "m/x.sql:5:", ""},
		{"\\connect other\n", "m/x.sql:4:1: ", ""},
	} {
		src := head + c.body
		if !strings.Contains(src, "{{") {
			src = strings.Replace(src, "template on", "template off", 1)
		}
		_, err := parse(t, src).UpStmts(sqltext.Postgres)
		e, ok := err.(*BadFile)
		if !ok || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%q: %v (%+v), want %s", c.body, err, e, c.want)
		}
	}
}

func TestTemplate(t *testing.T) {
	r := parse(t, "-- migr:revision a\n-- migr:template on\n-- migr:up\nSELECT {{ literal .who }} FROM {{ ident .table }};\nSELECT {{ .n }};\n")
	stmts, err := r.UpStmts(sqltext.MySQL, Vars{"who": "O'Neil", "table": "a`b", "n": "7"})
	if err != nil {
		t.Fatal(err)
	}
	if got := stmts[0].Text + "|" + stmts[1].Text; got != "SELECT 'O''Neil' FROM `a``b`|SELECT 7" || stmts[1].Line != 5 {
		t.Error(got, stmts[1].Line)
	}
	plain := parse(t, "-- migr:revision a\n-- migr:up\nSELECT '{{ .x }}';\n")
	if stmts, err := plain.UpStmts(sqltext.MySQL); err != nil || stmts[0].Text != "SELECT '{{ .x }}'" {
		t.Error(stmts, err)
	}
}

func TestChecksum(t *testing.T) {
	sum := func(src string) string {
		t.Helper()
		s, err := parse(t, src).Checksum()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := sum(sample)
	// Databases hold this sum: it may never change.
	if first != "h1:0e01ed271b8ed1cbf8b17b4e5b472818b9524998619bb9c6e77964a076ae1cbd" {
		t.Error(first)
	}
	same := map[string]string{
		"CRLF":           strings.ReplaceAll(sample, "\n", "\r\n"),
		"BOM":            "\uFEFF" + sample,
		"blanks":         strings.ReplaceAll(sample, "\n", "  \t\n"),
		"blank lines":    strings.Replace(sample, "\n\n-- migr:down", "\n\n\n\n-- migr:down", 1) + "\n\n",
		"no last line":   strings.TrimSuffix(sample, "\n"),
		"header":         strings.Replace(sample, "add invoices", "other", 1),
		"case of a mark": strings.Replace(sample, "-- migr:down", "-- MIGR:DOWN", 1),
	}
	for name, src := range same {
		if got := sum(src); got != first {
			t.Errorf("%s: %s, want %s", name, got, first)
		}
	}
	for name, src := range map[string]string{
		"comment": strings.Replace(sample, "recreated", "created", 1),
		"blank":   strings.Replace(sample, "CREATE TABLE", "CREATE  TABLE", 1),
		"moved":   strings.Replace(strings.Replace(sample, "\n\n-- migr:down", "", 1), "-- migr:allow", "\n-- migr:down\n-- migr:allow", 1) + "-- x",
		"no down": sample[:strings.Index(sample, "-- migr:down")],
	} {
		if sum(src) == first {
			t.Errorf("%s: the sum is the same", name)
		}
	}
}

func TestWithParents(t *testing.T) {
	crlf := "\uFEFF-- migr:revision a\r\n-- by hand\r\n-- migr:up\r\nSELECT 1;  \r\n"
	for _, c := range []struct {
		src, want string
		parents   []ID
	}{
		{sample, strings.Replace(sample, "1975ea83b712", "x, y", 1), []ID{"x", "y"}},
		{sample, strings.Replace(sample, " 1975ea83b712", "", 1), nil},
		{crlf, strings.Replace(crlf, "-- by hand", "-- migr:revises p\r\n-- by hand", 1), []ID{"p"}},
	} {
		got, err := WithParents("x.sql", []byte(c.src), c.parents)
		if err != nil || string(got) != c.want {
			t.Errorf("%v\n%q, want\n%q", err, got, c.want)
		}
	}
	if _, err := WithParents("x.sql", []byte("SELECT 1"), nil); err == nil {
		t.Error("no error")
	}
}

// What is written reads as what was written.
func TestFormatParse(t *testing.T) {
	words := []string{"x", "drop-table", "ä ö", "SELECT 1;", "\n", "\r\n", "  ", "-- a comment", "a:b", "'", "\t"}
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		text := func() string {
			var b strings.Builder
			for range rnd.IntN(6) {
				b.WriteString(words[rnd.IntN(len(words))])
			}
			return b.String()
		}
		r := &Revision{
			ID: "a.1_b", Message: text(), NoTx: rnd.IntN(2) == 0, Template: rnd.IntN(2) == 0,
			Created: time.Unix(rnd.Int64N(1e10), rnd.Int64N(2)*500).UTC(),
		}
		for i := range rnd.IntN(3) {
			r.Parents = append(r.Parents, ID(fmt.Sprint("p", i)))
			r.Labels = append(r.Labels, fmt.Sprint("l", i))
			r.DependsOn = append(r.DependsOn, fmt.Sprint("d", i))
			r.Replaces = append(r.Replaces, ID(fmt.Sprint("r", i)))
			r.Allow = append(r.Allow, Directive{Code: "drop-table", Reason: "so: be it"})
			r.Ignore = append(r.Ignore, Directive{Code: "MG1"})
		}
		b := &Body{Up: Part{Text: text()}}
		switch rnd.IntN(3) {
		case 0:
			b.Down = &Part{Text: text()}
		case 1:
			b.Irreversible = "because"
		}
		r.SetBody(b)
		first := r.Format()
		read, err := Parse("x.sql", first)
		if err != nil {
			t.Fatalf("%v in\n%s", err, first)
		}
		if second := read.Format(); !bytes.Equal(first, second) {
			t.Fatalf("written again\n%q, want\n%q", second, first)
		}
		if read.ID != r.ID || !reflect.DeepEqual(read.Parents, r.Parents) || !reflect.DeepEqual(read.Replaces, r.Replaces) ||
			!reflect.DeepEqual(read.Labels, r.Labels) || !reflect.DeepEqual(read.DependsOn, r.DependsOn) || !read.Created.Equal(r.Created) ||
			read.NoTx != r.NoTx || read.Template != r.Template || len(read.Allow) != len(r.Allow) || read.Message != oneLine(r.Message) ||
			read.body.Irreversible != b.Irreversible || (read.body.Down == nil) != (b.Down == nil) || read.body.Checksum() != b.Checksum() {
			t.Fatalf("read %s of\n%s", plain(read), first)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(strings.ReplaceAll(sample, "\n", "\r\n")))
	f.Add([]byte("-- migr:revision a\n-- migr:template on\n-- migr:labels x, y\n-- migr:up\n-- migr:batch size=1\nDELETE FROM t\n-- migr:irreversible no\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		r, err := Parse("x.sql", src)
		header := loadOne(t, src)
		if err != nil {
			if e, ok := err.(*BadFile); !ok || e.Msg == "" || e.Line < 1 || e.Col < 1 || e.Line > bytes.Count(src, []byte("\n"))+1 {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if header == nil || header.ID != r.ID || !reflect.DeepEqual(header.Parents, r.Parents) || header.Message != r.Message {
			t.Fatalf("the header alone is %+v", header)
		}
		first := r.Format()
		again, err := Parse("x.sql", first)
		if err != nil {
			t.Fatalf("%v in %q", err, first)
		}
		if second := again.Format(); !bytes.Equal(first, second) {
			t.Fatalf("%q became %q", first, second)
		}
		if again.body.Checksum() != r.body.Checksum() {
			t.Fatalf("the sum changed: %q", first)
		}
		for _, family := range []sqltext.Family{sqltext.SQLite, sqltext.Postgres, sqltext.MySQL} {
			_, err := r.UpStmts(family)
			if _, ok := err.(*BadFile); err != nil && !ok {
				t.Fatalf("error %#v", err)
			}
		}
	})
}

func TestFuzzCorpusIsThere(t *testing.T) {
	for _, name := range []string{"FuzzParse", "FuzzTarget"} {
		if files, _ := filepath.Glob(filepath.Join("testdata/fuzz", name, "*")); len(files) == 0 {
			t.Errorf("no corpus for %s", name)
		}
	}
	if _, err := os.Stat("testdata/graph.json"); err != nil {
		t.Error(err)
	}
}
