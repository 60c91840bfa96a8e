package sqltext

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func FuzzSplitPostgres(f *testing.F) {
	fuzzSplit(f, Postgres, slices.Concat(postgresCases(), postgresBodies(), psqlCases()))
}

func FuzzSplitMySQL(f *testing.F) {
	for _, src := range mysqlBodies() {
		f.Add(src)
	}
	fuzzSplit(f, MySQL, slices.Concat(mysqlCases(), delimiterCases()))
}

func FuzzSplitSQLite(f *testing.F) { fuzzSplit(f, SQLite, sqliteCases()) }

// fuzzSplit checks what Split promises of any text: no panic, nothing lost,
// and that the statements written one behind the other are cut again into the
// same.
func fuzzSplit(f *testing.F, family Family, seeds []splitCase) {
	for _, c := range seeds {
		f.Add(c.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		_, _ = Split(family, "", src, Lenient())
		Words(family, src, 5)
		Scan(family, src, func(k Token) bool { k.Ident(family); k.Literal(family); return true })
		joined := 0
		for _, k := range Tokens(family, src) {
			if k.Off < joined || k.Text == "" || src[k.Off:k.Off+len(k.Text)] != k.Text {
				t.Fatalf("token %q at %d", k.Text, k.Off)
			}
			joined = k.Off + len(k.Text)
		}
		got, err := Split(family, "", src)
		if err != nil {
			return
		}
		nothingLost(t, family, src, got)
		splitsAgain(t, family, got)
	})
}

var delimiterLine = regexp.MustCompile(`(?i)delimiter`)

// nothingLost checks that between the statements there are only blanks,
// comments and terminators.
func nothingLost(t *testing.T, family Family, src string, got []Stmt) {
	end := 0
	if strings.HasPrefix(src, bom) {
		end = len(bom)
	}
	custom := family == MySQL && delimiterLine.MatchString(src)
	for _, s := range append(got, Stmt{Line: -1}) {
		off := len(src)
		if s.Line > 0 {
			off = offset(src, s.Line, s.Col)
			if !strings.HasPrefix(src[off:], s.Text) || s.Text == "" || isBlank(s.Text[0]) || isBlank(s.Text[len(s.Text)-1]) {
				t.Fatalf("%d:%d is not the place of %q", s.Line, s.Col, s.Text)
			}
		}
		if off < end {
			t.Fatalf("%q begins before the end of the statement before", s.Text)
		}
		for _, k := range Tokens(family, src[end:off]) {
			if k.Text != ";" && !custom {
				t.Fatalf("%q is lost before %d:%d", k.Text, s.Line, s.Col)
			}
		}
		end = off + len(s.Text)
	}
}

func splitsAgain(t *testing.T, family Family, got []Stmt) {
	var b strings.Builder
	for _, s := range got {
		if family == MySQL && delimiterLine.MatchString(s.Text) {
			return // a line of that name inside of a statement
		}
		if strings.HasSuffix(s.Text, "/*") {
			return // SQLite: no comment at the end of the text, but one before a semicolon
		}
		b.WriteString(" " + Terminate(family, s.Text) + "\n")
	}
	again, err := Split(family, "", b.String())
	if err != nil || !slices.Equal(texts(got), texts(again)) {
		t.Fatalf("%q\nbecomes\n%q %v", texts(got), texts(again), err)
	}
}
