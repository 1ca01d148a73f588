//go:build linux

package exec

import (
	osexec "os/exec"
	"syscall"
	"testing"
)

// TestNoSignalToTheDead signals a child that has ended: by then its number may
// be another process's, as it is here.
func TestNoSignalToTheDead(t *testing.T) {
	c, err := startChild("/bin/true", []string{"true"}, nil, nil, &syscall.SysProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	c.await()

	bystander := osexec.Command("sleep", "1000")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	c.pid = bystander.Process.Pid
	c.signal(syscall.SIGTERM)
	_ = bystander.Process.Signal(syscall.SIGUSR1)
	_ = bystander.Wait()
	status, ok := bystander.ProcessState.Sys().(syscall.WaitStatus)
	if got, want := status.Signal(), syscall.SIGUSR1; !ok || got != want {
		t.Errorf("the bystander ended by %v, want %v", got, want)
	}
}
