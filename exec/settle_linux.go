package exec

import (
	"os"

	"golang.org/x/sys/unix"
)

// settle returns when the kernel has done what the keys written to a pty do. It does
// that later and by itself, unless somebody asks the other end whether there is
// something to read.
func settle(master *os.File) {
	fd, err := ioctl(master, func(fd int) (int, error) {
		const flags = unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC
		peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, flags)
		if errno != 0 {
			return 0, errno
		}
		return int(peer), nil
	})
	if err == nil {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		_ = unix.Close(fd)
	}
}
