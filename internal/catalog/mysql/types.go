package mysql

import (
	"strconv"
	"strings"
)

// A colType is a column's type, taken apart.
type colType struct {
	base     string   // "int", "varchar", …
	args     []string // "(10,2)", or the values of an enum or set
	unsigned bool
}

func parseType(s string) colType {
	var t colType
	for _, k := range tokens(s) {
		switch {
		case t.base == "" && k.kind == word:
			t.base = strings.ToLower(k.raw)
		case k.kind == literal:
			t.args = append(t.args, k.raw)
		case k.kind == word && '0' <= k.raw[0] && k.raw[0] <= '9':
			t.args = append(t.args, k.raw)
		case k.kind == word && strings.EqualFold(k.raw, "unsigned"):
			t.unsigned = true
		}
	}
	return t
}

func (t colType) arg(i, otherwise int) int {
	if i < len(t.args) {
		if n, err := strconv.Atoi(t.args[i]); err == nil {
			return n
		}
	}
	return otherwise
}

// The sorts of types. Within one, sizes can be compared.
type sort string

const (
	integers  sort = "integer"
	decimals  sort = "decimal"
	floats    sort = "float"
	strs      sort = "string"
	bins      sort = "binary"
	datetimes sort = "datetime"
	listed    sort = "enum or set"
)

var intBits = map[string]int{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

// intDigits is how many decimal digits an integer may have.
var intDigits = map[int]int{8: 3, 16: 5, 24: 8, 32: 10, 64: 20}

var floatRank = map[string]int{"float": 1, "double": 2}

// lobBytes is what the types without a length hold.
var lobBytes = map[string]int{
	"tinytext": 1<<8 - 1, "text": 1<<16 - 1, "mediumtext": 1<<24 - 1, "longtext": 1<<32 - 1, "json": 1<<32 - 1,
	"tinyblob": 1<<8 - 1, "blob": 1<<16 - 1, "mediumblob": 1<<24 - 1, "longblob": 1<<32 - 1,
}

func (t colType) sort() sort {
	switch t.base {
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		return integers
	case "decimal":
		return decimals
	case "float", "double":
		return floats
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		return strs
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return bins
	case "datetime", "timestamp":
		return datetimes
	case "enum", "set":
		return listed
	default:
		return sort(t.base)
	}
}

// bytesPerChar is the most that a character takes.
func bytesPerChar(collation string) int {
	switch charsetOf(collation) {
	case "utf8mb4", "utf16", "utf16le", "utf32":
		return 4
	case "utf8mb3", "utf8":
		return 3
	case "ucs2", "big5", "gbk", "sjis", "cp932", "euckr", "gb2312":
		return 2
	default:
		return 1
	}
}

// capacity is the bytes that a string or binary type holds.
func (t colType) capacity(collation string) int {
	if n, ok := lobBytes[t.base]; ok {
		return n
	}
	n := t.arg(0, 1)
	if t.sort() == strs {
		return n * bytesPerChar(collation)
	}
	return n
}

// narrows tells whether values that fit a may not fit b. What it does not know is
// taken to be narrower.
func narrows(a, b colType, collationA, collationB string) bool {
	if a.sort() == b.sort() {
		return narrowsWithin(a, b, collationA, collationB)
	}
	switch b.sort() {
	case decimals:
		return a.sort() != integers || b.arg(0, 10)-b.arg(1, 0) < intDigits[intBits[a.base]]
	case floats:
		return a.sort() != integers || intBits[a.base] > 24*floatRank[b.base]
	case strs:
		return b.arg(0, lobBytes[b.base]) < printed(a)
	case bins:
		return a.sort() != strs || b.capacity(collationB) < a.capacity(collationA)
	case datetimes:
		return a.base != "date" || b.base == "timestamp"
	case integers:
		return a.base != "year" || intBits[b.base] < 16
	default:
		return true
	}
}

// printed is the most characters that a value takes as text; no type that cannot
// be text loses nothing.
func printed(t colType) int {
	const never = 1 << 40
	switch t.sort() {
	case integers, floats:
		return 24
	case decimals:
		return t.arg(0, 10) + 2
	case datetimes:
		return 26
	case listed:
		n := 0
		for _, v := range t.args {
			if t.base == "set" {
				n += len(v)
			} else {
				n = max(n, len(v))
			}
		}
		return n
	}
	switch t.base {
	case "date", "year", "time":
		return 17
	case "json":
		return lobBytes["json"]
	case "uuid", "inet6", "inet4":
		return 45
	}
	return never
}

func narrowsWithin(a, b colType, collationA, collationB string) bool {
	switch a.sort() {
	case integers:
		x, y := intBits[a.base], intBits[b.base]
		return y < x || b.unsigned && !a.unsigned || a.unsigned && !b.unsigned && y == x
	case decimals:
		return b.arg(0, 10)-b.arg(1, 0) < a.arg(0, 10)-a.arg(1, 0) || b.arg(1, 0) < a.arg(1, 0) || b.unsigned && !a.unsigned
	case floats:
		return floatRank[b.base] < floatRank[a.base] || b.unsigned && !a.unsigned || len(b.args) > 0 && strings.Join(a.args, ",") != strings.Join(b.args, ",")
	case strs:
		if lobBytes[a.base] == 0 && lobBytes[b.base] == 0 {
			return b.arg(0, 1) < a.arg(0, 1)
		}
		return b.capacity(collationB) < a.capacity(collationA)
	case bins:
		return b.capacity("") < a.capacity("")
	case datetimes:
		return b.arg(0, 0) < a.arg(0, 0) || a.base == "datetime" && b.base == "timestamp"
	case listed:
		return a.base != b.base && a.base == "set"
	}
	return b.arg(0, 0) < a.arg(0, 0) // bit, time; types without a length are equal
}

// lost lists the values of an enum or set that another does not have.
func lost(a, b colType) []string {
	if a.sort() != listed || b.sort() != listed {
		return nil
	}
	have := map[string]bool{}
	for _, v := range b.args {
		have[v] = true
	}
	var gone []string
	for _, v := range a.args {
		if !have[v] {
			gone = append(gone, v)
		}
	}
	return gone
}

// charsetRank orders the character sets of which each holds all of the one before.
var charsetRank = map[string]int{"ascii": 1, "latin1": 2, "utf8mb3": 3, "utf8": 3, "utf8mb4": 4}

// smallerCharset tells whether text may lose characters.
func smallerCharset(from, to string) bool {
	a, b := charsetOf(from), charsetOf(to)
	if a == b || a == "" || b == "" || b == "utf8mb4" || b == "binary" {
		return false
	}
	x, y := charsetRank[a], charsetRank[b]
	return y == 0 || x == 0 || y < x
}
