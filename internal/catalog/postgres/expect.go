package postgres

import (
	"regexp"
	"strings"

	"github.com/migr-dev/migr/internal/sqltext"
)

// An expectation is what a form of a statement locks, and what it does meanwhile. What is
// here was read from pg_locks of PostgreSQL 12 to 18 (testdata/locks.json, which TestExpect goes through).
type expectation struct {
	form *regexp.Regexp // of the statement, or of one action of ALTER TABLE, as words writes it
	mode string         // of pg_locks; "" where the text does not tell
	work string
}

const (
	builds   = "builds an index"
	scans    = "reads all rows"
	rewrites = "rewrites the table"
)

func form(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + strings.ReplaceAll(pattern, "NAME", `\S+(?: \. \S+)*`) + `)(?: |$)`)
}

// statementForms, of which the first that fits is taken.
func statementForms() []expectation {
	return []expectation{
		{form(`CREATE (?:UNIQUE )?INDEX CONCURRENTLY`), "ShareUpdateExclusiveLock", builds + ", after all older transactions"},
		{form(`CREATE (?:UNIQUE )?INDEX`), "ShareLock", builds},
		{form(`DROP INDEX CONCURRENTLY`), "ShareUpdateExclusiveLock", "waits for all older transactions"},
		{form(`REINDEX .*CONCURRENTLY`), "ShareUpdateExclusiveLock", builds + ", after all older transactions"},
		{form(`REINDEX (?:INDEX|TABLE)`), "ShareLock", builds + ", and stops readers of the old one"},
		{form(`DROP (?:INDEX|TABLE|VIEW|MATERIALIZED VIEW)|TRUNCATE`), "AccessExclusiveLock", ""},
		{form(`CLUSTER|VACUUM FULL|VACUUM \( FULL.*`), "AccessExclusiveLock", rewrites},
		{form(`VACUUM|ANALYZE`), "ShareUpdateExclusiveLock", ""},
		{form(`CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER`), "ShareRowExclusiveLock", ""},
		{form(`CREATE POLICY|DROP POLICY|ALTER POLICY|DROP TRIGGER|CREATE RULE|CREATE OR REPLACE RULE|DROP RULE`), "AccessExclusiveLock", ""},
		{form(`REFRESH MATERIALIZED VIEW CONCURRENTLY`), "ExclusiveLock", "runs its query"},
		{form(`REFRESH MATERIALIZED VIEW`), "AccessExclusiveLock", "runs its query"},
		{form(`INSERT|UPDATE|DELETE|MERGE`), "RowExclusiveLock", ""},
		{form(`COMMENT ON (?:TABLE|COLUMN)`), "ShareUpdateExclusiveLock", ""},
	}
}

// actionForms are the actions of ALTER TABLE.
func actionForms() []expectation {
	return []expectation{
		{form(`VALIDATE CONSTRAINT`), "ShareUpdateExclusiveLock", scans},
		{form(`ALTER (?:COLUMN )?NAME SET STATISTICS|ALTER (?:COLUMN )?NAME (?:RE)?SET \(|CLUSTER ON|SET WITHOUT CLUSTER`), "ShareUpdateExclusiveLock", ""},
		{form(`(?:RE)?SET \( (?:FILLFACTOR|(?:TOAST \. )?AUTOVACUUM_\S+)`), "ShareUpdateExclusiveLock", ""},
		{form(`(?:RE)?SET \(`), "", ""}, // it depends on the parameter
		{form(`(?:ENABLE|DISABLE) (?:ALWAYS |REPLICA )?TRIGGER`), "ShareRowExclusiveLock", ""},
		{form(`ATTACH PARTITION`), "ShareUpdateExclusiveLock", "reads all rows of the partition, which it locks ACCESS EXCLUSIVE, unless a valid check proves them"},
		{form(`DETACH PARTITION NAME CONCURRENTLY`), "ShareUpdateExclusiveLock", "waits for all older transactions"},
		{form(`ADD (?:CONSTRAINT NAME )?FOREIGN KEY.* NOT (?:VALID|ENFORCED)`), "ShareRowExclusiveLock", ""},
		{form(`ADD (?:CONSTRAINT NAME )?FOREIGN KEY`), "ShareRowExclusiveLock", scans},
		{form(`ADD (?:CONSTRAINT NAME )?(?:UNIQUE|PRIMARY KEY) USING INDEX`), "AccessExclusiveLock", ""},
		{form(`ADD (?:CONSTRAINT NAME )?(?:UNIQUE|PRIMARY KEY|EXCLUDE)`), "AccessExclusiveLock", builds},
		{form(`ADD (?:CONSTRAINT NAME )?(?:CHECK|NOT NULL).* NOT (?:VALID|ENFORCED)`), "AccessExclusiveLock", ""},
		{form(`ADD (?:CONSTRAINT NAME )?(?:CHECK|NOT NULL)`), "AccessExclusiveLock", scans},
		{form(`ALTER (?:COLUMN )?NAME SET NOT NULL`), "AccessExclusiveLock", scans + ", unless a valid check proves them"},
		{form(`ALTER (?:COLUMN )?NAME (?:SET DATA )?TYPE`), "AccessExclusiveLock", rewrites + ", unless the new type takes the old rows as they are"},
		{form(`ALTER (?:COLUMN )?NAME SET EXPRESSION`), "AccessExclusiveLock", rewrites + " where the column is stored"},
		{form(`SET (?:UNLOGGED|LOGGED|TABLESPACE|ACCESS METHOD)`), "AccessExclusiveLock", rewrites + " where that changes anything"},
		{form(`ADD (?:COLUMN )?(?:IF NOT EXISTS )?NAME .*(?:STORED|AS IDENTITY.*)|ADD (?:COLUMN )?(?:IF NOT EXISTS )?NAME (?:BIG|SMALL)?SERIAL.*`), "AccessExclusiveLock", rewrites},
		{form(`ADD (?:COLUMN )?.* DEFAULT .* REFERENCES .*`), "AccessExclusiveLock", scans + " against the other table"},
		{form(`ADD (?:COLUMN )?.* DEFAULT .*\(.*`), "AccessExclusiveLock", rewrites + " where the default is volatile"},
		{form(`ADD (?:COLUMN )?.* (?:UNIQUE|PRIMARY KEY).*`), "AccessExclusiveLock", builds},
		{form(`ADD (?:COLUMN )?.* CHECK .*`), "AccessExclusiveLock", scans},
		{form(`ADD|ALTER|DROP|RENAME|SET SCHEMA|OWNER|REPLICA IDENTITY|ENABLE|DISABLE|FORCE|NO FORCE|INHERIT|NO INHERIT|OF|NOT OF|DETACH`), "AccessExclusiveLock", ""},
	}
}

// expect tells by the text alone what a statement locks of the table that it is about, and
// what work it does meanwhile; "" where the text does not tell.
func expect(stmt string) string {
	text := words(stmt)
	if rest := form(`ALTER TABLE (?:IF EXISTS )?(?:ONLY )?NAME(?: \*)?`).ReplaceAllString(text, ""); rest != text {
		return strongest(actions(rest))
	}
	for _, e := range statementForms() {
		if e.form.MatchString(text) {
			return e.String()
		}
	}
	return ""
}

func (e expectation) String() string {
	r := lockRank(e.mode)
	if r < 0 {
		return ""
	}
	if e.work == "" {
		return lockNames[r].text
	}
	return lockNames[r].text + "; " + e.work
}

// strongest is what several actions together lock and do. One that the text does not tell
// about could be the strongest.
func strongest(all []string) string {
	var top expectation
	var work []string
	for _, action := range all {
		var found expectation
		for _, e := range actionForms() {
			if e.form.MatchString(action) {
				found = e
				break
			}
		}
		if found.mode == "" {
			return ""
		}
		if top.mode == "" || lockRank(found.mode) < lockRank(top.mode) {
			top = found
		}
		if found.work != "" {
			work = append(work, found.work)
		}
	}
	top.work = strings.Join(work, "; ")
	return top.String()
}

// actions cuts the actions of ALTER TABLE at the commas outside of parentheses.
func actions(text string) []string {
	var all []string
	depth := 0
	one := ""
	for _, w := range strings.Fields(text) {
		switch {
		case w == "(":
			depth++
		case w == ")":
			depth--
		case w == "," && depth == 0:
			all, one = append(all, strings.TrimSpace(one)), ""
			continue
		}
		one += " " + w
	}
	return append(all, strings.TrimSpace(one))
}

// words writes a statement's tokens with one blank between them, its words in upper case, and
// what is quoted as "".
func words(stmt string) string {
	var all []string
	sqltext.Scan(sqltext.Postgres, stmt, func(t sqltext.Token) bool {
		switch t.Kind {
		case sqltext.Quoted, sqltext.String:
			all = append(all, `""`)
		case sqltext.Word:
			all = append(all, t.Upper())
		default:
			all = append(all, t.Text)
		}
		return true
	})
	return strings.Join(all, " ")
}
