package history

import (
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"
)

// DefaultTemplate is the file name of a revision where none is configured.
const DefaultTemplate = "{date}_{rev}_{slug}"

// FileName fills in a template for the name of a revision's file: {date} as
// in 2006-01-02, {time} as in 150405, {rev}, and {slug}, made of the message.
// A slash in the template makes sub-folders. The name is safe on every file
// system, and ".sql" is added to it. The error names what the template has
// that cannot be filled in.
func FileName(template string, at time.Time, rev ID, message string) (string, error) {
	if template == "" {
		template = DefaultTemplate
	}
	if name := strings.TrimSuffix(template, ".sql"); name != "" {
		template = name
	}
	values := map[string]string{
		"date": at.Format(time.DateOnly), "time": at.Format("150405"),
		"rev": string(rev), "slug": Slug(message),
	}
	var b strings.Builder
	rest := template
	for {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		key, tail, closed := strings.Cut(after, "}")
		value, known := values[key]
		if !closed || !known {
			return "", fmt.Errorf("file_template %q: {%s} is none of {date}, {time}, {rev} and {slug}", template, key)
		}
		b.WriteString(value)
		rest = tail
	}
	var parts []string
	for part := range strings.SplitSeq(b.String(), "/") {
		if part = safeName(part); part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "", fmt.Errorf("file_template %q: the name is empty", template)
	}
	return path.Join(parts...) + ".sql", nil
}

// Slug makes a message part of a file name: lower case, its words joined by
// '_', cut after a word to at most 40 characters. Letters of all scripts stay.
func Slug(message string) string {
	const most = 40
	words := strings.FieldsFunc(strings.ToLower(message), func(c rune) bool {
		return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c)
	})
	slug := []rune(strings.Trim(strings.Join(words, "_"), "_"))
	if len(slug) <= most {
		return string(slug)
	}
	cut := string(slug[:most])
	if i := strings.LastIndexByte(cut, '_'); i > 0 && slug[most] != '_' {
		cut = cut[:i]
	}
	return strings.Trim(cut, "_")
}

// safeName makes one element of a path safe: no characters that Windows
// refuses, no blanks or dots at the ends, none of its device names, and no
// name that is hidden. Separators that an empty value left over are dropped.
func safeName(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || strings.ContainsRune(`<>:"\|?*`, c) || unicode.IsControl(c) {
			return '_'
		}
		return c
	}, s)
	s = strings.TrimRight(strings.TrimLeft(s, " ."), " ._-")
	device, _, _ := strings.Cut(s, ".")
	switch d := strings.ToUpper(device); d {
	case "CON", "PRN", "AUX", "NUL":
		return "_" + s
	default:
		if len(d) == 4 && (strings.HasPrefix(d, "COM") || strings.HasPrefix(d, "LPT")) && d[3] >= '0' && d[3] <= '9' {
			return "_" + s
		}
	}
	return s
}
