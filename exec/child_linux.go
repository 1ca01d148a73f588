package exec

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// mortal starts a child that the kernel kills when we are killed.
func mortal() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// stopped says whether the process is stopped now. That it was stopped, which
// is what waiting tells, may be long over: ^Z and fg reach it and us alike.
func stopped(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, ok := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	return ok && bytes.HasPrefix(state, []byte("T"))
}
