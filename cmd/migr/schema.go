package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/cache"
	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/diff"
	"github.com/migr-dev/migr/internal/history"
	"github.com/migr-dev/migr/internal/scratch"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

func parseURL(s string) (*dburl.URL, error) { return dburl.Parse(s, "") }

// scope says what of the database is under management.
func (a *app) scope(db *database) catalog.Scope {
	s := catalog.Scope{Home: db.Server.Home, Schemas: a.cfg.Schemas, Grants: a.cfg.Grants, Exclude: a.excluded(db.Server.Home)}
	named := len(s.Schemas) > 0 && !slices.Contains(s.Schemas, "*")
	if db.dialect.Schemas != nil && named && !slices.Contains(s.Schemas, s.Home) {
		exclude := s.Exclude // the home schema is not under management
		s.Exclude = func(k catalog.Key) bool {
			return k.Schema == "" && k.Kind != "extension" && k.Kind != "schema" || exclude(k)
		}
	}
	s.Schemas = slices.DeleteFunc(slices.Clone(s.Schemas), func(n string) bool { return n == s.Home })
	return s
}

// models are the sources of the configuration; that there is none is an error.
func (a *app) models() (config.Models, error) {
	m, err := a.cfg.Models()
	if err == nil && len(m.Specs) == 0 {
		err = &config.Error{Msg: "no models are given", Hint: `write models = ["schema.sql"] into ` + config.FileName + `, or pass --models`}
	}
	return m, err
}

// modelStatements reads the models.
func (a *app) modelStatements(ctx context.Context, db *database, m config.Models) ([]sqltext.Stmt, error) {
	src, err := source.Open(a.sources(), m.Base, m.Specs, a.sourceOptions(db))
	if err != nil {
		return nil, err
	}
	stmts, err := src.DDL(ctx, db.dialect.Family)
	if err != nil {
		return nil, err
	}
	if len(stmts) == 0 { // more likely a mistake than the wish to drop everything
		return nil, &source.Error{
			Msg:  "the models hold no statement: " + strings.Join(m.Specs, ", "),
			Hint: "name the files that describe the schema; to take everything away, use `migr downgrade base` or `migr diff --to empty`",
		}
	}
	return stmts, nil
}

// sourceOptions are the settings that model sources need.
func (a *app) sourceOptions(db *database) source.Options {
	o := source.Options{
		Python: a.cfg.Python, Env: a.cfg.Environ(), Timeout: a.cfg.ModelTimeout,
		Import: a.cfg.Import, Mode: string(a.cfg.Mode), ExcludeApps: a.cfg.ExcludeApps,
		Warn: func(msg string) { a.warn("%s", msg) },
		Product: source.Product{
			Name: string(db.URL.Scheme), MariaDB: db.Server.Product == "MariaDB",
			Version: db.Server.Version, Database: db.Server.Database,
		},
	}
	if a.cfg.ModelCache {
		o.Cache = cache.Folder{Path: a.cacheDir("models"), Now: a.now}
	}
	return o
}

// cacheDir is where what can be made again is kept for this user; "" where
// there is no such place.
func (a *app) cacheDir(name string) string {
	for _, v := range []struct{ variable, below string }{{"XDG_CACHE_HOME", ""}, {"LOCALAPPDATA", ""}, {"HOME", ".cache"}} {
		if dir := a.env(v.variable); filepath.IsAbs(dir) {
			return filepath.Join(dir, v.below, "migr", name)
		}
	}
	return ""
}

// scratch makes a scratch database: the user's own, or one beside the live one.
func (a *app) scratch(ctx context.Context, db *database, s catalog.Scope) (*scratch.DB, error) {
	u, err := a.cfg.Scratch()
	if err != nil {
		return nil, err
	}
	if u != nil {
		p, err := a.product(u)
		if err != nil {
			return nil, err
		}
		if p.dialect.Family != db.dialect.Family {
			return nil, &config.Error{Msg: fmt.Sprintf("the scratch database is of another product (%s) than the database (%s)", p.dialect.Name, db.dialect.Name)}
		}
	}
	return scratch.Open(ctx, db.Conn, db.engine, scratch.Options{URL: u, Scope: s})
}

// discard removes a scratch database, and says so when one is left behind.
func (a *app) discard(sc *scratch.DB) {
	if sc == nil {
		return
	}
	if err := sc.Close(); err != nil {
		a.warn("the scratch database %s could not be removed: %v", sc.Name(), err)
	}
}

// A built is a schema that was read back from a scratch database. DB is nil where that
// is gone, or there never was one.
type built struct {
	*scratch.DB
	catalog *catalog.Catalog
	scope   catalog.Scope    // with the schemas that were made there
	added   []string         // those
	marks   []source.Mark    // what the models say has another name
	live    *catalog.Catalog // read while this was built, in the same scope; nil: it was not
}

// build makes a scratch database, fills it and reads it.
func (a *app) build(ctx context.Context, db *database, s catalog.Scope, fill func(*scratch.DB) error) (b *built, err error) {
	sc, err := a.scratch(ctx, db, s)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.discard(sc)
		}
	}()
	if err := fill(sc); err != nil {
		return nil, err
	}
	added, err := sc.Added(ctx)
	if err != nil {
		return nil, err
	}
	s = a.withAdded(s, added)
	home := sc.Scope.Home
	sc.Scope = s
	sc.Scope.Home = home
	c, err := sc.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the scratch database: %w", err)
	}
	return &built{DB: sc, catalog: c, scope: s, added: added}, nil
}

// withAdded is the scope with the schemas that were made, unless the user said which
// schemas are under management.
func (a *app) withAdded(s catalog.Scope, added []string) catalog.Scope {
	s.Schemas = slices.Clone(s.Schemas)
	for _, n := range added {
		switch {
		case len(a.cfg.Schemas) > 0:
			if !slices.Contains(a.cfg.Schemas, "*") && !slices.Contains(a.cfg.Schemas, n) {
				a.warn("schema %s is made by the models and is not in schemas = [%s]: it is left out", n, strings.Join(a.cfg.Schemas, ", "))
			}
		case !slices.Contains(s.Schemas, n):
			s.Schemas = append(s.Schemas, n)
		}
	}
	return s
}

// buildModels builds the schema that the models' statements describe and, with
// beside, reads the live one meanwhile: the servers' processes, or SQLite's files, have
// nothing to do with one another, and most of the time is theirs.
func (a *app) buildModels(ctx context.Context, db *database, stmts []sqltext.Stmt, beside bool) (*built, error) {
	ready, err := source.Prepare(db.dialect.Family, stmts, source.Grants(a.cfg.Grants))
	if err != nil {
		return nil, err
	}
	marks, err := source.Marks(db.dialect.Family, stmts)
	if err != nil {
		return nil, err
	}
	var live *catalog.Catalog
	scope := a.scope(db)
	b, err := a.build(ctx, db, scope, func(sc *scratch.DB) error {
		wait := func() error { return nil }
		if beside {
			wait = begin(func() (err error) { live, err = a.live(ctx, db, scope); return err })
		}
		err := sc.Load(ctx, ready)
		if errLive := wait(); err == nil { // waited for in any case: what comes next uses its connection
			err = errLive
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b.marks = marks
	if slices.Equal(b.scope.Schemas, scope.Schemas) {
		b.live = live
	}
	return b, nil
}

// begin runs f and returns how to wait for its end.
func begin(f func() error) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return func() error { return <-done }
}

// buildRevisions builds the schema that revisions lead to.
func (a *app) buildRevisions(ctx context.Context, db *database, steps []history.Step) (*built, error) {
	tasks, err := a.tasks(db.product, steps, nil)
	if err != nil {
		return nil, err
	}
	return a.build(ctx, db, a.scope(db), func(sc *scratch.DB) error {
		for i := range tasks {
			var texts []string
			for _, s := range tasks[i].Stmts {
				texts = append(texts, s.Text)
			}
			if n, err := sc.Run(ctx, texts); err != nil {
				return replayError(sc.Conn.Dialect, &tasks[i], n, err)
			}
		}
		return nil
	})
}

// liveFor is the live schema in the scope of what is wanted. The two share in memory
// what they have in common.
func (a *app) liveFor(ctx context.Context, db *database, want *built) (c *catalog.Catalog, err error) {
	if c = want.live; c == nil {
		if c, err = a.live(ctx, db, want.scope); err != nil {
			return nil, err
		}
	}
	c.Share(want.catalog)
	return c, nil
}

// live reads the database itself.
func (a *app) live(ctx context.Context, db *database, s catalog.Scope) (*catalog.Catalog, error) {
	c, err := db.engine.Read(ctx, db.Conn, s)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", db.URL.Redacted(), err)
	}
	return c, nil
}

// differences names, one a line, what two catalogs do not have in common.
func differences(e *catalog.Engine) func(got, want *catalog.Catalog) []string {
	return func(got, want *catalog.Catalog) []string {
		var found []string
		for _, d := range diff.Compare(e, got, want) {
			switch {
			case d.From == nil:
				found = append(found, "missing: "+d.To.Key.String())
			case d.To == nil:
				found = append(found, "too much: "+d.From.Key.String())
			default:
				for _, name := range d.Attrs {
					found = append(found, fmt.Sprintf("%s: %s is %q and should be %q", d.To.Key, name, d.From.Attrs[name], d.To.Attrs[name]))
				}
			}
		}
		return found
	}
}

// tellUnknown warns of what was seen and cannot be modelled.
func (a *app) tellUnknown(cs ...*catalog.Catalog) {
	seen := map[catalog.Key]bool{}
	for _, c := range cs {
		for _, k := range c.Unknown {
			if !seen[k] {
				seen[k] = true
				a.warn("%s is not modelled by migr and is left alone", k)
			}
		}
	}
}

// sourceCatalog is one end of diff, or what inspect shows.
func (a *app) sourceCatalog(ctx context.Context, db *database, src string) (*built, func(), error) {
	none := func() {}
	switch src {
	case "live":
		c, err := a.live(ctx, db, a.scope(db))
		return &built{catalog: c}, none, err
	case "empty":
		return &built{catalog: catalog.New(db.Server.Version, nil, nil)}, none, nil
	case "models":
		m, err := a.models()
		if err != nil {
			return nil, none, err
		}
		return a.closing(a.wanted(ctx, db, m, false))
	}
	if strings.Contains(src, "://") && !strings.HasPrefix(src, "exec:") {
		return a.otherDatabase(ctx, db, src)
	}
	if c, done, err, ok := a.revisionCatalog(ctx, db, src); ok {
		return c, done, err
	}
	return a.closing(a.wanted(ctx, db, config.Models{Specs: []string{src}, Base: a.dir}, false))
}

func (a *app) closing(b *built, err error) (*built, func(), error) {
	if err != nil {
		return nil, func() {}, err
	}
	return b, func() { a.discard(b.DB) }, nil
}

func (a *app) otherDatabase(ctx context.Context, db *database, src string) (*built, func(), error) {
	none := func() {}
	u, err := dburl.Parse(src, a.dir)
	if err != nil {
		return nil, none, err
	}
	other, err := a.openURL(ctx, u, true)
	if err != nil {
		return nil, none, err
	}
	defer other.Close()
	if other.engine.Name != db.engine.Name {
		return nil, none, usagef("%s and %s are not of one product: their schemas cannot be compared", db.dialect.Name, other.dialect.Name)
	}
	c, err := a.live(ctx, other, a.scope(other))
	return &built{catalog: c}, none, err
}

// revisionCatalog replays the revisions up to src, if it names one; a file of that
// name comes first.
func (a *app) revisionCatalog(ctx context.Context, db *database, src string) (*built, func(), error, bool) {
	none := func() {}
	if _, err := os.Stat(a.abs(src)); err == nil {
		return nil, none, nil, false
	}
	g, err := a.graph()
	if err != nil {
		return nil, none, err, src == "head" || src == "heads"
	}
	p, err := g.Upgrade(nil, src)
	if err != nil {
		var h *history.Error
		unknown := errors.As(err, &h) && h.Code == history.NotFound
		return nil, none, err, !unknown || !strings.ContainsAny(src, "./:*")
	}
	c, done, err := a.closing(a.buildRevisions(ctx, db, p.Steps))
	return c, done, err, true
}
