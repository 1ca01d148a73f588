package exec

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// takeStops takes a stop that is for us alone, as of kill -TSTP. The program gets it,
// and stops us in its turn.
func (b *inbox) takeStops() {
	if !signal.Ignored(syscall.SIGTSTP) {
		b.stops = make(chan os.Signal, 1)
		signal.Notify(b.stops, syscall.SIGTSTP)
	}
}

// suspend stops this process as a key of the terminal would: with its group, if
// sig is one that a terminal sends. It returns when we are woken; at once if
// the group is an orphan, which no terminal's signal stops.
//
// The signal for the group is ignored here, and the one that stops us goes to
// this thread: that one is taken before the call returns, and not at some time.
// One that is ignored waits all the same if the main thread blocks it, and that
// thread blocks all once the runtime has no more use for it: then another thread
// may take it between the two, and we stop twice. To ignore it once more drops it.
func suspend(sig syscall.Signal) {
	if sig != syscall.SIGSTOP {
		before := sigaction{}
		setAction(sig, &sigaction{handler: ignore}, &before)
		_ = syscall.Kill(0, sig)
		setAction(sig, &sigaction{handler: ignore}, nil)
		setAction(sig, &sigaction{}, nil)
		defer setAction(sig, &before, nil)
	}
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), sig)
}
