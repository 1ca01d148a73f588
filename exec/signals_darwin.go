package exec

import (
	"iter"
	"os"
	"syscall"
)

var forwardedHere = []os.Signal{syscall.SIGINFO, syscall.SIGEMT}

// toThreads sends a signal once more to us: a thread of our choice cannot be told.
func toThreads(sig syscall.Signal) iter.Seq[error] {
	return func(yield func(error) bool) {
		yield(syscall.Kill(syscall.Getpid(), sig))
	}
}
