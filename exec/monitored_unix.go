//go:build unix

package exec

import (
	"strconv"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// A monitored program is the child of our monitor.
type monitored struct {
	link    *link
	monitor *child
	changes chan syscall.WaitStatus

	sent, taken atomic.Int32 // signals for the program's group, and those that need not end it
	outlived    sigset       // the signals that would not have ended it when it ended
}

// endedEarly is the signal that ended a monitor before it had started the program:
// until it leads a session it is one of our group, which ^C is for.
type endedEarly syscall.Signal

func (e endedEarly) Error() string { return "the monitor was ended: " + syscall.Signal(e).String() }

// startMonitored takes the terminal over and starts a monitor, and by it the
// program.
func (r *run) startMonitored(o order) error {
	m, err := startMonitor(r.wiring, r.terminal)
	if err != nil {
		r.terminal.close()
		return err
	}
	// In this order: from the moment the terminal is raw there is somebody who
	// can give it back.
	err = m.link.send(r.terminal.modes)
	if err == nil {
		if o.front {
			r.terminal.enter()
			r.front = true
		}
		err = m.start(o)
	}
	if err != nil {
		r.terminal.close()
		if end := m.close(); end.Signaled() {
			return endedEarly(end.Signal())
		}
		return err
	}
	r.monitor, r.program, r.changes = m, m, m.changes
	if o.front {
		r.terminal.listen()
	} else {
		r.lookForUnread()
	}
	go m.watch()
	return nil
}

// startMonitor starts our own binary as the leader of a session whose terminal
// is the pty. It inherits its end of the link and the caller's terminal by the
// numbers that they have here, which no file of the caller's can have.
func startMonitor(w *wiring, t *terminal) (*monitored, error) {
	path, err := self()
	if err != nil {
		return nil, err
	}
	ours, theirs, err := linked()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	linkFD, ttyFD, err := inheritable(theirs, t.tty)
	if err != nil {
		ours.close()
		return nil, err
	}
	child, err := startChild(path, []string{"secrets", monitorName, strconv.Itoa(linkFD), strconv.Itoa(ttyFD)}, nil,
		descriptors(w.program), &syscall.SysProcAttr{Setsid: true})
	unix.CloseOnExec(ttyFD)
	if err != nil {
		ours.close()
		return nil, err
	}
	return &monitored{link: ours, monitor: child, changes: make(chan syscall.WaitStatus, 1)}, nil
}

func (m *monitored) start(o order) error {
	if err := m.link.sendOrder(o); err != nil {
		return err
	}
	var r report
	if err := m.link.receive(&r); err != nil {
		return err
	}
	if r.Errno != 0 {
		return syscall.Errno(r.Errno)
	}
	return nil
}

// watch turns reports into changes. A monitor that says nothing more was
// killed, and the program with it.
func (m *monitored) watch() {
	for {
		var r report
		if m.link.receive(&r) != nil {
			r.Change = syscall.WaitStatus(syscall.SIGKILL)
		}
		if r.Taken {
			m.taken.Add(1)
			continue
		}
		m.outlived = r.Outlived
		m.changes <- r.Change
		if !r.Change.Stopped() {
			return
		}
	}
}

func (m *monitored) signal(sig syscall.Signal) { _ = m.link.send(request{Signal: int32(sig)}) }

// signalGroup sends a signal to the program's process group.
func (m *monitored) signalGroup(sig syscall.Signal) {
	m.sent.Add(1)
	_ = m.link.send(request{Signal: int32(sig), To: itsGroup})
}

// killed says whether such a signal, sent when the program may have ended already, must
// have ended it.
func (m *monitored) killed(by syscall.Signal) bool {
	return m.sent.Load() > m.taken.Load() && !m.outlived.has(by)
}

func (m *monitored) signalEveryone(sig syscall.Signal) {
	_ = m.link.send(request{Signal: int32(sig), To: everyone})
}

// proceed wakes the program, in the foreground of its pty or not.
func (m *monitored) proceed(front bool, now modes) {
	where := inBackground
	if front {
		where = inForeground
	}
	_ = m.link.send(request{Proceed: where, Modes: now})
}

// close ends the monitor, and waits until it has.
func (m *monitored) close() syscall.WaitStatus {
	m.link.close()
	return m.monitor.await()
}
