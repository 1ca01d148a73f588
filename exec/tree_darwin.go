package exec

import (
	"golang.org/x/sys/unix"
)

// zombie is SZOMB of sys/proc.h.
const zombie = 5

// adopt does nothing: on macOS a process whose parent has ended is launchd's,
// and is not found at the timeout.
func adopt() {}

// parents has the parent of each process of the machine that has not ended.
func parents() map[int]int {
	all := make(map[int]int)
	processes, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	for _, p := range processes {
		if p.Proc.P_stat != zombie {
			all[int(p.Proc.P_pid)] = int(p.Eproc.Ppid)
		}
	}
	return all
}

// stopped says that the process runs: whether it is still stopped is not known
// in time, and we rather go on than stop a second time after fg.
func stopped(int) bool { return false }

// outlived has every signal: which of them a process has a handler for is not known.
func outlived(int) sigset { return ^sigset(0) }
