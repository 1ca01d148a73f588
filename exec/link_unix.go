//go:build unix

package exec

import (
	"encoding/binary"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A link joins a run and its monitor. A message is a struct of fixed size, in the
// byte order of the machine: both ends are one binary. encoding/json, which gets
// to know its types anew in each process, would take them half a millisecond.
type link struct{ file *os.File }

// A modes is the first message to the monitor: the caller's terminal as it was
// found, and as we make it.
type modes struct{ Before, Raw unix.Termios }

// An order is the second message to the monitor: what to start.
type order struct {
	path  string
	args  []string
	env   []string
	adopt bool // all that the program leaves behind
	front bool // in the foreground of the pty
}

// An orderHead goes before the words of an order: path, arguments and
// environment, with a zero byte between, which none of them can hold.
type orderHead struct {
	Args, Env uint32 // words
	Size      uint32 // bytes of all
	Adopt     bool
	Front     bool
}

// A request is any later message to the monitor.
type request struct {
	Signal  int32 // to send, if it is not 0
	To      whom
	Proceed place // wakes the stopped program up
	Modes   modes // as they are from now on, with Proceed
}

// A whom is who gets a signal.
type whom uint8

const (
	theProgram whom = iota
	itsGroup
	everyone // that the program started
)

// A place is where a woken program goes on.
type place uint8

const (
	inForeground place = iota + 1
	inBackground
)

// A report is a message of the monitor. The first says whether the program was
// started.
type report struct {
	Errno  uint32
	Taken  bool // a signal for its group need not end the program
	Change syscall.WaitStatus

	Outlived sigset // with its end: those that would not have brought it about
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
	return &link{file: os.NewFile(uintptr(fd), "link")}
}

func (l *link) send(message any) error { return binary.Write(l.file, binary.NativeEndian, message) }

func (l *link) receive(message any) error { return binary.Read(l.file, binary.NativeEndian, message) }

func (l *link) sendOrder(o order) error {
	words := slices.Concat([]string{o.path}, o.args, o.env)
	text := strings.Join(words, "\x00")
	if strings.Count(text, "\x00") != len(words)-1 {
		return syscall.EINVAL // which execve would say
	}
	head := orderHead{uint32(len(o.args)), uint32(len(o.env)), uint32(len(text)), o.adopt, o.front}
	if err := l.send(head); err != nil {
		return err
	}
	_, err := io.WriteString(l.file, text)
	return err
}

func (l *link) receiveOrder() (o order, err error) {
	var head orderHead
	if err := l.receive(&head); err != nil {
		return o, err
	}
	text := make([]byte, head.Size)
	if _, err := io.ReadFull(l.file, text); err != nil {
		return o, err
	}
	words := strings.Split(string(text), "\x00")
	env := 1 + head.Args
	return order{path: words[0], args: words[1:env], env: words[env : env+head.Env], adopt: head.Adopt, front: head.Front}, nil
}

func (l *link) close() { _ = l.file.Close() }
