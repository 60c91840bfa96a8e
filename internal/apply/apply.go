// Package apply carries revisions out. What it does is a list of operations,
// which are either run on a connection or printed as a script: one artefact,
// two endings.
package apply

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A Task is one revision to be run one way, or a stamp without statements.
type Task struct {
	Revision  string
	Path      string
	Message   string
	Direction string // "up", "down" or "stamp"
	Stmts     []sqltext.Stmt
	Batches   map[int]history.Batch // by the statement's place, from 0: those that are repeated
	NoTx      bool                  // the revision says `transaction off`
	Insert    []string              // rows of the version table that come
	Delete    []string              // and that go
	Checksum  string
	Down      string // the down text, kept beside the row so that it outlives its file
	Header    string // and what else is needed to make the revision again without its file
	// Resume: the log holds this task already, begun and not ended; Done of its
	// statements are behind it.
	Resume bool
	Done   int
}

// Mode says how transactions are laid around revisions.
type Mode string

// The modes of --transaction.
const (
	PerRevision Mode = "revision"
	AllInOne    Mode = "all"
	Off         Mode = "off"
)

// A Plan is what turns tasks into operations.
type Plan struct {
	Dialect  *driver.Dialect
	Tables   Tables
	Timeouts driver.Timeouts
	Mode     Mode
	By       string // who runs it: user@host; "" asks the server
	Tool     string // migr's version
	Client   string // which process this is, for who waits for it
	// Note, for a script that a person reads, tells what is known of a statement besides
	// its transaction, "" for nothing; nil: scripts have no comments of their own.
	Note func(s sqltext.Stmt) string
}

// What an operation is for.
type opKind int

const (
	opBefore opKind = iota // before a transaction
	opBegin
	opSetting
	opStarted // the log: that a statement is begun
	opStatement
	opDone   // the log: that one is done, which is written also when the work was stopped
	opVerify // a query that must give no row
	opRecord // version row and log
	opCommit
)

// An op is one text sent to the server.
type op struct {
	kind opKind
	sql  string
	n    int   // of opStatement and opStarted: its place in the revision, from 1
	task *Task // when several tasks share a group
	// batch: the statement is repeated, each round in a transaction of its own
	batch *history.Batch
	alone bool // of opStatement: no transaction is around it
}

// A group is what succeeds or fails as one.
type group struct {
	ops     []op
	tx      bool
	last    bool     // it marks the revision as applied
	quick   bool     // its statements may be sent as one text
	closing bool     // all of the revision's statements are done: it is not given up any more
	from    int      // how many statements of the revision are behind it
	end     []string // the version table's rows after it, where it holds several revisions
}

// groups lays out a task. On a server with transactional DDL a revision is one
// group, unless it holds statements that cannot be in a transaction: these stand
// alone between groups, and then, as everywhere on other servers, the log tells
// which statements are done.
//
// That a statement outside of transactions is done is written by the group behind
// it: a group is run again when it meets a lock, and such a statement must not be.
func (p *Plan) groups(t Task) []group {
	if p.Atomic(t) {
		return []group{p.atomic(t)}
	}
	first := group{}
	for _, s := range p.sessionSettings() {
		first.ops = append(first.ops, op{kind: opSetting, sql: s})
	}
	begin := p.Tables.begin(t, p)
	if t.Resume {
		begin = p.Tables.again(t)
		first.ops = append(first.ops, p.setAgain(t)...)
	}
	first.ops = append(first.ops, op{kind: opRecord, sql: begin})
	groups := []group{first}
	var behind []op // what tells that the part before is done
	for _, part := range p.split(t) {
		if done := t.Done - part.from; done > 0 {
			if done >= len(part.stmts) {
				continue
			}
			part.from, part.stmts = t.Done, part.stmts[done:]
		}
		g := p.partGroup(t, part, behind)
		behind = nil
		if !part.tx {
			behind = []op{{kind: opDone, sql: p.Tables.done(t, part.from+len(part.stmts))}}
		}
		groups = append(groups, g)
	}
	end := group{tx: true, last: true, closing: true, ops: append(behind, op{kind: opBegin, sql: p.Dialect.Begin})}
	for _, s := range p.Tables.rows(t) {
		end.ops = append(end.ops, op{kind: opRecord, sql: s})
	}
	end.ops = append(end.ops, op{kind: opRecord, sql: p.Tables.finish(t, p)}, op{kind: opCommit, sql: "COMMIT"})
	return append(groups, end)
}

// Carried tells what the first statements of a task left in their session.
func (p *Plan) Carried(t Task, done int) driver.Carried {
	if p.Dialect.Carried == nil {
		return driver.Carried{}
	}
	return p.Dialect.Carried(texts(t.Stmts), min(done, len(t.Stmts)))
}

func texts(stmts []sqltext.Stmt) []string {
	all := make([]string, len(stmts))
	for i, s := range stmts {
		all[i] = s.Text
	}
	return all
}

// setAgain are the settings that the statements behind have made in their session.
func (p *Plan) setAgain(t Task) []op {
	var ops []op
	for _, s := range p.Carried(t, t.Done).Again {
		ops = append(ops, op{kind: opSetting, sql: s})
	}
	return ops
}

// partGroup lays out a part of a task, behind what tells that the part before is done.
func (p *Plan) partGroup(t Task, part part, behind []op) group {
	g := group{tx: part.tx, from: part.from}
	last := part.from + len(part.stmts)
	g.ops = append(behind, op{kind: opStarted, sql: p.Tables.started(t, part.from, last), n: part.from + 1})
	var stmts []op
	for j, s := range part.stmts {
		n := part.from + j + 1
		o := op{kind: opStatement, sql: s.Text, n: n, alone: !part.tx}
		if b, ok := t.Batches[n-1]; ok {
			o.batch = &b
		}
		stmts = append(stmts, o)
	}
	if part.tx {
		stmts = p.inside(stmts)
	}
	g.ops = append(g.ops, stmts...)
	if part.tx {
		g.ops = append(g.ops, op{kind: opRecord, sql: p.Tables.done(t, last)}, op{kind: opCommit, sql: "COMMIT"})
	}
	return g
}

// sessionSettings are the settings where no transaction bounds them.
func (p *Plan) sessionSettings() []string {
	if p.Dialect.TxDDL {
		return nil
	}
	return p.Dialect.Settings(p.Timeouts)
}

// opening begins a transaction.
func (p *Plan) opening() []op {
	ops := []op{{kind: opBegin, sql: p.Dialect.Begin}}
	if p.Dialect.TxDDL { // else they are the session's
		for _, s := range p.Dialect.Settings(p.Timeouts) {
			ops = append(ops, op{kind: opSetting, sql: s})
		}
	}
	return ops
}

// inside lays statements into a transaction that is not ended yet. Where they could
// leave rows in contradiction, what would forbid it on the way is switched off before,
// and the rows are looked at before and after.
func (p *Plan) inside(stmts []op) []op {
	query := ""
	if p.Dialect.Verify != nil {
		texts := make([]string, len(stmts))
		for i, o := range stmts {
			texts[i] = o.sql
		}
		query = p.Dialect.Verify(texts)
	}
	if query == "" {
		return append(p.opening(), stmts...)
	}
	var ops []op
	for _, s := range p.Dialect.Before {
		ops = append(ops, op{kind: opBefore, sql: s})
	}
	ops = append(ops, p.opening()...)
	ops = append(ops, op{kind: opVerify, sql: query})
	ops = append(ops, stmts...)
	return append(ops, op{kind: opVerify, sql: query, n: 1})
}

// atomic lays a whole task into one transaction.
func (p *Plan) atomic(t Task) group {
	stmts := make([]op, len(t.Stmts))
	for i, s := range t.Stmts {
		stmts[i] = op{kind: opStatement, sql: s.Text, n: i + 1}
	}
	ops := p.inside(stmts)
	for _, s := range append(p.Tables.rows(t), p.Tables.entry(t, p)) {
		ops = append(ops, op{kind: opRecord, sql: s})
	}
	ops = append(ops, op{kind: opCommit, sql: "COMMIT"})
	return group{tx: true, ops: ops, last: true}
}

// A part is a run of statements that belong into one transaction, or one that
// must be alone. Without transactional DDL each statement commits by itself, as it
// always did there; one that changes rows does so together with its record.
type part struct {
	tx    bool
	from  int // the index of its first statement
	stmts []sqltext.Stmt
}

func (p *Plan) split(t Task) []part {
	var parts []part
	all := texts(t.Stmts)
	var rows []bool
	if p.Dialect.Rows != nil {
		rows = p.Dialect.Rows(all)
	}
	for i, s := range t.Stmts {
		_, batch := t.Batches[i]
		tx := p.Mode != Off && !t.NoTx && !batch && (p.Dialect.TxDDL && p.Dialect.NoTx(all, i) == "" || rows != nil && rows[i])
		if n := len(parts); tx && p.Dialect.TxDDL && n > 0 && parts[n-1].tx {
			parts[n-1].stmts = append(parts[n-1].stmts, s)
			continue
		}
		parts = append(parts, part{tx, i, []sqltext.Stmt{s}})
	}
	return parts
}

// Atomic tells whether a task either happens wholly or not at all.
func (p *Plan) Atomic(t Task) bool {
	if !p.Dialect.TxDDL || t.Resume {
		return false
	}
	parts := p.split(t)
	return len(parts) == 0 || len(parts) == 1 && parts[0].tx
}

// StatementHash names a statement, so that a half-done revision is only gone on
// with when its first statements are still those that ran.
func StatementHash(text string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(text)))
	return hex.EncodeToString(sum[:6])
}

func hashes(stmts []sqltext.Stmt) string {
	all := make([]string, len(stmts))
	for i, s := range stmts {
		all[i] = StatementHash(s.Text)
	}
	return strings.Join(all, " ")
}

// Script writes the tasks as SQL for the product's own client, made of the
// operations that Run would run, behind the DDL of the version table and the log that
// is to be sent before. The error is the writer's.
func (p *Plan) Script(w io.Writer, tasks []Task, tables []string) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if len(tables) > 0 {
		_, _ = b.WriteString(p.TablesScript(tables))
	}
	for _, t := range tasks {
		p.writeTask(b, t)
	}
	return b.Flush()
}

// TablesScript is the beginning of a script that makes the version table and the log:
// the DDL given.
func (p *Plan) TablesScript(tables []string) string {
	var b strings.Builder
	for _, s := range tables {
		p.write(&b, s)
	}
	b.WriteByte('\n')
	return b.String()
}

// TaskScript is the part of a script that is one task's.
func (p *Plan) TaskScript(t Task) string {
	var b strings.Builder
	p.writeTask(&b, t)
	return b.String()
}

func (p *Plan) writeTask(b io.StringWriter, t Task) {
	head := "-- " + t.Direction + " " + t.Revision
	if t.Message != "" {
		head += ": " + strings.ReplaceAll(t.Message, "\n", " ")
	}
	_, _ = b.WriteString(head + "\n")
	tx := 0
	for _, g := range p.groups(t) {
		if g.tx {
			tx++
		}
		for _, o := range g.ops {
			if o.kind == opVerify {
				continue
			}
			if o.kind == opStatement && p.Note != nil {
				p.writeNote(b, t, o, tx)
			}
			p.write(b, o.sql)
		}
	}
	_, _ = b.WriteString("\n")
}

// writeNote writes a comment above a statement: which it is, in which of the task's
// transactions, and what is known of it besides.
func (p *Plan) writeNote(b io.StringWriter, t Task, o op, tx int) {
	note := fmt.Sprintf("-- statement %d of %d, transaction %d", o.n, len(t.Stmts), tx)
	if o.alone {
		note = fmt.Sprintf("-- statement %d of %d, in no transaction", o.n, len(t.Stmts))
	}
	if known := p.Note(t.Stmts[o.n-1]); known != "" {
		note += ": " + known
	}
	_, _ = b.WriteString(strings.ReplaceAll(note, "\n", " ") + "\n")
}

// Texts returns the operations of one task as they would be sent.
func (p *Plan) Texts(t Task) []string {
	var all []string
	for _, g := range p.groups(t) {
		for _, o := range g.ops {
			if o.kind == opVerify && o.n == 0 {
				continue
			}
			all = append(all, o.sql)
		}
	}
	return all
}

// write ends a statement the way the product's own client reads it.
func (p *Plan) write(b io.StringWriter, text string) {
	_, _ = b.WriteString(sqltext.Terminate(p.Dialect.Family, text) + "\n")
}

// An Entry is a row of the log.
type Entry struct {
	Revision, Direction, State string // state: "running", "failed", "done"
	Statements, Started, Done  int
	Checksum, By               string
	AppliedAt                  time.Time
	Duration                   time.Duration
	Message, Down, Hashes, Err string
	Header                     string
	Found                      string // what stood in the place of what the statement under way touches
}
