package exec

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// left are the signals that LeaveSignals left, and what the Go runtime does at them.
var left = map[os.Signal]*sigaction{}

// LeaveSignals leaves to the system the signals that the Go runtime takes without
// being asked: at QUIT it prints its stacks, and USR1 and others it drops. Each then
// ends the process without a word, as any program that has just been started, until
// Notify asks for it.
func LeaveSignals() {
	for _, sig := range forwarded {
		if slices.Contains([]os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM}, sig) {
			continue // the runtime ends at these as it should, or leaves them ignored
		}
		left[sig] = new(sigaction)
		setAction(sig.(syscall.Signal), &sigaction{}, left[sig]) //nolint:forcetypeassert // the only kind on unix
	}
}

// Notify is signal.Notify for a process that has left its signals.
func Notify(c chan<- os.Signal, signals ...os.Signal) {
	signal.Notify(c, signals...)
	for _, sig := range signals {
		if action, ok := left[sig]; ok {
			setAction(sig.(syscall.Signal), action, nil) //nolint:forcetypeassert // the only kind on unix
			delete(left, sig)
		}
	}
}
