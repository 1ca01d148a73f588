package exec

import (
	"os"
	"syscall"
)

var forwardedHere = []os.Signal{syscall.SIGINFO, syscall.SIGEMT}
