package exec

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ignore is SIG_IGN of asm-generic/signal-defs.h.
const ignore = 1

// A sigaction is struct sigaction as the kernel has it on amd64 and arm64.
// The zero value is what a process does by default.
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// setAction changes what a signal does in this process, past the Go runtime.
func setAction(sig syscall.Signal, action, before *sigaction) {
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig),
		uintptr(unsafe.Pointer(action)), uintptr(unsafe.Pointer(before)), unsafe.Sizeof(action.mask), 0, 0)
}
