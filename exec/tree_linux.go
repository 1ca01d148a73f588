package exec

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// adopt makes this process the parent of all below it whose own parent ends, so
// that they are found at the timeout.
func adopt() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// parents has the parent of each process of the machine that has not ended.
func parents() map[int]int {
	all := make(map[int]int)
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if state, parent, ok := stat(pid); ok && state != 'Z' {
			all[pid] = parent
		}
	}
	return all
}

// stopped says whether the process is stopped now. That it was stopped, which
// is what waiting tells, may be long over: ^Z and fg reach it and us alike.
func stopped(pid int) bool {
	state, _, ok := stat(pid)
	return ok && state == 'T'
}

// outlived are the signals that a process has a handler for, or ignores or blocks, by
// proc_pid_status(5), also if it has ended and was not reaped; all if that is not known.
func outlived(pid int) (all sigset) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return ^sigset(0)
	}
	for line := range bytes.Lines(status) {
		name, set, _ := bytes.Cut(line, []byte(":"))
		if string(name) != "SigIgn" && string(name) != "SigCgt" && string(name) != "SigBlk" {
			continue
		}
		mask, err := strconv.ParseUint(string(bytes.TrimSpace(set)), 16, 64)
		if err != nil {
			return ^sigset(0)
		}
		all |= sigset(mask)
	}
	return all
}

// stat reads proc_pid_stat(5). The name before the state may hold anything.
func stat(pid int) (state byte, parent int, ok bool) {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, false
	}
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) < 2 {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return fields[0][0], parent, err == nil
}
