//go:build unix

package exec

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// notStarted is the exit code of a monitor that could not do its work.
const notStarted = 125

// A monitor leads the session of a program that has a pty. It stands between
// us and the program because a process group whose parent is in another
// session cannot be stopped by ^Z, and because somebody has to give the
// terminal back when we are killed by KILL.
//
// Its fd 0, 1 and 2 are the program's.
type monitor struct {
	link    *link
	tty     int // the caller's terminal, which no poller shall watch: see keyboard
	pty     int // the program's
	modes   modes
	child   *child
	running bool
	front   int // the foreground group before we took its place, in the background
}

func monitorMain(linkFD, ttyFD string) int {
	Conceal()
	m, err := newMonitor(linkFD, ttyFD)
	if err != nil {
		return notStarted
	}
	// When we are killed the kernel hangs up on the leader of a terminal's
	// session: that must not end it before it has given the caller's terminal
	// back. So only now the pty becomes this session's.
	hangups := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangups, syscall.SIGHUP)
	}
	_ = unix.IoctlSetInt(m.pty, unix.TIOCSCTTY, 0)
	if !m.start() {
		m.leave()
		return notStarted
	}
	// Only now, as the program would inherit it: to set the foreground group
	// from the background raises TTOU, and a key may be typed before it is set.
	signal.Ignore(syscall.SIGTTOU, syscall.SIGTTIN, syscall.SIGTSTP, syscall.SIGINT, syscall.SIGQUIT)
	m.serve()
	return 0
}

func newMonitor(linkFD, ttyFD string) (*monitor, error) {
	link, err := strconv.Atoi(linkFD)
	if err != nil {
		return nil, err
	}
	tty, err := strconv.Atoi(ttyFD)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(link)
	unix.CloseOnExec(tty)
	m := &monitor{link: newLink(link), tty: tty, pty: unix.Stdout}
	return m, m.link.receive(&m.modes)
}

// start starts the program that is ordered as the foreground of the pty.
func (m *monitor) start() bool {
	o, err := m.link.receiveOrder()
	if err != nil {
		return false
	}
	if o.adopt {
		adopt()
	}
	sys := mortal()
	sys.Setpgid, sys.Foreground, sys.Ctty = true, o.front, m.pty
	child, err := startChild(o.path, o.args, o.env, []uintptr{0, 1, 2}, sys)
	if err != nil {
		errno, _ := err.(syscall.Errno) //nolint:errorlint // ForkExec's own type
		_ = m.link.send(report{Errno: uint32(errno)})
		return false
	}
	m.child, m.running = child, true
	if !o.front {
		m.front = child.pid
	}
	return m.link.send(report{}) == nil
}

// serve passes requests to the program and its changes to the run, until that
// closes the link or is no more.
func (m *monitor) serve() {
	requests := make(chan request)
	go func() {
		defer close(requests)
		var r request
		for m.link.receive(&r) == nil {
			requests <- r
		}
	}()
	for {
		select {
		case r, ok := <-requests:
			if !ok {
				m.leave()
				return
			}
			m.obey(r)
		case change := <-m.child.changes:
			r := report{Change: change}
			if m.running = change.Stopped(); !m.running {
				r.Outlived = m.child.outlived
			}
			_ = m.link.send(r)
		}
	}
}

func (m *monitor) obey(r request) {
	switch {
	case r.Proceed == inForeground && m.front != 0:
		_ = unix.IoctlSetPointerInt(m.pty, unix.TIOCSPGRP, m.front)
		m.front = 0
	case r.Proceed == inBackground && m.front == 0:
		m.front, _ = unix.IoctlGetInt(m.pty, unix.TIOCGPGRP)
		_ = unix.IoctlSetPointerInt(m.pty, unix.TIOCSPGRP, unix.Getpgrp())
	}
	switch {
	case r.Proceed != 0:
		m.modes = r.Modes
		_ = syscall.Kill(-m.child.pid, syscall.SIGCONT)
	case r.To == everyone:
		m.child.signalEveryone(syscall.Signal(r.Signal))
	case r.To == itsGroup:
		if m.child.signalGroup(syscall.Signal(r.Signal)) {
			_ = m.link.send(report{Taken: true})
		}
	default:
		m.child.signal(syscall.Signal(r.Signal))
	}
}

// leave is the end of the session. The kernel then hangs up on the foreground,
// which is nobody but us if the program has ended by itself: what it left
// running in the background runs on. If we were killed the program is too, and
// the caller's terminal is still in the modes that we gave it.
func (m *monitor) leave() {
	if modes, err := unix.IoctlGetTermios(m.tty, getTermios); err == nil && *modes == m.modes.Raw {
		_ = unix.IoctlSetTermios(m.tty, setTermios, &m.modes.Before)
	}
	if m.running {
		m.child.signalEveryone(syscall.SIGKILL)
		return
	}
	_ = unix.IoctlSetPointerInt(m.pty, unix.TIOCSPGRP, unix.Getpgrp())
}
