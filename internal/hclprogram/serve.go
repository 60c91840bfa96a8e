package hclprogram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// protocol goes up by one with each change of request and answer.
const protocol = 1

const (
	opDDL     = "ddl"
	opMarshal = "marshal"
)

// A request is one question.
type request struct {
	Protocol int    `json:"protocol"`
	Op       string `json:"op"`

	// of opDDL
	Dir    string         `json:"dir,omitempty"`
	Spec   string         `json:"spec,omitempty"`
	Family sqltext.Family `json:"family,omitempty"`

	// of opMarshal
	Engine  string            `json:"engine,omitempty"`
	Home    string            `json:"home,omitempty"`
	Version int               `json:"version,omitempty"`
	Objects []*catalog.Object `json:"objects,omitempty"`
}

// An answer is what was asked for, or Failed.
type answer struct {
	Protocol int            `json:"protocol"`
	Stmts    []sqltext.Stmt `json:"stmts,omitempty"`
	Text     []byte         `json:"text,omitempty"` // base64
	Lost     []string       `json:"lost,omitempty"`
	Failed   *failure       `json:"failed,omitempty"`
}

// A failure is an error on its way; Source says that it is a *source.Error.
type failure struct {
	Source bool   `json:"source,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Col    int    `json:"col,omitempty"`
	Msg    string `json:"msg"`
	Detail string `json:"detail,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

func failed(err error) *failure {
	var e *source.Error
	if errors.As(err, &e) {
		return &failure{Source: true, File: e.File, Line: e.Line, Col: e.Col, Msg: e.Msg, Detail: e.Detail, Hint: e.Hint}
	}
	return &failure{Msg: err.Error()}
}

func (f *failure) err() error {
	if f.Source {
		return &source.Error{File: f.File, Line: f.Line, Col: f.Col, Msg: f.Msg, Detail: f.Detail, Hint: f.Hint}
	}
	return errors.New(f.Msg)
}

// A Work is what the program does.
type Work struct {
	Open    func(dir, spec string, o source.Options) (source.Source, error)
	Marshal func(engine, home string, c *catalog.Catalog) (text []byte, lost []string, err error)
}

// Serve is the program: it reads one question and writes one answer. What goes
// wrong in the work is part of the answer; an error is one of the streams.
func (w Work) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	var q request
	d := json.NewDecoder(in)
	if err := d.Decode(&q); err != nil {
		return fmt.Errorf("reading the question: %w (this program is started by migr)", err)
	}
	a := answer{Protocol: protocol}
	if q.Protocol == protocol {
		if err := w.answer(ctx, &q, &a); err != nil {
			a.Failed = failed(err)
		}
	}
	if err := json.NewEncoder(out).Encode(&a); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

func (w Work) answer(ctx context.Context, q *request, a *answer) error {
	switch q.Op {
	case opDDL:
		s, err := w.Open(q.Dir, q.Spec, source.Options{})
		if err != nil {
			return err
		}
		a.Stmts, err = s.DDL(ctx, q.Family)
		return err
	case opMarshal:
		var err error
		a.Text, a.Lost, err = w.Marshal(q.Engine, q.Home, catalog.New(q.Version, q.Objects, nil))
		return err
	}
	return fmt.Errorf("there is no operation %q", q.Op)
}
