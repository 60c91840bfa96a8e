package driver

import "fmt"

// Tested are the versions of a product that migr is tested with.
type Tested struct {
	From, Below int    // as Server.Version: the first of them, and the first that is newer than all
	Text        string // the same for a person: "13 to 18"
}

// Untested tells, in a sentence, that a server is older or newer than those that migr is tested
// with; "" where it is one of them, and for products that are never older or newer (SQLite is
// a part of migr).
func (d *Dialect) Untested(s Server) string {
	t, ok := d.Tested[s.Product]
	switch {
	case !ok || s.Version == 0:
		return ""
	case s.Version < t.From:
		return fmt.Sprintf("the server is a %s older than those that migr is tested with (%s)", s.Product, t.Text)
	case s.Version >= t.Below:
		return fmt.Sprintf("the server is a %s newer than those that migr is tested with (%s)", s.Product, t.Text)
	}
	return ""
}
