package exec

import (
	"os"

	"golang.org/x/sys/unix"
)

// watchReader breaks the program's pipe as soon as nobody reads the caller's any
// more, and not only when there is something to pass on: the program's next write
// must meet SIGPIPE, and tail -f, which polls its output, must end at once. A
// named pipe is left alone, since it may have another reader tomorrow.
func (s *stream) watchReader() {
	watch, err := ioctl(s.outlet.file, watchAnonymous)
	if err != nil {
		return
	}
	s.reader = watch
	conn, err := watch.SyscallConn()
	if err != nil {
		return
	}
	go func() {
		var gone [1]unix.EpollEvent
		err := conn.Read(func(fd uintptr) bool {
			n, _ := unix.EpollWait(int(fd), gone[:], 0)
			return n > 0
		})
		if err == nil {
			_ = s.from.Close()
		}
	}()
}

// watchAnonymous makes a file that can be read when a pipe, or a socket, which is
// node's pipe, has no reader. The pipe itself, which others share, stays as it is.
func watchAnonymous(pipe int) (*os.File, error) {
	var kind unix.Statfs_t
	if err := unix.Fstatfs(pipe, &kind); err != nil {
		return nil, err
	}
	if kind.Type != unix.PIPEFS_MAGIC && kind.Type != unix.SOCKFS_MAGIC {
		return nil, unix.EINVAL
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, pipe, &unix.EpollEvent{}) // an error is told unasked
	if err == nil {
		err = unix.SetNonblock(epoll, true)
	}
	watch := os.NewFile(uintptr(epoll), "reader")
	if err != nil {
		_ = watch.Close()
		return nil, err
	}
	return watch, nil
}
