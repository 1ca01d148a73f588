package exec

import (
	"os"

	"golang.org/x/sys/unix"
)

// widen makes a pipe that was found full hold more, and the caller's behind it, so
// that the three processes wait less for each other. All others keep the system's size,
// since of larger pipes a user gets only so many.
func (s *stream) widen() {
	s.wide = true
	widen(s.from)
	widen(s.outlet.file)
}

// widen does nothing to what is no pipe, and to a pipe that was given a size of its own.
func widen(pipe *os.File) {
	_, _ = ioctl(pipe, func(fd int) (int, error) {
		if size, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0); err != nil || size != pipeSize {
			return size, err
		}
		return unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, chunk)
	})
}
