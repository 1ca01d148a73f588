//go:build unix

package cmd

import "golang.org/x/sys/unix"

// inherited tells whether a descriptor was open when the process began. Those that
// the Go runtime opens for itself are closed on exec, and none that was inherited
// can be.
func inherited(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil && flags&unix.FD_CLOEXEC == 0
}
