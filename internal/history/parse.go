package history

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A section is a stretch of a revision file.
type section int

const (
	inHeader section = iota
	inUp
	inDown
	afterAll // behind an irreversible directive
)

// A parser reads a revision file line by line.
type parser struct {
	path    string
	rev     *Revision
	body    *Body
	section section
	seen    []seenOnce // directives that may stand once; they are few
	comment bool       // in a block comment of the header
	begin   int        // where the text of the part begins, in bytes
	line    int        // and its line
}

// A seenOnce is a directive and the line it stood in.
type seenOnce struct {
	name string
	line int
}

func newParser(path string) *parser {
	return &parser{path: path, rev: &Revision{Path: path}, body: &Body{}, seen: make([]seenOnce, 0, 6)}
}

// Parse reads a revision file. CRLF is read as LF, also in the statements, so
// that a file does the same wherever it was checked out. The error is a
// *BadFile. Statements are not looked at: that is done by UpStmts and
// DownStmts.
//
// A directive is a line that begins with "-- migr:", wherever it stands. So a
// line "-- migr:down" in a quoted body ends the up part; UpStmts then finds
// that the quote is not closed, and its error says why. Other directives in a
// quoted body are an error of UpStmts too: no statement is cut in silence.
// Comments of the header are passed over, and Format does not write them.
func Parse(path string, src []byte) (*Revision, error) {
	if err := checkText(path, src); err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(src), "\uFEFF")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	p := newParser(path)
	pos, no := 0, 0
	for line := range strings.Lines(text) {
		no++
		if err := p.take(strings.TrimSuffix(line, "\n"), no, text, pos, pos+len(line)); err != nil {
			return nil, p.explain(err, text)
		}
		pos += len(line)
	}
	if err := p.finish(text, pos, no); err != nil {
		return nil, err
	}
	p.rev.body = p.body
	return p.rev, nil
}

// checkText refuses what is no text.
func checkText(path string, src []byte) error {
	const hint = "save the file as UTF-8 text"
	fail := func(at int, msg string) error {
		line := bytes.Count(src[:at], []byte("\n"))
		col := utf8.RuneCount(src[bytes.LastIndexByte(src[:at], '\n')+1:at]) + 1
		return &BadFile{Path: path, Line: line + 1, Col: col, Msg: msg, Hint: hint, Code: BadFileCode}
	}
	if bytes.HasPrefix(src, []byte{0xff, 0xfe}) || bytes.HasPrefix(src, []byte{0xfe, 0xff}) {
		return fail(0, "the file is UTF-16, not UTF-8")
	}
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return fail(i, "the file is not text: it holds a NUL byte")
	}
	if utf8.Valid(src) {
		return nil
	}
	at := 0
	for at < len(src) {
		r, n := utf8.DecodeRune(src[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return fail(at, "the file is not UTF-8")
}

// take reads one line, which stands at text[from:to].
func (p *parser) take(line string, no int, text string, from, to int) error {
	d, ok := readDirective(line, no)
	if !ok {
		if err := p.nearMiss(line, no); err != nil {
			return err
		}
		return p.plain(line, no)
	}
	switch {
	case slices.Contains(sectionNames, d.name):
		p.close(text, from)
		p.begin, p.line = to, no+1
		return p.enter(d)
	case slices.Contains(headerNames, d.name):
		if p.section != inHeader {
			return d.badAt(p.path, 0, d.name+" must stand before "+mark+"up")
		}
		return p.header(d)
	case slices.Contains(eitherNames, d.name):
		return p.coded(d)
	case slices.Contains(bodyNames, d.name):
		if p.section != inUp && p.section != inDown {
			return d.badAt(p.path, 0, d.name+" must stand before a statement")
		}
		if d.name == "batch" {
			_, err := d.batch(p.path)
			return err
		}
		_, err := d.coded(p.path)
		return err
	}
	return d.unknown(p.path)
}

// enter begins a section.
func (p *parser) enter(d directive) error {
	if err := p.once(d); err != nil {
		return err
	}
	if d.name != "irreversible" && d.arg != "" {
		return d.bad(p.path, d.name+" stands alone on its line")
	}
	switch d.name {
	case "up":
		if p.section != inHeader {
			return d.badAt(p.path, 0, "up must stand before "+mark+"down")
		}
		p.section = inUp
		return p.named(d.line)
	case "down":
		if p.section != inUp {
			return d.badAt(p.path, 0, "down must stand once, after "+mark+"up, and not beside irreversible")
		}
		p.section = inDown
	case "irreversible":
		if p.section != inUp {
			return d.badAt(p.path, 0, "irreversible must stand in place of "+mark+"down, after "+mark+"up")
		}
		if d.arg == "" {
			return d.badAt(p.path, len(d.text), "irreversible needs a reason")
		}
		p.section, p.body.Irreversible = afterAll, d.arg
	}
	return nil
}

// close ends the part before a section.
func (p *parser) close(text string, end int) {
	switch p.section {
	case inUp:
		p.body.Up = newPart(text[p.begin:end], p.line)
	case inDown:
		part := newPart(text[p.begin:end], p.line)
		p.body.Down = &part
	}
}

// newPart drops blank lines at both ends.
func newPart(text string, line int) Part {
	for {
		first, rest, more := strings.Cut(text, "\n")
		if !more || strings.TrimSpace(first) != "" {
			break
		}
		text = rest
		line++
	}
	text = strings.TrimRight(text, " \t\r\n\f\v")
	if text != "" {
		text += "\n"
	}
	return Part{Text: text, Line: line}
}

// once refuses a directive that stood before.
func (p *parser) once(d directive) error {
	for _, first := range p.seen {
		if first.name == d.name {
			return d.badAt(p.path, 0, "a second "+mark+d.name+"; the first is in line "+strconv.Itoa(first.line))
		}
	}
	p.seen = append(p.seen, seenOnce{d.name, d.line})
	return nil
}

// header reads a directive that belongs before the up part.
func (p *parser) header(d directive) error {
	if err := p.once(d); err != nil {
		return err
	}
	r := p.rev
	var err error
	switch d.name {
	case "revision":
		r.ID = ID(d.arg)
		return d.checkID(p.path, piece{d.arg, d.at})
	case "revises":
		r.Parents, err = idList(d, p.path)
	case "replaces":
		r.Replaces, err = idList(d, p.path)
	case "labels":
		r.Labels, err = d.ids(p.path)
	case "depends-on":
		r.DependsOn, err = d.ids(p.path)
	case "message":
		r.Message = d.arg
	case "created":
		r.Created, err = d.created(p.path)
	case "transaction":
		var on bool
		on, err = d.onOff(p.path)
		r.NoTx = !on
	case "template":
		r.Template, err = d.onOff(p.path)
	}
	return err
}

func idList(d directive, path string) ([]ID, error) {
	list, err := d.ids(path)
	var out []ID
	for _, s := range list {
		out = append(out, ID(s))
	}
	return out, err
}

// coded reads allow and ignore. Those of a part are read again when it is
// split into statements; here they are only checked.
func (p *parser) coded(d directive) error {
	c, err := d.coded(p.path)
	switch {
	case err != nil:
		return err
	case p.section == afterAll:
		return d.badAt(p.path, 0, d.name+" must stand in the header or before a statement")
	case p.section != inHeader:
	case d.name == "allow":
		p.rev.Allow = append(p.rev.Allow, c)
	default:
		p.rev.Ignore = append(p.rev.Ignore, c)
	}
	return nil
}

// plain reads a line that is no directive.
func (p *parser) plain(line string, no int) error {
	if p.section == inUp || p.section == inDown {
		return nil
	}
	rest := strings.TrimSpace(line)
	for rest != "" {
		if !p.comment {
			if strings.HasPrefix(rest, "--") {
				return nil
			}
			if !strings.HasPrefix(rest, "/*") {
				return p.misplaced(line, rest, no)
			}
			rest, p.comment = rest[2:], true
		}
		_, after, closed := strings.Cut(rest, "*/")
		if !closed {
			return nil
		}
		rest, p.comment = strings.TrimSpace(after), false
	}
	return nil
}

// misplaced is the error for a statement outside of the parts.
func (p *parser) misplaced(line, rest string, no int) error {
	e := &BadFile{Path: p.path, Line: no, Col: column(line, strings.Index(line, rest)), Code: BadFileCode}
	switch {
	case p.section == afterAll:
		e.Msg, e.Hint = "a statement after "+mark+"irreversible", "there is no way down, so nothing may follow"
	case strings.HasPrefix(line, "<<<<<<<") || strings.HasPrefix(line, "=======") || strings.HasPrefix(line, ">>>>>>>"):
		e.Msg, e.Hint = "a mark of an unfinished merge", "solve the conflict and remove the marks"
	default:
		e.Msg, e.Hint = "a statement before "+mark+"up", "put the line "+mark+"up before the first statement"
	}
	return e
}

// nearMiss refuses lines that were surely meant as directives. A comment that
// is indented is none, but one that names a part would be dangerous to pass
// over: the statements after it would run in the other direction.
func (p *parser) nearMiss(line string, no int) error {
	rest := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(rest, "--") {
		return nil
	}
	indented := len(rest) < len(line)
	rest = strings.TrimLeft(rest[2:], " \t")
	if len(rest) < 4 || !strings.EqualFold(rest[:4], "migr") {
		return nil
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest[4:], " \t"), ":")
	if !ok {
		return nil
	}
	word, _, _ := strings.Cut(strings.TrimLeft(rest, " \t"), " ")
	word = strings.ToLower(strings.TrimRight(word, " \t\r"))
	names := sectionNames
	if p.section == inHeader || !indented {
		names = slices.Concat(sectionNames, headerNames, eitherNames, bodyNames)
	}
	if !slices.Contains(names, word) {
		return nil
	}
	e := &BadFile{Path: p.path, Line: no, Col: 1, Code: BadFileCode, Msg: "this is not read as a directive"}
	return e.hint("write " + mark + word + ", from the first column of the line")
}

// named checks, where the header ends, that it names a revision.
func (p *parser) named(line int) error {
	if p.rev.ID != "" {
		return nil
	}
	e := &BadFile{Path: p.path, Line: line, Col: 1, Code: BadFileCode, Msg: "no " + mark + "revision before " + mark + "up"}
	return e.hint("add the line " + mark + "revision ID, with an id of its own")
}

// finish ends the last part and checks that nothing is missing.
func (p *parser) finish(text string, pos, lines int) error {
	p.close(text, pos)
	if p.section != inHeader {
		return nil
	}
	e := &BadFile{Path: p.path, Line: max(lines, 1), Col: 1, Code: BadFileCode}
	switch {
	case strings.TrimSpace(text) == "":
		e.Line = 1
		e.Msg = "the file is empty"
		return e.hint("`migr revision -m MESSAGE` writes a revision; remove this file")
	case len(p.seen) == 0 && !strings.Contains(strings.ToLower(text), mark):
		return noRevision(p.path)
	}
	e.Msg = "the file has no up part"
	return e.hint("add the line " + mark + "up, and after it the statements")
}

// explain gives the better error for a file that has nothing of a revision.
func (p *parser) explain(err error, text string) error {
	if !strings.Contains(strings.ToLower(text), mark) && p.section == inHeader {
		var e *BadFile
		if errors.As(err, &e) && !strings.HasPrefix(e.Msg, "a statement") {
			return err
		}
		return noRevision(p.path)
	}
	return err
}

func noRevision(path string) error {
	e := &BadFile{Path: path, Line: 1, Col: 1, Code: BadFileCode, Msg: "this is not a revision file: it has no " + mark + " line"}
	return e.hint("to make it a revision run `migr revision -m MESSAGE --sql " + path + "`, " +
		"or put the lines " + mark + "revision ID, " + mark + "revises PARENT and " + mark + "up before its first statement")
}
