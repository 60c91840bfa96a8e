package history

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Format writes the revision as a file. The parts are those that Parse read or
// SetBody gave; without any both are empty. A part that has a line with a
// directive of its own gives another revision, or none, when it is parsed:
// parse what is written when a part is not of your own making.
func (r *Revision) Format() []byte {
	var b bytes.Buffer
	line := func(name, arg string) {
		b.WriteString(strings.TrimRight(mark+name+" "+oneLine(arg), " ") + "\n")
	}
	some := func(name, arg string) {
		if oneLine(arg) != "" {
			line(name, arg)
		}
	}
	line("revision", string(r.ID))
	line("revises", list(r.Parents))
	some("labels", list(r.Labels))
	some("depends-on", list(r.DependsOn))
	some("replaces", list(r.Replaces))
	some("message", r.Message)
	if !r.Created.IsZero() {
		line("created", r.Created.Format(time.RFC3339Nano))
	}
	if r.NoTx {
		line("transaction", "off")
	}
	if r.Template {
		line("template", "on")
	}
	for _, d := range r.Allow {
		line("allow", d.String())
	}
	for _, d := range r.Ignore {
		line("ignore", d.String())
	}
	r.formatBody(&b)
	return b.Bytes()
}

func (r *Revision) formatBody(b *bytes.Buffer) {
	r.mu.Lock()
	body := r.body
	r.mu.Unlock()
	if body == nil {
		body = &Body{Down: &Part{}}
	}
	fmt.Fprintf(b, "\n%sup\n%s", mark, newPart(body.Up.plain(), 0).Text)
	switch {
	case body.Irreversible != "":
		fmt.Fprintf(b, "\n%sirreversible %s\n", mark, oneLine(body.Irreversible))
	case body.Down != nil:
		fmt.Fprintf(b, "\n%sdown\n%s", mark, newPart(body.Down.plain(), 0).Text)
	}
}

// plain returns the text with LF as line ends.
func (p Part) plain() string { return strings.ReplaceAll(p.Text, "\r\n", "\n") }

// String writes the directive as it stands in a file, without its name.
func (d Directive) String() string {
	if d.Reason == "" {
		return d.Code
	}
	return d.Code + ": " + d.Reason
}

// list writes ids or labels with commas.
func list[T ~string](ids []T) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(id))
	}
	return b.String()
}

// oneLine makes text fit for a line: white space and control characters
// become single blanks.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool {
		return c <= ' ' || c == 0x7f || c == 0x85 || c == 0xa0 || c == 0x2028 || c == 0x2029
	}), " ")
}

// WithParents returns the text of a revision file with other parents, and
// every other byte as it was. The error is a *BadFile when src is no revision.
func WithParents(path string, src []byte, parents []ID) ([]byte, error) {
	if _, err := Parse(path, src); err != nil {
		return nil, err
	}
	revises := strings.TrimRight(mark+"revises "+list(parents), " ")
	var b bytes.Buffer
	after, done := -1, false
	for line := range bytes.Lines(src) {
		text := strings.TrimPrefix(string(line), "\uFEFF")
		d, ok := readDirective(strings.TrimRight(text, "\r\n"), 0)
		if ok && d.name == "revises" && !done {
			b.WriteString(string(line[:len(line)-len(text)]) + revises + lineEnd(text))
			done = true
			continue
		}
		b.Write(line)
		if ok && d.name == "revision" {
			after = b.Len()
		}
	}
	if done {
		return b.Bytes(), nil
	}
	out := b.Bytes()
	end := lineEnd(string(out[:after]))
	return append(append(append([]byte{}, out[:after]...), revises+end...), out[after:]...), nil
}

// lineEnd returns what ends the line.
func lineEnd(line string) string {
	return line[len(strings.TrimRight(line, "\r\n")):]
}
