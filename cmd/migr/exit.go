package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/apply"
	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/scratch"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1  // database, statement, file system
	exitNo          = 2  // the answer is "no": differences, pending revisions
	exitPartial     = 3  // a revision is partly applied
	exitLocked      = 4  // the lock was not got in time
	exitUnsafe      = 5  // refused: needs --allow, --yes or an answer
	exitHistory     = 6  // the history is not sound
	exitUsage       = 64 // wrong usage or configuration
	exitInterrupted = 130
	exitTerminated  = 143
)

// A problem is an error as migr tells it.
type problem struct {
	exit int
	code string // in JSON
	what string
	why  []string // lines
	hint string
	more map[string]any // further keys of the JSON object
}

func (p *problem) Error() string { return p.what }

// no is the answer "no": it has been told, and only the exit code is left.
var errNo = errors.New("no")

func usagef(format string, args ...any) error {
	return &problem{exit: exitUsage, code: "usage", what: fmt.Sprintf(format, args...), hint: "see `migr --help`, and `migr COMMAND --help`"}
}

// fail tells an error and returns the exit code.
func (a *app) fail(ctx context.Context, cmd *cobra.Command, err error) int {
	var only *exitOnly
	if errors.As(err, &only) {
		return only.code
	}
	if errors.Is(err, errNo) {
		return exitNo
	}
	p := a.explain(cmd, err)
	if s, ok := stopped(ctx); ok {
		p.exit = s.code()
		p.code = "interrupted"
	}
	if a.json && !a.answered {
		o := map[string]any{"code": p.code, "message": p.what, "hint": p.hint}
		if len(p.why) > 0 {
			o["detail"] = strings.Join(p.why, "\n")
		}
		for k, v := range p.more {
			o[k] = v
		}
		b, _ := output.JSON(map[string]any{"error": o})
		_, _ = a.out.Write(b)
	}
	s := a.styleOf(a.errTTY)
	fmt.Fprintf(a.err, "%s %s\n", s.Red("error:"), p.what)
	for _, line := range p.why {
		for l := range strings.SplitSeq(strings.TrimRight(line, "\n"), "\n") {
			fmt.Fprintf(a.err, "  %s\n", l)
		}
	}
	if p.hint != "" {
		fmt.Fprintf(a.err, "%s %s\n", s.Cyan("hint:"), p.hint)
	}
	return p.exit
}

// explain finds the exit code, the JSON code and the hint of an error.
func (a *app) explain(cmd *cobra.Command, err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	for _, f := range []func(error) *problem{a.ofRunning, a.ofHistory, a.ofInput, ofSystem} {
		if p := f(err); p != nil {
			return p
		}
	}
	if strings.HasPrefix(err.Error(), "unknown command") || cmd == nil {
		return &problem{exit: exitUsage, code: "usage", what: clean(err.Error()), hint: "see `migr --help`"}
	}
	if lostConnection(err) {
		return ofLostConnection(err)
	}
	if d := a.server(err); d != nil {
		switch d.Cause {
		case driver.LockWait:
			return &problem{exit: exitLocked, code: "locked", what: err.Error(), hint: "something else holds a lock; run the command again, or raise lock_timeout and lock_retries"}
		case driver.ReadOnly:
			return &problem{
				exit: exitFailed, code: "statement", what: "this server takes no writes", why: []string{err.Error()},
				hint: "it is a replica, or is set to read-only: use the URL of the primary",
			}
		}
		p := &problem{exit: exitFailed, code: "statement", what: err.Error(), hint: "run the command again when that is mended; `migr status` tells the state"}
		if d.Cause == driver.Full {
			p.hint = "make room on the database's disk and run the command again; `migr status` tells the state"
		}
		return p
	}
	return &problem{exit: exitFailed, code: "io", what: err.Error()}
}

func clean(s string) string { return strings.ReplaceAll(s, numberMark, "") }

// server asks each product whether the error is one of its server's.
func (a *app) server(err error) *driver.ServerError {
	for _, p := range products() {
		if s := p.dialect.Explain(err); s != nil {
			return s
		}
	}
	return nil
}

// ofRunning knows the errors of databases and of running revisions.
func (a *app) ofRunning(err error) *problem {
	var (
		conn   *driver.ConnectError
		stmt   *apply.StatementError
		replay *replayed
		task   *apply.TaskError
		verify *apply.VerifyError
		locked *apply.LockedError
		lost   *apply.LostError
		refuse *apply.RefusedError
		rights *scratch.RightsError
		busy   *scratch.BusyError
		load   *scratch.LoadError
		differ *scratch.Difference
	)
	switch {
	case errors.As(err, &locked):
		return ofLocked(locked)
	case errors.Is(err, apply.ErrFenced):
		return &problem{exit: exitLocked, code: "locked", what: err.Error(), hint: "what had not been committed was rolled back; `migr status` tells the state, then run the command again"}
	case errors.As(err, &lost):
		return ofLost(lost)
	case errors.As(err, &refuse):
		s := refuse.Task.Stmts[refuse.N-1]
		return &problem{exit: exitUsage, code: "bad_file", what: refuse.Error(), why: []string{excerpt(s.Text)}, hint: refuse.Hint, more: place(refuse.Task.Path, s.Line, s.Col)}
	case errors.As(err, &replay):
		p := a.ofStatement(replay.StatementError)
		p.what = "replaying the revisions on a scratch database: " + p.what
		p.why, p.hint = p.why[:len(p.why)-1], "the database itself was not touched; mend the file and run the command again"
		return p
	case errors.As(err, &stmt):
		return a.ofStatement(stmt)
	case errors.As(err, &task):
		return ofTask(task)
	case errors.As(err, &verify):
		return &problem{exit: exitFailed, code: "statement", what: verify.Error(), hint: "delete or mend those rows in the revision, before the statement that leaves them alone"}
	case errors.As(err, &busy):
		return &problem{exit: exitUsage, code: "config", what: busy.Error(), hint: "give an empty database: migr empties it after use"}
	case errors.As(err, &load):
		p := &problem{
			exit: exitFailed, code: "source", what: load.Error(), why: []string{excerpt(load.Stmt.Text)},
			more: place(load.Stmt.File, load.Line, load.Col),
		}
		if load.More > 0 {
			p.why = append(p.why, fmt.Sprintf("and %d more statements failed, some perhaps because of this one", load.More))
		}
		p.hint = "nothing was written; mend the model and run it again"
		if missingRole().MatchString(load.Error()) {
			p.hint = "roles belong to the server and not to a schema, so that no revision makes them: create it there first"
		}
		return p
	case errors.As(err, &rights):
		s := a.server(rights.Err)
		p := &problem{exit: exitFailed, code: "connect", what: err.Error()}
		if s != nil && s.Cause == driver.NoRights {
			p.what = "this user may not make a scratch database"
			p.why = []string{s.Error()}
			p.hint = "set scratch (or --scratch, MIGR_SCRATCH) to the URL of an empty database of the same product: migr builds the models there and empties it afterwards"
		}
		return p
	case errors.As(err, &conn):
		return ofConnect(conn)
	case errors.As(err, &differ):
		return &problem{
			exit: exitFailed, code: "unproven", what: differ.Error(), why: differ.Found,
			hint: "nothing was written; this is a case that migr does not plan right: please report it with the two schemas, and write the revision by hand meanwhile",
		}
	case errors.Is(err, apply.ErrMoved):
		return &problem{exit: exitLocked, code: "locked", what: err.Error(), hint: "run the command again"}
	}
	return nil
}

func ofConnect(e *driver.ConnectError) *problem {
	p := &problem{exit: exitFailed, code: "connect", what: "cannot connect to " + e.URL.Redacted(), why: []string{e.Err.Error()}}
	if e.Server != nil {
		p.why = []string{e.Server.Error()}
		switch e.Server.Cause {
		case driver.BadLogin:
			p.hint = "check the user and the password in the URL (or PGPASSWORD, MYSQL_PWD)"
		case driver.NoDatabase:
			p.hint = "create the database, or correct its name in the URL"
		case driver.Lost:
			p.hint = "the server ended the connection: run the command again"
		}
		return p
	}
	if errors.Is(e.Err, driver.ErrNoDatabaseName) {
		p.exit, p.code = exitUsage, "config"
		p.hint = "add the database's name at the end of the URL: …/NAME"
		return p
	}
	if e.URL.Scheme != dburl.SQLite {
		p.hint = "is the server running, and are host and port right?"
	}
	return p
}

// ofStatement places a failed statement in its file and says what is left behind.
func (a *app) ofStatement(e *apply.StatementError) *problem {
	where := e.Stmt.File
	if where == "" {
		where = e.Task.Path
	}
	p := &problem{
		exit: exitFailed, code: "statement",
		what: fmt.Sprintf("revision %s, %s: statement %d of %d failed", e.Task.Revision, e.Task.Direction, e.N, len(e.Task.Stmts)),
		why:  []string{fmt.Sprintf("%s:%d:%d", where, e.Line, e.Col), excerpt(e.Stmt.Text)},
		more: map[string]any{"revision": e.Task.Revision, "path": where, "line": e.Line, "column": e.Col, "statement": e.N},
	}
	if e.Server != nil {
		p.why = append(p.why, e.Server.Error())
		p.more["server_code"] = e.Server.Code
	} else {
		p.why = append(p.why, e.Err.Error())
	}
	var sig signalError
	if errors.As(e.Err, &sig) {
		p.what = fmt.Sprintf("revision %s, %s: %s at statement %d of %d", e.Task.Revision, e.Task.Direction, sig, e.N, len(e.Task.Stmts))
		p.why = p.why[:len(p.why)-1]
	}
	if len(e.Notes) > 0 {
		p.why = append(p.why, e.Notes...)
	}
	if e.Server != nil && e.Server.Cause == driver.LockWait {
		p.exit, p.code = exitLocked, "locked"
		for _, b := range e.Blockers {
			p.why = append(p.why, "the lock is held by "+b)
		}
		p.more["blockers"] = append([]string{}, e.Blockers...)
	}
	if e.Lost || e.Unseen {
		return lostStatement(e, p)
	}
	if e.Atomic {
		p.why = append(p.why, "it was rolled back: "+untouched(e.Task))
		p.hint = "mend the file and run the command again"
		if sig.Signal != nil {
			p.hint = "run the command again"
		}
		if p.exit == exitLocked {
			p.hint = "run the command again when the lock is free, or raise lock_timeout and lock_retries"
		}
		return p
	}
	p.more["state"] = "partial"
	if e.Unsent {
		p.exit, p.code = exitPartial, "partial"
		p.why = append(p.why, fmt.Sprintf("%s; the rest was not begun", doneText(e.Done)))
		p.hint = a.goOn(e, "run the command again: it goes on there")
		return p
	}
	if sig.Signal != nil && e.Server == nil {
		return lostStatement(e, p)
	}
	if p.exit != exitLocked {
		p.exit, p.code = exitPartial, "partial"
	}
	p.why = append(p.why, fmt.Sprintf("this is not undone by itself: %s, %d failed, the rest was not run", doneText(e.Done), e.N))
	if e.Done < e.N-1 {
		p.why = append(p.why, spanText(e.Done+1, e.N-1)+" rolled back: one transaction is around both")
	}
	p.hint = fmt.Sprintf("mend statement %d in the file and run the same command again: it goes on there; `migr status` tells the state", e.N)
	if gone := a.goOn(e, ""); gone != "" {
		p.hint = fmt.Sprintf("mend statement %d in the file; %s", e.N, gone)
	}
	if p.exit == exitLocked {
		p.hint = a.goOn(e, "run the same command again when the lock is free: it goes on there; or raise lock_timeout and lock_retries")
	}
	return p
}

// goOn is the hint, or how to go on where the same command would stop at what ended with
// the session.
func (a *app) goOn(e *apply.StatementError, hint string) string {
	if gone := a.gone(e); gone != "" {
		return fmt.Sprintf("%s: write what makes it again in front of statement %d, where that needs it, and go on with `migr repair --resume`", gone, e.Done+1)
	}
	return hint
}

// gone says what the statements that are done had made in the session that has ended; ""
// where that is nothing.
func (a *app) gone(e *apply.StatementError) string {
	p, err := a.offline()
	if err != nil {
		return ""
	}
	return goneText((&apply.Plan{Dialect: p.dialect}).Carried(*e.Task, e.Done))
}

// doneText says which statements of a revision are done.
func doneText(n int) string {
	switch n {
	case 0:
		return "no statement is done"
	case 1:
		return "statement 1 is done"
	}
	return fmt.Sprintf("statements 1 to %d are done", n)
}

// ofTask tells of a revision that failed outside its statements.
func ofTask(e *apply.TaskError) *problem {
	p := &problem{
		exit: exitFailed, code: "statement", what: fmt.Sprintf("revision %s, %s: not a statement, but beginning, committing or recording it failed", e.Task.Revision, e.Task.Direction),
		why: []string{e.Task.Path, e.Server.Error()}, more: map[string]any{"revision": e.Task.Revision, "path": e.Task.Path, "server_code": e.Server.Code},
	}
	if e.Task.Direction == "stamp" {
		p.what, p.why = fmt.Sprintf("stamping %s", e.Task.Revision), p.why[1:]
		return p
	}
	p.hint = "`migr status` tells what is done; run the same command again"
	if e.Atomic {
		p.why = append(p.why, "it was rolled back: "+untouched(e.Task))
		p.hint = "run the command again when that is mended"
	}
	return p
}

// excerpt shows the first lines of a statement.
func excerpt(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) > 6 {
		lines = append(lines[:5], "…")
	}
	for i, l := range lines {
		if r := []rune(l); len(r) > 160 {
			lines[i] = string(r[:157]) + "…"
		}
	}
	return strings.Join(lines, "\n")
}

// ofHistory knows the errors of revision files and of places in the graph.
func (a *app) ofHistory(err error) *problem {
	var h *history.Error
	var bad *history.BadFile
	switch {
	case errors.As(err, &bad):
		p := &problem{
			exit: exitUsage, code: string(bad.Code), what: bad.Error(), hint: bad.Hint,
			more: map[string]any{"path": bad.Path, "line": bad.Line, "column": bad.Col},
		}
		if bad.Code == history.IllegalID {
			p.exit = exitHistory
		}
		return p
	case errors.As(err, &h):
		p := &problem{exit: exitHistory, code: string(h.Code), what: h.Msg, hint: h.Hint, more: map[string]any{}}
		switch h.Code {
		case history.BadRange, history.RangeNeedsSQL, history.RangeRequired, history.SingleStartRequired, history.PurgeWithSQL:
			p.exit = exitUsage
		}
		if len(h.Candidates) > 0 {
			p.more["candidates"] = h.Candidates
		}
		if h.Code == history.DBNotUpToDate {
			p.more["pending"] = h.Candidates
		}
		if len(h.Paths) > 0 {
			p.more["paths"] = h.Paths
		}
		return p
	}
	return nil
}

// ofInput knows the errors of configuration and model files.
func (a *app) ofInput(err error) *problem {
	var (
		cfg  *config.Error
		url  *dburl.Error
		src  *source.Error
		text *sqltext.Error
	)
	switch {
	case errors.As(err, &cfg):
		return &problem{exit: exitUsage, code: "config", what: cfg.Error(), hint: cfg.Hint}
	case errors.As(err, &url):
		return &problem{exit: exitUsage, code: "config", what: url.Error(), hint: url.Hint}
	case errors.As(err, &src):
		p := &problem{exit: exitFailed, code: "source", what: err.Error(), hint: src.Hint, more: place(src.File, src.Line, src.Col)}
		if src.Detail != "" {
			p.why = []string{src.Detail}
		}
		return p
	case errors.As(err, &text):
		return &problem{exit: exitUsage, code: "bad_file", what: text.Error(), hint: text.Hint, more: place(text.File, text.Line, text.Col)}
	}
	return nil
}

func place(file string, line, col int) map[string]any {
	if line == 0 {
		return map[string]any{"path": file}
	}
	return map[string]any{"path": file, "line": line, "column": col}
}

// ofSystem knows the errors of the operating system.
func ofSystem(err error) *problem {
	var path *fs.PathError
	if errors.As(err, &path) {
		return &problem{exit: exitFailed, code: "io", what: err.Error()}
	}
	return nil
}

// missingRole finds the server's words for a role that a model names in GRANT or
// CREATE POLICY (PostgreSQL).
var missingRole = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\brole ".*" does not exist`) })
