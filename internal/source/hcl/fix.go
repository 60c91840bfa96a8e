package hcl

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"ariga.io/atlas/sql/mysql"
	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqlite"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// rawTypes are the texts of type = sql("…"), by table and column.
type rawTypes map[[2]string]string

func (doc *document) rawTypes() rawTypes {
	raw := rawTypes{}
	for _, t := range doc.body.Blocks {
		if t.Type != "table" {
			continue
		}
		for _, c := range t.Body.Blocks {
			a := c.Body.Attributes["type"]
			if c.Type != "column" || len(c.Labels) != 1 || a == nil {
				continue
			}
			if text, ok := sqlCall(a.Expr); ok {
				raw[[2]string{strings.Join(t.Labels, "."), c.Labels[0]}] = text
			}
		}
	}
	return raw
}

// sqlCall returns the text of sql("…"), where it is one that needs no evaluating.
func sqlCall(x hclsyntax.Expression) (string, bool) {
	call, ok := x.(*hclsyntax.FunctionCallExpr)
	if !ok || call.Name != "sql" || len(call.Args) != 1 {
		return "", false
	}
	v, diags := call.Args[0].Value(nil)
	if diags.HasErrors() || v.Type().FriendlyName() != "string" {
		return "", false
	}
	return v.AsString(), true
}

func (raw rawTypes) put(t *schema.Table, to func(schema.Type, string) schema.Type) {
	for _, c := range t.Columns {
		text, ok := raw[[2]string{t.Schema.Name + "." + t.Name, c.Name}]
		if !ok {
			text, ok = raw[[2]string{t.Name, c.Name}]
		}
		if ok {
			c.Type.Type = to(c.Type.Type, text)
		}
	}
}

// rawPostgres passes the text on as it is, but for serial, which is none of the
// server's types.
func rawPostgres(old schema.Type, text string) schema.Type {
	if _, ok := old.(*postgres.SerialType); ok {
		return old
	}
	return &postgres.UserDefinedType{T: text}
}

// rawMySQL passes on numbers with what Atlas loses of them (a float's digits,
// zerofill), and the types that it does not know, as MariaDB's uuid.
func rawMySQL(old schema.Type, text string) schema.Type {
	switch old.(type) {
	case *schema.UnsupportedType, *schema.IntegerType, *schema.FloatType, *schema.DecimalType:
		return &schema.SpatialType{T: text} // the planner writes its T in lower case and looks no further
	}
	return old
}

// rawSQLite keeps the sort of the type, which says how a default is written.
func rawSQLite(old schema.Type, text string) schema.Type {
	switch t := old.(type) {
	case *schema.IntegerType:
		t.T = text
	case *schema.FloatType:
		t.T = text
	case *schema.DecimalType:
		t.T, t.Precision = text, 0
	case *schema.StringType:
		t.T, t.Size = text, 0
	case *schema.BoolType:
		t.T = text
	case *schema.TimeType:
		t.T = text
	default:
		return &sqlite.UserDefinedType{T: text}
	}
	return old
}

// fixSQLite puts sizes into the types: the planner leaves them out.
func fixSQLite(t *schema.Table) {
	for _, c := range t.Columns {
		switch x := c.Type.Type.(type) {
		case *schema.StringType:
			if x.Size > 0 {
				x.T = fmt.Sprintf("%s(%d)", x.T, x.Size)
			}
		case *schema.DecimalType:
			switch {
			case x.Scale > 0:
				x.T = fmt.Sprintf("%s(%d,%d)", x.T, x.Precision, x.Scale)
			case x.Precision > 0:
				x.T = fmt.Sprintf("%s(%d)", x.T, x.Precision)
			}
		}
	}
}

// fixPostgres writes string defaults itself: the planner takes some strings that
// begin and end with a quotation mark for written SQL.
func fixPostgres(t *schema.Table) {
	for _, c := range t.Columns {
		l, ok := c.Default.(*schema.Literal)
		if !ok || numeric(c.Type.Type) || written().MatchString(l.V) {
			continue
		}
		c.Default = &schema.RawExpr{X: "'" + strings.ReplaceAll(l.V, "'", "''") + "'"}
	}
}

// written is a string of SQL, as a default = "'x'" holds one.
var written = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^'([^'\\]|'')*'$`) })

func numeric(t schema.Type) bool {
	switch t.(type) {
	case *schema.BoolType, *schema.DecimalType, *schema.IntegerType, *schema.FloatType:
		return true
	}
	return false
}

// plain is a default that the planner leaves as it is, and a string, which it
// may quote.
var plain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(current_timestamp.*|0x[0-9a-f]+|b'[01]+'|-?[0-9.]+|true|false|\(.*\)|'([^'\\]|''|\\.)*'|"([^"\\]|""|\\.)*")$`)
})

// fixMySQL puts an expression into parentheses: the planner would quote it, and
// sql("uuid()") would be the text uuid(). Labels of an enum it does not escape. A table that says no character set has
// its schema's.
func fixMySQL(t *schema.Table) {
	for _, c := range t.Columns {
		switch x := c.Type.Type.(type) {
		case *schema.EnumType:
			x.Values = escaped(x.Values)
		case *mysql.SetType:
			x.Values = escaped(x.Values)
		}
		switch x := c.Default.(type) {
		case *schema.RawExpr:
			if text := strings.TrimSpace(x.X); strings.EqualFold(text, "null") {
				c.Default = nil
			} else if !plain().MatchString(text) {
				c.Default = &schema.RawExpr{X: "(" + x.X + ")"}
			}
		case *schema.Literal:
			if !numeric(c.Type.Type) && !plain().MatchString(x.V) {
				c.Default = &schema.Literal{V: "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(x.V) + "'"}
			}
		}
	}
	inherit[*schema.Charset](t)
	inherit[*schema.Collation](t)
}

// afterMySQL takes the NULL behind a generated column's expression away: MariaDB
// (10.11) does not know it there, and MySQL means it anyway.
func afterMySQL(change schema.Change, text string) string {
	add, ok := change.(*schema.AddTable)
	if !ok {
		return text
	}
	for _, c := range add.T.Columns {
		for _, a := range c.Attrs {
			if g, ok := a.(*schema.GeneratedExpr); ok && c.Type.Null {
				for _, end := range []string{") ", " "} {
					text = strings.Replace(text, g.Expr+end+g.Type+" NULL", g.Expr+end+g.Type, 1)
				}
			}
		}
	}
	return text
}

// constant is a default that SQLite takes without parentheses; with them it is
// kept as another text.
var constant = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^(current_timestamp|current_date|current_time|null|true|false|[-+]?[0-9.]+|x?'([^']|'')*')$`)
})

// afterSQLite takes away the parentheses that the planner puts around constants,
// and around an expression that is a part of an index: an index on (lower(a)) is
// not kept as one on lower(a).
func afterSQLite(change schema.Change, text string) string {
	switch change := change.(type) {
	case *schema.AddTable:
		for _, c := range change.T.Columns {
			if x, ok := c.Default.(*schema.RawExpr); ok && constant().MatchString(x.X) {
				text = strings.Replace(text, " DEFAULT ("+x.X+")", " DEFAULT "+x.X, 1)
			}
		}
	case *schema.AddIndex:
		for _, p := range change.I.Parts {
			if x, ok := p.X.(*schema.RawExpr); ok && !strings.HasPrefix(x.X, "(") {
				text = strings.Replace(text, "("+x.X+")", x.X, 1)
			}
		}
	}
	return text
}

func escaped(values []string) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, strings.NewReplacer("'", "''", `\`, `\\`).Replace(v))
	}
	return out
}

// inherit gives the table its schema's attribute of a type, unless it has one.
// A collation is not taken over beside a character set of the table's own.
func inherit[A schema.Attr](t *schema.Table) {
	for _, a := range t.Attrs {
		switch a.(type) {
		case A, *schema.Collation:
			return
		}
	}
	for _, a := range t.Schema.Attrs {
		if _, ok := a.(A); ok {
			t.Attrs = append(t.Attrs, a)
		}
	}
}
