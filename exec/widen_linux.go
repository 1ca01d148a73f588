package exec

import "golang.org/x/sys/unix"

// widen makes a pipe that was found full hold more, so that a program with much
// to say has to wait for us less often. All others keep the system's size: of
// larger pipes a user gets only so many.
func (s *stream) widen() {
	s.wide = true
	_, _ = ioctl(s.from, func(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, chunk) })
}
