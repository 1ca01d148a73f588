package exec

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Die ends this process by the signal that ended the program, so that a shell
// sees the same. It leaves no core, since that would be ours and not the
// program's. It returns if the signal does not end a process; then 128+n is the
// exit code.
//
// signal.Reset would not do: for QUIT, SEGV and the like the Go runtime keeps a
// handler that prints its stacks and exits with 2.
func Die(sig syscall.Signal) {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	setAction(sig, &sigaction{}, nil)
	_ = syscall.Kill(syscall.Getpid(), sig)
	time.Sleep(time.Second)
}
