package exec

import (
	"os/signal"
	"syscall"
	"time"
)

// Die ends this process by the signal that ended the program where the Go
// runtime lets it: HUP, INT, TERM, KILL and PIPE. It returns for all others;
// then 128+n is the exit code.
func Die(sig syscall.Signal) {
	switch sig {
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL, syscall.SIGPIPE:
		signal.Reset(sig)
		_ = syscall.Kill(syscall.Getpid(), sig)
		time.Sleep(time.Second)
	}
}
