package history

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// mark begins a directive. It must be the first thing on its line.
const mark = "-- migr:"

// The directives by where they may stand.
var (
	headerNames = []string{
		"revision", "revises", "message", "created", "labels", "depends-on",
		"transaction", "replaces", "template",
	}
	bodyNames    = []string{"batch", "hazard"}
	eitherNames  = []string{"allow", "ignore"}
	sectionNames = []string{"up", "down", "irreversible"}
)

// A directive is one line of the form "-- migr:NAME ARGUMENT".
type directive struct {
	name string // in lower case
	arg  string
	line int
	text string // the whole line
	at   int    // of arg in text
}

// readDirective takes a line apart, or returns false when it is none.
func readDirective(text string, line int) (directive, bool) {
	if !hasMark(text) {
		return directive{}, false
	}
	rest := text[len(mark):]
	name, arg := rest, ""
	if i := strings.IndexAny(rest, " \t"); i >= 0 {
		name, arg = rest[:i], rest[i:]
	}
	d := directive{name: strings.ToLower(name), line: line, text: text}
	d.arg = strings.TrimSpace(arg)
	d.at = len(mark) + len(name) + len(arg) - len(strings.TrimLeft(arg, " \t"))
	return d, true
}

func hasMark(text string) bool {
	return len(text) >= len(mark) && strings.EqualFold(text[:len(mark)], mark)
}

// column returns the column of a byte of a line, in runes from 1.
func column(text string, at int) int { return utf8.RuneCountInString(text[:at]) + 1 }

// bad makes an error that points at the argument.
func (d directive) bad(path, msg string) *BadFile { return d.badAt(path, d.at, msg) }

func (d directive) badAt(path string, at int, msg string) *BadFile {
	return &BadFile{Path: path, Line: d.line, Col: column(d.text, at), Msg: msg, Code: BadFileCode}
}

func (e *BadFile) hint(text string) *BadFile {
	e.Hint = text
	return e
}

// unknown is the error for a name that is no directive.
func (d directive) unknown(path string) *BadFile {
	e := d.badAt(path, len(mark), "unknown directive "+strconv.Quote(d.name))
	word := d.name
	if word == "" {
		e.Msg = "a directive without a name"
		word, _, _ = strings.Cut(strings.ToLower(d.arg), " ")
	}
	known := slices.Concat(sectionNames, headerNames, eitherNames, bodyNames)
	best, least := "", 4
	for _, k := range known {
		if n := distance(word, k); n < least {
			best, least = k, n
		}
	}
	if best != "" {
		return e.hint("did you mean " + mark + best + "?")
	}
	slices.Sort(known)
	return e.hint("the directives are " + strings.Join(known, ", "))
}

// distance is the number of letters to change, add or leave out to make one
// word of another. Words much longer than a directive are simply far.
func distance(a, b string) int {
	if len(a) > 30 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// A piece is one entry of a list, and where it stands in its line.
type piece struct {
	text string
	at   int
}

// list parts an argument at its commas.
func (d directive) list(path string) ([]piece, error) {
	if d.arg == "" {
		return nil, nil
	}
	var out []piece
	at := d.at
	for part := range strings.SplitSeq(d.arg, ",") {
		p := piece{strings.TrimSpace(part), at + len(part) - len(strings.TrimLeft(part, " \t"))}
		at += len(part) + 1
		if p.text == "" {
			return nil, d.badAt(path, p.at, "empty entry in the list")
		}
		if strings.ContainsAny(p.text, " \t") {
			return nil, d.badAt(path, p.at, "a comma is missing in "+strconv.Quote(p.text))
		}
		if slices.ContainsFunc(out, func(o piece) bool { return o.text == p.text }) {
			return nil, d.badAt(path, p.at, p.text+" stands twice in the list")
		}
		out = append(out, p)
	}
	return out, nil
}

// ids reads a list of ids or labels.
func (d directive) ids(path string) ([]string, error) {
	list, err := d.list(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range list {
		if err := d.checkID(path, p); err != nil {
			return nil, err
		}
		out = append(out, p.text)
	}
	return out, nil
}

// checkID refuses an id that may not be one.
func (d directive) checkID(path string, p piece) error {
	err := ValidID(ID(p.text))
	if err == nil {
		return nil
	}
	e := d.badAt(path, p.at, err.Error())
	e.Code = IllegalID
	var bad *Error
	if errors.As(err, &bad) {
		e.Hint = bad.Hint
	}
	return e
}

// coded reads "CODE: reason".
func (d directive) coded(path string) (Directive, error) {
	code, reason, _ := strings.Cut(d.arg, ":")
	out := Directive{Code: strings.TrimSpace(code), Reason: strings.TrimSpace(reason), Line: d.line}
	if out.Code == "" || strings.ContainsAny(out.Code, " \t,") {
		return out, d.bad(path, d.name+" needs one code and a reason").
			hint("write " + mark + d.name + " CODE: reason")
	}
	return out, nil
}

// batch reads "size=N [sleep=DURATION]".
func (d directive) batch(path string) (*Batch, error) {
	const hint = "write " + mark + "batch size=5000 sleep=50ms"
	out := &Batch{}
	for _, field := range strings.Fields(d.arg) {
		key, value, _ := strings.Cut(field, "=")
		var err error
		switch strings.ToLower(key) {
		case "size":
			out.Size, err = strconv.Atoi(value)
		case "sleep":
			out.Sleep, err = time.ParseDuration(value)
		default:
			return nil, d.bad(path, "batch has no setting "+strconv.Quote(key)).hint(hint)
		}
		if err != nil || out.Sleep < 0 {
			return nil, d.bad(path, "batch cannot use "+strconv.Quote(field)).hint(hint)
		}
	}
	if out.Size < 1 {
		return nil, d.bad(path, "batch needs a size above 0").hint(hint)
	}
	return out, nil
}

// created reads the date of a revision.
func (d directive) created(path string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, d.arg); err == nil {
			return t, nil
		}
	}
	return time.Time{}, d.bad(path, strconv.Quote(d.arg)+" is no date").hint("write it as in 2026-11-22T16:40:12Z")
}

// onOff reads a switch.
func (d directive) onOff(path string) (bool, error) {
	switch strings.ToLower(d.arg) {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, d.bad(path, d.name+" is on or off, not "+strconv.Quote(d.arg))
}
