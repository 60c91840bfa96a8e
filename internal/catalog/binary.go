package catalog

import (
	"encoding/binary"
	"errors"
)

// The binary form of a catalog is its strings, each once, and then numbers: those
// of strings, counts and places. It is for caches: a program reads what it has
// written itself.

// MarshalBinary returns the catalog as bytes.
func (c *Catalog) MarshalBinary() ([]byte, error) {
	w := &writer{ids: map[string]uint64{}}
	w.number(uint64(c.Version))
	w.text(c.Home)
	w.keys(c.Unknown)
	w.several(len(c.Objects), c.Objects == nil)
	for _, o := range c.Objects {
		w.key(o.Key)
		w.number(uint64(o.Pos))
		w.attrs(o.Attrs)
		w.attrs(o.Info)
		w.keys(o.Deps)
	}
	head := binary.AppendUvarint(nil, uint64(len(w.lengths)))
	for _, n := range w.lengths {
		head = binary.AppendUvarint(head, uint64(n))
	}
	return append(append(head, w.strings...), w.numbers...), nil
}

type writer struct {
	ids     map[string]uint64
	lengths []int
	strings []byte
	numbers []byte
}

func (w *writer) number(n uint64) { w.numbers = binary.AppendUvarint(w.numbers, n) }

func (w *writer) text(s string) {
	id, there := w.ids[s]
	if !there {
		id = uint64(len(w.ids))
		w.ids[s] = id
		w.lengths, w.strings = append(w.lengths, len(s)), append(w.strings, s...)
	}
	w.number(id)
}

func (w *writer) key(k Key) {
	w.text(k.Kind)
	w.text(k.Schema)
	w.text(k.Table)
	w.text(k.Name)
}

// several writes how many there are and one more; 0 is nil.
func (w *writer) several(n int, null bool) {
	if null {
		w.number(0)
		return
	}
	w.number(uint64(n) + 1)
}

func (w *writer) keys(ks []Key) {
	w.several(len(ks), ks == nil)
	for _, k := range ks {
		w.key(k)
	}
}

func (w *writer) attrs(m map[string]string) {
	w.several(len(m), m == nil)
	for name, v := range m {
		w.text(name)
		w.text(v)
	}
}

var errBinary = errors.New("reading a catalog: these bytes are not one")

// UnmarshalBinary makes the catalog that the bytes say. Its error tells that they
// are not what MarshalBinary returned.
func (c *Catalog) UnmarshalBinary(data []byte) error {
	r := &reader{rest: data}
	r.readStrings()
	version, home, unknown := int(r.number()), r.text(), r.keys()
	var objects []*Object
	if n, null := r.several(); !null {
		objects = make([]*Object, n)
	}
	for i := range objects {
		objects[i] = &Object{Key: r.key(), Pos: int(r.number()), Attrs: r.attrs(), Info: r.attrs(), Deps: r.keys()}
	}
	if r.bad || len(r.rest) > 0 {
		return errBinary
	}
	*c = *New(version, objects, unknown)
	c.Home = home
	return nil
}

type reader struct {
	rest    []byte
	strings []string
	bad     bool
}

func (r *reader) readStrings() {
	lengths, size := make([]int, r.count()), 0
	for i := range lengths {
		lengths[i] = r.count()
		size += lengths[i]
	}
	if r.bad || size > len(r.rest) {
		r.bad = true
		return
	}
	all := string(r.rest[:size])
	r.rest = r.rest[size:]
	r.strings = make([]string, len(lengths))
	for i, n := range lengths {
		r.strings[i], all = all[:n], all[n:]
	}
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count is a number of things that are still to come, of a byte each at least.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.number()
	if n >= uint64(len(r.strings)) {
		r.bad = true
		return ""
	}
	return r.strings[n]
}

func (r *reader) key() Key {
	return Key{Kind: r.text(), Schema: r.text(), Table: r.text(), Name: r.text()}
}

// several reads what its counterpart wrote.
func (r *reader) several() (n int, null bool) {
	if len(r.rest) > 0 && r.rest[0] == 0 {
		r.rest = r.rest[1:]
		return 0, true
	}
	more := r.number() - 1 // below 0 where there was nothing to read
	if more > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return 0, true
	}
	return int(more), false
}

func (r *reader) keys() []Key {
	n, null := r.several()
	if null {
		return nil
	}
	ks := make([]Key, n)
	for i := range ks {
		ks[i] = r.key()
	}
	return ks
}

func (r *reader) attrs() map[string]string {
	n, null := r.several()
	if null {
		return nil
	}
	m := make(map[string]string, n)
	for range n {
		name := r.text()
		m[name] = r.text()
	}
	return m
}
