//go:build race

package redact

// Both are fewer with the race detector, which makes them twenty times as slow:
// what they look for is no race.
const (
	manyScenes = 30
	mostCuts   = 64
)
