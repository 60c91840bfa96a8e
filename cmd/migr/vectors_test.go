package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/migr-dev/migr/internal/testdb"
)

// A graphVector is one case of internal/history/testdata/graph.json, whose
// "fields" say what each key means. The package's own test runs all of them on
// the graph; here those that a command answers go through the program: files,
// the version table of a database, exit codes.
type graphVector struct {
	Name      string
	Revisions []struct {
		ID        string
		Down      []string
		Labels    []string
		DependsOn []string `json:"depends_on"`
	}
	Op      string
	Current []string
	Target  oneOrMore
	Steps   []string
	Options struct {
		Single, Effective, Splice, Purge bool
		DependsOn                        oneOrMore `json:"depends_on"`
		BranchLabel                      oneOrMore `json:"branch_label"`
		RevID                            string    `json:"rev_id"`
		Command                          string
		SQL                              *bool `json:"sql"`
	}
	Order        string
	ExpectRevs   []string   `json:"expect_revs"`
	ExpectError  string     `json:"expect_error"`
	ExpectSteps  []string   `json:"expect_steps"`
	ExpectRows   []string   `json:"expect_version_rows_after"`
	ExpectTrace  [][]string `json:"expect_rows_trace"`
	ExpectResult *bool      `json:"expect_result"`
	ExpectScript []string   `json:"expect_script"`
	ExpectNew    *struct {
		Down      []string
		DependsOn []string `json:"depends_on"`
		Labels    []string
	} `json:"expect_new"`
}

type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil && string(b) != "null" {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// vectorOps are the operations that a command answers. The others (iterate,
// labels, effective_down, branch_bases) are of the package alone.
var vectorOps = map[string]func(*vectorRun){
	"load":          func(r *vectorRun) { r.refused(r.migr("history")) },
	"heads":         vectorHeads,
	"resolve":       vectorResolve,
	"history":       func(r *vectorRun) { r.revisions(r.migr("history", "-r", r.v.Target[0])) },
	"current":       vectorCurrent,
	"check_heads":   vectorCheckHeads,
	"autogen_ready": func(r *vectorRun) { r.refused(r.migr("revision", "--autogenerate", "-m", "x")) },
	"upgrade":       func(r *vectorRun) { r.walked(r.migr("upgrade", r.v.Target...)) },
	"downgrade":     vectorDowngrade,
	"apply":         vectorApply,
	"stamp": func(r *vectorRun) {
		r.walked(r.migr("stamp", append(r.flag("--purge", r.v.Options.Purge), r.v.Target...)...))
	},
	"new_revision": vectorNewRevision,
	"offline":      vectorOffline,
}

func TestGraphVectors(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../internal/history/testdata/graph.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Vectors []graphVector }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, v := range all.Vectors {
		op := vectorOps[v.Op]
		if op == nil || v.Op == "resolve" && !v.Options.Single {
			continue // a question that no command asks
		}
		ran++
		t.Run(v.Op+"/"+v.Name, func(t *testing.T) {
			t.Parallel()
			op(newVectorRun(t, v))
		})
	}
	if ran < 180 {
		t.Errorf("only %d cases were run", ran)
	}
}

// A vectorRun is one case in a folder with a database of its own.
type vectorRun struct {
	*testing.T
	v   graphVector
	dir string
	url string
}

func newVectorRun(t *testing.T, v graphVector) *vectorRun {
	r := &vectorRun{T: t, v: v, dir: t.TempDir()}
	r.url = testdb.SQLiteURL(filepath.Join(r.dir, "app.db"))
	r.write("migr.toml", fmt.Sprintf("url = %q\ndir = \"revs\"\nmodels = [\"schema.sql\"]\n", r.url))
	r.write("schema.sql", "CREATE TABLE kept (x int);\n")
	if err := os.Mkdir(filepath.Join(r.dir, "revs"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i, rev := range v.Revisions {
		var b strings.Builder
		fmt.Fprintf(&b, "-- migr:revision %s\n-- migr:revises %s\n", rev.ID, strings.Join(rev.Down, ", "))
		if len(rev.Labels) > 0 {
			fmt.Fprintf(&b, "-- migr:labels %s\n", strings.Join(rev.Labels, ", "))
		}
		if len(rev.DependsOn) > 0 {
			fmt.Fprintf(&b, "-- migr:depends-on %s\n", strings.Join(rev.DependsOn, ", "))
		}
		fmt.Fprintf(&b, "\n-- migr:up\nINSERT INTO trace (step) VALUES ('up:%s');\n\n-- migr:down\nINSERT INTO trace (step) VALUES ('down:%s');\n", rev.ID, rev.ID)
		r.write(fmt.Sprintf("revs/%03d_%s.sql", i, rev.ID), b.String())
	}
	setup := []string{"CREATE TABLE migr_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT migr_version_pkc PRIMARY KEY (version_num))"}
	if v.Op == "autogen_ready" {
		setup = append(setup, "CREATE TABLE kept (x int)") // as the models say
	} else {
		setup = append(setup, "CREATE TABLE trace (n INTEGER PRIMARY KEY, step TEXT)")
	}
	for _, row := range v.Current {
		setup = append(setup, fmt.Sprintf("INSERT INTO migr_version VALUES ('%s')", row))
	}
	testdb.Exec(t, r.url, strings.Join(setup, ";\n"))
	return r
}

func (r *vectorRun) write(name, text string) {
	if err := os.WriteFile(filepath.Join(r.dir, filepath.FromSlash(name)), []byte(text), 0o666); err != nil {
		r.Fatal(err)
	}
}

func (r *vectorRun) flag(name string, on bool) []string {
	if on {
		return []string{name}
	}
	return nil
}

// A migrAnswer is what a run of the program gave.
type migrAnswer struct {
	code     int
	out, err string
	doc      struct {
		Error *struct{ Code, Message, Hint string }
		Steps []struct {
			Direction, Revision string
			SQL                 []string
		}
		From, To  []string
		Revisions json.RawMessage
		Revision  string
		Created   json.RawMessage
	}
}

// migr runs the program with --json.
func (r *vectorRun) migr(command string, args ...string) migrAnswer {
	r.Helper()
	cmd := exec.Command("migr", append([]string{"--json", command}, args...)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "MIGR_TEST_IDS=", "MIGR_TEST_CLOCK=")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.Fatal(err)
	}
	a := migrAnswer{code: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
	if err := json.Unmarshal(out.Bytes(), &a.doc); err != nil {
		r.Fatalf("migr %s: exit %d, stdout is not JSON: %v\n%s%s", command, a.code, err, a.out, a.err)
	}
	return a
}

// refused compares the error, and says if the case wants one.
func (r *vectorRun) refused(a migrAnswer) bool {
	r.Helper()
	want := r.v.ExpectError
	if a.doc.Error == nil {
		if want != "" {
			r.Errorf("exit %d without an error, want %s\n%s", a.code, want, a.out)
		} else if a.code != 0 {
			r.Errorf("exit %d", a.code)
		}
		return want != ""
	}
	code := 6
	switch want {
	case "":
		r.Fatalf("error %s: %s", a.doc.Error.Code, a.err)
	case "bad_range", "range_needs_sql", "range_required", "single_start_required", "purge_with_sql":
		code = 64
	}
	if a.doc.Error.Code != want || a.code != code {
		r.Errorf("error %s, exit %d; want %s, exit %d\n%s", a.doc.Error.Code, a.code, want, code, a.err)
	}
	if a.doc.Error.Message == "" || a.doc.Error.Hint == "" {
		r.Errorf("error %s has no message or hint: %s", want, a.out)
	}
	return true
}

// revisions compares a list of revision objects.
func (r *vectorRun) revisions(a migrAnswer) {
	r.Helper()
	if r.refused(a) {
		return
	}
	var list []struct{ Revision string }
	if err := json.Unmarshal(a.doc.Revisions, &list); err != nil {
		r.Fatal(err)
	}
	var got []string
	for _, x := range list {
		got = append(got, x.Revision)
	}
	r.same("revisions", got, r.v.ExpectRevs, r.v.Order == "exact")
}

func (r *vectorRun) same(what string, got, want []string, ordered bool) {
	r.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	if !ordered {
		slices.Sort(got)
		slices.Sort(want)
	}
	if !slices.Equal(got, want) {
		r.Errorf("%s %q, want %q", what, got, want)
	}
}

// query returns a column of the database.
func (r *vectorRun) query(q string) []string {
	r.Helper()
	db := testdb.Open(r.T, r.url)
	rows, err := db.Query(q)
	if err != nil {
		r.Fatal(err)
	}
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			r.Fatal(err)
		}
		out = append(out, s.String)
	}
	return out
}

// walked compares the steps and the rows of upgrade, downgrade and stamp: what
// is told, and what the database says that happened.
func (r *vectorRun) walked(a migrAnswer) {
	r.Helper()
	rows := r.query("SELECT version_num FROM migr_version ORDER BY 1")
	ran := r.query("SELECT step FROM trace ORDER BY n")
	if r.refused(a) {
		r.same("rows after a refusal", rows, r.v.Current, false)
		r.same("what ran in spite of a refusal", ran, nil, false)
		return
	}
	r.same("rows", rows, r.v.ExpectRows, false)
	r.same("to", a.doc.To, rows, false)
	var told []string
	for _, s := range a.doc.Steps {
		if s.Direction != "stamp" {
			told = append(told, s.Direction+":"+s.Revision)
		}
	}
	r.same("steps that ran", ran, told, true)
	r.same("steps", told, r.v.ExpectSteps, r.v.Order == "exact")
	r.topological(told)
}

// topological checks that no step runs before one that it needs.
func (r *vectorRun) topological(steps []string) {
	place := map[string]int{}
	for i, s := range steps {
		place[s] = i + 1
	}
	label := map[string]string{}
	for _, rev := range r.v.Revisions {
		for _, l := range rev.Labels {
			label[l] = rev.ID
		}
	}
	for _, rev := range r.v.Revisions {
		for _, need := range append(slices.Clone(rev.Down), rev.DependsOn...) {
			if id := label[need]; id != "" {
				need = id
			}
			if up, below := place["up:"+rev.ID], place["up:"+need]; up > 0 && below > up {
				r.Errorf("%s runs before %s, which it needs", rev.ID, need)
			}
			if down, below := place["down:"+rev.ID], place["down:"+need]; down > 0 && below > 0 && below < down {
				r.Errorf("%s is undone before %s, which needs it", need, rev.ID)
			}
		}
	}
}

func vectorHeads(r *vectorRun) {
	if !r.v.Options.Effective {
		r.revisions(r.migr("heads"))
		return
	}
	a := r.migr("upgrade", "--dry-run", "heads")
	r.same("effective heads", a.doc.To, r.v.ExpectRevs, false)
}

func vectorResolve(r *vectorRun) {
	a := r.migr("show", r.v.Target[0])
	if !r.refused(a) {
		r.same("revision", []string{a.doc.Revision}, r.v.ExpectRevs, false)
	}
}

func vectorCurrent(r *vectorRun) {
	a := r.migr("current")
	if r.refused(a) {
		return
	}
	var got []string
	if err := json.Unmarshal(a.doc.Revisions, &got); err != nil {
		r.Fatal(err)
	}
	r.same("current", got, r.v.ExpectRevs, false)
}

func vectorCheckHeads(r *vectorRun) {
	want := 2
	if *r.v.ExpectResult {
		want = 0
	}
	if a := r.migr("current", "--check-heads"); a.code != want {
		r.Errorf("exit %d, want %d\n%s", a.code, want, a.out)
	}
}

func vectorDowngrade(r *vectorRun) {
	if len(r.v.Target) == 0 { // the default of rollback
		r.walked(r.migr("rollback"))
		return
	}
	r.walked(r.migr("downgrade", r.v.Target...))
}

func vectorApply(r *vectorRun) {
	for i, s := range r.v.Steps {
		direction, id, _ := strings.Cut(s, ":")
		if direction != "up" {
			r.Fatalf("step %s: no command undoes one revision by its name", s)
		}
		if a := r.migr("upgrade", id); a.code != 0 {
			r.Fatalf("%s: %s", s, a.err)
		}
		r.same("rows after "+s, r.query("SELECT version_num FROM migr_version"), r.v.ExpectTrace[i], false)
	}
}

func vectorNewRevision(r *vectorRun) {
	o := r.v.Options
	args := append(r.flag("--splice", o.Splice), "-m", "new")
	if o.RevID != "" {
		args = append(args, "--rev-id", o.RevID)
	}
	for _, l := range o.BranchLabel {
		args = append(args, "--branch-label", l)
	}
	for _, d := range o.DependsOn {
		args = append(args, "--depends-on", d)
	}
	commands := map[string][]string{"revision": args}
	for _, h := range r.v.Target {
		commands["revision"] = append(commands["revision"], "--head", h)
	}
	if len(r.v.Target) > 1 {
		commands["merge"] = append(slices.Clone(args), r.v.Target...)
	}
	files, _ := filepath.Glob(filepath.Join(r.dir, "revs", "*"))
	for command, args := range commands {
		a := r.migr(command, append(args, r.flag("--dry-run", command == "merge")...)...)
		if r.refused(a) {
			now, _ := filepath.Glob(filepath.Join(r.dir, "revs", "*"))
			r.same("files after a refusal", now, files, true)
			continue
		}
		if command == "merge" {
			continue
		}
		var created []struct {
			Revises, Labels []string
			DependsOn       []string `json:"depends_on"`
		}
		if err := json.Unmarshal(a.doc.Created, &created); err != nil || len(created) != 1 {
			r.Fatalf("created: %v %s", err, a.out)
		}
		n := created[0]
		r.same("parents", n.Revises, r.v.ExpectNew.Down, true)
		r.same("depends on", n.DependsOn, r.v.ExpectNew.DependsOn, true)
		r.same("labels", n.Labels, r.v.ExpectNew.Labels, true)
	}
}

var versionOp = regexp.MustCompile(`^(?:(CREATE TABLE IF NOT EXISTS) migr_version\b|(INSERT INTO) migr_version \(version_num\) VALUES \('(.*)'\)|` +
	`(UPDATE) migr_version SET version_num = '(.*)' WHERE version_num = '(.*)'|(DELETE FROM) migr_version WHERE version_num = '(.*)'|` +
	`INSERT INTO trace \(step\) VALUES \('(.*)'\))`)

// events reads a script back.
func events(script string) []string {
	var out []string
	for line := range strings.Lines(script) {
		m := versionOp.FindStringSubmatch(line)
		switch {
		case m == nil:
		case m[1] != "":
			out = append(out, "create_version_table")
		case m[2] != "":
			out = append(out, "insert:"+m[3])
		case m[4] != "":
			out = append(out, "update:"+m[6]+">"+m[5])
		case m[7] != "":
			out = append(out, "delete:"+m[8])
		default:
			out = append(out, m[9])
		}
	}
	return out
}

func vectorOffline(r *vectorRun) {
	o := r.v.Options
	args := append(r.flag("--purge", o.Purge), r.flag("--sql", o.SQL == nil || *o.SQL)...)
	args = append(args, r.v.Target...)
	if r.refused(r.migr(o.Command, args...)) {
		return
	}
	cmd := exec.Command("migr", append([]string{o.Command}, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.Output()
	if err != nil {
		r.Fatal(err)
	}
	r.same("script", events(string(out)), r.v.ExpectScript, true)
	if n := r.query("SELECT step FROM trace"); len(n) > 0 {
		r.Errorf("--sql ran %q", n)
	}
}
