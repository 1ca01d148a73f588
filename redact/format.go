package redact

import "fmt"

// What masks a value holds it: all its forms, or the beginning of it that came
// last. fmt prints unexported fields too, so it is answered here.

// Format is what fmt calls for every verb.
func (*Masker) Format(f fmt.State, verb rune) { Value{}.Format(f, verb) }

// Format is what fmt calls for every verb.
func (*Writer) Format(f fmt.State, verb rune) { Value{}.Format(f, verb) }
