package testdb

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Python is one of the virtual environments that scripts/pythons.sh makes.
type Python struct {
	Exe     string
	Drivers string // folder of the database drivers, for PYTHONPATH; Exe alone has none
}

// PythonEnv is the variable that names the folder of the environments.
const PythonEnv = "MIGR_TEST_PYTHONS"

// FindPython returns the environment of that name ("sa20", "dj52", …). The test
// is skipped where there is none; with CI set it fails when there are none at all.
func FindPython(t testing.TB, name string) Python {
	t.Helper()
	root := os.Getenv(PythonEnv)
	if root == "" {
		if Strict() {
			t.Fatalf("%s is not set, and CI is", PythonEnv)
		}
		t.Skipf("%s is not set", PythonEnv)
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(filepath.Join(dir, "made")); err != nil {
		t.Skipf("%s is not there: no Python of the right version", name)
	}
	return Python{Exe: filepath.Join(dir, "bin", "python"), Drivers: filepath.Join(dir, "drivers")}
}

// Run runs a Python text in dir with the drivers at hand and returns its stdout.
func (p Python) Run(t testing.TB, dir, text string, env ...string) string {
	t.Helper()
	return p.run(t, dir, env, "-B", "-c", text)
}

// RunFile is Run for a file of dir, or "-m" and a module, and its arguments.
func (p Python) RunFile(t testing.TB, dir string, env []string, args ...string) string {
	t.Helper()
	return p.run(t, dir, env, append([]string{"-B"}, args...)...)
}

func (p Python) run(t testing.TB, dir string, env []string, args ...string) string {
	cmd := exec.CommandContext(t.Context(), p.Exe, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PYTHONPATH="+dir+string(os.PathListSeparator)+p.Drivers, "PYTHONWARNINGS=ignore"), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python %s: %v\n%s%s", args[len(args)-1], err, out, stderr.String())
	}
	return string(out)
}

// SQLAlchemyURL is ToSQLAlchemy for tests.
func SQLAlchemyURL(t testing.TB, dsn string) string {
	t.Helper()
	s, err := ToSQLAlchemy(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ToSQLAlchemy writes a database's URL as SQLAlchemy takes it, with the drivers
// of the environments.
func ToSQLAlchemy(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	switch {
	case err != nil:
		return "", err
	case u.Scheme == "sqlite":
		return "sqlite:///" + u.Host + u.Path, nil
	case isPostgres(u.Scheme):
		u.Scheme = "postgresql+psycopg2"
	default:
		u.Scheme = "mysql+pymysql"
	}
	return u.String(), nil
}
