package postgres

import (
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// flat takes the parentheses off an AND that is the first operand of an AND, and
// the same with OR: of a BETWEEN the server makes ((a >= 1 AND a <= 9) AND b), and
// reads what it writes so as (a >= 1 AND a <= 9 AND b).
func flat(text string) string {
	for strings.Count(text, " AND ")+strings.Count(text, " OR ") > 1 {
		open, end := firstOperand(sqltext.Tokens(sqltext.Postgres, text))
		if end == 0 {
			break
		}
		text = text[:open] + text[open+1:end] + text[end+1:]
	}
	return text
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
