// Package redact says how a secret may look outside: Value carries it without
// showing it, Forms lists the byte strings by which it may show, and Writer
// masks them in a stream.
//
// Floor 0: the standard library only.
package redact
