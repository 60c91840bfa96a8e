package main

import (
	"fmt"

	"github.com/migr-dev/migr/internal/testdb"
)

// A course is a command that is tortured, and the lock that it has: another dimension
// of the points. That of no name is upgrade under the lock of the session.
type course struct {
	name    string
	down    bool // all the way back, from the end of the history
	table   bool // the lock is a lease in a table
	crashes bool // the faults that need a server of their own as well
}

func courses() []course {
	return []course{
		{name: "upgrade", crashes: true},
		{name: "downgrade", down: true},
		{name: "upgrade, lock = table", table: true},
		{name: "downgrade, lock = table", down: true, table: true},
	}
}

// on tells whether an engine has the course: SQLite has no lock beside its own.
func (c course) on(e testdb.Engine) bool { return e.Env != "" || !c.table }

// has tells whether a fault can happen in the course.
func (c course) has(e testdb.Engine, f fault) bool {
	return (c.crashes || !f.own) && (f.inProcess || e.Env != "")
}

// command is what is interrupted, and what goes on after that.
func (c course) command() []string {
	if c.down {
		return []string{"downgrade", "base"}
	}
	return []string{"upgrade"}
}

// ended is the state of a revision that the command is done with.
func (c course) ended() string {
	if c.down {
		return statePending
	}
	return stateApplied
}

func (c course) config() string {
	if c.table {
		return "url = \"\"\nlock = \"table\"\n"
	}
	return "url = \"\"\n"
}

// leap lets the lease of a run that was killed run out (30 seconds): it puts the clock of the
// lock on. Where the run had not come to the lock, there is nothing to put.
func (v *victim) leap(u string) error {
	if !v.table {
		return nil
	}
	db, err := testdb.OpenURL(u)
	if err != nil {
		return err
	}
	defer db.Close()
	_, _ = db.Exec("UPDATE migr_lock SET expires_ms = expires_ms - 30000")
	return nil
}

// prepare brings a database to where the course begins.
func (v *victim) prepare(u string) error {
	if !v.down {
		return nil
	}
	if code, out, errs := v.migr("upgrade", "-u", u); code != exitOK {
		return fmt.Errorf("upgrade, before the way back: exit %d\n%s%s", code, out, errs)
	}
	return nil
}
