//go:build !amd64

package redact

// markGroups marks the bytes of a text whose length is a multiple of 64. words
// has room for them.
func markGroups(words []uint64, text []byte) { markInWords(words, text) }
