package exec

import "os"

// settle has nothing to wait for: a write to a pty does what its keys do.
func settle(*os.File) {}
