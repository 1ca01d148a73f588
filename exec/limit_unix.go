//go:build unix

package exec

// sameName compares names of variables.
func sameName(a, b string) bool { return a == b }
