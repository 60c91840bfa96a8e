package catalog_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/migr-dev/migr/internal/catalog"
)

func sample() *catalog.Catalog {
	table := catalog.Key{Kind: "table", Name: "t"}
	return catalog.New(150018, []*catalog.Object{
		{Key: table, Attrs: map[string]string{"comment": "a\x00b ü"}, Info: map[string]string{}},
		{Key: catalog.Key{Kind: "column", Schema: "s", Table: "t", Name: "c"}, Pos: 3, Attrs: map[string]string{"type": "int", "notnull": "yes"}, Info: map[string]string{"x": ""}, Deps: []catalog.Key{table}},
	}, []catalog.Key{{Kind: "foreign_table", Name: "f"}})
}

// TestBinary: what is written is read back, and what is not the whole of it is an error.
func TestBinary(t *testing.T) {
	t.Parallel()
	want := sample()
	data, err := want.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	got := &catalog.Catalog{}
	if err := got.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for n := range data {
		if err := new(catalog.Catalog).UnmarshalBinary(data[:n]); err == nil {
			t.Errorf("the first %d bytes of %d are taken for a catalog", n, len(data))
		}
	}
	if err := new(catalog.Catalog).UnmarshalBinary(append(bytes.Clone(data), 0)); err == nil {
		t.Error("more bytes are taken for a catalog")
	}
}

// FuzzUnmarshalBinary: whatever the bytes are, reading them ends, with a catalog or an error.
func FuzzUnmarshalBinary(f *testing.F) {
	data, err := sample().MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &catalog.Catalog{}
		if c.UnmarshalBinary(data) != nil {
			return
		}
		again, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := new(catalog.Catalog).UnmarshalBinary(again); err != nil {
			t.Fatal(err)
		}
	})
}
