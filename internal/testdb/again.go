package testdb

import (
	"encoding"
	"reflect"
	"testing"
)

// A Binary is what can be kept as bytes.
type Binary[T any] interface {
	*T
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Again returns a value as it comes back from its bytes, and fails the test where that
// is not equal to what went in: tests that go on with it prove that what is kept in a
// cache is as good as what was made.
func Again[T any, P Binary[T]](t testing.TB, v P) P {
	t.Helper()
	data, err := v.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again := P(new(T))
	if err := again.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, v) {
		t.Errorf("read back from its bytes, %T is another", v)
	}
	return again
}
