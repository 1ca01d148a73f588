//go:build !linux

package exec

import (
	"os"
	"os/signal"
)

// LeaveSignals does nothing where the Go runtime's handlers cannot be put aside.
func LeaveSignals() {}

// Notify is signal.Notify.
func Notify(c chan<- os.Signal, signals ...os.Signal) { signal.Notify(c, signals...) }
