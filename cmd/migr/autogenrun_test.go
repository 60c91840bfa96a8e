package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/scratch"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// An autogenRun is a case on an engine.
type autogenRun struct {
	c      *autogenCase
	e      testdb.Engine
	first  bool   // its golden files are the family's
	schema string // the home schema; "" the database's own

	a          *app
	out        bytes.Buffer
	work       *database
	have, want *catalog.Catalog
	workDB     *scratch.DB
	models     *built
	ways       ways // one, but for online
	rows       []string
	err        error
}

// at is a database with the case's schema as its home.
func (r *autogenRun) at(ctx context.Context, db *database) (*database, error) {
	if r.schema == "" {
		return db, nil
	}
	conn, dialect := *db.Conn, *db.dialect
	conn.Dialect, conn.Server.Home = &dialect, r.schema
	dialect.Reset = func(ctx context.Context, c *driver.Conn) error {
		if err := db.dialect.Reset(ctx, c); err != nil {
			return err
		}
		return c.Exec(ctx, "SET search_path = "+r.schema)
	}
	return &database{product: &product{dialect: &dialect, engine: db.engine}, Conn: &conn}, db.Exec(ctx, "CREATE SCHEMA "+r.schema)
}

// fillIn loads a schema into a database.
func (r *autogenRun) fillIn(ctx context.Context, db *database, section string) (*database, *scratch.DB, error) {
	db, err := r.at(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	sc := &scratch.DB{Conn: db.Conn, Engine: db.engine, Scope: r.a.scope(db)}
	if err := db.dialect.Reset(ctx, db.Conn); err != nil { // as scratch.Open does; the connection is shared
		return nil, nil, err
	}
	return db, sc, r.load(ctx, sc, section, r.c.section(section))
}

func (r *autogenRun) load(ctx context.Context, sc *scratch.DB, name, text string) error {
	family := sc.Conn.Dialect.Family
	stmts, err := sqltext.Split(family, name, text, sqltext.Lenient())
	if err != nil {
		return err
	}
	prepared, err := source.Prepare(family, stmts, source.Grants(r.a.cfg.Grants))
	if err != nil {
		return err
	}
	if r.schema != "" && slices.ContainsFunc(prepared, func(p source.Prepared) bool { return p.Sort == source.Data }) {
		return errors.New("rows belong in rows.sql: those of a model are deleted, in every schema")
	}
	if err := sc.Conn.Dialect.Reset(ctx, sc.Conn); err != nil { // Load expects a session that nobody has used
		return err
	}
	return sc.Load(ctx, prepared)
}

// newAutogenApp makes a migr with settings of the environment.
func newAutogenApp(environ []string) (*app, error) {
	a := &app{in: strings.NewReader(""), dir: "/", now: time.Now, rand: random, redact: dburl.NewRedactor(), environ: environ}
	a.out, a.err = a.redact.Writer(io.Discard), a.redact.Writer(io.Discard)
	var err error
	a.cfg, err = config.Load(config.Inputs{Dir: "/", Environ: environ})
	return a, err
}

// plan builds both schemas, and does what revision --autogenerate does with them.
func (r *autogenRun) plan(ctx context.Context, work, models *database) (err error) {
	environ := slices.Clone(r.c.environ)
	if r.c.own && isPostgres(r.e) {
		environ = append(environ, "MIGR_SCHEMAS=*")
	}
	if r.a, err = newAutogenApp(environ); err != nil {
		return err
	}
	r.a.out = r.a.redact.Writer(&r.out)
	if r.work, r.workDB, err = r.fillIn(ctx, work, "from.sql"); err != nil {
		return fmt.Errorf("from.sql: %w", err)
	}
	if err := r.exec(ctx, "live.sql"); err != nil {
		return err
	}
	db, sc, err := r.fillIn(ctx, models, "to.sql")
	if err != nil {
		return fmt.Errorf("to.sql: %w", err)
	}
	r.models = &built{DB: sc, scope: sc.Scope}
	if r.have, err = r.workDB.Read(ctx); err != nil {
		return err
	}
	if r.want, err = sc.Read(ctx); err != nil {
		return err
	}
	r.models.catalog = r.want
	settle, err := r.a.settling(db.engine, r.have, r.want, &r.c.revising.naming, nil)
	if err != nil {
		return err
	}
	settle.refuse = true
	if r.ways, err = r.a.ways(ctx, db, r.have, r.want, sc.Scope, sc, settle); err != nil {
		return whole(err)
	}
	if len(r.ways) == 0 {
		return errors.New("nothing differs")
	}
	if r.schema != "" && slices.ContainsFunc(r.ways, func(w *way) bool { return len(w.there) > 0 }) {
		return errors.New("something is renamed, on a copy of the database: write `database` into options")
	}
	gen, err := r.a.compose(ctx, &database{product: db.product}, r.ways, &r.c.revising)
	if err != nil {
		return whole(err)
	}
	var up, down []string // of all parts: with online there are several
	for _, b := range gen.bodies {
		up, down = append(up, b.Up.Text), append(down, b.Down.Text)
	}
	for name, text := range map[string]string{"up.sql": strings.Join(up, partMark), "down.sql": strings.Join(down, partMark), "changes": r.changes()} {
		if err := r.c.golden(name, r.e, r.first, text); err != nil {
			return err
		}
	}
	return r.fill(ctx)
}

// partMark stands between the revisions of a golden file.
const partMark = "-- the next revision\n"

// changes lists what the two parts do, one a line: "up modify column t.a: type".
func (r *autogenRun) changes() string {
	var b strings.Builder
	for _, w := range r.ways {
		for _, round := range w.rounds {
			for _, p := range round.pairs {
				fmt.Fprintf(&b, "up rename %s\ndown rename %s\n", p.From.Key, p.To.Key)
			}
		}
		listChanges(&b, "up", w.up)
		listChanges(&b, "down", w.down)
	}
	return b.String()
}

func listChanges(b *strings.Builder, direction string, plan *diff.Result) {
	for _, c := range plan.Changes {
		fmt.Fprintf(b, "%s %s %s", direction, c.Action, c.Key)
		if len(c.Attrs) > 0 {
			b.WriteString(": " + strings.Join(c.Attrs, ", "))
		}
		b.WriteString("\n")
	}
}

// fill puts the rows in and notes what must survive.
func (r *autogenRun) fill(ctx context.Context) (err error) {
	if err := r.exec(ctx, "rows.sql"); err != nil {
		return err
	}
	r.rows, err = r.count(ctx)
	return err
}

// exec runs a section on the database at work as it stands, not as a model.
func (r *autogenRun) exec(ctx context.Context, section string) error {
	stmts, err := sqltext.Split(r.work.dialect.Family, section, r.c.section(section))
	if err != nil {
		return err
	}
	if err := r.work.dialect.Reset(ctx, r.work.Conn); err != nil {
		return err
	}
	for _, s := range stmts {
		if err := r.work.Exec(ctx, s.Text); err != nil {
			return fmt.Errorf("%s: %w", section, err)
		}
	}
	return nil
}

// count tells the rows of each table that is in both schemas, and the answer to check.sql.
func (r *autogenRun) count(ctx context.Context) ([]string, error) {
	if err := r.work.dialect.Reset(ctx, r.work.Conn); err != nil {
		return nil, err
	}
	var got []string
	if r.c.has("rows.sql") {
		for _, o := range r.have.Objects {
			if o.Kind != "table" || r.want.Get(o.Key) == nil || o.Attrs["partition_key"] != "" { // its rows are those of its partitions
				continue
			}
			name := sqltext.QuoteIdent(r.work.dialect.Family, o.Name)
			if o.Schema != "" {
				name = sqltext.QuoteIdent(r.work.dialect.Family, o.Schema) + "." + name
			}
			rows, err := r.work.Strings(ctx, "SELECT count(*) FROM "+name)
			if err != nil {
				return nil, err
			}
			got = append(got, o.Key.Path()+" "+rows[0][0])
		}
	}
	if q := r.c.section("check.sql"); q != "" {
		rows, err := r.work.Strings(ctx, strings.TrimSuffix(strings.TrimSpace(q), ";"))
		if err != nil {
			return nil, fmt.Errorf("check.sql: %w", err)
		}
		for _, row := range rows {
			got = append(got, strings.Join(row, "\t"))
		}
	}
	return got, nil
}

// walk runs a part, and finds the schema there that is wanted and no other, and
// the rows that were there.
func (r *autogenRun) walk(ctx context.Context, way string, stmts []string, want *catalog.Catalog) error {
	if err := r.workDB.Prove(ctx, way, stmts, want, differences(r.work.engine)); err != nil {
		return fmt.Errorf("%w\n%s", whole(err), r.parts())
	}
	rows, err := r.count(ctx)
	if err != nil {
		return fmt.Errorf("after %s: %w", way, err)
	}
	if !slices.Equal(rows, r.rows) {
		return fmt.Errorf("after %s the rows are others:\n%s\nwere:\n%s", way, strings.Join(rows, "\n"), strings.Join(r.rows, "\n"))
	}
	return nil
}

// inspectAgain takes the models' schema away, builds it by what inspect printed of
// it, and finds it the same.
func (r *autogenRun) inspectAgain(ctx context.Context) error {
	if r.c.once != "" {
		return nil
	}
	db := &database{product: r.work.product, Conn: r.models.Conn}
	if err := r.a.inspectSQL(ctx, db, r.want); err != nil {
		return err
	}
	_ = r.a.out.Flush()
	nothing := catalog.New(r.want.Version, nil, nil)
	away, err := diff.Plan(db.engine, r.want, nothing, diff.Options{})
	if err != nil {
		return err
	}
	if err := r.models.Prove(ctx, "taking away", away.SQL(), nothing, differences(db.engine)); err != nil {
		return fmt.Errorf("%w\n%s", whole(err), strings.Join(away.SQL(), ";\n"))
	}
	if err := r.load(ctx, r.models.DB, "inspect", r.out.String()); err != nil {
		return fmt.Errorf("loading what inspect prints: %w\n%s", err, r.out.String())
	}
	got, err := r.models.Read(ctx)
	if err != nil {
		return err
	}
	if found := differences(db.engine)(got, r.want); len(found) > 0 {
		return fmt.Errorf("what inspect prints makes another schema:\n%s\n%s", strings.Join(found, "\n"), r.out.String())
	}
	return nil
}

// parts is the revision, for a failure's report.
func (r *autogenRun) parts() string {
	if len(r.ways) == 0 {
		return ""
	}
	return "-- up\n" + strings.Join(r.ways.upSQL(), ";\n") + "\n-- down\n" + strings.Join(r.ways.downSQL(), ";\n")
}

// whole is an error with what it has beside its first line.
func whole(err error) error {
	var d *scratch.Difference
	var p *problem
	switch {
	case errors.As(err, &d) && len(d.Found) > 0:
		return fmt.Errorf("%w:\n%s", err, strings.Join(d.Found, "\n"))
	case errors.As(err, &p):
		return fmt.Errorf("%s:\n%s", p.what, strings.Join(p.why, "\n"))
	}
	return err
}

func (r *autogenRun) report(t *testing.T) {
	switch {
	case r.err != nil && r.c.known != "":
		t.Logf("known: %s\n%v", r.c.known, r.err)
	case r.err != nil:
		t.Error(r.err)
	case r.c.known != "":
		t.Errorf("this works now: take the option away (%s)", r.c.known)
	}
}
