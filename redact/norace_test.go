//go:build !race

package redact

const (
	manyScenes = 300
	mostCuts   = 2048 // of a long case
)
