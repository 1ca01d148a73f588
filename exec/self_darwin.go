package exec

import "os"

// self is our own binary.
func self() (string, error) { return os.Executable() }
