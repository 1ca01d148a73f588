package exec

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A keyboard is what is typed at a terminal. The runtime's poller would wake its
// reader each time that the terminal can be written to as well: with every piece
// of the program's output. So it is asked about an epoll in place of the
// terminal, and that waits for keys alone.
type keyboard struct {
	*os.File // the epoll
	tty      int
}

// openKeyboard opens the terminal of our session, and its keyboard.
func openKeyboard() (*os.File, keyboard, error) {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, keyboard{}, err
	}
	tty := os.NewFile(uintptr(fd), "/dev/tty") // which takes it for one that blocks
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN})
	}
	for _, fd := range []int{fd, epoll} {
		if err == nil {
			err = unix.SetNonblock(fd, true)
		}
	}
	keys := keyboard{os.NewFile(uintptr(epoll), "keyboard"), fd}
	if err != nil {
		_, _ = tty.Close(), keys.Close()
		return nil, keyboard{}, err
	}
	return tty, keys, nil
}

// waiting is how many bytes wait to be read.
func (k keyboard) waiting() int {
	n, _ := unix.IoctlGetInt(k.tty, unix.TIOCINQ)
	return n
}

// await returns when something waits to be read.
func (k keyboard) await() error {
	conn, err := k.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Read(func(uintptr) bool { return k.waiting() > 0 })
}

func (k keyboard) Read(p []byte) (n int, err error) {
	conn, err := k.SyscallConn()
	if err != nil {
		return 0, err
	}
	failure := conn.Read(func(uintptr) bool {
		n, err = unix.Read(k.tty, p)
		return err != unix.EAGAIN && err != unix.EINTR //nolint:errorlint // bare numbers
	})
	switch {
	case failure != nil:
		return 0, failure
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
