package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/driver"
)

func (a *app) lockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lock", Short: "who has the lock, and taking it away",
		Long: `One migr at a time works on a database: a lock of the server's session, which
ends with its connection, or a row with a lease (lock = "table").`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("migr lock has no command %q: it is status or release", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(a.lockStatusCommand(), a.lockReleaseCommand())
	return cmd
}

func (a *app) lockStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "tell who has the lock; exit code 4 when somebody has", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.lockStatus(cmd) },
	}
}

func (a *app) lockReleaseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "release", Short: "take the lock of a table away from a migr that is no more", Args: cobra.NoArgs,
		Long: `Takes the lock of a table (lock = "table") away from whoever has it. If that one is
still at work it can write nothing more to the version table, and stops. Needs --yes.

The lock of a session ends with its session: the message tells how to end that.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.lockRelease(cmd) },
	}
}

type lockResult struct {
	Locked   bool        `json:"locked"`
	Kind     string      `json:"kind,omitempty"` // session or table
	Holder   *holderInfo `json:"holder,omitempty"`
	Released bool        `json:"released"`
}

type holderInfo struct {
	Session string `json:"session"`
	Client  string `json:"client"`
	User    string `json:"user"`
	Host    string `json:"host"`
	Since   string `json:"since"`
	Doing   string `json:"doing"`
}

func holderJSON(h *driver.Holder) *holderInfo {
	i := holderInfo(*h)
	return &i
}

func lockOf(h *driver.Holder, table bool) lockResult {
	if h == nil {
		return lockResult{}
	}
	return lockResult{Locked: true, Kind: map[bool]string{true: "table", false: "session"}[table], Holder: holderJSON(h)}
}

func (a *app) lockStatus(cmd *cobra.Command) error {
	db, s, err := a.session(cmd.Context(), true, "")
	if err != nil {
		return err
	}
	defer db.Close()
	h, table := s.Holder(cmd.Context())
	r := lockOf(h, table)
	if err := a.result(r, func() {
		if h == nil {
			a.print("free")
			return
		}
		a.print("held (%s lock): %s", r.Kind, h)
	}); err != nil {
		return err
	}
	if h != nil {
		return &exitOnly{exitLocked}
	}
	return nil
}

func (a *app) lockRelease(cmd *cobra.Command) error {
	ctx := cmd.Context()
	db, s, err := a.session(ctx, false, "")
	if err != nil {
		return err
	}
	defer db.Close()
	h, table := s.Holder(ctx)
	r := lockOf(h, table)
	switch {
	case h == nil:
		return a.result(r, func() { a.note("the lock is free") })
	case !table:
		p := &problem{exit: exitUnsafe, code: "unsafe", what: "the lock belongs to a session of the server: " + h.String(), more: map[string]any{"holder": r.Holder}}
		p.hint = fmt.Sprintf("it is free when that session ends: stop that migr, or end the session, `%s`", fmt.Sprintf(db.dialect.EndSession, h.Session))
		return p
	case !a.yes:
		return &problem{
			exit: exitUnsafe, code: "unsafe", what: "another migr may be at work: " + h.String(), more: map[string]any{"holder": r.Holder},
			hint: "make sure that it is not, then pass --yes; its lease runs out by itself when it does not renew it",
		}
	}
	if r.Released, err = s.Release(ctx); err != nil {
		return err
	}
	r.Locked = false
	return a.result(r, func() { a.note("released the lock of %s", h) })
}
