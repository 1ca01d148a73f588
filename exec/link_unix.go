//go:build unix

package exec

import (
	"encoding/json"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A link joins a run and its monitor: one JSON value a message, each way.
type link struct {
	file *os.File
	enc  *json.Encoder
	dec  *json.Decoder
}

// A modes is the first message to the monitor: the caller's terminal as it was
// found, and as we make it.
type modes struct{ Before, Raw unix.Termios }

// An order is the second message to the monitor: what to start. The strings are
// bytes, since JSON would change those that are not UTF-8.
type order struct {
	Path  []byte
	Args  [][]byte
	Env   [][]byte
	Adopt bool // all that the program leaves behind
}

// A request is any later message to the monitor.
type request struct {
	Signal   syscall.Signal // to send,
	Everyone bool           // to all that the program started as well
	Proceed  place          // wakes the stopped program up
	Modes    modes          // as they are from now on, with Proceed
}

// A place is where a woken program goes on.
type place int

const (
	inForeground place = iota + 1
	inBackground
)

// A report is a message of the monitor. The first says whether the program was
// started.
type report struct {
	Errno  syscall.Errno
	Change syscall.WaitStatus
}

// inheritable makes the next process that is started inherit both files.
func inheritable(a, b *os.File) (fdA, fdB int, err error) {
	fds := [2]int{}
	for i, file := range [2]*os.File{a, b} {
		fds[i], err = ioctl(file, func(fd int) (int, error) {
			_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
			return fd, err
		})
		if err != nil {
			return 0, 0, err
		}
	}
	return fds[0], fds[1], nil
}

// linked makes both ends of a link. The second is for a process to inherit.
func linked() (*link, *os.File, error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, err
	}
	return newLink(fds[0]), os.NewFile(uintptr(fds[1]), "monitor"), nil
}

// newLink makes a link of one end. Reading from it must not tie up a thread.
func newLink(fd int) *link {
	_ = unix.SetNonblock(fd, true)
	file := os.NewFile(uintptr(fd), "link")
	return &link{file: file, enc: json.NewEncoder(file), dec: json.NewDecoder(file)}
}

func (l *link) send(message any) error { return l.enc.Encode(message) }

func (l *link) receive(message any) error { return l.dec.Decode(message) }

func (l *link) close() { _ = l.file.Close() }

func toBytes(strings []string) [][]byte {
	all := make([][]byte, len(strings))
	for i, s := range strings {
		all[i] = []byte(s)
	}
	return all
}

func toStrings(bytes [][]byte) []string {
	all := make([]string, len(bytes))
	for i, b := range bytes {
		all[i] = string(b)
	}
	return all
}
