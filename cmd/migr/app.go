package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/nearest"
	"github.com/migr-dev/migr/internal/output"
	"github.com/migr-dev/migr/internal/source"
)

// An app is what a command is handed: streams, environment, clock, flags.
type app struct {
	in             io.Reader
	stdout, stderr io.Writer // as given; commands write to out and err
	environ        []string
	dir            string
	now            func() time.Time
	rand           io.Reader
	products       []*product // nil: all of them

	outTTY, errTTY, inTTY bool

	out, err *dburl.Writer // what goes through is free of secrets
	redact   *dburl.Redactor
	flags    *pflag.FlagSet // the global ones
	json     bool
	quiet    bool
	verbose  bool
	yes      bool
	noColor  bool
	cfgPath  string
	envName  string
	cfg      *config.Config
	answered bool         // a result is on stdout already
	untested atomic.Bool  // it was said that the server is of a version without tests
	given    []string     // of -x: NAME=VALUE
	vars     history.Vars // and read
	specs    []string     // of models, as arguments
}

// run is the whole of migr: it returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.redact = dburl.NewRedactor()
	result := &watched{w: a.stdout}
	out := bufio.NewWriterSize(result, 64<<10) // thousands of lines are not as many writes
	a.out, a.err = a.redact.Writer(out), a.redact.Writer(inOrder{out, a.stderr})
	defer func() { _, _, _ = a.out.Flush(), a.err.Flush(), out.Flush() }()
	root := a.root()
	root.SetArgs(keepNumbers(args))
	cmd, err := root.ExecuteContextC(ctx)
	_, _ = a.out.Flush(), out.Flush()
	if err == nil && result.err == nil {
		return exitOK
	}
	if err == nil {
		err = &problem{exit: exitFailed, code: "io", what: "writing the result: " + result.err.Error()}
	}
	return a.fail(ctx, cmd, err)
}

// inOrder writes to one stream what comes after what was written to another.
type inOrder struct {
	first *bufio.Writer
	w     io.Writer
}

func (o inOrder) Write(p []byte) (int, error) {
	_ = o.first.Flush() // its error is kept by the writer below it
	return o.w.Write(p)
}

// A watched writer remembers that a write failed: a result that did not arrive
// (a full disk) is no success.
type watched struct {
	w   io.Writer
	err error
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

var relative = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^-\d+(:.*)?$`) })

// numberMark stands before an argument such as -1, so that it is not taken for a
// flag: `downgrade -1` needs no `--`. No argument of a process holds a NUL.
const numberMark = "\x00"

func keepNumbers(args []string) []string {
	out := slices.Clone(args)
	for i, s := range out {
		if s == "--" {
			break
		}
		if relative().MatchString(s) {
			out[i] = numberMark + s
		}
	}
	return out
}

func unmark(args []string) []string {
	out := slices.Clone(args)
	for i := range out {
		out[i] = strings.TrimPrefix(out[i], numberMark)
	}
	return out
}

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "migr",
		Short: "bring databases along with the models, with revisions that are proved first",
		Long: `migr compares the models of your code with a live database, writes a revision
file with an up and a down part that it has proved on a scratch database, and
runs revisions: on SQLite, PostgreSQL, MySQL and MariaDB.`,
		SilenceErrors: true, SilenceUsage: true,
		Annotations:       map[string]string{"config": "no"},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.begin(cmd) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.noCommand(cmd, args[0])
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetIn(a.in)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usagef("%s", strings.ReplaceAll(err.Error(), numberMark, ""))
	})
	a.globals(root.PersistentFlags())
	for _, g := range a.groups() {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		for _, c := range g.commands {
			c.GroupID = g.title
			c.Args = usageArgs(c.Args)
			if takesRevisions[c.Name()] {
				c.ValidArgsFunction = a.completeRevisions
			}
			root.AddCommand(c)
		}
	}
	root.SetHelpCommandGroupID("Other")
	return root
}

// noCommand names the command that is nearest to what was typed.
func (a *app) noCommand(root *cobra.Command, given string) error {
	var names []string
	for _, c := range root.Commands() {
		names = append(append(names, c.Name()), c.Aliases...)
	}
	p := &problem{exit: exitUsage, code: "usage", what: fmt.Sprintf("migr has no command %q", given), hint: "see `migr --help`"}
	if n := nearest.Word(given, names); n != "" {
		p.hint = "did you mean `migr " + n + "`?"
	}
	return p
}

// usageArgs makes a wrong number of arguments wrong usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		return nil
	}
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		var p *problem
		if err == nil || errors.As(err, &p) {
			return err
		}
		if len(args) > 0 {
			return usagef("migr %s: too many arguments: %s", cmd.Name(), strings.Join(unmark(args), " "))
		}
		return usagef("migr %s: %s", cmd.Name(), err)
	}
}

func (a *app) globals(f *pflag.FlagSet) {
	a.flags = f
	f.StringVarP(&a.cfgPath, "config", "c", "", "configuration `file` (default: migr.toml here or in a folder above)")
	f.StringVarP(&a.envName, "env", "e", "", "the [env.`NAME`] of the configuration to use")
	f.StringP("url", "u", "", "database `URL`")
	f.StringP("dir", "d", "", "`folder` of the revision files")
	f.StringArray("models", nil, "model `source`; may be given several times")
	f.String("scratch", "", "`URL` of an empty database on which schemas are built")
	f.BoolVar(&a.json, "json", false, "print one JSON object on stdout")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress, no notes")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "say more")
	f.BoolVar(&a.noColor, "no-color", false, "no colour")
	f.Bool("no-cache", false, "read and build the models anew; as model_cache = false")
	f.BoolVarP(&a.yes, "yes", "y", false, "answer questions with yes")
	f.String("lock-timeout", "", "longest wait of a statement for a lock, as in 3s")
	f.Int("lock-retries", 0, "how often a transaction that met a lock is tried again")
	f.String("statement-timeout", "", "longest time of a statement; 0: no limit")
}

// begin runs before each command.
func (a *app) begin(cmd *cobra.Command) error {
	// colour and questions are for people
	if a.json || a.quiet || a.env("CI") != "" {
		a.outTTY, a.inTTY = a.outTTY && !a.json && a.env("CI") == "", false
		a.errTTY = false
	}
	if cmd.Annotations["config"] == "no" || cmd.Name() == "help" || strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd) {
		return nil
	}
	if err := a.readVars(); err != nil {
		return err
	}
	return a.load()
}

func (a *app) env(name string) string {
	for i := len(a.environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(a.environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

func (a *app) load() error {
	flags := map[string][]string{}
	a.flags.VisitAll(func(f *pflag.Flag) {
		if !f.Changed {
			return
		}
		if v, ok := f.Value.(pflag.SliceValue); ok {
			flags[f.Name] = v.GetSlice()
			return
		}
		flags[f.Name] = []string{f.Value.String()}
	})
	for _, name := range []string{"config", "env", "json", "quiet", "verbose", "no-color", "yes"} {
		delete(flags, name)
	}
	var err error
	a.cfg, err = config.Load(config.Inputs{Dir: a.dir, Environ: a.environ, Flags: flags, Config: a.cfgPath, EnvName: a.envName})
	return err
}

// style colours for stdout.
func (a *app) style() output.Style { return a.styleOf(a.outTTY) }

func (a *app) styleOf(tty bool) output.Style {
	return output.Style{On: tty && !a.noColor && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"}
}

// print writes a line of the result.
func (a *app) print(format string, args ...any) { fmt.Fprintf(a.out, format+"\n", args...) }

// note writes a line for the person, unless they want quiet.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

func (a *app) warn(format string, args ...any) {
	s := a.styleOf(a.errTTY)
	fmt.Fprintf(a.err, "%s "+format+"\n", append([]any{s.Yellow("warning:")}, args...)...)
}

// result prints v as the command's JSON object, or text as what a person reads.
func (a *app) result(v any, text func()) error {
	a.answered = true
	if !a.json {
		text()
		return nil
	}
	b, err := output.JSON(v)
	if err != nil {
		return err
	}
	_, err = a.out.Write(b)
	return err
}

// graph reads the revision files.
func (a *app) graph() (*history.Graph, error) {
	if fi, err := os.Stat(a.cfg.Dir); err != nil || !fi.IsDir() {
		return nil, &config.Error{Msg: fmt.Sprintf("the folder %s is not there", a.cfg.Rel(a.cfg.Dir)), Hint: "run `migr init`, or name the folder with --dir"}
	}
	return history.Load(dirFS(a.cfg.Dir), a.cfg.Rel(a.cfg.Dir))
}

// product finds what the URL names and completes it from the environment.
func (a *app) product(u *dburl.URL) (*product, error) {
	if err := dburl.Fill(u, a.cfg.Getenv); err != nil {
		return nil, err
	}
	a.redact.Plain(u.User, u.Database)
	a.redact.AddURL(u)
	ps := a.products
	if ps == nil {
		ps = products()
	}
	var ds []*driver.Dialect
	for _, p := range ps {
		ds = append(ds, p.dialect)
	}
	d, err := driver.Find(ds, u)
	if err != nil {
		return nil, &config.Error{Msg: err.Error(), Hint: "migr runs on sqlite, postgres, mysql and mariadb"}
	}
	p := ps[slices.Index(ds, d)]
	m, err := a.cfg.Models()
	if err == nil && source.Unordered(a.sources(), slices.Concat(m.Specs, a.specs)) {
		p.engine.Ordered = false
	}
	return p, nil
}

// open connects to the database of the configuration.
func (a *app) open(ctx context.Context, readOnly bool) (*database, error) {
	u, err := a.cfg.URL()
	if err != nil {
		return nil, err
	}
	return a.openURL(ctx, u, readOnly)
}

func (a *app) openURL(ctx context.Context, u *dburl.URL, readOnly bool) (*database, error) {
	p, err := a.product(u)
	if err != nil {
		return nil, err
	}
	c, err := driver.Open(ctx, p.dialect, u, driver.Options{
		ReadOnly: readOnly, Timeout: connectTimeout, Client: client(), Since: a.now(), Dialer: &driver.Dialer{Every: pulse},
	})
	if err != nil {
		return nil, err
	}
	a.tellUntested(p.dialect.Untested(c.Server))
	return &database{product: p, Conn: c}, nil
}

// tellUntested warns, once, of a server whose version is another than those of the tests.
func (a *app) tellUntested(text string) {
	if text != "" && a.untested.CompareAndSwap(false, true) {
		a.warn("%s", text)
	}
}

const connectTimeout = 15 * time.Second

// A database is a connection and what its product can do.
type database struct {
	*product
	*driver.Conn
}

// excluded leaves the version tables and the user's globs out of a schema.
func (a *app) excluded(home string) func(catalog.Key) bool {
	t := a.tables(nil)
	own := map[string]bool{t.Version: true, t.LogName(): true, t.LockName(): true}
	globs := a.cfg.Exclude
	return func(k catalog.Key) bool {
		if k.Kind == "table" && own[k.Name] && (k.Schema == "" || k.Schema == a.cfg.VersionSchema) {
			return true
		}
		return output.MatchAny(globs, home, k)
	}
}
