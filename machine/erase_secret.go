//go:build goexperiment.runtimesecret

package machine

import "runtime/secret"

// erased runs f, which handles keys, and erases what it leaves behind: its
// registers and stack at once, its part of the heap when that is collected.
func erased(f func()) { secret.Do(f) }
