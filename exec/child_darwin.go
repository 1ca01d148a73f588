package exec

import "syscall"

// mortal is how a child is started. macOS has no signal for the death of a
// parent: a program on pipes outlives us if we are killed by KILL.
func mortal() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
