package exec

import (
	"os"
	"syscall"
)

var forwardedHere = []os.Signal{syscall.SIGPWR, syscall.SIGSTKFLT}
