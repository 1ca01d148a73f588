//go:build race

package redact

// manyScenes are fewer with the race detector, which makes them twenty times as
// slow: what they look for is no race.
const manyScenes = 30
