// Package output writes results: the JSON shapes of the contract, and what a
// person reads on a terminal.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/diff"
)

// Version of the JSON shapes. Keys are only ever added.
const Version = 1

// JSON returns v, a struct or map, as one object with "version" in front.
func JSON(v any) ([]byte, error) {
	body, err := marshal(v)
	if err != nil {
		return nil, err
	}
	head := []byte(fmt.Sprintf(`{"version":%d`, Version))
	if string(body) != "{}" {
		head = append(head, ',')
	}
	var out bytes.Buffer
	if err := json.Indent(&out, append(head, body[1:]...), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// marshal leaves < and > as they are: SQL is to be read.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// A Revision is the revision object of the contract.
type Revision struct {
	Revision      string   `json:"revision"`
	Revises       []string `json:"revises"`
	DependsOn     []string `json:"depends_on"`
	Labels        []string `json:"labels"`
	Message       string   `json:"message"`
	Created       string   `json:"created"`
	Path          string   `json:"path"`
	IsHead        bool     `json:"is_head"`
	IsBase        bool     `json:"is_base"`
	IsBranchPoint bool     `json:"is_branch_point"`
	IsMerge       bool     `json:"is_merge"`

	State string `json:"state,omitempty"`
	// AppliedAt is there wherever State is; "" where it is not known, or not applied.
	AppliedAt  *string  `json:"applied_at,omitempty"`
	DurationMS *int64   `json:"duration_ms,omitempty"`
	AppliedBy  string   `json:"applied_by,omitempty"`
	Current    bool     `json:"is_current,omitempty"`
	Late       bool     `json:"late,omitempty"`    // pending, though what needs it is applied
	Partial    *Partial `json:"partial,omitempty"` // there when State is "partial"
}

// A Partial is how far a half-done revision is.
type Partial struct {
	Direction  string `json:"direction"`
	Statements int    `json:"statements"`
	Done       int    `json:"done"`
	At         int    `json:"at"`      // the statement that failed or was begun, from 1; 0: none
	Outcome    string `json:"outcome"` // of that one: failed, done, not_done, unknown, running; "" where there is none
	Error      string `json:"error"`
	Path       string `json:"path"` // its place, where the file still has it
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	SQL        string `json:"sql"`
	Gone       string `json:"gone,omitempty"` // what is still to come may need it, and ended with the session
}

// A Change is the change object of the contract.
type Change struct {
	Action  string   `json:"action"`
	Kind    string   `json:"kind"`
	Object  string   `json:"object"`
	From    string   `json:"from,omitempty"` // of a rename: the old name
	SQL     []string `json:"sql"`
	Hazards []string `json:"hazards"`
}

// Name is the name of what changes; of a rename both.
func (c Change) Name() string {
	if c.From != "" {
		return c.From + " -> " + c.Object
	}
	return c.Object
}

// Changes makes change objects of a plan's changes.
func Changes(cs []*diff.Change) []Change {
	out := make([]Change, 0, len(cs))
	for _, c := range cs {
		o := Change{Action: string(c.Action), Kind: c.Kind, Object: c.Key.Path(), SQL: c.SQL, Hazards: []string{}}
		if o.SQL == nil {
			o.SQL = []string{}
		}
		seen := map[string]bool{}
		for _, h := range c.Hazards {
			if !seen[h.Code] {
				seen[h.Code] = true
				o.Hazards = append(o.Hazards, h.Code)
			}
		}
		out = append(out, o)
	}
	return out
}

// Time writes a time as the contract has it; the zero time is "".
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Strings never returns nil, so that JSON has [] and not null.
func Strings[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// A Style colours text, or leaves it alone.
type Style struct{ On bool }

func (s Style) paint(code, text string) string {
	if !s.On || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Red is for errors and what is lost.
func (s Style) Red(t string) string { return s.paint("31", t) }

// Green is for what is applied.
func (s Style) Green(t string) string { return s.paint("32", t) }

// Yellow is for ids, warnings and what is pending.
func (s Style) Yellow(t string) string { return s.paint("33", t) }

// Cyan is for hints and names of places.
func (s Style) Cyan(t string) string { return s.paint("36", t) }

// Dim is for what matters less.
func (s Style) Dim(t string) string { return s.paint("2", t) }

// Bold is for what matters most.
func (s Style) Bold(t string) string { return s.paint("1", t) }

// MatchAny tells whether an object is named by one of the globs over
// schema.object. A glob without a dot is about the object in any schema; home is
// the name of the home schema.
func MatchAny(globs []string, home string, k catalog.Key) bool {
	schema := k.Schema
	if schema == "" {
		schema = home
	}
	name := k.Name
	if i := strings.IndexByte(name, '('); i > 0 { // a routine's arguments
		name = name[:i]
	}
	for _, g := range globs {
		if ok, err := path.Match(g, name); err == nil && ok && !strings.Contains(g, ".") {
			return true
		}
		if ok, err := path.Match(g, schema+"."+name); err == nil && ok {
			return true
		}
	}
	return false
}
