package exec

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// lull is how long, at the end, a pipe may stay silent that another process
// still holds. Windows cannot tell that all has been read.
const lull = 300 * time.Millisecond

// pause waits for the end of the pipe, or for a while if it does not come.
func (s *stream) pause() {
	select {
	case <-s.waiting:
	case <-time.After(lull):
	}
}

// readerGone is a failure to write that says nothing but that nobody reads.
func readerGone(failure error) bool {
	return errors.Is(failure, windows.ERROR_NO_DATA) || errors.Is(failure, windows.ERROR_BROKEN_PIPE) ||
		errors.Is(failure, syscall.EPIPE)
}
