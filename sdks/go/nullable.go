package clarion

import (
	"bytes"
	"encoding/json"
)

// Nullable is a field that may be left out (its zero value), null, or a value.
type Nullable[T any] struct {
	value T
	state byte
}

const (
	isNull  = 1
	isValue = 2
)

// Value sends v.
func Value[T any](v T) Nullable[T] { return Nullable[T]{v, isValue} }

// Null sends null.
func Null[T any]() Nullable[T] { return Nullable[T]{state: isNull} }

// Ptr is for fields that may be left out: clarion.Ptr(true).
func Ptr[T any](v T) *T { return &v }

// Get returns the value, and whether there is one.
func (n Nullable[T]) Get() (T, bool) { return n.value, n.state == isValue }

// IsZero makes omitzero leave the field out.
func (n Nullable[T]) IsZero() bool { return n.state == 0 }

// MarshalJSON writes null where there is no value.
func (n Nullable[T]) MarshalJSON() ([]byte, error) {
	if n.state != isValue {
		return []byte("null"), nil
	}
	return encode(n.value)
}

// UnmarshalJSON reads null as Null.
func (n *Nullable[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		n.state = isNull
		return nil
	}
	n.state = isValue
	return json.Unmarshal(data, &n.value)
}

// encode leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}
