package history

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Checksum returns the sum over the statements and comments of both parts,
// with the name of its algorithm: "h1:" is SHA-256. Line ends, blanks at the
// ends of lines, blank lines at the ends of a part, a byte order mark and the
// header do not count.
func (r *Revision) Checksum() (string, error) {
	b, err := r.Body()
	if err != nil {
		return "", err
	}
	return b.Checksum(), nil
}

// Checksum is that of the revision.
func (b *Body) Checksum() string {
	// A part has no line that begins with the mark of another.
	text := mark + "up\n" + b.Up.trimmed()
	if b.Down != nil {
		text += mark + "down\n" + b.Down.trimmed()
	}
	sum := sha256.Sum256([]byte(text))
	return "h1:" + hex.EncodeToString(sum[:])
}

// trimmed returns the text as the checksum sees it.
func (p Part) trimmed() string {
	text := newPart(p.plain(), 0).Text
	if !strings.ContainsAny(text, " \t\r") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \t\r\n"))
		b.WriteByte('\n')
	}
	return b.String()
}
