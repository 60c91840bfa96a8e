package postgres

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/sqltext"
)

// ident writes a name, in quotes only where they are needed.
func ident(name string) string { return sqltext.Ident(sqltext.Postgres, name) }

// literal writes a string constant.
func literal(s string) string { return sqltext.QuoteLiteral(sqltext.Postgres, s) }

// qualified writes the name of what stands alone.
func qualified(k catalog.Key) string { return dotted(k.Schema, k.Name) }

// tableOf writes the name of the table that a part belongs to.
func tableOf(k catalog.Key) string { return dotted(k.Schema, k.Table) }

func dotted(schema, name string) string {
	if schema == "" {
		return ident(name)
	}
	return ident(schema) + "." + ident(name)
}

// idents writes a list of names.
func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}

// list reads an array that the server wrote as JSON; nil for NULL.
func list(js string) []string {
	if js == "" {
		return nil
	}
	var l []string
	if json.Unmarshal([]byte(js), &l) != nil {
		return nil
	}
	return l
}

// options writes storage parameters (pg_class.reloptions as JSON) as they stand in WITH (…).
func options(js, prefix string) []string {
	var out []string
	for _, o := range list(js) {
		name, value, _ := strings.Cut(o, "=")
		if ident(value) != value || value == "" {
			value = literal(value)
		}
		out = append(out, prefix+ident(name)+"="+value)
	}
	return out
}

// setOptions notes an object's storage parameters: compared in alphabetical
// order, written in the order in which the server keeps them.
func setOptions(o *catalog.Object, opts []string) {
	if len(opts) == 0 {
		return
	}
	o.Info["options"] = strings.Join(opts, ", ")
	sorted := slices.Sorted(slices.Values(opts))
	o.Attrs["options"] = strings.Join(sorted, ", ")
}

// comment writes COMMENT ON; an empty comment removes it.
func comment(what, name, text string) string {
	if text == "" {
		return "COMMENT ON " + what + " " + name + " IS NULL"
	}
	return "COMMENT ON " + what + " " + name + " IS " + literal(text)
}

// withComment appends an object's comment, where it has one, to its statements.
func withComment(stmts []string, what, name string, o *catalog.Object) []string {
	if text := o.Attrs["comment"]; text != "" {
		return append(stmts, comment(what, name, text))
	}
	return stmts
}

// plainer chooses between the server's two ways of writing an expression. The
// pretty one leaves out needless parentheses, but also those that group one AND
// within another, which do not come back when it is read again; so a text
// with more than one AND or OR stays as the server stores it.
func plainer(pretty, exact string) string {
	if strings.Count(exact, " AND ")+strings.Count(exact, " OR ") > 1 {
		return flat(exact)
	}
	return pretty
}

// flat takes the parentheses off an AND that is the first operand of an AND, and
// the same with OR: of a BETWEEN the server makes ((a >= 1 AND a <= 9) AND b), and
// reads what it writes so as (a >= 1 AND a <= 9 AND b).
func flat(text string) string {
	for {
		open, end := firstOperand(sqltext.Tokens(sqltext.Postgres, text))
		if end == 0 {
			return text
		}
		text = text[:open] + text[open+1:end] + text[end+1:]
	}
}

// firstOperand finds where such parentheses stand; 0, 0 where there are none.
func firstOperand(toks []sqltext.Token) (open, end int) {
	type group struct {
		at    int    // of its parenthesis
		first bool   // nothing stands before it in the group around it
		joins string // AND or OR; "-" for both or neither
	}
	var stack []group
	for i, t := range toks {
		switch {
		case t.Is("("):
			stack = append(stack, group{at: i, first: i > 0 && toks[i-1].Is("(")})
		case len(stack) == 0:
		case t.Is(")"):
			g := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if (g.joins == "AND" || g.joins == "OR") && g.first && i+1 < len(toks) && toks[i+1].Is(g.joins) {
				return toks[g.at].Off, t.Off
			}
		default:
			g := &stack[len(stack)-1]
			switch w := t.Upper(); w {
			case "AND", "OR":
				if g.joins != "" && g.joins != w {
					w = "-"
				}
				g.joins = w
			case "BETWEEN", "SELECT":
				g.joins = "-"
			}
		}
	}
	return 0, 0
}
