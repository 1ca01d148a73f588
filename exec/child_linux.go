package exec

import "syscall"

// mortal is how a child is started that the kernel kills when we are killed.
func mortal() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
