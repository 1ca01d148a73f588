//go:build unix

package exec

import (
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// openPTY makes a pty that looks like the terminal: its modes and its size. The
// master can be waited for; the slave, which is the program's, blocks.
func openPTY(like *os.File) (master, slave *os.File, err error) {
	blocking, slave, err := pty.Open()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = blocking.Close() }()
	master, err = pollable(blocking)
	if err == nil {
		err = copyModes(slave, like)
	}
	if err != nil {
		_ = slave.Close()
		return nil, nil, err
	}
	copySize(master, like)
	return master, slave, nil
}

// pollable opens file once more, so that a read of it can be ended by a
// deadline. Both share the mode: file itself must not be read any more.
func pollable(file *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}

func copyModes(to, from *os.File) error {
	modes, err := modesOf(from)
	if err != nil {
		return err
	}
	return setModes(to, modes)
}

// copySize gives one terminal the size of the other; the kernel then sends
// WINCH to the foreground of that terminal, if the size is a new one.
func copySize(to, from *os.File) {
	size, err := ioctl(from, func(fd int) (*unix.Winsize, error) { return unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ) })
	if err == nil {
		_, _ = ioctl(to, func(fd int) (any, error) { return nil, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, size) })
	}
}

func modesOf(tty *os.File) (unix.Termios, error) {
	modes, err := ioctl(tty, func(fd int) (*unix.Termios, error) { return unix.IoctlGetTermios(fd, getTermios) })
	if err != nil {
		return unix.Termios{}, err
	}
	return *modes, nil
}

func setModes(tty *os.File, modes unix.Termios) error {
	_, err := ioctl(tty, func(fd int) (any, error) { return nil, unix.IoctlSetTermios(fd, setTermios, &modes) })
	return err
}

// rawModes pass every byte both ways as it is, as cfmakeraw(3) has it.
func rawModes(modes unix.Termios) unix.Termios {
	modes.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	modes.Oflag &^= unix.OPOST
	modes.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	modes.Cflag &^= unix.CSIZE | unix.PARENB
	modes.Cflag |= unix.CS8
	modes.Cc[unix.VMIN], modes.Cc[unix.VTIME] = 1, 0
	return modes
}

// ioctl calls f with the file's descriptor and leaves the descriptor's mode
// alone, which File.Fd does not.
func ioctl[T any](file *os.File, f func(fd int) (T, error)) (result T, err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return result, err
	}
	if failure := conn.Control(func(fd uintptr) { result, err = f(int(fd)) }); failure != nil {
		return result, failure
	}
	return result, err
}

func isTerminal(file *os.File) bool {
	_, err := modesOf(file)
	return err == nil
}
