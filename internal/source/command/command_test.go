package command_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/source/command"
	"github.com/migr-dev/migr/internal/sqltext"
)

func ddl(ctx context.Context, dir, line string, o source.Options) ([]sqltext.Stmt, error) {
	s, err := source.Open([]source.Kind{command.Kind}, dir, []string{"exec:" + line}, o)
	if err != nil {
		return nil, err
	}
	return s.DDL(ctx, sqltext.SQLite)
}

func TestOutputIsDDL(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.sql"), []byte("-- made\nCREATE TABLE a (x);\nCREATE TABLE b (y)"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ddl(context.Background(), dir, "echo talk >&2; cat $FILE", source.Options{Env: append(os.Environ(), "FILE=x.sql")})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1].Text != "CREATE TABLE b (y)" || got[1].Line != 3 || got[1].File != "exec:echo talk >&2; cat $FILE" {
		t.Errorf("got %+v", got)
	}
}

func TestFailures(t *testing.T) {
	cases := map[string]struct{ line, msg, detail string }{
		"code":      {"echo half; echo the reason >&2; exit 3", "ended with code 3", "the reason"},
		"nothing":   {"echo '-- none'; echo hm >&2", "printed no statement", "hm"},
		"unknown":   {"no-such-program-here", "ended with code 127", "not found"},
		"not SQL":   {"echo \"CREATE TABLE 'a\"", "cannot be read as SQL", ""},
		"too much":  {"yes 'CREATE TABLE a (x);'", "printed more than 100 MB", ""},
		"too slow":  {"echo wait >&2; sleep 60 & wait", "did not end within 700ms", "wait"},
		"no pardon": {"trap '' TERM; sleep 60 & sleep 60", "did not end within", ""},
		"empty":     {" ", "no command is given", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := source.Options{Timeout: time.Minute}
			if strings.Contains(c.msg, "did not end") {
				o.Timeout = 700 * time.Millisecond
			}
			began := time.Now()
			_, err := ddl(context.Background(), t.TempDir(), c.line, o)
			var e *source.Error
			if !errors.As(err, &e) || !strings.Contains(e.Msg, c.msg) || !strings.Contains(e.Detail, c.detail) {
				t.Errorf("got %v (%q)", err, e)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// What the command started must not outlive it, whether it is interrupted or
// ends by itself.
func TestChildrenAreGone(t *testing.T) {
	for name, line := range map[string]string{
		"interrupted": "(sleep 1.5; touch alive) & touch begun; wait",
		"left behind": "(sleep 1.5; touch alive) >/dev/null 2>&1 & touch begun; echo 'SELECT 1'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			ctx, stop := context.WithCancelCause(context.Background())
			why := errors.New("interrupt")
			go func() {
				for range 200 {
					if _, err := os.Stat(filepath.Join(dir, "begun")); err == nil {
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
				stop(why)
			}()
			if name == "left behind" {
				ctx = context.Background()
			}
			_, err := ddl(ctx, dir, line, source.Options{})
			if name == "interrupted" && !errors.Is(err, why) {
				t.Errorf("got %v", err)
			}
			time.Sleep(2 * time.Second)
			if _, err := os.Stat(filepath.Join(dir, "alive")); err == nil {
				t.Error("a child went on")
			}
		})
	}
}
