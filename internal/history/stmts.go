package history

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/migr-dev/migr/internal/sqltext"
)

// Body returns the parts, which are read from the file when they are first
// asked for and kept. The error is a *BadFile, or that of the file system.
func (r *Revision) Body() (*Body, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.body != nil {
		return r.body, nil
	}
	if r.fsys == nil {
		return nil, errorf(MissingRevision, "the file of revision %s is not there", r.ID).
			hint("restore the file")
	}
	src, err := fs.ReadFile(r.fsys, r.file)
	if err != nil {
		return nil, fmt.Errorf("reading revision %s from %s: %w", r.ID, r.Path, bare(err))
	}
	read, err := Parse(r.Path, src)
	if err != nil {
		return nil, err
	}
	if read.ID != r.ID {
		return nil, errorf(MissingRevision, "%s was revision %s and is now %s", r.Path, r.ID, read.ID).
			hint("run the command again")
	}
	r.body = read.body
	return r.body, nil
}

// Vars are the values of a template's variables.
type Vars map[string]string

// UpStmts returns the statements of the up part. A template is filled in with
// vars, of which the first is used. The error is a *BadFile, or that of the
// file system.
func (r *Revision) UpStmts(f sqltext.Family, vars ...Vars) ([]Stmt, error) {
	b, err := r.Body()
	if err != nil {
		return nil, err
	}
	stmts, err := r.split(f, b.Up, vars)
	if err != nil {
		return nil, r.explainCut(f, err, b)
	}
	return stmts, nil
}

// DownStmts returns the statements of the down part, none when there is no
// such part.
func (r *Revision) DownStmts(f sqltext.Family, vars ...Vars) ([]Stmt, error) {
	b, err := r.Body()
	if err != nil || b.Down == nil {
		return nil, err
	}
	return r.split(f, *b.Down, vars)
}

// DownText returns the text of the down part as its statements are read from: that
// of a template filled in. It is "" when there is no such part.
func (r *Revision) DownText(f sqltext.Family, vars ...Vars) (string, error) {
	b, err := r.Body()
	if err != nil || b.Down == nil {
		return "", err
	}
	if !r.Template {
		return b.Down.Text, nil
	}
	var v Vars
	if len(vars) > 0 {
		v = vars[0]
	}
	return r.fill(f, *b.Down, v)
}

// split cuts a part into statements and gives each its directives. What it gives
// is kept for the next caller, who gets a slice of his own.
func (r *Revision) split(f sqltext.Family, p Part, vars []Vars) ([]Stmt, error) {
	if r.Template {
		return r.splitText(f, p, vars)
	}
	key := cutKey{f, p.Line, p.Text}
	r.mu.Lock()
	stmts, ok := r.cut[key]
	r.mu.Unlock()
	if !ok {
		var err error
		if stmts, err = r.splitText(f, p, vars); err != nil {
			return nil, err
		}
		r.mu.Lock()
		if r.cut == nil {
			r.cut = map[cutKey][]Stmt{}
		}
		r.cut[key] = stmts
		r.mu.Unlock()
	}
	return slices.Clone(stmts), nil
}

func (r *Revision) splitText(f sqltext.Family, p Part, vars []Vars) ([]Stmt, error) {
	text := p.Text
	if r.Template {
		var v Vars
		if len(vars) > 0 {
			v = vars[0]
		}
		var err error
		if text, err = r.fill(f, p, v); err != nil {
			return nil, err
		}
	}
	// Blank lines in front make the lines and errors those of the file.
	above := max(p.Line-1, 0)
	stmts, err := sqltext.Split(f, r.Path, strings.Repeat("\n", above)+text)
	if err != nil {
		return nil, badSQL(r.Path, err)
	}
	out := make([]Stmt, len(stmts))
	for i, s := range stmts {
		out[i].Stmt = s
	}
	if len(out) > 0 {
		out[0].Comment = strings.TrimPrefix(out[0].Comment, strings.Repeat("\n", above))
	}
	if err := r.direct(f, out, text, above); err != nil {
		return nil, err
	}
	return out, nil
}

// badSQL makes a *BadFile of an error of sqltext.
func badSQL(path string, err error) error {
	var e *sqltext.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("splitting %s: %w", path, err)
	}
	return &BadFile{Path: path, Line: e.Line, Col: e.Col, Msg: e.Msg, Hint: e.Hint, Code: BadFileCode}
}

// explainCut changes the hint of an error in the up part, if there is no error
// there when the down directive is taken as part of the SQL: then it stands
// inside of a text, a body or a comment, which it has cut in two.
func (r *Revision) explainCut(f sqltext.Family, err error, b *Body) error {
	var bad *BadFile
	if b.Down == nil || r.Template || !errors.As(err, &bad) {
		return err
	}
	whole := strings.Repeat("\n", max(b.Up.Line-1, 0)) + b.Up.Text + mark + "down\n" + b.Down.Text
	_, still := sqltext.Split(f, bad.Path, whole)
	var e *sqltext.Error
	if errors.As(still, &e) && e.Line == bad.Line && e.Col == bad.Col {
		return err
	}
	return bad.hint("the up part ends at the first line that begins with " + mark + "down: " +
		"change that line if it is part of a text or a comment")
}

// direct reads the directives in a part and gives them to the statements they
// stand before.
func (r *Revision) direct(f sqltext.Family, stmts []Stmt, text string, above int) error {
	if !strings.Contains(strings.ToLower(text), mark) {
		return nil
	}
	next, no := 0, above
	for line := range strings.Lines(text) {
		no++
		d, ok := readDirective(strings.TrimRight(line, "\r\n"), no)
		if !ok {
			continue
		}
		for next < len(stmts) && stmts[next].Line < no {
			next++
		}
		if next > 0 && stmts[next-1].lastLine() >= no {
			return d.badAt(r.Path, 0, "a directive inside of a statement").
				hint("put it before the statement, or change the line if it is part of a text")
		}
		if next == len(stmts) {
			return d.badAt(r.Path, 0, d.name+" stands before no statement")
		}
		if err := stmts[next].take(f, r.Path, d); err != nil {
			return err
		}
	}
	return nil
}

// lastLine returns the line in which the statement ends.
func (s *Stmt) lastLine() int { return s.Line + strings.Count(s.Text, "\n") }

// take adds a directive to the statement.
func (s *Stmt) take(f sqltext.Family, path string, d directive) error {
	switch d.name {
	case "allow", "ignore", "hazard":
		c, err := d.coded(path)
		if err != nil {
			return err
		}
		switch d.name {
		case "allow":
			s.Allow = append(s.Allow, c)
		case "hazard":
			s.Hazard = append(s.Hazard, c)
		default:
			s.Ignore = append(s.Ignore, c)
		}
		return nil
	case "batch":
		if s.Batch != nil {
			return d.badAt(path, 0, "a second batch before one statement")
		}
		if w := sqltext.Words(f, s.Text, 1); len(w) == 0 || !slices.Contains([]string{"UPDATE", "DELETE", "WITH"}, strings.ToUpper(w[0])) {
			return d.badAt(path, 0, "batch must stand before an UPDATE or a DELETE")
		}
		b, err := d.batch(path)
		s.Batch = b
		return err
	}
	return d.unknown(path)
}

// fill runs a template. An unknown variable is an error; the functions ident
// and literal quote a value as the database wants it.
func (r *Revision) fill(f sqltext.Family, p Part, vars Vars) (string, error) {
	above := max(p.Line-1, 0)
	t, err := template.New("migr").Option("missingkey=error").Funcs(template.FuncMap{
		"ident":   func(s string) string { return sqltext.QuoteIdent(f, s) },
		"literal": func(s string) string { return sqltext.QuoteLiteral(f, s) },
	}).Parse(strings.Repeat("\n", above) + p.Text)
	if err != nil {
		return "", badTemplate(r.Path, err)
	}
	if vars == nil {
		vars = Vars{}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, map[string]string(vars)); err != nil {
		return "", badTemplate(r.Path, err)
	}
	return b.String()[above:], nil
}

// badTemplate finds the place in an error of text/template, which writes it
// as "template: NAME:LINE:COL: …", the column from 0 and sometimes left out.
func badTemplate(path string, err error) error {
	e := &BadFile{Path: path, Line: 1, Col: 1, Msg: err.Error(), Code: BadFileCode}
	m := regexp.MustCompile(`^template: migr:(\d+):(?:(\d+):)? ?(?s:(.*))$`).FindStringSubmatch(e.Msg)
	if m == nil {
		return e
	}
	e.Line, _ = strconv.Atoi(m[1])
	col, _ := strconv.Atoi(m[2])
	e.Col, e.Msg = col+1, "in the template: "+m[3]
	if _, key, ok := strings.Cut(m[3], "map has no entry for key "); ok {
		e.Msg = "the variable " + key + " has no value"
		if name, err := strconv.Unquote(key); err == nil {
			e.Hint = "give it with -x " + name + "=VALUE"
		}
	}
	return e
}
