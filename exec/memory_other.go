//go:build !linux

package exec

// memoryDir is where files with values go: this system has no directory in
// memory.
func memoryDir(env []string) string { return tempDir(env) }
