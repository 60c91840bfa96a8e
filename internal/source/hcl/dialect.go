package hcl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ariga.io/atlas/schemahcl"
	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/mysql"
	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqlite"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// A dialect is one of Atlas's dialects.
type dialect struct {
	family     sqltext.Family
	name       string
	home       string // the usual name of the one schema
	vocabulary *block
	eval       schemahcl.Evaluator
	plan       migrate.PlanApplier
	// schemas: the file may name several, and statements name theirs. Else there
	// is one, whose name means the database at hand.
	schemas bool
	// fix puts right, before planning, what the planner would write wrong.
	fix func(*schema.Table)
	// after mends the text of a statement; nil: it is right.
	after func(c schema.Change, text string) string
	// rawType makes a column's type the text of its sql("…"), which Atlas reads
	// and writes in its own words, not always all of it.
	rawType func(old schema.Type, text string) schema.Type
}

func dialects() []*dialect {
	v := vocabularies()
	return []*dialect{
		{family: sqltext.Postgres, name: "PostgreSQL", home: "public", vocabulary: v[sqltext.Postgres], eval: postgres.EvalHCL, plan: postgres.DefaultPlan, schemas: true, fix: fixPostgres, rawType: rawPostgres},
		{family: sqltext.MySQL, name: "MySQL", home: "main", vocabulary: v[sqltext.MySQL], eval: mysql.EvalHCL, plan: mysql.DefaultPlan, fix: fixMySQL, after: afterMySQL, rawType: rawMySQL},
		{family: sqltext.SQLite, name: "SQLite", home: "main", vocabulary: v[sqltext.SQLite], eval: sqlite.EvalHCL, plan: sqlite.DefaultPlan, fix: fixSQLite, after: afterSQLite, rawType: rawSQLite},
	}
}

func dialectOf(f sqltext.Family) *dialect {
	for _, d := range dialects() {
		if d.family == f {
			return d
		}
	}
	return nil
}

// ddl evaluates the document and plans its creation on an empty database.
func (d *dialect) ddl(ctx context.Context, doc *document, in map[string]cty.Value) ([]sqltext.Stmt, error) {
	places := doc.places() // before evaluation, which takes blocks out
	raw := doc.rawTypes()
	realm, err := d.realm(doc, in, raw)
	if err != nil {
		return nil, err
	}
	if !d.schemas && len(realm.Schemas) != 1 {
		return nil, &source.Error{
			File: doc.name, Msg: fmt.Sprintf("there are %d schema blocks", len(realm.Schemas)),
			Hint: "a model of " + d.name + " describes one database: one schema block, whose name does not matter",
		}
	}
	var opts []migrate.PlanOption
	if !d.schemas {
		opts = append(opts, func(o *migrate.PlanOptions) { o.SchemaQualifier = new(string) })
	}
	plan, err := d.plan.PlanChanges(ctx, "model", d.changes(realm), opts...)
	if err != nil {
		return nil, &source.Error{File: doc.name, Msg: "this cannot be written as DDL: " + err.Error(), Err: err}
	}
	stmts := make([]sqltext.Stmt, 0, len(plan.Changes))
	for _, c := range plan.Changes {
		r := places.of(c.Source)
		if d.after != nil {
			c.Cmd = d.after(c.Source, c.Cmd)
		}
		stmts = append(stmts, sqltext.Stmt{Text: c.Cmd, File: r.Filename, Line: r.Start.Line, Col: r.Start.Column})
	}
	return stmts, nil
}

// realm evaluates the document. Atlas panics on some wrong references (a primary
// key on a column that is not there): that is an error here.
func (d *dialect) realm(doc *document, in map[string]cty.Value, raw rawTypes) (realm *schema.Realm, err error) {
	defer func() {
		if p := recover(); p != nil {
			realm, err = nil, at(doc.stranger(), "does every columns = […] name columns of its own table?", "Atlas cannot evaluate this: %v", p)
		}
	}()
	p := hclparse.NewParser()
	p.AddFile(doc.name, &hcl.File{Body: doc.body})
	realm = &schema.Realm{}
	if err := d.eval.Eval(p, realm, in); err != nil {
		var diags hcl.Diagnostics
		if errors.As(err, &diags) {
			return nil, diagnosed(doc.name, diags)
		}
		msg := err.Error()
		if _, rest, ok := strings.Cut(msg, "failed converting to *schema.Realm: "); ok {
			msg = rest
		}
		return nil, at(doc.places().told(msg), "", "%s", msg)
	}
	for _, s := range realm.Schemas {
		for _, t := range s.Tables {
			if err := checkNames(t); err != nil {
				return nil, at(doc.places().named("table", s, t.Name), "a name with a quotation mark cannot be written through HCL: use SQL for it", "%s", err.Error())
			}
			raw.put(t, d.rawType)
			d.fix(t)
		}
	}
	return realm, nil
}

// changes are those that make the realm from nothing. A schema that is there
// already, as the home schema is, is no error.
func (d *dialect) changes(r *schema.Realm) []schema.Change {
	var cs []schema.Change
	for _, s := range r.Schemas {
		if d.schemas && s.Name != d.home {
			cs = append(cs, &schema.AddSchema{S: s, Extra: []schema.Clause{&schema.IfNotExists{}}})
		}
	}
	for _, s := range r.Schemas {
		for _, o := range s.Objects {
			cs = append(cs, &schema.AddObject{O: o})
		}
		for _, t := range s.Tables {
			cs = append(cs, &schema.AddTable{T: t})
		}
	}
	return cs
}

// checkNames looks at names that were computed, which no label shows.
func checkNames(t *schema.Table) error {
	names := []string{t.Name}
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	for _, i := range t.Indexes {
		names = append(names, i.Name)
	}
	for _, f := range t.ForeignKeys {
		names = append(names, f.Symbol)
	}
	for _, n := range names {
		if strings.ContainsAny(n, "\"`\x00") {
			return fmt.Errorf("the name %q, of table %s, has a quotation mark in it", n, t.Name)
		}
	}
	return nil
}
