package exec

import (
	"syscall"
	"time"
)

// takeStops does nothing: what takes a stop could not be stopped.
func (*inbox) takeStops() {}

// suspend stops this process as a key of the terminal would: with its group, if
// sig is one that a terminal sends. It returns when we are woken; at once if
// the group is an orphan, which no terminal's signal stops. A signal takes a
// moment to arrive.
func suspend(sig syscall.Signal) {
	group := 0
	if sig == syscall.SIGSTOP {
		group = syscall.Getpid()
	}
	_ = syscall.Kill(group, sig)
	time.Sleep(10 * time.Millisecond)
}
