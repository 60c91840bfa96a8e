package apply

import "fmt"

// A RefusedError is a statement that must not be run, found before anything is.
type RefusedError struct {
	Task *Task
	N    int // of Task.Stmts, from 1
	Why  string
	Hint string
}

func (e *RefusedError) Error() string {
	s := e.Task.Stmts[e.N-1]
	return fmt.Sprintf("%s:%d:%d: %s", e.Task.Path, s.Line, s.Col, e.Why)
}

// Check finds, before anything runs, what must not or cannot be run.
func (p *Plan) Check(tasks []Task) error {
	for i := range tasks {
		t := &tasks[i]
		if p.Mode == AllInOne && !p.Atomic(*t) {
			return p.notInOne(t)
		}
		if err := p.checkBatches(t); err != nil {
			return err
		}
		if p.Dialect.Refuse == nil {
			continue
		}
		for _, part := range p.split(*t) {
			for j, s := range part.stmts {
				if why := p.Dialect.Refuse(s.Text, part.tx); why != "" {
					return &RefusedError{Task: t, N: part.from + j + 1, Why: why, Hint: "nothing was run; take the statement out of the file"}
				}
			}
		}
	}
	return nil
}

// notInOne says why a revision cannot be in one transaction with others.
func (p *Plan) notInOne(t *Task) error {
	texts := make([]string, len(t.Stmts))
	for i, s := range t.Stmts {
		texts[i] = s.Text
	}
	hint := "nothing was run; use --transaction revision"
	for i := range texts {
		if _, ok := t.Batches[i]; ok {
			return &RefusedError{t, i + 1, "a batch commits each of its rounds: --transaction all is not possible with revision " + t.Revision, hint}
		}
		if why := p.Dialect.NoTx(texts, i); why != "" {
			return &RefusedError{t, i + 1, fmt.Sprintf("%s cannot run in a transaction: --transaction all is not possible with revision %s", why, t.Revision), hint}
		}
	}
	switch {
	case !p.Dialect.TxDDL:
		return fmt.Errorf("--transaction all is not possible with revision %s: on this server every change of the schema commits by itself", t.Revision)
	case t.NoTx:
		return fmt.Errorf("--transaction all is not possible: revision %s says `transaction off`, it cannot be in one transaction with others", t.Revision)
	}
	return fmt.Errorf("--transaction all is not possible: revision %s is half done and has to go on where it stands, outside of one transaction", t.Revision)
}

func (p *Plan) checkBatches(t *Task) error {
	for i := range t.Stmts {
		b, ok := t.Batches[i]
		if !ok {
			continue
		}
		if _, _, err := p.Dialect.Limit(t.Stmts[i].Text, b.Size); err != nil {
			return &RefusedError{t, i + 1, "batch: " + err.Error(), "nothing was run; write the statement so, or take the batch directive out"}
		}
	}
	return nil
}
