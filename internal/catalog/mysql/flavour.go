package mysql

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A flavour holds what MariaDB and MySQL do in different ways: data, so that
// the rest of the package needs no switches. Checked on MariaDB 10.11 and MySQL 9.7.
type flavour struct {
	name string
	// what is asked of information_schema, behind the columns that both have
	columnExtra, indexExtra string
	checkQuery              string // table, name, level, clause
	checkTables             string // name, table, enforced: where checkQuery does not tell
	libraries               int    // the version from which there are libraries (MySQL 9.2); 0 never

	quotedDefaults bool   // COLUMN_DEFAULT is SQL already, not a bare value
	escaped        bool   // expressions come escaped and in UTF-8 twice: see unescape
	invisible      string // the word for a column
	hiddenIndex    string // the words for an index that the optimizer leaves aside, and for one it does not
	shownIndex     string
	batches        bool // BEGIN NOT ATOMIC … END runs several statements in one round trip
	sequences      bool
	fkRule         string // the rule of a foreign key that names none
	userTriggers   bool   // SHOW CREATE TRIGGER is the user's own text
	checkMark      string // stands behind the table's name in the name of a check that the server has named, and follows it
	keysInOrder    bool   // STATISTICS lists the keys of a table in its order; MySQL 9.7 now so, now otherwise
	renameFollows  bool   // checks and generated columns follow RENAME COLUMN; MySQL refuses (errors 3108, 3959)
}

var mariadb = &flavour{
	name:        "MariaDB",
	columnExtra: "IS_GENERATED", indexExtra: "IGNORED, NULL",
	checkQuery: "SELECT TABLE_NAME, CONSTRAINT_NAME, LEVEL, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS " +
		"WHERE CONSTRAINT_SCHEMA = {home}",
	quotedDefaults: true, invisible: "INVISIBLE", hiddenIndex: "IGNORED", shownIndex: "NOT IGNORED", batches: true, sequences: true,
	fkRule: "RESTRICT", userTriggers: true, keysInOrder: true, renameFollows: true,
}

var mysql = &flavour{
	name:        "MySQL",
	columnExtra: "SRS_ID", indexExtra: "IF(IS_VISIBLE = 'YES', 'NO', 'YES'), EXPRESSION",
	checkQuery: "SELECT '', CONSTRAINT_NAME, 'Table', CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS " +
		"WHERE CONSTRAINT_SCHEMA = {home} ORDER BY CONSTRAINT_NAME",
	// not joined by the server: that takes 20 s for 1,000 checks (MySQL 9.7)
	checkTables: "SELECT CONSTRAINT_NAME, TABLE_NAME, ENFORCED FROM information_schema.TABLE_CONSTRAINTS " +
		"WHERE TABLE_SCHEMA = {home} AND CONSTRAINT_TYPE = 'CHECK'",
	libraries: 90200,
	escaped:   true, invisible: "INVISIBLE", hiddenIndex: "INVISIBLE", shownIndex: "VISIBLE", fkRule: "NO ACTION", checkMark: "_chk_",
}

// mariadbVersion is the least catalog version that is MariaDB's: 10.0.0. MySQL's
// numbers (90704 for 9.7.4) stay below.
const mariadbVersion = 1_000_000

// parseVersion reads what VERSION() returns: "10.11.19-MariaDB-0+deb12u1" is
// 1011019, "9.7.4-2" is 90704.
func parseVersion(s string) (int, error) {
	number, _, _ := strings.Cut(s, "-")
	var parts [3]int
	for i, p := range strings.SplitN(number, ".", 3) {
		n, err := strconv.Atoi(p)
		if err != nil {
			return 0, fmt.Errorf("reading the server's version %q: %w", s, err)
		}
		parts[i] = n
	}
	if strings.Contains(strings.ToLower(s), "mariadb") {
		return parts[0]*100_000 + parts[1]*1_000 + parts[2], nil
	}
	return parts[0]*10_000 + parts[1]*100 + parts[2], nil
}

func flavourOf(version int) *flavour {
	if version >= mariadbVersion {
		return mariadb
	}
	return mysql
}

// flavourIn is the flavour of the catalogs at hand.
func flavourIn(p *catalog.Ctx) *flavour {
	for _, c := range []*catalog.Catalog{p.To, p.From} {
		if c != nil && c.Version != 0 {
			return flavourOf(c.Version)
		}
	}
	return mysql
}
