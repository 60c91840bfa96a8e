// Package command is the model source of any program that prints DDL: an ORM's
// own export, a schema generator, a script.
package command

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Kind runs exec:COMMAND by the shell, in the folder of migr.toml, and takes its
// standard output as DDL in the database's own dialect.
var Kind = source.Kind{Name: "exec", Match: match, New: open}

const scheme = "exec:"

// timeout holds where none is configured. A JVM that is fetched by a build tool
// first takes its time.
const timeout = 5 * time.Minute

func match(spec string) bool { return strings.HasPrefix(spec, scheme) }

func open(dir, spec string, o source.Options) (source.Source, error) {
	line := strings.TrimSpace(strings.TrimPrefix(spec, scheme))
	if line == "" {
		return nil, &source.Error{File: spec, Msg: "no command is given", Hint: `write it behind the colon: models = ["exec:npx drizzle-kit export"]`}
	}
	if o.Timeout == 0 {
		o.Timeout = timeout
	}
	return &program{source.Program{Name: spec, Args: source.Shell(line), Dir: dir, Env: o.Env, Timeout: o.Timeout}}, nil
}

type program struct{ source.Program }

// DDL runs the command once. Places in the statements are lines of its output.
func (p *program) DDL(ctx context.Context, f sqltext.Family) ([]sqltext.Stmt, error) {
	out, words, err := p.Run(ctx)
	if err != nil {
		return nil, err
	}
	text := bytes.TrimPrefix(out, []byte("\xef\xbb\xbf"))
	stmts, err := sqltext.Split(f, p.Name, string(text), sqltext.Lenient())
	var se *sqltext.Error
	if errors.As(err, &se) {
		return nil, &source.Error{File: p.Name, Line: se.Line, Col: se.Col, Msg: "its output cannot be read as SQL: " + se.Msg, Detail: words, Hint: se.Hint, Err: err}
	}
	if err != nil {
		return nil, &source.Error{File: p.Name, Msg: err.Error(), Err: err}
	}
	if len(stmts) == 0 {
		return nil, &source.Error{
			File: p.Name, Msg: "printed no statement", Detail: words,
			Hint: "it must print the whole schema as SQL on standard output; an empty one would drop every table",
		}
	}
	return stmts, nil
}
