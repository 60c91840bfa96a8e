package sqltext_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/migr-dev/migr/internal/sqltext"
	"github.com/migr-dev/migr/internal/testdb"
)

// An answer is what a server says of a text: one tag for each statement that it saw
// and carried out, and the code of the error at which it stopped, if it did.
type answer struct {
	tags []string
	code string
}

func (a answer) String() string { return fmt.Sprintf("%d %q %s", len(a.tags), a.tags, a.code) }

// An asker is a session that takes texts of several statements.
type asker interface {
	ask(text string) (answer, error)
	syntax(code string) bool // whether nothing was seen as a statement at all
}

func newAsker(t testing.TB, e testdb.Engine) asker {
	t.Helper()
	if familyOf(e) == sqltext.Postgres {
		return askPostgres(t, e.New(t))
	}
	return askMySQL(t, e.New(t))
}

// A pgAsker speaks the simple query protocol of PostgreSQL, in which each statement of
// a text has its own CommandComplete.
type pgAsker struct{ net.Conn }

func askPostgres(t testing.TB, dsn string) *pgAsker {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	a := &pgAsker{c}
	hello := "\x00\x03\x00\x00user\x00" + u.User.Username() + "\x00database\x00" + strings.TrimPrefix(u.Path, "/") + "\x00\x00"
	if err := a.send("", hello); err != nil {
		t.Fatal(err)
	}
	if got, err := a.answer(); err != nil || got.code != "" {
		t.Fatalf("login without a password: %v %v", got, err)
	}
	return a
}

func (a *pgAsker) send(kind, text string) error {
	_ = a.SetDeadline(time.Now().Add(20 * time.Second))
	_, err := a.Write(append(binary.BigEndian.AppendUint32([]byte(kind), uint32(len(text)+4)), text...))
	return err
}

func (a *pgAsker) ask(text string) (answer, error) {
	if err := a.send("Q", text+"\x00"); err != nil {
		return answer{}, err
	}
	return a.answer()
}

// answer reads up to ReadyForQuery.
func (a *pgAsker) answer() (got answer, err error) {
	for {
		var head [5]byte
		if _, err := io.ReadFull(a, head[:]); err != nil {
			return got, err
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(a, body); err != nil {
			return got, err
		}
		switch head[0] {
		case 'C':
			got.tags = append(got.tags, strings.TrimRight(string(body), "\x00"))
		case 'E':
			for _, field := range strings.Split(string(body), "\x00") {
				if strings.HasPrefix(field, "C") && got.code == "" {
					got.code = field[1:]
				}
			}
		case 'G': // COPY FROM STDIN
			if err := a.send("f", "\x00"); err != nil {
				return got, err
			}
		case 'Z':
			return got, nil
		}
	}
}

func (a *pgAsker) syntax(code string) bool { return code == "42601" }

// A myAsker is a connection with CLIENT_MULTI_STATEMENTS: each statement has a result.
type myAsker struct{ *sql.Conn }

func askMySQL(t testing.TB, dsn string) *myAsker {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.DBName, c.MultiStatements = "tcp", u.Host, u.User.Username(), strings.TrimPrefix(u.Path, "/"), true
	c.Passwd, _ = u.User.Password()
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &myAsker{conn}
}

// ask tells no tags of a text that fails: the driver forgets them.
func (a *myAsker) ask(text string) (got answer, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var n int
	err = a.Raw(func(c any) error {
		r, err := c.(driver.ExecerContext).ExecContext(ctx, text, nil)
		if err == nil {
			n = len(r.(mysql.Result).AllRowsAffected())
		}
		return err
	})
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return answer{code: fmt.Sprint(refused.Number)}, nil
	}
	for range n {
		got.tags = append(got.tags, "OK")
	}
	return got, err
}

func (a *myAsker) syntax(code string) bool { return code == "1064" || code == "1065" } // 1065: the text is empty

// asks compares what a server sees in a text with what it sees in the statements that
// Split makes of it, each sent alone. A text that the server or Split cannot read tells nothing: it says why.
func asks(t *testing.T, f sqltext.Family, whole, parts asker, src string) (unread string) {
	t.Helper()
	stmts, err := sqltext.Split(f, "", src)
	if err != nil {
		return err.Error()
	}
	if f == sqltext.MySQL { // a comment alone, "#0" at the end, is answered OK by MariaDB 10.11 and MySQL 9
		if len(stmts) == 0 {
			return "no statement"
		}
		last := stmts[len(stmts)-1]
		src = src[:place(src, last.Line, last.Col)+len(last.Text)]
	}
	want, err := whole.ask(src)
	if err != nil {
		t.Fatal(err)
	}
	if whole.syntax(want.code) {
		return "syntax error " + want.code
	}
	var got answer
	for _, s := range stmts {
		one, err := parts.ask(s.Text)
		if err != nil {
			t.Fatal(err)
		}
		if len(one.tags) > 1 || len(one.tags) == 0 && one.code == "" {
			t.Errorf("the server sees %d statements in %q\nof %q", len(one.tags), s.Text, src)
		}
		got.tags, got.code = append(got.tags, one.tags...), one.code
		if got.code != "" {
			break
		}
	}
	if f == sqltext.MySQL && want.code != "" {
		got.tags = nil
	}
	if unlike(want.code) || unlike(got.code) { // one of them went no further
		n := min(len(want.tags), len(got.tags))
		want, got, unread = answer{tags: want.tags[:n]}, answer{tags: got.tags[:n]}, "stopped by "+want.code+got.code
	}
	if want.String() != got.String() {
		t.Errorf("%q\nas one text: %s\nstatement by statement: %s", src, want, got)
	}
	return unread
}

// unlike tells of an error that has to do with what is around a text and not with the text: that
// PostgreSQL takes a text of several statements as a transaction (25001), or a role as another
// database's too (2BP01).
func unlike(code string) bool { return code == "25001" || code == "2BP01" }

// place is the offset of a line and column.
func place(src string, line, col int) int {
	off := 0
	for range line - 1 {
		off += strings.IndexByte(src[off:], '\n') + 1
	}
	src = strings.TrimPrefix(src[off:], "\uFEFF")
	return off + len(string([]rune(src)[:col-1]))
}
