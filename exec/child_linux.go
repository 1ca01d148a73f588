package exec

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// mortal is how a child is started that the kernel kills when we are killed.
func mortal() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// news of a child are waited for in the kernel: SIGCHLD would be a way around by
// two more threads.
type news struct{}

func awaitNews() news { return news{} }

// wait returns when the child has stopped or ended; wait4 says which.
func (news) wait(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

func (news) close() {}
