package exec

import (
	"iter"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

var forwardedHere = []os.Signal{syscall.SIGPWR, syscall.SIGSTKFLT}

// toThreads sends a signal to one after the other of our threads, each when the one
// before was dealt with.
func toThreads(sig syscall.Signal) iter.Seq[error] {
	return func(yield func(error) bool) {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil { // any of them, then
			yield(syscall.Kill(syscall.Getpid(), sig))
		}
		for _, entry := range threads {
			thread, err := strconv.Atoi(entry.Name())
			if err == nil {
				err = unix.Tgkill(unix.Getpid(), thread, sig)
			}
			if !yield(err) {
				return
			}
		}
	}
}
