package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/history"
)

// varFlag gives a command the flag -x, whose values fill the templates.
func (a *app) varFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&a.given, "var", "x", nil, "fill in `NAME=VALUE` where a revision says `template on`; may be given several times")
}

func (a *app) readVars() error {
	a.vars = history.Vars{}
	for _, g := range a.given {
		name, value, ok := strings.Cut(g, "=")
		if !ok || name == "" {
			return usagef("-x %s: it is NAME=VALUE", g)
		}
		a.vars[name] = value
	}
	return nil
}

// lockWaitFlag gives a command the flag --lock-wait.
func lockWaitFlag(cmd *cobra.Command, wait *string) {
	cmd.Flags().StringVar(wait, "lock-wait", "", "longest wait for another migr that is at work, as in 60s; 0: none")
}

// setLockWait puts the flag over the configuration.
func (a *app) setLockWait(text string) error {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if text == "0" {
		d, err = 0, nil
	}
	if err != nil || d < 0 {
		return usagef("--lock-wait %s: it is a duration such as 60s", text)
	}
	a.cfg.LockWait = d
	return nil
}

// lease is how long a table lock holds without a sign of life. Tests make it short.
func (a *app) lease() time.Duration {
	d, _ := time.ParseDuration(a.env("MIGR_LOCK_LEASE"))
	return d
}
