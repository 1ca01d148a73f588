//go:build unix

package exec

import (
	"errors"
	"io"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// leftover is how much is still read, at the end, from a pipe that another
// process keeps filling: more than any pipe or pty holds unless told to.
const leftover = 1 << 20

// past is a deadline that ends a read that waits.
var past = time.Unix(1, 0)

// pause ends flow. All that was written until now has been passed on when it
// returns.
func (s *stream) pause() {
	_ = s.from.SetReadDeadline(past)
	<-s.waiting
	_ = s.from.SetReadDeadline(time.Time{})
	s.drain()
}

// drain passes on what is there and does not wait for more. A pty's reader has
// seen everything when it meets EAGAIN: the kernel flushes before it says so.
func (s *stream) drain() {
	conn, err := s.from.SyscallConn()
	if err != nil {
		return
	}
	for left := leftover; left > 0 && !s.ended; {
		var n int
		var cause error
		err = conn.Read(func(fd uintptr) bool {
			n, cause = unix.Read(int(fd), s.buf)
			return true
		})
		switch {
		case err != nil || cause == syscall.EAGAIN: //nolint:errorlint // a bare number
			return
		case cause == syscall.EINTR: //nolint:errorlint // a bare number
			continue
		case n == 0 && cause == nil:
			cause = io.EOF
		}
		s.pass(max(n, 0), cause)
		left -= n
	}
}

// readerGone is a failure to write that says nothing but that nobody reads.
func readerGone(failure error) bool { return errors.Is(failure, syscall.EPIPE) }
