package exec

import "syscall"

// mortal is how a child is started. macOS has no signal for the death of a
// parent: a program outlives us if we are killed by KILL.
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// stopped says that the process runs: there is no cheap way to know, and we
// rather go on than stop a second time after fg.
func stopped(int) bool { return false }
