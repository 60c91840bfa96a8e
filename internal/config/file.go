package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/migr-dev/migr/internal/nearest"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxFile is far above any configuration file, and keeps a mistaken -c from filling memory.
const maxFile = 4 << 20

// A file is a configuration file that has been checked: only known keys of the right type.
type file struct {
	name string // as shown
	top  map[string]setting
	envs map[string]map[string]setting
}

// findFile returns the path of the configuration file: the one named by -c or MIGR_CONFIG,
// else the first found from the working directory upwards, else "".
func findFile(in Inputs, env *environment) (string, error) {
	named := in.Config
	if v, ok := env.lookup("MIGR_CONFIG"); named == "" && ok {
		named = v
	}
	if named != "" {
		if !filepath.IsAbs(named) {
			named = filepath.Join(in.Dir, named)
		}
		if _, err := os.Stat(named); err != nil {
			return "", &Error{File: relativeTo(in.Dir, named), Msg: "reading the configuration: " + reason(err), Hint: "`migr init` writes a " + FileName}
		}
		return named, nil
	}
	for dir := in.Dir; ; {
		p := filepath.Join(dir, FileName)
		if _, err := os.Stat(p); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return p, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", nil
		}
		dir = up
	}
}

// reason is what the system said, without the path that *fs.PathError repeats.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// readText returns a file's text without a byte order mark.
func readText(path, shown string) ([]byte, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, &Error{File: shown, Msg: "reading the configuration: " + reason(err)}
	}
	defer r.Close()
	src, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, &Error{File: shown, Msg: "reading the configuration: " + reason(err)}
	case len(src) > maxFile:
		return nil, &Error{File: shown, Msg: "is larger than 4 MiB and so hardly a configuration file"}
	case bytes.HasPrefix(src, []byte{0xff, 0xfe}) || bytes.HasPrefix(src, []byte{0xfe, 0xff}):
		return nil, &Error{File: shown, Msg: "is written in UTF-16", Hint: "save it as UTF-8"}
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	for i, line := range bytes.Split(src, []byte("\n")) {
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			return nil, &Error{File: shown, Line: i + 1, Msg: "is not UTF-8 text", Hint: "save it as UTF-8"}
		}
	}
	return src, nil
}

// readFile reads and checks the configuration file; none is an empty one.
func readFile(path string, show func(string) string) (*file, error) {
	if path == "" {
		return parseFile("", nil)
	}
	src, err := readText(path, show(path))
	if err != nil {
		return nil, err
	}
	return parseFile(show(path), src)
}

// parseFile checks the text of a configuration file.
func parseFile(name string, src []byte) (*file, error) {
	f := &file{name: name, top: map[string]setting{}, envs: map[string]map[string]setting{}}
	var whole map[string]any // finds what the parser below does not: keys and tables given twice
	if err := toml.Unmarshal(src, &whole); err != nil {
		return nil, f.syntax(err)
	}
	w := walker{file: f, src: src}
	w.parser.Reset(src)
	if err := w.walk(); err != nil {
		return nil, err
	}
	return f, nil
}

// syntax turns the TOML library's error into ours.
func (f *file) syntax(err error) error {
	var de *toml.DecodeError
	if !errors.As(err, &de) {
		return &Error{File: f.name, Msg: "is not TOML"}
	}
	line, col := de.Position()
	e := &Error{File: f.name, Line: line, Col: col, Msg: "is not TOML: " + strings.TrimPrefix(de.Error(), "toml: ")}
	if !strings.Contains(e.Msg, "already") {
		e.Hint = `a text value stands in quotes, such as url = "sqlite://app.db"; a \ in it is written \\, or the whole in 'single quotes'`
	}
	return e
}

// chooseEnv returns the environment's name from -e or MIGR_ENV, and that it is there.
func (f *file) chooseEnv(flag string, env *environment) (string, error) {
	name, by := flag, "--env"
	if v, ok := env.lookup("MIGR_ENV"); name == "" && ok {
		name, by = v, "MIGR_ENV"
	}
	if name == "" {
		return "", nil
	}
	if _, ok := f.envs[name]; ok {
		return name, nil
	}
	e := &Error{File: f.name, Msg: fmt.Sprintf("%s names the environment %q, which is not there", by, name)}
	known := slices.Sorted(maps.Keys(f.envs))
	switch {
	case f.name == "":
		e.Msg = fmt.Sprintf("%s names the environment %q, but there is no %s here or above", by, name, FileName)
	case len(known) == 0:
		e.Hint = fmt.Sprintf("the file has no environments; one is a table [env.%s]", name)
	default:
		e.Hint = "known are " + strings.Join(known, ", ")
		if n := nearest.Word(name, known); n != "" {
			e.Hint = fmt.Sprintf("did you mean %s? %s", n, e.Hint)
		}
	}
	return "", e
}

// A walker goes through the file once more, for the places of things.
type walker struct {
	file   *file
	src    []byte
	parser unstable.Parser
}

// A named is a key with its place in the file.
type named struct {
	parts  []string
	offset int
}

func (w *walker) walk() error {
	var table named
	for w.parser.NextExpression() {
		n := w.parser.Expression()
		var err error
		switch n.Kind {
		case unstable.Table:
			table = w.key(n)
			err = w.table(table)
		case unstable.ArrayTable:
			table = w.key(n)
			err = w.fail(table.offset, fmt.Sprintf("[[%s]] is a list of tables", strings.Join(table.parts, ".")), "write [env.NAME] for an environment")
		case unstable.KeyValue:
			err = w.keyValue(table.parts, n)
		}
		if err != nil {
			return err
		}
	}
	if w.parser.Error() != nil {
		return &Error{File: w.file.name, Msg: "is not TOML"}
	}
	return nil
}

// key collects the parts of a dotted key.
func (w *walker) key(n *unstable.Node) named {
	k := named{offset: -1}
	for it := n.Key(); it.Next(); {
		if k.offset < 0 {
			k.offset = int(it.Node().Raw.Offset)
		}
		k.parts = append(k.parts, string(it.Node().Data))
	}
	return k
}

// table checks the header of a table and notes the environment it opens.
func (w *walker) table(t named) error {
	shown := strings.Join(t.parts, ".")
	if t.parts[0] != "env" {
		hint := "known is [env.NAME]; the other keys stand at the top, before any table"
		if len(t.parts) == 1 {
			if _, ok := findKey(t.parts[0]); ok {
				hint = fmt.Sprintf("%s is a key: write %s = …", shown, shown)
			} else if n := nearest.Word(t.parts[0], Keys()); n == "" {
				hint = fmt.Sprintf("an environment is a table [env.%s]", shown)
			}
		}
		return w.fail(t.offset, fmt.Sprintf("unknown table [%s]", shown), hint)
	}
	switch len(t.parts) {
	case 1:
		return nil // [env], of which sub-tables or dotted keys may follow
	case 2:
		w.env(t.parts[1])
		return nil
	}
	return w.fail(t.offset, fmt.Sprintf("[%s] is a table within an environment, which has none", shown),
		fmt.Sprintf("write its keys under [env.%s]", t.parts[1]))
}

func (w *walker) env(name string) map[string]setting {
	if w.file.envs[name] == nil {
		w.file.envs[name] = map[string]setting{}
	}
	return w.file.envs[name]
}

// keyValue checks one key and its value, prefix being the table it stands in; the keys
// of an inline table are taken as if they were written out.
func (w *walker) keyValue(prefix []string, n *unstable.Node) error {
	k := w.key(n)
	k.parts = append(slices.Clone(prefix), k.parts...)
	value := n.Value()
	if value.Kind == unstable.InlineTable && k.parts[0] == "env" && len(k.parts) <= 2 {
		if len(k.parts) == 2 {
			w.env(k.parts[1])
		}
		for it := value.Children(); it.Next(); {
			if err := w.keyValue(k.parts, it.Node()); err != nil {
				return err
			}
		}
		return nil
	}
	if k.parts[0] != "env" {
		return w.set(w.file.top, "", k, k.parts, value)
	}
	switch len(k.parts) {
	case 1:
		return w.fail(k.offset, "env is not a value but the start of a table's name", "write [env.NAME] and the keys under it")
	case 2:
		return w.fail(k.offset, fmt.Sprintf("env.%s is not a table", k.parts[1]), fmt.Sprintf("the keys of an environment stand under [env.NAME]; is %q the name of one?", k.parts[1]))
	}
	return w.set(w.env(k.parts[1]), k.parts[1], k, k.parts[2:], value)
}

// set checks the key named by parts and its value, and notes it in settings.
func (w *walker) set(settings map[string]setting, env string, at named, parts []string, value *unstable.Node) error {
	name := strings.Join(parts, ".")
	k, ok := findKey(name)
	if !ok {
		return w.unknown(at, env, name)
	}
	v, ok := w.value(k.kind, value)
	if !ok {
		hint := ""
		if k.kind == duration {
			hint = fmt.Sprintf(`write the unit too, such as %s = "3s"; "0" is no limit`, name)
		} else if k.kind == list && value.Kind == unstable.String {
			hint = fmt.Sprintf("write %s = [%s]", name, bytes.TrimSpace(w.parser.Raw(value.Raw)))
		}
		return w.fail(at.offset, fmt.Sprintf("%s is %s, but must be %s", name, kindName(value.Kind), k.kind), hint)
	}
	line, col := w.position(at.offset)
	s := setting{key: k, value: v, origin: fmt.Sprintf("%s:%d", w.file.name, line), source: fromFile, file: w.file.name, line: line, col: col}
	if env != "" {
		s.origin += " [env." + env + "]"
	}
	settings[name] = s
	return nil
}

// value returns what a node holds, when it suits the kind.
func (w *walker) value(k kind, n *unstable.Node) (any, bool) {
	switch {
	case k == list && n.Kind == unstable.Array:
		all := []string{}
		for it := n.Children(); it.Next(); {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			if it.Node().Kind != unstable.String {
				return nil, false
			}
			all = append(all, string(it.Node().Data))
		}
		return all, true
	case k == number && n.Kind == unstable.Integer:
		i, err := strconv.ParseInt(strings.ReplaceAll(string(n.Data), "_", ""), 0, 32)
		return int(i), err == nil
	case k == yesNo && n.Kind == unstable.Bool:
		return string(n.Data) == "true", true
	case k == duration && n.Kind == unstable.Integer && string(n.Data) == "0":
		return "0", true
	case (k == text || k == path || k == databaseURL || k == duration) && n.Kind == unstable.String:
		return string(n.Data), true
	case n.Kind == unstable.String && (k == number || k == yesNo) && bytes.Contains(n.Data, []byte("${")):
		return string(n.Data), true // read when it is filled in
	}
	return nil, false
}

func kindName(k unstable.Kind) string {
	switch k {
	case unstable.String:
		return "a string"
	case unstable.Integer, unstable.Float:
		return "a number"
	case unstable.Bool:
		return "true or false"
	case unstable.Array:
		return "a list that not only strings are in"
	case unstable.InlineTable:
		return "a table"
	}
	return "a date or time"
}

// unknown is the error for a key that is none.
func (w *walker) unknown(at named, env, name string) error {
	where := ""
	if env != "" {
		where = " in [env." + env + "]"
	}
	hint := "known are " + strings.Join(Keys(), ", ")
	if n := nearest.Word(name, Keys()); n != "" {
		hint = "did you mean " + n + "?"
	}
	return w.fail(at.offset, fmt.Sprintf("unknown key %q%s", name, where), hint)
}

func (w *walker) fail(offset int, msg, hint string) error {
	line, col := w.position(offset)
	return &Error{File: w.file.name, Line: line, Col: col, Msg: msg, Hint: hint}
}

// position turns an offset into line and column, counted in characters from 1.
func (w *walker) position(offset int) (line, col int) {
	if offset < 0 || offset > len(w.src) {
		return 0, 0
	}
	before := w.src[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}
