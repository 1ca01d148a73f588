//go:build goexperiment.runtimesecret

package redact

import "runtime/secret"

// Erased runs f, which handles keys, and erases what it leaves behind: its
// registers and stack at once, its part of the heap when that is collected.
func Erased(f func()) { secret.Do(f) }
