//go:build !race

package redact

const manyScenes = 300
