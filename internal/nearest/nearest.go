// Package nearest finds the known word that a mistyped one was meant to be.
package nearest

import "strings"

// Word returns the word of known with the smallest edit distance to given
// (inserting, deleting, changing a letter and swapping two neighbours count as one each, case
// does not count), or "" when none is near: a third of the letters may differ, two
// in a short word of four letters or more, one in a word of two. Of equals the first wins.
func Word(given string, known []string) string {
	given = strings.ToLower(given)
	best, distance := "", len([]rune(given))/3
	if distance < 1 && len([]rune(given)) == 2 {
		distance = 1
	}
	if distance < 2 && len([]rune(given)) >= 4 {
		distance = 2
	}
	for _, k := range known {
		d := edits(given, strings.ToLower(k))
		if d < distance || d == distance && best == "" {
			best, distance = k, d
		}
	}
	return best
}

// edits is the restricted Damerau-Levenshtein distance of a and b.
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}
