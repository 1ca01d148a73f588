//go:build unix

package exec

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// forwarded are the signals that are passed on to the program. Not among them:
// CHLD, URG and PIPE, which are our own affair; PROF, which the Go runtime keeps; WINCH and the stops, which the
// terminal sends to the program itself; KILL and STOP, which nobody can.
var forwarded = append([]os.Signal{
	syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM,
	syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGABRT,
	syscall.SIGVTALRM, syscall.SIGIO, syscall.SIGTRAP, syscall.SIGXCPU,
}, forwardedHere...)

// faults are forwarded as well, if somebody sends them. Those of our own code stay the
// Go runtime's, and so does SYS, which only a filter of our own calls sends.
var faults = []os.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL}

// fatal are the signals that end us while we only pass on the last output of a
// program that has ended.
var fatal = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// An inbox takes the signals that would otherwise end us. Those that were
// ignored when we were started, as nohup does, are ignored in the program too
// and taken only after its start.
type inbox struct {
	signals chan os.Signal
	ignored []os.Signal
	pipes   chan os.Signal
	resized chan os.Signal      // WINCH; nil without a terminal
	woken   chan os.Signal      // CONT; nil without a terminal
	stops   chan os.Signal      // TSTP; nil if the program is on pipes
	keys    chan syscall.Signal // those of keys, which the program and all but us have got
}

// openInbox is called before the program is started, so that none is lost. What
// a terminal sends is taken only where there is one.
func openInbox(terminal bool) *inbox {
	b := &inbox{
		// Room for a burst: the runtime drops what does not fit.
		signals: make(chan os.Signal, 256),
		// A write to a pipe that nobody reads shall fail, and not end us.
		pipes: make(chan os.Signal, 1),
		keys:  make(chan syscall.Signal, 1),
	}
	if terminal {
		b.resized, b.woken = make(chan os.Signal, 1), make(chan os.Signal, 1)
		Notify(b.resized, syscall.SIGWINCH)
		Notify(b.woken, syscall.SIGCONT)
	}
	Notify(b.pipes, syscall.SIGPIPE)
	Notify(b.signals, faults...)
	for _, sig := range forwarded {
		if signal.Ignored(sig) {
			b.ignored = append(b.ignored, sig)
		} else {
			Notify(b.signals, sig)
		}
	}
	return b
}

// tellOthers sends a signal that is taken to our process group, and not to us.
func (b *inbox) tellOthers(sig syscall.Signal) {
	signal.Ignore(sig)
	_ = syscall.Kill(0, sig)
	signal.Ignore(sig) // drops one that waits all the same: see suspend
	Notify(b.signals, sig)
}

// note notes signals of keys before the program gets them: if it has ended then, they
// are the caller's.
func (b *inbox) note(signals []syscall.Signal) {
	for _, sig := range signals {
		select {
		case b.keys <- sig:
		default:
		}
	}
}

// forgetKeys forgets the signals of keys that were the program's.
func (b *inbox) forgetKeys() {
	select {
	case <-b.keys:
	default:
	}
}

// last is a signal that has come since the program ended, by a key or not, and would
// have ended us.
func (b *inbox) last() (sig syscall.Signal, came bool) {
	select {
	case sig := <-b.keys:
		return sig, true
	default:
	}
	for sig, came := b.early(); came; sig, came = b.early() {
		if isFatal(sig) {
			return sig, true
		}
	}
	return 0, false
}

// catchUp returns when all signals that came before are in the inbox: one of our own,
// of a higher number, comes after them. A thread that has taken one and not yet handed it
// on gets one for itself, which comes after that. It is for a terminal.
func (b *inbox) catchUp() {
	select {
	case <-b.resized:
	default:
	}
	b.awaitOwn(syscall.Kill(syscall.Getpid(), syscall.SIGWINCH))
	for err := range toThreads(syscall.SIGWINCH) {
		b.awaitOwn(err)
	}
}

// awaitOwn waits for a WINCH of our own that was sent without an error. A thread that
// ended first has taken its own with it.
func (b *inbox) awaitOwn(err error) {
	if err != nil {
		return
	}
	select {
	case <-b.resized:
	case <-time.After(time.Second):
	}
}

// early takes the next signal that came before the program was there, if any did.
func (b *inbox) early() (sig syscall.Signal, came bool) {
	select {
	case s := <-b.signals:
		return s.(syscall.Signal), true //nolint:forcetypeassert // the only kind on unix
	default:
		return 0, false
	}
}

// started is called after the program is started.
func (b *inbox) started() {
	if len(b.ignored) > 0 {
		Notify(b.signals, b.ignored...)
	}
}

// fromTerminal says whether the signal may be the kernel's own, made of a key
// and sent to the terminal's whole foreground group: then the program of our
// group has it already. Who sent a signal is not told to a Go program, so a
// kill -INT of us alone while we are in the foreground is not passed on.
func fromTerminal(sig os.Signal) bool {
	return (sig == syscall.SIGINT || sig == syscall.SIGQUIT || sig == syscall.SIGTSTP) && foreground()
}

// foreground says whether our process group is the one its terminal talks to.
func foreground() bool {
	tty, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(tty) }()
	return foregroundOf(tty)
}

// foregroundOf says the same of one terminal, and no where that is not the
// terminal of our session.
func foregroundOf(tty int) bool {
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

func isFatal(sig os.Signal) bool { return slices.Contains(fatal, sig) }
