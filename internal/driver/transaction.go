package driver

import (
	"slices"

	"github.com/migr-dev/migr/internal/sqltext"
)

// Transaction tells why a statement that begins or ends a transaction must not be in a
// revision, or "": it would end the one that migr makes, and with it the bond between
// the statements and the record that they have run. Without one of migr's, a
// transaction of the file's own would take the records of its statements along when it
// is rolled back. Savepoints are none.
func Transaction(f sqltext.Family, stmt string) string {
	w := sqltext.Words(f, stmt, 3)
	if len(w) == 0 {
		return ""
	}
	const why = ": migr makes the transactions, so that what a revision does and the record of it are kept or lost together"
	switch w[0] {
	case "BEGIN", "COMMIT", "END", "ABORT":
		return w[0] + why
	case "START", "PREPARE":
		if len(w) > 1 && w[1] == "TRANSACTION" {
			return w[0] + " TRANSACTION" + why
		}
	case "ROLLBACK":
		if !slices.Contains(w, "TO") {
			return w[0] + why
		}
	}
	return ""
}
