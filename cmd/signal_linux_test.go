package cmd_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestPlainEnd has a command that waits for its value end by a signal as any program
// does: at QUIT without the stacks of the Go runtime, and at USR1 at all.
func TestPlainEnd(t *testing.T) {
	h := newHome(t)
	h.must(t, "", "init") // else set makes a store before it waits, and says so
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGALRM, syscall.SIGTERM} {
		c := h.command(nil, "set", "k")
		var said bytes.Buffer
		c.Stdout, c.Stderr = &said, &said
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = in.Close() }()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		// The last that is left, once the runtime has taken them: it does so one after
		// the other, and never leaves URG, which comes after it.
		for late := time.Now().Add(time.Minute); !catches(t, c.Process.Pid, syscall.SIGURG) || catches(t, c.Process.Pid, syscall.SIGSTKFLT); time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("the runtime keeps its handlers")
			}
		}
		_ = c.Process.Signal(sig)
		_ = c.Wait()
		if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != sig || said.Len() > 0 {
			t.Errorf("%v: %v, and it said %q", sig, c.ProcessState, said.String())
		}
	}
}

var caught = regexp.MustCompile(`SigCgt:\s*([0-9a-f]+)`)

// catches says whether a process has a handler for a signal.
func catches(t *testing.T, pid int, sig syscall.Signal) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := caught.FindSubmatch(status)
	mask, err := strconv.ParseUint(string(m[1]), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return mask>>(sig-1)&1 == 1
}
