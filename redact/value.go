package redact

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// hidden is all that formatting, encoding or logging a Value ever shows.
const hidden = "[secret]"

// A Value carries the bytes of a secret from where they are read to where they
// are used. Its zero value is an empty secret.
//
// The bytes lie behind a func: fmt prints an unexported field of a struct
// without asking its methods, and of a func it prints an address only. Copies
// of a Value share the same bytes.
type Value struct{ bytes func() []byte }

// NewValue hides b. It takes b over: the caller must neither change nor keep it.
func NewValue(b []byte) Value {
	return Value{bytes: func() []byte { return b }}
}

// Expose returns the bytes themselves, not a copy; they are gone after Wipe.
// The linter names the few rooms that may call it.
func (v Value) Expose() []byte {
	if v.bytes == nil {
		return nil
	}
	return v.bytes()
}

// Len is the length in bytes.
func (v Value) Len() int { return len(v.Expose()) }

// Equal compares in constant time for values of one length.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare(v.Expose(), w.Expose()) == 1
}

// Wipe overwrites the bytes with zeros, in every copy of v. Copies that the
// runtime or a library made are out of reach.
func (v Value) Wipe() { clear(v.Expose()) }

// Clone returns a copy, which is wiped on its own.
func (v Value) Clone() Value { return NewValue(bytes.Clone(v.Expose())) }

// Format is what fmt calls for every verb.
func (Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// String hides the value.
func (Value) String() string { return hidden }

// MarshalText hides the value in JSON, XML and their like, as a map key too.
func (Value) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue hides the value in structured logs.
func (Value) LogValue() slog.Value { return slog.StringValue(hidden) }
