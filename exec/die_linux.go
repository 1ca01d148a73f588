package exec

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sigaction is struct sigaction of the kernel with the default handler, which
// is all zeros on amd64 and arm64 alike.
type sigaction [4]uintptr

// Die ends this process by the signal that ended the program, so that a shell
// sees the same. It leaves no core, since that would be ours and not the
// program's. It returns if the signal does not end a process; then 128+n is the
// exit code.
//
// signal.Reset would not do: for QUIT, SEGV and the like the Go runtime keeps a
// handler that prints its stacks and exits with 2.
func Die(sig syscall.Signal) {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	var byDefault sigaction
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
	die(sig)
}

func die(sig syscall.Signal) {
	_ = syscall.Kill(syscall.Getpid(), sig)
	time.Sleep(time.Second)
}
