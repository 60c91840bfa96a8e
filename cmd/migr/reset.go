package main

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/output"
)

func (a *app) resetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reset", Short: "drop everything in the managed schemas and leave them empty", Args: cobra.NoArgs,
		Long: `Drops everything, rows and all: on PostgreSQL the managed schemas, which are made
again with their owner and rights, elsewhere every object of the database. migr's
own tables go too, so that the database is at base. Asks for the database's name;
without a terminal, and in a protected environment, it needs --yes.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.reset(cmd.Context()) },
	}
}

type resetResult struct {
	Database string   `json:"database"`
	Dropped  []string `json:"dropped"` // schemas; where a database has one, objects
}

func (a *app) reset(ctx context.Context) error {
	db, s, err := a.session(ctx, false, "")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := a.confirmReset(databaseName(db)); err != nil {
		return err
	}
	if err := s.Lock(ctx, a.cfg.LockWait); err != nil {
		return err
	}
	defer func() { _ = s.Unlock(context.WithoutCancel(ctx)) }()
	schemas, err := a.managed(ctx, db)
	if err != nil {
		return err
	}
	dropped, err := db.dialect.Wipe(ctx, db.Conn, schemas)
	if err != nil {
		return fmt.Errorf("emptying %s: %w", db.URL.Redacted(), err)
	}
	if err := s.Forget(ctx); err != nil {
		return err
	}
	return a.result(resetResult{databaseName(db), output.Strings(dropped)}, func() {
		for _, n := range dropped {
			a.print("%s", n)
		}
		a.note("%s is empty", a.shownURL())
	})
}

// databaseName is what a person calls the database: a server's name for it, or the file's.
func databaseName(db *database) string {
	if db.URL.Scheme == dburl.SQLite {
		return filepath.Base(db.URL.Path)
	}
	return db.Server.Database
}

// managed lists the schemas that are under management, the home schema among them.
func (a *app) managed(ctx context.Context, db *database) ([]string, error) {
	if db.dialect.Schemas == nil {
		return nil, nil
	}
	if slices.Contains(a.cfg.Schemas, "*") {
		return db.dialect.Schemas(ctx, db.Conn)
	}
	if len(a.cfg.Schemas) > 0 {
		return a.cfg.Schemas, nil
	}
	return []string{db.Server.Home}, nil
}

// confirmReset wants the database's name typed, or --yes.
func (a *app) confirmReset(name string) error {
	p := &problem{exit: exitUnsafe, code: "unsafe", what: fmt.Sprintf("reset drops everything in database %s", name), hint: "nothing was dropped; if that is meant, say --yes"}
	switch {
	case a.yes:
		return nil
	case a.cfg.Protected:
		p.what = "this environment is protected: " + p.what
		return p
	case !a.inTTY || !a.errTTY:
		return p
	}
	fmt.Fprintf(a.err, "This drops everything in %s, with all rows.\nType the database's name (%s) to go on: ", a.shownURL(), name)
	_ = a.err.Flush()
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != name {
		p.what, p.hint = "that is not the database's name", "nothing was dropped"
		return p
	}
	return nil
}
