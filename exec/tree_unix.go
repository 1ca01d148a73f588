//go:build unix

package exec

import (
	"os"
	"slices"
	"syscall"
)

// rounds is how often those who are to be killed are looked for: one that
// forks meanwhile is found the next time.
const rounds = 10

// signalEveryone sends sig to the program and to all that it started, and not
// to the spared process.
func (c *child) signalEveryone(sig syscall.Signal) {
	for range rounds {
		everyone := descendants(os.Getpid(), c.spared)
		for _, pid := range everyone {
			_ = syscall.Kill(pid, sig)
		}
		if sig != syscall.SIGKILL || len(everyone) == 0 {
			return
		}
	}
}

// descendants are all processes below root but for one.
func descendants(root, spared int) []int {
	children := make(map[int][]int)
	for pid, parent := range parents() {
		if pid != spared {
			children[parent] = append(children[parent], pid)
		}
	}
	found := slices.Clone(children[root])
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found
}
