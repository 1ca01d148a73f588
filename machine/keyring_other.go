//go:build !linux

package machine

// A foundItem is there on Linux alone.
type foundItem struct{}

func (*foundItem) read(string) (string, error) { return "", KeyMissing }
