package mysql

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// A show is a SHOW CREATE that is wanted, and what is done with its text.
type show struct {
	what string // TABLE, VIEW, TRIGGER, …
	key  catalog.Key
	use  func(text string) error
}

// batchSize bounds how many SHOW CREATE go into one block.
const batchSize = 200

// want asks for the definition of an object; the answer comes when all is read.
func (r *reader) want(what string, k catalog.Key, use func(text string) error) {
	r.shows = append(r.shows, show{what, k, use})
}

func (s show) sql(home string) string {
	return "SHOW CREATE " + s.what + " " + ident(home) + "." + ident(s.key.Name)
}

func (r *reader) showAll() error {
	if !r.f.batches {
		return r.showEach(r.shows)
	}
	for len(r.shows) > 0 {
		n := min(batchSize, len(r.shows))
		if err := r.showBatch(r.shows[:n]); err != nil {
			return err
		}
		r.shows = r.shows[n:]
	}
	return nil
}

// showBatch asks for several definitions at once. One that fails (no right to see
// it, an invalid view) ends the block; then each is asked by itself.
func (r *reader) showBatch(batch []show) error {
	var b strings.Builder
	b.WriteString("BEGIN NOT ATOMIC\n")
	for _, s := range batch {
		b.WriteString(s.sql(r.home) + ";\n")
	}
	b.WriteString("END")
	rows, err := r.q.QueryContext(r.ctx, b.String())
	if err != nil {
		return r.showEach(batch)
	}
	texts, err := allTexts(rows)
	if err != nil || len(texts) != len(batch) {
		return r.showEach(batch)
	}
	for i, s := range batch {
		if err := r.useText(s, texts[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) showEach(shows []show) error {
	for _, s := range shows {
		rows, err := r.q.QueryContext(r.ctx, s.sql(r.home))
		if err != nil {
			if r.ctx.Err() != nil {
				return err
			}
			r.giveUp(s.key) // the server keeps it back
			continue
		}
		texts, err := allTexts(rows)
		if err != nil {
			return fmt.Errorf("%s: %w", s.sql(r.home), err)
		}
		if err := r.useText(s, append(texts, sql.NullString{})[0]); err != nil {
			return err
		}
	}
	return nil
}

// useText hands a definition on; NULL stands for one that may not be seen.
func (r *reader) useText(s show, text sql.NullString) error {
	if !text.Valid {
		r.giveUp(s.key)
		return nil
	}
	if err := s.use(text.String); err != nil {
		return fmt.Errorf("reading the definition of %s: %w", s.key, err)
	}
	return nil
}

// allTexts reads the definition out of each result set. It is in the column
// called "Create …" or, for triggers, "SQL Original Statement".
func allTexts(rows *sql.Rows) ([]sql.NullString, error) {
	defer rows.Close()
	var texts []sql.NullString
	for {
		columns, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		into, at := make([]any, len(columns)), -1
		for i, c := range columns {
			into[i] = &sql.NullString{}
			if strings.HasPrefix(c, "Create ") || c == "SQL Original Statement" {
				at = i
			}
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return nil, err
			}
			if at >= 0 {
				texts = append(texts, *into[at].(*sql.NullString))
			}
		}
		if !rows.NextResultSet() {
			return texts, rows.Err()
		}
	}
}

// afterDefiner splits "CREATE DEFINER=`u`@`h` rest" and gives the rest.
func afterDefiner(text string) (string, error) {
	ts := tokens(text)
	i := skipTo(ts, 0, "DEFINER")
	if i < 0 || i+1 >= len(ts) || ts[i+1].raw != "=" {
		return "", fmt.Errorf("no DEFINER in %.60q", text)
	}
	i += 2
	for i < len(ts) && ts[i].kind != space { // `u`@`h` or a role
		i++
	}
	return strings.TrimLeft(join(ts[min(i, len(ts)):]), " "), nil
}

// skipTo finds the bare word (any case), from i on; -1 if it is not there.
func skipTo(ts []token, i int, want string) int {
	for ; i < len(ts); i++ {
		if ts[i].kind == word && strings.EqualFold(ts[i].raw, want) {
			return i
		}
	}
	return -1
}

func join(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		b.WriteString(t.raw)
	}
	return b.String()
}
